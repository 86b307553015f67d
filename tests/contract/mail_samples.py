"""A message, channels to a mail server, and how they fail: what tests of mail share."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from baken.channels import (
    Attachment,
    Message,
)
from baken.channels.mail import SmtpChannel
from baken.core.classification import Tlp
from baken.core.errors import ChannelError

SENDER = "Nationaal Waarschuwingscentrum <waarschuwing@baken.example>"
BOUNCES = "bounces@baken.example"
MESSAGE = Message(
    id="7f3a.1@baken.example",
    recipient_address="beheer@bakkerij.example",
    recipient_name="Zoë van der Meij",
    language="nl",
    subject="[TLP:AMBER] Eén systeem van u staat open voor aanvallers",
    text="TLP:AMBER\n\nBeste Zoë,\n\n.Een regel die met een punt begint.\n.\nTot ziens.\n",
    html="<p>TLP:AMBER</p><p>Beste Zoë</p>",
    tlp=Tlp.AMBER,
    made_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    attachments=(
        Attachment("systemen.csv", "text/csv", "adres;plaats\r\n192.0.2.1;Één\r\n".encode()),
    ),
)
TEMPORARY = (False, False)
PERMANENT = (True, False)
UNCERTAIN = (False, True)
"""What a failure says: permanent, uncertain."""


def smtp_to(port: int, **changed: Any) -> SmtpChannel:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "security": "none",
        "sender": SENDER,
        "envelope_from": BOUNCES,
        "timeout_seconds": 5.0,
    }
    return SmtpChannel(port=port, **{**values, **changed})


def failure(channel: SmtpChannel, message: Message = MESSAGE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(message)
    return caught.value


def numbered(number: int) -> Message:
    return dataclasses.replace(MESSAGE, id=f"{number}.n@baken.example")
