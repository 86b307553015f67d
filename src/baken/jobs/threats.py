"""Makes an occasion from a file, and ends one: chooses what there is to select, and the policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from baken import feeds
from baken.advice import written_kinds
from baken.core.errors import OccasionError
from baken.jobs.matching_again import match_what_waits
from baken.jobs.sending import policy_at, room_at
from baken.occasions.models import Occasion
from baken.occasions.services import create_threat_occasion, read_threat
from baken.outbox.selectors import count_telling
from baken.outbox.services import ClosedThreat, Plan, close_threat, plan_notifications
from baken.settings.environment import Settings


def make_occasion(path: Path) -> Occasion:
    """The occasion that the TOML file `path` describes, not yet released.

    Raises `OccasionError`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OccasionError(
            f"{path} cannot be read: {error}.", remedy="Give a TOML file in UTF-8; see docs/howto."
        ) from error
    threat = read_threat(text, finding_kinds=known_finding_kinds(), feeds=feeds.FEEDS.keys())
    return create_threat_occasion(threat)


@dataclass(frozen=True, slots=True)
class ClosedOccasion:
    """A threat that ended, and what was planned at once of what waited with it."""

    closed: ClosedThreat
    plan: Plan
    telling_the_rest: int
    """Notifications of `plan` that tell cases of what was withdrawn, under other occasions."""


def close_occasion_and_replan(key: str, *, settings: Settings) -> ClosedOccasion:
    """End the threat `key`, withdraw what waits with it, and plan the rest of that again.

    Two steps, each committed: after a crash between them the next planning, or closing once more,
    does the second. Key: the occasion's. Raises `NotFoundError`.
    """
    closed = close_threat(key, now=datetime.now(UTC))
    match_what_waits(settings)
    now = datetime.now(UTC)
    plan = plan_notifications(
        policy=policy_at(now, settings=settings),
        feed_tlp=settings.feed_tlp,
        now=now,
        room=room_at(now, settings=settings),
    )
    return ClosedOccasion(closed, plan, count_telling(closed.case_ids, since=now))


def known_finding_kinds() -> frozenset[str]:
    """Every finding kind that a report can bring, or that has advice of its own."""
    return written_kinds().union(*(feed.finding_kinds() for feed in feeds.FEEDS.values()))
