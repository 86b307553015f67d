"""Advice filled with what the rows say, and nothing claimed that they do not say."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.advice import LANGUAGES, Advice, Values, advice_for, filled, written_kinds
from baken.core.classification import RSIT_TYPES
from baken.core.finding_kinds import finding_kinds

WRITTEN = Advice(
    kind="open-rdp",
    language="nl",
    subject="{service} staat open[ (poort {ports})]",
    seen="Extern bureaublad ({service}[, poort {ports}]) staat open. [Dit is {host}.]",
    matters="Iedereen kan erbij [via {families}].",
    now=("Sluit de poort[, {port}/{transport}].", "[Zoek naar {families}.]"),
    later=("[Installeer de update voor {cves}.]", "Maak een lijst."),
    check="Test van buiten:\n    [nmap -Pn {scan} {address}]\nDe poort is dan dicht.",
)
SEEN = Values(
    service="RDP",
    address="192.0.2.1",
    port=13389,
    transport="tcp",
    ports=(13389, 3389, 3389),
    families=("socks5systemz", "andromeda"),
    cves=("CVE-2024-10001", "CVE-2024-9999"),
    host="www.example.nl",
)


def test_everything_known_is_filled_in() -> None:
    said = filled(WRITTEN, SEEN)
    assert said.subject == "RDP staat open (poort 3389 en 13389)"
    assert said.seen == (
        "Extern bureaublad (RDP, poort 3389 en 13389) staat open. Dit is www.example.nl."
    )
    assert said.matters == "Iedereen kan erbij via andromeda en socks5systemz."
    assert said.now == (
        "Sluit de poort, 13389/TCP.",
        "Zoek naar andromeda en socks5systemz.",
    )
    assert said.later[0] == "Installeer de update voor CVE-2024-9999 en CVE-2024-10001."
    assert said.check.splitlines()[1] == "    nmap -Pn -p 13389 192.0.2.1"


def test_what_is_unknown_is_left_out_whole() -> None:
    said = filled(WRITTEN, Values(service="RDP"))
    assert said.subject == "RDP staat open"
    assert said.seen == "Extern bureaublad (RDP) staat open."
    assert said.matters == "Iedereen kan erbij."
    assert said.now == ("Sluit de poort.",)
    assert said.later == ("Maak een lijst.",)
    assert said.check == "Test van buiten:\nDe poort is dan dicht."


def test_a_command_stays_as_it_is_written() -> None:
    written = replace(WRITTEN, check="Zoek:\n    find . -name  x ; ls")
    assert filled(written, SEEN).check == "Zoek:\n    find . -name  x ; ls"


def test_a_service_over_udp_is_scanned_over_udp() -> None:
    said = filled(WRITTEN, replace(SEEN, port=161, transport="udp"))
    assert "    nmap -Pn -sU -p 161 192.0.2.1" in said.check


def test_nmap_is_told_that_an_address_is_ipv6() -> None:
    said = filled(WRITTEN, replace(SEEN, address="2001:db8::1"))
    assert "    nmap -6 -Pn -p 13389 2001:db8::1" in said.check


def test_a_command_keeps_its_spaces() -> None:
    said = filled(replace(WRITTEN, check="    find . -type f  -name x"), SEEN)
    assert said.check == "    find . -type f  -name x"


@pytest.mark.parametrize(
    ("language", "phrase"), [("nl", "a, b, c en nog 2 andere"), ("en", "a, b, c and 2 others")]
)
def test_a_long_list_ends_in_a_number(language: str, phrase: str) -> None:
    said = filled(replace(WRITTEN, language=language), Values(service="x", families=tuple("edcba")))
    assert said.now[-1] == f"Zoek naar {phrase}."


@pytest.mark.parametrize(
    "family",
    [
        "call 0900-1234567", "http://evil.example", "www.evil.example", "", "a" * 41, "x\ny",
        "{address}", "[x]", "0900-1234",
    ],
)  # fmt: skip
def test_a_name_that_says_more_than_a_name_counts_as_unknown(family: str) -> None:
    assert filled(WRITTEN, Values(service="RDP", families=(family,))).now == ("Sluit de poort.",)


@given(text=st.text(max_size=60))
def test_nothing_that_a_row_says_becomes_a_line_or_a_placeholder_of_its_own(text: str) -> None:
    hostile = Values(
        service="RDP", address=text, host=text, transport=text, families=(text,), cves=(text,)
    )
    said = filled(WRITTEN, hostile)
    everything = "\n".join([said.subject, said.seen, said.matters, *said.now, *said.later])
    assert len(everything.splitlines()) == 3 + len(said.now) + len(said.later)
    assert not set("{}[]") & set(everything)


def test_a_text_without_placeholders_stays_as_it_is() -> None:
    plain = replace(WRITTEN, subject="Telnet staat open", seen="{ Get-Command $_ } draait.")
    assert filled(plain, SEEN).seen == "{ Get-Command $_ } draait."
    assert filled(plain, SEEN).subject == "Telnet staat open"


@pytest.mark.parametrize(
    "text",
    ["[nmap {scan}", "{scan}", "[[poort {ports}]]", "[poort {prt}]", "poort ]"],
)
def test_a_text_that_is_not_written_as_agreed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|placeholder"):
        filled(replace(WRITTEN, matters=text), SEEN)


def test_a_service_that_is_needed_and_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="service"):
        filled(WRITTEN, Values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted({*finding_kinds(), *written_kinds()}))
def test_the_text_of_every_kind_can_be_filled(kind: str, language: str) -> None:
    known = finding_kinds().get(kind)
    service = known.protocol if known else ""
    for rsit_type in ("undetermined", "infected-system"):
        advice = advice_for(kind, rsit_type=rsit_type, language=language)
        assert_fills(advice, service=service)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rsit_type", sorted(RSIT_TYPES))
def test_the_text_of_every_type_can_be_filled_without_a_service(
    rsit_type: str, language: str
) -> None:
    assert_fills(advice_for("no-such-kind", rsit_type=rsit_type, language=language), service="")


def assert_fills(advice: Advice, *, service: str) -> None:
    nothing, everything = Values(service=service), replace(SEEN, service=service)
    all_but_one = [
        replace(everything, **{field.name: getattr(nothing, field.name)})
        for field in fields(Values)
    ]
    for values in (nothing, everything, *all_but_one):
        said = filled(advice, values)
        prose = [said.subject, said.seen, said.matters, *said.now, *said.later]
        assert said.now
        assert said.later
        assert not [text for text in prose if not text or set("{}[]") & set(text)]
        assert not [text for text in prose if re.search(r"  | [.,;:](?!\S)", text)]
