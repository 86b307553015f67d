"""A message as the bytes of a mail: RFC 5322 headers, MIME parts, the same bytes every time.

The header lines are written here rather than by `email`, whose folding of hostile names has been
wrong before (CVE-2024-6923).
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from baken.channels.mail.mime import LINE_LIMIT, mime_body
from baken.channels.message import Message, refuse_what_is_not_carried
from baken.core.errors import About, ChannelError
from baken.core.mail_address import routable_address, split_mailbox
from baken.core.routes import Carries
from baken.core.text import one_line

CARRIES: Final = Carries(encryption=False, attachments=True, longest_text=None)
"""What a mail of ours can take along."""

_LONGEST_NAME: Final = 200
_LONGEST_SUBJECT: Final = 900
_PLAIN_WORD: Final = re.compile(r"(?!.*=\?)[!-~]{1,60}")
# The letters that RFC 2047 section 5 allows in an encoded word anywhere, names included.
_UNENCODED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")


def mail_bytes(message: Message, *, sender: str, reply_to: str) -> bytes:
    """The whole mail, with CRLF line ends and nothing outside ASCII.

    Only an address whose local part is not ASCII brings UTF-8 into the headers (RFC 6532). `sender`
    and `reply_to` are addresses with or without a name; an empty `reply_to` leaves the header out.
    Raises `ChannelError` for TLP:RED and for a recipient's address that is not valid.
    """
    refuse_what_is_not_carried(message, CARRIES)
    recipient = recipient_of(message)
    headers = [
        _our_header("From", sender),
        _header("To", _mailbox_words(message.recipient_name, recipient)),
        _header("Subject", _text_words(one_line(message.subject, limit=_LONGEST_SUBJECT))),
        _header("Date", [format_datetime(message.made_at.astimezone(UTC))]),
        _header("Message-ID", [f"<{message.id}>"]),
        _header("Auto-Submitted", ["auto-generated"]),  # RFC 3834
        _header("Content-Language", [message.language]),
    ]
    if message.in_reply_to:  # the mail that it follows; programs show both together
        headers.insert(5, _header("In-Reply-To", [f"<{message.in_reply_to}>"]))
        headers.insert(6, _header("References", [f"<{message.in_reply_to}>"]))
    if reply_to:
        headers.insert(2, _our_header("Reply-To", reply_to))
    return "".join(headers).encode() + mime_body(message)


def recipient_of(message: Message) -> str:
    """The address that `message` goes to; raises `ChannelError` when it is not valid."""
    try:
        return _routable(message.recipient_address)
    except ValueError as error:
        raise ChannelError(str(error), about=About.ADDRESS, permanent=True) from error


def check_sender(*, sender: str, reply_to: str) -> None:
    """Raises ``ValueError`` unless both hold an address; `reply_to` may be empty."""
    for mailbox in (sender, reply_to) if reply_to else (sender,):
        split_mailbox(mailbox)


_routable = lru_cache(maxsize=64)(routable_address)  # asked for the header, and the envelope


@lru_cache(maxsize=64)
def _our_header(name: str, mailbox: str) -> str:
    return _header(name, _mailbox_words(*split_mailbox(mailbox)))


def _mailbox_words(name: str, routable: str) -> list[str]:
    phrase = one_line(name, limit=_LONGEST_NAME)
    if not phrase:
        return [routable]
    if phrase.isascii() and len(phrase) <= 60 and "=?" not in phrase:
        quoted = phrase.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{quoted}"', f"<{routable}>"]
    return [*_encoded_words(phrase), f"<{routable}>"]


def _text_words(text: str) -> list[str]:
    """The words before the first one that needs encoding stay as they are, TLP label and all."""
    words = text.split(" ")
    plain = next((i for i, word in enumerate(words) if not _PLAIN_WORD.fullmatch(word)), len(words))
    return words[:plain] + _encoded_words(" ".join(words[plain:]))


def _encoded_words(text: str) -> list[str]:
    """`text` as RFC 2047 encoded words, each short enough to follow a header's name."""
    chunks = [""]
    for character in text:
        if character == " ":
            encoded = "_"
        elif character in _UNENCODED:
            encoded = character
        else:
            encoded = "".join(f"={byte:02X}" for byte in character.encode())
        if len(chunks[-1]) + len(encoded) > 52:
            chunks.append("")
        chunks[-1] += encoded
    return [f"=?utf-8?Q?{chunk}?=" for chunk in chunks if chunk]


def _header(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE_LIMIT and not lines[-1].endswith(":"):
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
