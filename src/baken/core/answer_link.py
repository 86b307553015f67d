"""The secret part of the link by which a recipient answers one notification.

It holds the notification's id and until when it works, signed: HMAC-SHA-256 (RFC 2104), cut to 160
bits, over a purpose and both. Nobody can make one without the key, nor one that works longer.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

WORKS_FOR: Final = timedelta(days=180)
"""How long after planning a link works."""

_PURPOSE: Final = b"baken answer link 1\0"
_ID: Final = 16
_TIME: Final = 5  # seconds since 1970; four bytes would end in 2106
_SIGNATURE: Final = 20
_WHOLE: Final = _ID + _TIME + _SIGNATURE
LONGEST: Final = 80
"""No link's secret part has more characters; what is longer need not be read."""


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """A link that we made."""

    notification_id: UUID
    expires_at: datetime

    def is_expired(self, now: datetime) -> bool:
        """Whether it works no more."""
        return now >= self.expires_at


def write_answer_link(notification_id: UUID, *, planned_at: datetime, key: bytes) -> str:
    """The secret part for this notification: letters, digits, hyphens and underscores.

    The same notification always has the same: a message that is sent again says the same.
    """
    seconds = int((planned_at + WORKS_FOR).timestamp())
    body = notification_id.bytes + seconds.to_bytes(_TIME, "big")
    return base64.urlsafe_b64encode(body + _signature(body, key)).decode().rstrip("=")


def read_answer_link(text: str, *, key: bytes) -> AnswerLink | None:
    """What `text` says, or None when we did not make it; see `AnswerLink.is_expired`."""
    if len(text) > LONGEST or not text.isascii():
        return None
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    body, signature = whole[:-_SIGNATURE], whole[-_SIGNATURE:]
    if len(whole) != _WHOLE or not hmac.compare_digest(signature, _signature(body, key)):
        return None
    seconds = int.from_bytes(body[_ID:], "big")
    return AnswerLink(UUID(bytes=body[:_ID]), datetime.fromtimestamp(seconds, UTC))


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, "sha256")[:_SIGNATURE]
