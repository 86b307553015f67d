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
    column = pl.col("text")
    # The form is read leniently; its length tells whether each part was written out.
    is_exact = column.str.len_bytes() == len("2026-01-01 00:00:00")
    parsed = column.str.to_datetime(_SHADOWSERVER, strict=False, time_unit="us", time_zone="UTC")
    times = text.alias("text").to_frame().select_seq(pl.when(is_exact).then(parsed)).to_series()
    if times.null_count():
        times = _with_odd_times(times, text=text)
    is_sane = times.is_between(EARLIEST, min(LATEST, not_after), closed="left")
    return times if is_sane.all() else pl.select(pl.when(is_sane).then(times)).to_series()


def _with_odd_times(times: pl.Series, *, text: pl.Series) -> pl.Series:
    """`times` with those of another form, which are read one by one."""
    odd = text.filter(times.is_null()).unique()
    read = pl.Series([_iso_time(value) for value in odd.to_list()], dtype=times.dtype)
    rest = text.replace_strict(odd, read, default=None, return_dtype=times.dtype)
    return pl.select(pl.coalesce(times, rest)).to_series()


def _iso_time(text: str) -> datetime | None:
    stripped = text.strip()
    if not _ISO_8601.fullmatch(stripped):
        return None
    try:
        moment = datetime.fromisoformat(stripped)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
