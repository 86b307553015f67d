"""Reads until when a server asks to be let alone (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_WAIT: Final = timedelta(days=1)
"""A server that asks for more gets this: it may be mistaken, and its answer may be needed."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def read_retry_after(value: str, *, now: datetime) -> datetime | None:
    """The moment in `value`, from `now` to a day later; None when it holds neither form."""
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return now + min(timedelta(seconds=int(text)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": a time in UTC (RFC 5322, section 3.3)
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment, now), now + LONGEST_WAIT)
