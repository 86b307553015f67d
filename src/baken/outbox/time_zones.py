"""The time zone of a reader, by its name in the ledger."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import structlog

_log = structlog.get_logger()


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo | None:
    """The zone of that name; None when this machine does not know it, which stops no mail."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # not there, or not a name of one
        _log.warning("zone.not_found", name=name)
        return None
