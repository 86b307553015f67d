"""Rounds: the moments from which the first planning tells everything, also what is not urgent."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum


class RoundInterval(StrEnum):
    """How often a round is held."""

    WEEKLY = "weekly"
    """The first planning from Monday 00:00."""
    DAILY = "daily"
    """The first planning from 00:00."""
    AT_ONCE = "at-once"
    """Every planning is one: nothing waits."""


def round_due_since(interval: RoundInterval, *, now: datetime, zone: tzinfo) -> datetime:
    """From when the round of today counts: a planning since then has held it.

    `now` is aware. For `AT_ONCE` that is `now`: none has been held yet.
    """
    if interval is RoundInterval.AT_ONCE:
        return now
    today = now.astimezone(zone).date()
    days_ago = today.weekday() if interval is RoundInterval.WEEKLY else 0
    return datetime.combine(today - timedelta(days=days_ago), time.min, tzinfo=zone)


def next_round_at(interval: RoundInterval, *, now: datetime, zone: tzinfo) -> datetime:
    """When the next round is due, once that of today was held."""
    since = round_due_since(interval, now=now, zone=zone).astimezone(zone)
    days = {RoundInterval.WEEKLY: 7, RoundInterval.DAILY: 1, RoundInterval.AT_ONCE: 0}[interval]
    return datetime.combine(since.date() + timedelta(days=days), time.min, tzinfo=zone)
