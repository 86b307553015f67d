"""What every channel carries, and the gates it must pass to become a message at all."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.channels.blocks import Block
from baken.core.classification import Tlp
from baken.core.errors import About, ChannelError
from baken.core.routes import Carries

# The msg-id of RFC 5322 section 3.6.4, kept to the letters that may also stand in a file's name.
_ATOM: Final = r"[A-Za-z0-9_+=-]+"
_MESSAGE_ID: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_LONGEST_MESSAGE_ID: Final = 200  # as a file name, with room for what is put around it


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along; raises ``ValueError`` for a content type that is not valid."""

    file_name: str
    content_type: str
    """Type and subtype in lower case, without parameters; text is always UTF-8."""
    content: bytes

    def __post_init__(self) -> None:
        if not _CONTENT_TYPE.fullmatch(self.content_type) or self.content_type.startswith(
            ("multipart/", "message/")
        ):
            raise ValueError(f"{self.content_type!r} is not the content type of a file.")


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on paper, for a channel that sets pages itself."""

    blocks: Sequence[Block]
    """Between the subject and the end, in order."""
    date: str
    """As the reader writes it."""
    code: str
    check_text: str
    """What stands beside the code for a camera; empty without an address for it."""
    check_url: str
    """Where `code` is checked; empty when there are no public pages."""
    answer_text: str
    """What stands beside the code for a camera that leads to where the letter is answered."""
    numbering: str
    """{page} {pages}"""


@dataclass(frozen=True, slots=True)
class Message:
    """One warning to one recipient, complete.

    What comes from others (names, addresses, subjects, file names, texts) may hold anything:
    channels make it harmless. What is ours must be right, and the TLP label must stand in the
    subject and in every body; otherwise ``ValueError`` is raised.
    """

    id: str
    """The Message-ID without angle brackets; a retry bears the same."""
    recipient_address: str
    recipient_name: str
    language: str
    subject: str
    text: str
    tlp: Tlp
    made_at: datetime
    """Aware; becomes the date that people see."""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    page: Page | None = None
    """The same as `text`, for paper; None where the channel has no paper."""
    in_reply_to: str = ""
    """The Message-ID, without angle brackets, of the message that this one follows; or empty."""

    def __post_init__(self) -> None:
        if not _is_message_id(self.id):
            raise ValueError(f"{self.id!r} is not a Message-ID (without angle brackets).")
        if self.in_reply_to and not _is_message_id(self.in_reply_to):
            raise ValueError(f"{self.in_reply_to!r} is not a Message-ID (without angle brackets).")
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError(f"{self.language!r} is not a language tag.")
        if self.made_at.utcoffset() is None:
            raise ValueError("made_at must bear a time zone.")
        bodies = {"subject": self.subject, "text": self.text}
        if self.html is not None:
            bodies["html"] = html_module.unescape(self.html)
        for place, content in bodies.items():
            if not _bears_label(content, self.tlp):
                raise ValueError(f"{self.tlp} must stand in the {place} of message {self.id}.")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side took the message."""

    reply: str
    """What it said, for the ledger."""


def refuse_what_is_not_carried(message: Message, carries: Carries) -> None:
    """Raises `ChannelError` about the message, permanent, when a channel cannot carry it.

    TLP:RED goes out encrypted, or not at all; nothing is left out or cut off unsaid.
    """
    fault = ""
    if message.tlp is Tlp.RED and not carries.encryption:
        fault = f"{Tlp.RED} must be encrypted, and this channel cannot do that."
    elif message.attachments and not carries.attachments:
        fault = "This channel carries no attachments."
    elif carries.longest_text is not None and len(message.text) > carries.longest_text:
        fault = (
            f"The text has {len(message.text)} characters; this channel carries"
            f" {carries.longest_text}."
        )
    if fault:
        raise ChannelError(fault, about=About.MESSAGE, permanent=True)


def _is_message_id(text: str) -> bool:
    return len(text) <= _LONGEST_MESSAGE_ID and _MESSAGE_ID.fullmatch(text) is not None


def _bears_label(content: str, label: Tlp) -> bool:
    # TLP:AMBER must not be found inside TLP:AMBER+STRICT.
    return re.search(rf"(?<!\w){re.escape(label)}(?![\w+])", content) is not None
