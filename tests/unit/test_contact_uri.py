"""A contact that a stranger wrote is read into an address, or refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core.lookup import FoundChannel, Refusal, RefusedRoute
from baken.core.mail_address import routable_address
from baken.core.text import is_harmful
from baken.lookups.contact_uri import ReadContact, read_contacts


def read(text: str) -> list[ReadContact | RefusedRoute]:
    return list(read_contacts(text, own_domain="example.nl"))


@pytest.mark.parametrize(
    ("text", "channel", "address"),
    [
        ("mailto:security@example.nl", FoundChannel.MAIL, "security@example.nl"),
        ("MAILTO:Security@Example.NL", FoundChannel.MAIL, "Security@example.nl"),
        ("mailto: security@example.nl", FoundChannel.MAIL, "security@example.nl"),
        ("mailto://security@example.nl", FoundChannel.MAIL, "security@example.nl"),
        ("mailto:security%2Btxt@example.nl", FoundChannel.MAIL, "security+txt@example.nl"),
        ("mailto:security%40example.nl", FoundChannel.MAIL, "security@example.nl"),
        ("mailto:s@example.nl?subject=x&bcc=all@example.org", FoundChannel.MAIL, "s@example.nl"),
        ("mailto:s@bücher.example", FoundChannel.MAIL, "s@xn--bcher-kva.example"),
        ("tel:+44-20-7946-0123", FoundChannel.PHONE, "+442079460123"),
        ("tel:+44%20(20)%207946.0123;ext=5", FoundChannel.PHONE, "+442079460123"),
        ("https://example.nl", FoundChannel.FORM, "https://example.nl/"),
        ("https://Example.nl:443/a?b=c#d", FoundChannel.FORM, "https://example.nl/a?b=c#d"),
        ("HTTPS://example.nl/a", FoundChannel.FORM, "https://example.nl/a"),
    ],
)
def test_a_plain_contact_becomes_an_address(text: str, channel: FoundChannel, address: str) -> None:
    assert read(text) == [ReadContact(channel, address)]


def test_a_bare_mail_address_is_told_apart() -> None:
    assert read("s@example.nl") == [
        ReadContact(FoundChannel.MAIL, "s@example.nl", has_scheme=False)
    ]


def test_a_list_of_addresses_is_several_contacts() -> None:
    one, two, three = read("mailto:a@example.nl,nobody,b@example.nl")
    assert one == ReadContact(FoundChannel.MAIL, "a@example.nl")
    assert two == RefusedRoute("nobody", Refusal.NOT_READABLE)
    assert three == ReadContact(FoundChannel.MAIL, "b@example.nl")


@pytest.mark.parametrize(
    "text",
    [
        "mailto:s@example.nl%0d%0aBcc:all@example.org",
        "mailto:s@example.nl%0aBcc:all@example.org",
        "mailto:s%00@example.nl",
        "mailto:s%ff@example.nl",
        "mailto:s%e2%80%ae@example.nl",
        "mailto:s%25other@example.nl",
        "mailto:-oX@example.nl",
        "mailto:|sh@example.nl",
        "mailto:Desk <s@example.nl>",
        "mailto:s@[127.0.0.1]",
        "mailto:s@127.0.0.1",
        "mailto:s@co.uk",
        "mailto:s",
        "security [at] example.nl",
        "example.nl/contact",
        "+44 20 7946 0123",
        "tel:112",
        "tel:020-7946-0123",
        "tel:+1-800-CONTACT",
        "tel:+999999999999",
        "http://example.nl/contact",
        "https:example.nl",
        "https:///contact",
        "https://[",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://co.uk/",
        "https://example.nl:8443/",
        "https://example.nl:99999/",
        "https://example.org@example.nl/",
        "https://example.nl\\@example.org/",
        "https://exa mple.nl/",
        "https://example.nl/\u202emrof",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:s\u200b@example.nl",
        "mailto:" + "s" * 600 + "@example.nl",
    ],
)
def test_anything_else_is_not_readable(text: str) -> None:
    (refused,) = read(text)
    assert isinstance(refused, RefusedRoute)
    assert refused.why is Refusal.NOT_READABLE
    assert refused.text
    assert len(refused.text) <= 200
    assert not any(map(is_harmful, refused.text))


@pytest.mark.parametrize(
    "text",
    [
        "mailto:{{ contact }}",
        "mailto:security@${DOMAIN}",
        "mailto:<%= mail %>",
        "https://{{ host }}/report",
        "mailto:security@example.com",
        "https://www.example.org/report",
        "mailto:security@yourdomain.com",
        "mailto:no-reply@example.nl",
        "mailto:s@localhost.localdomain",
        "mailto:",
    ],
)
def test_a_template_that_nobody_filled_in_is_a_placeholder(text: str) -> None:
    assert [one.why for one in read(text) if isinstance(one, RefusedRoute)] == [Refusal.PLACEHOLDER]


def test_the_domain_of_whoever_wrote_it_is_no_placeholder() -> None:
    (contact,) = read_contacts("mailto:s@mail.example.com", own_domain="example.com")
    assert isinstance(contact, ReadContact)


@pytest.mark.parametrize("number", ["+44-909-879-0000", "+31-900-1234567", "+1-900-555-0123"])
def test_a_number_that_costs_its_caller_more_is_refused(number: str) -> None:
    assert read(f"tel:{number}") == [RefusedRoute(f"tel:{number}", Refusal.COSTLY_NUMBER)]


@pytest.mark.parametrize(
    "domain",
    [
        "ex\N{CYRILLIC SMALL LETTER A}mple.nl",
        "xn--exmple-4nf.nl",
        "\N{CYRILLIC SMALL LETTER ES}\N{CYRILLIC SMALL LETTER O}.example",
        "\N{GREEK SMALL LETTER OMICRON}\N{GREEK SMALL LETTER NU}.example",
        "\N{LATIN SMALL LETTER SCRIPT G}oed.example",
    ],
)
def test_a_domain_that_is_written_to_look_like_another_is_refused(domain: str) -> None:
    for text in (f"mailto:s@{domain}", f"https://{domain.encode('idna').decode()}/"):
        assert [one.why for one in read(text) if isinstance(one, RefusedRoute)] == [
            Refusal.LOOKALIKE
        ]


@pytest.mark.parametrize("domain", ["müller.example", "пример.example", "例え.example"])
def test_a_domain_in_one_script_is_taken(domain: str) -> None:
    (contact,) = read(f"mailto:s@{domain}")
    assert isinstance(contact, ReadContact)


SCHEMES = st.sampled_from(["mailto:", "tel:", "https://", "https:", "", "mailto:a@example.nl,"])
PIECES = st.sampled_from(
    ["@", "example.nl", "%0d%0a", "%00", ":", "/", "//", "?", "+4420", "79460123", "xn--", "[", "]"]
)


@given(SCHEMES, st.lists(PIECES | st.text(max_size=5), max_size=8).map("".join))
def test_whatever_is_written_nothing_harmful_comes_out(scheme: str, rest: str) -> None:
    for one in read(scheme + rest):
        shown = one.text if isinstance(one, RefusedRoute) else one.address
        assert not any(map(is_harmful, shown))
        if isinstance(one, ReadContact):
            assert one.address.isascii()
            assert " " not in one.address
            if one.channel is FoundChannel.MAIL:
                assert routable_address(one.address) == one.address
