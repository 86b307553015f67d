"""A warning in words: complete, in both languages, and safe whatever a feed says."""

from __future__ import annotations

import csv
import io
import re
import textwrap
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.channels import Carries
from baken.core.classification import Severity, Tlp
from baken.core.errors import About, ChannelError
from baken.core.observation import NAME_SOURCE
from baken.core.text import one_line
from baken.outbox.composing import Sender, ToldSystem, WarningFacts, compose

GOLDEN = Path(__file__).parent.parent / "golden"
SEEN_AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
SENDER = Sender(
    name="Nationaal CSIRT",
    reply_to="team@csirt.example.nl",
    contact_line="csirt.example.nl/check",
    message_id_domain="csirt.example.nl",
)


def system(number: int, kind: str = "open-rdp", **facts: object) -> ToldSystem:
    values: dict[str, object] = {
        "finding_kind": kind,
        "rsit_type": "vulnerable-system",
        "system": f"192.0.2.{number}:3389/tcp",
        "severity": Severity.HIGH,
        "reason": "new",
        "first_seen_at": SEEN_AT - timedelta(days=number % 2),
        "last_seen_at": SEEN_AT,
        "sightings": 1 + number % 2,
        "host_name": "",
        "url": "",
        "product": "",
        "cves": (),
        "asset": "192.0.2.0/24",
        "evidence": {"rdp_protocol": "RDP"},
    }
    return ToldSystem(**(values | facts))  # type: ignore[arg-type]


def warning(*systems: ToldSystem, language: str = "nl", name: str = "") -> WarningFacts:
    return WarningFacts(
        is_registered=True,
        threat_title="",
        reference="0b8c1d08-e29f-44f1-acda-b5e9c4f0a3ab",
        organisation="Voorbeeld Haven",
        recipient_address="security@haven.example.nl",
        recipient_name=name,
        language=language,
        tlp=Tlp.AMBER,
        planned_at=SEEN_AT + timedelta(hours=6),
        occasion_advice="",
        systems=systems,
    )


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_mail_reads_as_agreed(language: str) -> None:
    systems = [system(number) for number in range(1, 4)]
    systems.append(system(9, "open-telnet", severity=Severity.MEDIUM, reason="reminder"))
    message = compose(warning(*systems, language=language, name="Team ICT"), SENDER)
    golden = GOLDEN / f"warning.{language}.txt"
    assert f"Subject: {message.subject}\n\n{message.text}" == golden.read_text()


def test_how_a_name_was_found_is_no_detail_of_the_system() -> None:
    evidence = {NAME_SOURCE: "ptr", "rdp_protocol": "RDP"}
    text = compose(warning(system(1, evidence=evidence)), SENDER).text
    assert text == compose(warning(system(1)), SENDER).text


def test_the_same_warning_gives_the_same_message() -> None:
    assert compose(warning(system(1)), SENDER) == compose(warning(system(1)), SENDER)


def test_a_long_list_is_cut_in_the_text_and_whole_in_the_attachment() -> None:
    message = compose(warning(*(system(number) for number in range(1, 41))), SENDER)
    assert "en nog 25 systemen, zie de bijlage" in message.text
    (attachment,) = message.attachments
    assert len(list(csv.reader(io.StringIO(attachment.content.decode("utf-8-sig"))))) == 41


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
hostile = st.text(max_size=40) | st.sampled_from(["=cmd()", "+1", "-1", "@x", "\tx", "a\r\nBcc: b"])


@given(text=hostile)
def test_nothing_a_feed_says_becomes_a_formula_or_a_line_of_its_own(text: str) -> None:
    said = system(1, host_name=text, product=text, url=text, evidence={"banner": text})
    message = compose(warning(said), SENDER)
    (attachment,) = message.attachments
    rows = list(csv.reader(io.StringIO(attachment.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert not [cell for cell in rows[1] if cell.startswith(FORMULA_STARTS)]
    assert not [line for line in message.text.splitlines() if line.startswith("Bcc")]


def test_who_did_not_sign_up_is_told_so_and_a_threat_is_named() -> None:
    asked = compose(warning(system(1), language="en"), SENDER).text
    unasked = replace(
        warning(system(1), language="en"), is_registered=False, threat_title="A worm\nin RDP"
    )
    text = compose(unasked, SENDER).text
    assert "is registered with" in asked
    assert "did not sign up" in text
    assert "This warning is about: A worm in RDP." in text


@pytest.mark.parametrize(
    ("severity", "words"),
    [(Severity.CRITICAL, "Do this today."), (Severity.MEDIUM, "Do this within two weeks.")],
)
def test_the_gravest_system_says_by_when(severity: Severity, words: str) -> None:
    systems = [system(1, severity=Severity.LOW), system(2, severity=severity)]
    assert words in compose(warning(*systems, language="en"), SENDER).text


def test_a_long_table_is_packed_and_the_same_each_time() -> None:
    systems = [system(number) for number in range(12_000)]
    message = compose(warning(*systems), SENDER)
    (attachment,) = message.attachments
    assert attachment.content_type == "application/zip"
    assert attachment.file_name in message.text
    with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name).decode().count("\r\n") == 12_001
    assert compose(warning(*systems), SENDER) == message


BARE = Carries(encryption=False, attachments=False, longest_text=None)


@pytest.mark.parametrize(
    ("language", "more"), [("nl", "en nog 5 systemen"), ("en", "and 5 more systems")]
)
def test_without_attachments_none_is_made_and_none_is_named(language: str, more: str) -> None:
    facts = warning(*(system(number) for number in range(1, 21)), language=language)
    message = compose(facts, SENDER, carries=BARE)
    assert message.attachments == ()
    assert f"  {more}\n" in message.text
    assert not re.search("bijlage|attach", message.text)
    assert "UTC" in message.text


def test_a_short_text_shows_fewer_systems_and_says_how_many_more() -> None:
    facts = warning(*(system(number) for number in range(1, 15)))
    whole = compose(facts, SENDER).text
    limit = len(whole) - 300
    message = compose(facts, SENDER, carries=replace(BARE, attachments=True, longest_text=limit))
    left_out = re.search(r"  en nog (\d+) systemen, zie de bijlage\n", message.text)
    assert left_out
    assert limit - 200 < len(message.text) <= limit
    assert message.text.count("192.0.2.") == 14 - int(left_out[1])
    assert "en nog" not in whole


def test_a_text_that_cannot_be_made_short_enough_is_no_message() -> None:
    with pytest.raises(ChannelError, match="300") as caught:
        compose(warning(system(1)), SENDER, carries=replace(BARE, longest_text=300))
    assert caught.value.permanent
    assert caught.value.about is About.MESSAGE


@given(text=hostile)
def test_a_value_that_fits_is_shown_as_it_was_shown_before(text: str) -> None:
    line = one_line(text)
    shown = compose(warning(system(1, evidence={"banner": line})), SENDER).text
    expected = textwrap.shorten(line, 60, placeholder="…")
    assert not line or f"      banner: {expected}\n" in shown
