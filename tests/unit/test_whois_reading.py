"""What WHOIS answers say, in the layouts and encodings of registries."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from baken.core.lookup import Basis, FoundChannel, FoundRoute, Holder, Refusal
from baken.lookups.rdap.contacts import Gathered
from baken.lookups.rdap.domain import read_domain
from baken.lookups.whois.verdict import Verdict, WhoisAnswer, read_answer

DOMAIN: Final = "bakkerij.example"


def read(text: str | bytes, *, domain: str = DOMAIN) -> WhoisAnswer:
    return read_answer(text.encode() if isinstance(text, str) else text, domain=domain)


def told(text: str | bytes) -> tuple[Gathered, Holder | None]:
    answer = read(text)
    assert answer.verdict is Verdict.REGISTERED
    return read_domain(answer.record.answer, source="whois://whois.example/x")


def of(gathered: Gathered, basis: Basis) -> list[tuple[FoundChannel, str]]:
    mine: list[FoundRoute] = [one for one in gathered.routes if one.basis is basis]
    return [(one.channel, one.address) for one in mine]


IN_FRONT: Final = """\
Domain Name: BAKKERIJ.EXAMPLE
Registrar WHOIS Server: whois.registrar.example
Registrar: Registrar Ltd
Registrar Abuse Contact Email: abuse@registrar.example
Registrant Name: Hostmaster
Registrant Organization: Bakkerij Voorbeeld B.V.
Registrant Street: Markt 1
Registrant City: Voorbeeldstad
Registrant Postal Code: 1234 AB
Registrant Country: NL
Registrant Phone: +31.207940001
Registrant Fax: +31.207940009
Registrant Email: it@bakkerij.example
Name Server: ns1.bakkerij.example
"""
UNDER_HEADINGS: Final = """
   Domain name:
      bakkerij.example

   Registrant:
      BAK001-EXAMP
      Bakkerij Voorbeeld B.V.
      Markt 1
      1234 AB Voorbeeldstad
      Netherlands
      +31 20 794 0001
      it@bakkerij.example

   Registrar:
      Registrar Ltd [Tag = REG]
      Street 9
      abuse@registrar.example

   Domain nameservers:
      ns1.bakkerij.example
"""
BY_HANDLE: Final = """
domain:      bakkerij.example
holder-c:    BV1-EXAMP
tech-c:      HM2-EXAMP
registrar:   Registrar Ltd
nserver:     ns1.bakkerij.example

registrar:   Registrar Ltd
address:     Street 9
e-mail:      abuse@registrar.example

nic-hdl:     BV1-EXAMP
type:        ORGANIZATION
contact:     Bakkerij Voorbeeld B.V.
address:     Markt 1
address:     1234 AB Voorbeeldstad
country:     NL
phone:       +31 20 794 0001
e-mail:      it@bakkerij.example

nic-hdl:     HM2-EXAMP
type:        PERSON
contact:     Jan Voorbeeld
e-mail:      jan@elsewhere.example
"""
IN_BRACKETS: Final = """
Domain: bakkerij.example
Status: connect

[Holder]
Type: ORG
Name: Bakkerij Voorbeeld B.V.
Address: Markt 1
PostalCode: 1234 AB
City: Voorbeeldstad
CountryCode: NL
Phone: +31.207940001
Fax: +31.207940009
Email: it@bakkerij.example
Changed: 2020-01-01

