"""Settings that would fail later are refused when they are read, all at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from baken.channels import CHANNELS, FolderChannel, Message
from baken.core.classification import Tlp
from baken.core.errors import SettingsError
from baken.settings.environment import read_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BAKEN_MESSAGE_ID_DOMAIN", "no domain"),
        ("BAKEN_MESSAGE_ID_DOMAIN", "csirt"),
        ("BAKEN_MESSAGE_ID_DOMAIN", "csirt.example.nl>"),
        ("BAKEN_MESSAGE_ID_DOMAIN", "-.example.nl"),
        ("BAKEN_MESSAGE_ID_DOMAIN", ".".join(["a" * 60] * 3) + ".example.nl"),
        ("BAKEN_MAIL_FROM", "warnings"),
        ("BAKEN_MAIL_FROM", "a b@example.nl"),
        ("BAKEN_MAIL_FROM", "Team <a@-example.nl>"),
        ("BAKEN_MAIL_FROM", "Team <a..b@example.nl>"),
        ("BAKEN_MAIL_FROM", "Team <a@example>"),
        ("BAKEN_MAIL_FROM", f"Team <{'a' * 70}@example.nl>"),
        ("BAKEN_MAIL_FROM", "a@example.nl, b@example.nl"),
        ("BAKEN_MAIL_REPLY_TO", "a@exa mple.nl"),
        ("BAKEN_MAIL_ENVELOPE_FROM", "Team <bounces@csirt.example.nl>"),
        ("BAKEN_SENDER_NAME", "Team\nBcc: a@example.nl"),
        ("BAKEN_MAIL_CONTACT_LINE", "one\ntwo"),
    ],
)
def test_nonsense_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize(
    ("variables", "domain"),
    [
        ({}, "baken.example.nl"),
        ({"BAKEN_MAIL_FROM": "Team Überwachung <warnings@bücher.example.nl>"},
         "xn--bcher-kva.example.nl"),
        ({"BAKEN_MESSAGE_ID_DOMAIN": "CSIRT.Example.NL."}, "csirt.example.nl"),
        ({"BAKEN_MAIL_REPLY_TO": "Team <team@csirt.example.nl>"}, "baken.example.nl"),
    ],
)  # fmt: skip
def test_what_is_taken_makes_a_mail(tmp_path: Path, variables: dict[str, str], domain: str) -> None:
    settings = read_settings(variables)
    assert settings.message_id_domain == domain
    message = Message(
        id=f"x@{settings.message_id_domain}",
        recipient_address="a@example.nl",
        recipient_name="",
        language="nl",
        subject="[TLP:AMBER] a",
        text="TLP:AMBER",
        tlp=Tlp.AMBER,
        made_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    mail = CHANNELS["mail"]
    folder = FolderChannel(tmp_path, rendering=mail.rendering(settings), carries=mail.carries)
    assert folder.send(message).reply.endswith(".eml")
