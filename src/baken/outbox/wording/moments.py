"""Times as a reader writes them, in the reader's zone and with its distance to UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from baken.advice import Frame

_KEPT: Final = 1024
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?Z?")
# As OpenSSL writes the end of a certificate: "Jan  4 08:04:50 2020 GMT".
_OF_OPENSSL: Final = re.compile(r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4} GMT")


def moment(at: datetime, words: Frame, zone: tzinfo, *, with_seconds: bool = False) -> str:
    """Date, time and distance to UTC: "22 november 2026 04:00 (+01:00)"."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if with_seconds else f"{local:%H:%M}"
    return f"{date(at, words, zone)} {clock} ({_offset(local)})"


def date(at: datetime, words: Frame, zone: tzinfo) -> str:
    """The date: "22 november 2026"."""
    local = at.astimezone(zone)
    return f"{local.day} {words.month(local.month)} {local.year}"


def read_moment(text: str) -> datetime | None:
    """The moment that `text` is, as feeds write it: in UTC. None when it is something else."""
    try:
        if _OF_OPENSSL.fullmatch(text):
            return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        if not _MOMENT.fullmatch(text):
            return None
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:  # the 31st of February
        return None


def utc(at: datetime) -> str:
    """As programs and logs have it, in UTC: "2026-11-22T03:00:00Z" (RFC 3339)."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# One moment stands in many cells of a table.
@lru_cache(maxsize=_KEPT)
def sortable(at: datetime, zone: tzinfo) -> str:
    """As a spreadsheet sorts it: "2026-11-22 04:00:00 +01:00"."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {_offset(local)}"


def _offset(local: datetime) -> str:
    written = f"{local:%z}"
    return f"{written[:3]}:{written[3:5]}"