[Abuse-C]
Email: abuse@registrar.example
"""


@pytest.mark.parametrize("text", [IN_FRONT, UNDER_HEADINGS, BY_HANDLE, IN_BRACKETS])
def test_the_registrant_is_found_in_every_layout(text: str) -> None:
    gathered, holder = told(text.replace("\n", "\r\n"))
    assert holder is not None
    assert (holder.name, holder.country) == ("Bakkerij Voorbeeld B.V.", "NL")
    ways = of(gathered, Basis.REGISTRANT)
    assert ways[:2] == [
        (FoundChannel.MAIL, "it@bakkerij.example"),
        (FoundChannel.PHONE, "+31207940001"),
    ]
    assert ways[2][0] is FoundChannel.LETTER
    assert ways[2][1].startswith("Markt 1\n1234 AB Voorbeeldstad")
    assert of(gathered, Basis.REGISTRAR) == [(FoundChannel.MAIL, "abuse@registrar.example")]


def test_a_person_among_the_contacts_is_not_kept() -> None:
    gathered, _ = told(BY_HANDLE)
    assert "jan@elsewhere.example" not in repr(gathered)


@pytest.mark.parametrize(
    "registrant",
    [
        "Registrant Name: Jan Voorbeeld\nRegistrant Email: jan@bakkerij.example",
        "Registrant Organization: Jan Voorbeeld\nRegistrant Email: jan@bakkerij.example",
        "\nRegistrant:\n  Jan Voorbeeld\n  jan@bakkerij.example",
        "\nRegistrant:\n  Webwinkel Voorbeeld\n  jan@bakkerij.example\n\nRegistrant type:\n"
        "  UK Individual",
        "holder-c: JV1-EXAMP\n\nnic-hdl: JV1-EXAMP\ntype: ORGANIZATION\nanonymous: YES\n"
        "contact: Ano Nymous\ne-mail: jan@bakkerij.example",
    ],
)
def test_of_a_private_person_nothing_is_kept(registrant: str) -> None:
    gathered, holder = told(f"Domain Name: {DOMAIN}\nRegistrar: R\n{registrant}\n")
    assert holder is not None
    assert holder.is_person
    assert "jan" not in repr((gathered.routes, holder)).lower()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("REDACTED FOR PRIVACY", Refusal.PLACEHOLDER),
        ("NOT DISCLOSED!", Refusal.PLACEHOLDER),
        ("Not shown, please visit www.registry.example for webbased whois.", Refusal.PLACEHOLDER),
        ("Domains By Proxy, LLC", Refusal.PRIVACY_SERVICE),
    ],
)
def test_what_stands_in_place_of_a_registrant_is_none(value: str, why: Refusal) -> None:
    gathered, holder = told(f"Domain: {DOMAIN}\nStatus: active\n\nRegistrant:\n\t{value}\n")
    assert holder is None
    assert not gathered.routes
    assert why in {one.why for one in gathered.refused}


def test_the_number_in_the_register_is_read() -> None:
    text = (
        "\n    Domain name:\n        bakkerij.co.uk\n\n    Registrant:\n        Bakery Ltd\n\n"
        "    Registrant type:\n        UK Limited Company, (Company number: 03977902)\n\n"
        "    Registrant's address:\n        1 High Street\n        London\n        United Kingdom\n"
    )
    answer = read(text, domain="bakkerij.co.uk")
    assert answer.record.register_number == "GB:3977902"
    gathered, _ = read_domain(answer.record.answer, source="whois://whois.example/x")
    assert of(gathered, Basis.REGISTRANT) == [
        (FoundChannel.LETTER, "1 High Street\nLondon\nUnited Kingdom")
    ]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "B\u00e4ckerei M\u00fcller GmbH"),
        ("cp1252", "B\u00e4ckerei M\u00fcller GmbH"),
        ("iso2022_jp", "\u30d1\u30f3\u5c4b\u682a\u5f0f\u4f1a\u793e"),
    ],
)
def test_an_encoding_other_than_utf_8_survives(encoding: str, name: str) -> None:
    text = f"Domain: {DOMAIN}\n\n[Holder]\nType: ORG\nName: {name}\nEmail: it@{DOMAIN}\n"
    gathered, holder = told(text.encode(encoding))
    assert holder is not None
    assert holder.name == name
    assert of(gathered, Basis.REGISTRANT) == [(FoundChannel.MAIL, f"it@{DOMAIN}")]


@pytest.mark.parametrize("byte", [b"\x81", b"\xff", b"\xfe\x00"])
def test_bytes_of_no_encoding_lose_no_other_line(byte: bytes) -> None:
    gathered, _ = told(IN_FRONT.encode() + b"Remark: " + byte + b"\n")
    assert len(of(gathered, Basis.REGISTRANT)) == 3


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (f"{DOMAIN} is free", Verdict.FREE),
        (f"Domain: {DOMAIN}\nStatus: free", Verdict.FREE),
        (f"Domain:\t{DOMAIN}\r\nStatus:\tAVAILABLE", Verdict.FREE),
        ("%% No entries found in the database.", Verdict.FREE),
        (f'No match for "{DOMAIN.upper()}".', Verdict.FREE),
        ("whois.example: daily whois-limit exceeded for client 192.0.2.1", Verdict.REFUSED),
        ("-3: IP address blocked", Verdict.REFUSED),
        ("% Maximum queries per hour reached (100)", Verdict.REFUSED),
        ("Server too busy, try again later", Verdict.REFUSED),
        ("", Verdict.UNREADABLE),
        ("\x00\x01\x02", Verdict.UNREADABLE),
        ("Domain: other.example\nStatus: active\nRegistrar: R", Verdict.UNREADABLE),
        ("inetnum: 192.0.2.0 - 192.0.2.255\nnetname: X", Verdict.UNREADABLE),
    ],
)
def test_a_refusal_is_told_from_nobody(text: str, verdict: Verdict) -> None:
    answer = read(text)
    assert answer.verdict is verdict
    assert answer.note.endswith(".")


def test_terms_of_use_say_neither_that_it_is_free_nor_that_we_are_refused() -> None:
    terms = (
        "By exceeding query rate or volume limits your access may be withdrawn; whether a domain "
        "name is still available or not is shown for information purposes only, and not found in "
        "any other way than by this service, for which the registry is not responsible at all.\n"
    )
    assert read(f"{IN_FRONT}\n{terms}").verdict is Verdict.REGISTERED
    assert read(terms).verdict is Verdict.UNREADABLE


@pytest.mark.parametrize(
    ("seconds", "wait"), [("50", timedelta(seconds=50)), ("7777777", timedelta(days=1))]
)
def test_how_long_a_server_wants_to_be_left_alone_is_read(seconds: str, wait: timedelta) -> None:
    assert read(f"-1: Still in grace period, wait {seconds} seconds").wait == wait
