"""What lookups in the DNS make of what the zones say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lookup_scenarios.dns_security import EXPIRES, contact
from lookup_scenarios.zone_mailbox import HOSTILE_NAMES, soa
from lookup_world import NOW, World, outside_of

from baken.core.lookup import (
    Basis,
    FoundChannel,
    LookupAnswer,
    Outcome,
    Refusal,
    Subject,
)
from baken.core.routes import Scope
from baken.lookups import LOOKUPS
from dns_peer import BOGUS, NO_SUCH_NAME, SERVFAIL, txt

Zone = Mapping[str, Sequence[str]]


def ask(key: str, value: str, zone: Zone) -> LookupAnswer:
    """What the lookup `key` says of `value` where the DNS holds `zone`."""
    kind = LOOKUPS[key]
    with outside_of(World(zone=zone)) as outside:
        (answer,) = kind.open(()).ask([Subject(kind.asks_about, value)], outside=outside, now=NOW)
    return answer


def security(*records: str, name: str = "www.example.nl") -> LookupAnswer:
    """What `_security.www.example.nl` with these records says."""
    return ask("dns-security", name, {"_security.www.example.nl": records})


def reached(answer: LookupAnswer) -> list[tuple[str, str]]:
    """The channel and address of each route."""
    return [(str(route.channel), route.address) for route in answer.routes]


def refused(answer: LookupAnswer) -> list[Refusal]:
    return [one.why for one in answer.refused]


def test_a_security_contact_in_the_dns_is_found_mail_first() -> None:
    answer = security(
        contact("https://example.nl/report"),
        contact("tel:+31-20-555-0100"),
        contact("mailto:security@example.nl"),
        txt("security_policy=https://example.nl/policy"),
        txt("v=spf1 -all"),
        EXPIRES,
        "TTL 3600",
    )
    assert answer.outcome is Outcome.FOUND
    assert reached(answer) == [
        ("mail", "security@example.nl"),
        ("phone", "+31205550100"),
        ("form", "https://example.nl/report"),
    ]
    assert {(route.scope, route.basis) for route in answer.routes} == {
        (Scope.OWNER, Basis.OWN_RECORD)
    }
    assert answer.source == "DNS: _security.www.example.nl TXT"
    assert answer.valid_until == NOW + timedelta(hours=1)


def test_an_answer_holds_no_longer_than_its_own_expiry() -> None:
    soon = NOW + timedelta(minutes=30)
    answer = security(
        contact("mailto:security@example.nl"),
        txt(f"security_expires={soon:%Y-%m-%dT%H:%M:%SZ}"),
        "TTL 86400",
    )
    assert answer.valid_until == soon


@pytest.mark.parametrize(
    ("expiries", "why"),
    [
        ([], Refusal.WITHOUT_EXPIRY),
        (["2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"], Refusal.WITHOUT_EXPIRY),
        (["2027-01-01T00:00:00Z", "soon"], Refusal.WITHOUT_EXPIRY),
        (["2027-01-01"], Refusal.WITHOUT_EXPIRY),
        (["2027-01-01T00:00:00+01:00"], Refusal.WITHOUT_EXPIRY),
        (["2027-02-30T00:00:00Z"], Refusal.WITHOUT_EXPIRY),
        ([" 2027-01-01T00:00:00Z"], Refusal.WITHOUT_EXPIRY),
        (["2026-11-28T02:30:00Z"], Refusal.EXPIRED),
        (["2020-01-01T00:00:00.5z"], Refusal.EXPIRED),
    ],
)
def test_without_one_expiry_to_come_nothing_is_used(expiries: list[str], why: Refusal) -> None:
    answer = security(
        contact("mailto:security@example.nl"), *(txt(f"security_expires={one}") for one in expiries)
    )
    assert answer.outcome is Outcome.NONE
    assert not answer.routes
    assert refused(answer) == [why]


def test_names_of_fields_may_be_written_in_capitals_and_records_in_pieces() -> None:
    answer = security(
        'TXT "Security_" "Contact=mailto:" "security@example.nl"',
        txt("SECURITY_EXPIRES=2027-01-01t00:00:00z"),
    )
    assert reached(answer) == [("mail", "security@example.nl")]


@pytest.mark.parametrize(
    "uri",
    ["security@example.nl", "https://example.nl/#form", " mailto:a@example.nl", "", "ftp://x.nl/"],
)
def test_what_is_no_absolute_uri_is_refused_and_spoils_nothing(uri: str) -> None:
    answer = security(contact(uri), contact("mailto:security@example.nl"), EXPIRES)
    assert reached(answer) == [("mail", "security@example.nl")]
    assert refused(answer) == [Refusal.NOT_READABLE]


def test_no_parent_is_asked() -> None:
    answer = security(contact("mailto:security@example.nl"), EXPIRES, name="child.www.example.nl")
    assert (answer.outcome, answer.note) == (Outcome.NONE, "")


def test_signatures_that_do_not_hold_are_unknown_and_said() -> None:
    for key in ("dns-security", "mail-exchange", "zone-mailbox", "usual-addresses"):
        zone = {"_security.example.nl": [BOGUS], "example.nl": [BOGUS]}
        answer = ask(key, "example.nl", zone)
        assert answer.outcome is Outcome.UNKNOWN
        assert answer.note == "The signatures of its zone do not hold (DNSSEC)."
        assert answer.valid_until == NOW + timedelta(hours=1)


def test_the_fifth_contact_is_the_last() -> None:
    answer = security(*(contact(f"mailto:desk-{n}@example.nl") for n in range(9)), EXPIRES)
    assert len(answer.routes) == 5
    assert refused(answer) == [Refusal.TOO_MANY]
    assert answer.note == "It names 9 contacts; 5 are looked at."


def test_the_drafts_own_examples_are_read(shared_data: Path) -> None:
    zone: dict[str, list[str]] = {}
    for line in (shared_data / "dns_security" / "examples.zone").read_text().splitlines():
        if not line.startswith(";"):
            name, ttl, _, record = line.split(maxsplit=3)
            zone.setdefault(name.rstrip("."), [f"TTL {ttl}"]).append(record)
    first = ask("dns-security", "example.com", zone)
    second = ask("dns-security", "example.net", zone)
    assert [route.channel for route in first.routes] == [FoundChannel.MAIL, FoundChannel.FORM]
    assert [route.channel for route in second.routes] == [FoundChannel.FORM]
    assert first.valid_until == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("records", "outcome", "takes_mail"),
    [
        (["10 mx.example.nl."], Outcome.FOUND, True),
        (["0 .", "10 mx.example.nl."], Outcome.FOUND, True),
        (["0 ."], Outcome.FOUND, False),
        (["10 localhost."], Outcome.FOUND, False),
        (["A 192.0.2.7"], Outcome.FOUND, True),
        (["AAAA 2001:db8::7", f"A {SERVFAIL}"], Outcome.FOUND, True),
        ([txt("a")], Outcome.NONE, False),
        ([NO_SUCH_NAME], Outcome.NONE, False),
        ([f"A {SERVFAIL}"], Outcome.UNKNOWN, None),
        ([f"MX {SERVFAIL}", "A 192.0.2.7"], Outcome.UNKNOWN, None),
    ],
)
def test_whether_a_domain_takes_mail(
    records: list[str], outcome: Outcome, takes_mail: bool | None
) -> None:
    answer = ask("mail-exchange", "example.nl", {"example.nl": records})
    assert (answer.outcome, answer.takes_mail) == (outcome, takes_mail)


def test_three_usual_addresses_are_given_where_mail_is_taken() -> None:
    answer = ask("usual-addresses", "example.nl", {"example.nl": ["10 mx.example.nl."]})
    assert [route.address for route in answer.routes] == [
        "security@example.nl",
        "abuse@example.nl",
        "postmaster@example.nl",
    ]
    assert {route.basis for route in answer.routes} == {Basis.USUAL_ADDRESS}
    assert max(route.confidence for route in answer.routes) <= 30


def test_the_mailbox_of_a_zone_reaches_whoever_runs_it() -> None:
    answer = ask("zone-mailbox", "example.nl", {"example.nl": soa(r"jo\.doe.dns.example.nl.")})
    (route,) = answer.routes
    assert (route.address, route.scope, route.basis) == (
        "jo.doe@dns.example.nl",
        Scope.HOST,
        Basis.ZONE_MAILBOX,
    )


@pytest.mark.parametrize("rname", HOSTILE_NAMES)
def test_no_route_is_made_of_a_mailbox_that_is_none(rname: str) -> None:
    answer = ask("zone-mailbox", "example.nl", {"example.nl": soa(rname)})
    assert (answer.outcome, answer.routes) == (Outcome.NONE, ())


def test_a_name_of_which_half_is_known_is_unknown_with_that_half() -> None:
    zone = {"www.example.nl": ["A 192.0.2.7", f"AAAA {SERVFAIL}"]}
    answer = ask("name-addresses", "www.example.nl", zone)
    assert (answer.outcome, answer.addresses) == (Outcome.UNKNOWN, ("192.0.2.7",))


@pytest.mark.parametrize(
    ("key", "negative", "held"),
    [
        ("name-addresses", 900, timedelta(minutes=15)),
        ("dns-security", 1, timedelta(minutes=1)),
        ("mail-exchange", 2_000_000, timedelta(days=1)),
    ],
)
def test_that_there_is_nothing_holds_as_long_as_the_zone_says_within_bounds(
    key: str, negative: int, held: timedelta
) -> None:
    records = [NO_SUCH_NAME, f"NEGATIVE {negative}"]
    zone = dict.fromkeys(("_security.www.example.nl", "www.example.nl"), records)
    assert ask(key, "www.example.nl", zone).valid_until == NOW + held


@pytest.mark.parametrize(
    "key",
    ["name-addresses", "dns-security", "mail-exchange", "zone-mailbox", "usual-addresses"],
)
def test_a_public_suffix_is_nobodys_and_is_not_asked_about(key: str) -> None:
    answer = ask(key, "co.uk", {"co.uk": ["10 mx.co.uk.", "A 192.0.2.7", *soa("a.co.uk.")]})
    assert answer.outcome is Outcome.NONE
    assert answer.note == "It is a public suffix, under which anybody registers names."
    assert answer.valid_until == datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
