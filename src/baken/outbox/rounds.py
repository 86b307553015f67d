"""Rounds held: whether this planning is one, and when the next is due."""

from __future__ import annotations

from datetime import datetime, tzinfo

from baken.core.policy import Rhythm
from baken.core.rhythm import RoundInterval, next_round_at, round_due_since
from baken.outbox.models import Round


def rhythm_at(now: datetime, *, interval: RoundInterval, zone: tzinfo) -> Rhythm | None:
    """What waits until when at `now`; None where the round is due, or every planning is one."""
    since = round_due_since(interval, now=now, zone=zone)
    if not Round.objects.filter(held_at__gte=since, held_at__lte=now).exists():
        return None
    return Rhythm(next_round_at(interval, now=now, zone=zone))


def record_round(now: datetime) -> None:
    """Write down that everything was planned at `now`; key: that moment.

    Call it after planning: when the process dies between, the next planning is a round as well,
    and tells what has come since.
    """
    Round.objects.get_or_create(held_at=now)
