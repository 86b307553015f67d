"""Looks whether our clock can be right: nothing is told by one that is behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from baken.core.errors import ClockBehindError
from baken.intake.selectors import newest_report_begins_at

FURTHEST_AHEAD: Final = timedelta(days=1)
"""No clock of others runs further ahead of ours: what is said to be seen later was not."""


def check_clock(now: datetime) -> None:
    """Raise `ClockBehindError` when a report that is in was seen later than `now`.

    What would be told had the wrong date, and reminders would follow on the wrong day. A clock that
    ran ahead before leaves nothing behind by which the right one seems wrong: what was seen has the
    time of its source.
    """
    seen_at = newest_report_begins_at()
    if seen_at is not None and seen_at > now + FURTHEST_AHEAD:
        raise ClockBehindError(
            f"Our clock says {now:%Y-%m-%d %H:%M} UTC, and a report that is in was seen at "
            f"{seen_at:%Y-%m-%d %H:%M} UTC.",
            remedy="Set the clock right and give the same command again; nothing was done.",
        )
