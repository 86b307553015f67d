"""Times from text: the form of the reports at full speed, ISO 8601 besides."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import polars as pl

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""What lies outside is no time of an observation but a broken clock or a shifted column."""

_SHADOWSERVER: Final = "%Y-%m-%d %H:%M:%S"
_ISO_8601: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2}|)"
)


def parse_times(text: pl.Series, *, not_after: datetime = LATEST) -> pl.Series:
    """UTC times in microseconds; null where `text` is no time, or one out of all reason.

    So is one after `not_after`: nothing can have been seen before it happened.
    """
    times = text.str.to_datetime(_SHADOWSERVER, strict=False, time_unit="us", time_zone="UTC")
    # The form above is read leniently; its length tells whether each part was written out.
    is_exact = text.str.len_bytes() == len("2026-01-01 00:00:00")
    times = pl.select(pl.when(is_exact).then(times)).to_series()
    if times.null_count():
        odd = text.filter(times.is_null()).unique()
        parsed = pl.Series(
            [_iso_time(value) for value in odd.to_list()], dtype=pl.Datetime("us", "UTC")
        )
        rest = text.replace_strict(odd, parsed, default=None, return_dtype=parsed.dtype)
        times = pl.select(pl.coalesce(times, rest)).to_series()
    is_sane = times.is_between(EARLIEST, min(LATEST, not_after), closed="left")
    return pl.select(pl.when(is_sane).then(times)).to_series()


def _iso_time(text: str) -> datetime | None:
    stripped = text.strip()
    if not _ISO_8601.fullmatch(stripped):
        return None
    try:
        moment = datetime.fromisoformat(stripped)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
