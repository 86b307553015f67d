"""OUT: how a warning leaves the house. One folder a channel, one line each in `CHANNELS`.

A channel takes a `Message` and gives a `Receipt`, or raises `ChannelError`, whose `permanent`
decides on trying again. None of them can encrypt yet, so none of them carries TLP:RED.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from baken.channels import folder, letter, mail, phone, stdout
from baken.channels.folder import FolderChannel
from baken.channels.kind import (
    Channel,
    ChannelKind,
    ProvidersOf,
    Rendered,
    Rendering,
    names_of_domains,
)
from baken.channels.mail import SmtpChannel
from baken.channels.message import Attachment, Message, Page, Receipt
from baken.channels.stdout import StdoutChannel
from baken.core.routes import Carries, Form

__all__ = [
    "CHANNELS",
    "Attachment",
    "Carries",
    "Channel",
    "ChannelKind",
    "FolderChannel",
    "Form",
    "Message",
    "Page",
    "ProvidersOf",
    "Receipt",
    "Rendered",
    "Rendering",
    "SmtpChannel",
    "StdoutChannel",
    "names_of_domains",
]

CHANNELS: Final[Mapping[str, ChannelKind]] = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            mail.KIND,
            phone.KIND,
            letter.KIND,
            stdout.KIND,
            folder.writing(mail.KIND),
        )
    }
)
"""Every channel by the key under which deliveries record it."""
