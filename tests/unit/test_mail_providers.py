"""Who receives mail for an address: found by the MX of its domain, asked on loopback only."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from baken.channels import names_of_domains
from baken.channels.mail.providers import ProvidersByMx, providers_of
from baken.core.asset import registrable_domain
from baken.outside.dns import Answered, DnsClient, MailExchange, MailExchanges
from baken.settings.environment import read_settings
from dns_peer import NO_SUCH_NAME, SERVFAIL, DnsPeer

ZONE = {
    "haven.example.nl": ["10 haven-example-nl.mail.protection.outlook.com."],
    "zorg.example.nl": [
        "50 backup.example.net.",
        "0 zorg-example-nl.mail.protection.outlook.com.",
    ],
    "bank.example.nl": ["10 mx1.mail.example.co.uk."],
    "null.example.nl": ["0 ."],
    "none.example.nl": [],
    "away.example.nl": [NO_SUCH_NAME],
    "broken.example.nl": [SERVFAIL],
    "suffix.example.nl": ["10 co.uk."],
    "xn--bcher-kva.example.nl": ["10 mx.example.com."],
}


class Answers:
    """Stands where the DNS client does: answers what it is told to, and counts."""

    def __init__(self, answered: Answered, *hosts: str) -> None:
        self.answer = MailExchanges(answered, tuple(MailExchange(10, host) for host in hosts))
        self.asked: list[set[str]] = []

    def mail_exchanges(self, domains: Collection[str]) -> Mapping[str, MailExchanges]:
        self.asked.append(set(domains))
        return dict.fromkeys(domains, self.answer)


def test_domains_of_one_provider_share_its_name() -> None:
    addresses = {f"security@{domain}" for domain in ZONE} | {"it@haven.example.nl"}
    with DnsPeer(lambda name: ZONE[name]) as peer:
        find = ProvidersByMx(DnsClient([peer.server]), is_asked=lambda _: True)
        found = find(addresses)
    assert found == {
        "security@haven.example.nl": "outlook.com",
        "it@haven.example.nl": "outlook.com",
        "security@zorg.example.nl": "outlook.com",
        "security@bank.example.nl": "example.co.uk",
        "security@null.example.nl": "null.example.nl",
        "security@none.example.nl": "none.example.nl",
        "security@away.example.nl": "away.example.nl",
        "security@broken.example.nl": "broken.example.nl",
        "security@suffix.example.nl": "suffix.example.nl",
        "security@xn--bcher-kva.example.nl": "example.com",
    }
    assert len({name for _, name in peer.asked}) == len(ZONE), "each domain is asked about"


def test_how_an_address_is_written_does_not_matter() -> None:
    with DnsPeer(lambda name: ZONE[name]) as peer:
        find = ProvidersByMx(DnsClient([peer.server]), is_asked=lambda _: True)
        found = find(["It@HAVEN.example.nl", "it@Bücher.example.nl", "nobody", ""])
    assert found == {
        "It@HAVEN.example.nl": "outlook.com",
        "it@Bücher.example.nl": "example.com",
        "nobody": "",
        "": "",
    }


def test_names_for_tests_and_documentation_are_never_asked_for() -> None:
    with DnsPeer(lambda _: [NO_SUCH_NAME]) as peer:
        find = providers_of(read_settings({"BAKEN_DNS_SERVERS": peer.text}))
        addresses = ["a@haven.example", "a@haven.test", "a@b.invalid", "a@localhost"]
        addresses += ["a@example.com", "a@mail.example.org", "a@haven.example.nl"]
        assert find(addresses) == names_of_domains(addresses)
    assert peer.asked == []


def test_what_was_found_is_not_asked_for_again() -> None:
    client = Answers(Answered.FOUND, "mx.example.com")
    find = ProvidersByMx(client, is_asked=lambda _: True)
    for address in ("a@one.example", "b@one.example", "a@two.example"):
        assert find([address]) == {address: "example.com"}
    assert client.asked == [{"one.example"}, {"two.example"}]


def test_a_dns_that_is_silent_is_left_alone_for_a_minute() -> None:
    now = 0.0
    client = Answers(Answered.UNKNOWN)
    find = ProvidersByMx(client, is_asked=lambda _: True, clock=lambda: now)
    for number in range(5):
        assert find([f"a@org-{number}.example"]) == {
            f"a@org-{number}.example": f"org-{number}.example"
        }
    assert len(client.asked) == 1
    now = 61.0
    find(["a@org-9.example"])
    assert len(client.asked) == 2


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("security@Haven.example.nl", "haven.example.nl"),
        ("https://hooks.Example.nl:8443/a?b=c@d", "hooks.example.nl"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
        ("http://[", ""),
        ("+31201234567", ""),
        ("", ""),
        (f"a@{'x' * 300}", ""),
    ],
)
def test_where_nobody_knows_better_the_domain_is_the_provider(address: str, domain: str) -> None:
    assert names_of_domains([address]) == {address: domain}


@pytest.mark.parametrize(
    ("name", "registrable"),
    [("mx.mail.example.co.uk", "example.co.uk"), ("example.nl", "example.nl"), ("nl", "")],
)
def test_the_registrable_domain_of_a_name(name: str, registrable: str) -> None:
    assert registrable_domain(name) == registrable
