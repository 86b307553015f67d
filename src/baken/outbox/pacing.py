"""How fast we send to one receiving provider: a limit, a warm-up, and slowing down when asked.

Thousands of domains share a provider, so the pace is kept by provider and not by domain, and in the
database, where all senders see it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

_MOST_SLOWED: Final = 8
"""Halved so often, a pace of 600 a minute is some two a minute."""

# In both statements below, the wait after one message: warm-up doubles the pace each day, and
# slowing down halves it.

FURTHEST_AHEAD: Final = timedelta(hours=2)
"""No pace waits longer. What stands further ahead does not count: a clock that was a week ahead for
one run wrote it, and everybody would wait for a week."""

# Gives the providers that may be sent to now; each is counted from then on. In the order of their
# names, so that two senders never wait for each other.
_ALLOW: Final = """
    INSERT INTO outbox_provider AS p (name, first_used_at, next_at, slowed)
    SELECT name, %(now)s, %(now)s + wanted * interval '1 minute' / least(
        %(per_minute)s, %(first_day)s
    ), 0
    FROM unnest(%(names)s::text[], %(wanted)s::integer[]) AS asked (name, wanted)
    ORDER BY name
    ON CONFLICT (name) DO UPDATE SET next_at = least(%(believed)s, %(now)s + (
        SELECT a.wanted * interval '1 minute' / least(
            %(per_minute)s,
            %(first_day)s * 2 ^ least(30, greatest(0, extract(day FROM %(now)s - p.first_used_at)))
        ) * 2 ^ p.slowed
        FROM unnest(%(names)s::text[], %(wanted)s::integer[]) AS a (name, wanted)
        WHERE a.name = p.name
    ))
    WHERE p.next_at <= %(now)s OR p.next_at > %(believed)s
    RETURNING name
"""

_LOCK: Final = """
    SELECT FROM outbox_provider WHERE name = ANY(%(names)s) ORDER BY name FOR NO KEY UPDATE
"""

_SLOW_DOWN: Final = """
    UPDATE outbox_provider AS p
    SET slowed = least(p.slowed + 1, %(most_slowed)s),
        next_at = least(%(believed)s, greatest(p.next_at, %(now)s + 2 * interval '1 minute' / least(
            %(per_minute)s,
            %(first_day)s * 2 ^ least(30, greatest(0, extract(day FROM %(now)s - p.first_used_at)))
        ) * 2 ^ p.slowed))
    WHERE p.name = ANY(%(names)s)
"""

_SPEED_UP: Final = """
    UPDATE outbox_provider SET slowed = slowed - 1 WHERE name = ANY(%(names)s) AND slowed > 0
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits, the same for every provider."""

    per_minute: int = 600
    """So many messages a minute go to one provider once it knows us."""
    first_day_per_minute: int = 150
    """So many on the day we first send there, and twice as many each day after."""


def allow(wanted: Mapping[str, int], *, pace: Pace, now: datetime) -> frozenset[str]:
    """Which of these providers may take so many messages now; those are counted.

    The empty name, where nobody knows the provider, is always allowed. Call it in the transaction
    that writes the intentions.
    """
    names = sorted(name for name in wanted if name)
    if not names:
        return frozenset(wanted)
    with connection.cursor() as cursor:
        counts = [wanted[name] for name in names]
        cursor.execute(_ALLOW, {**_limits(pace, now), "names": names, "wanted": counts})
        return frozenset(name for (name,) in cursor) | {""}


def lock_providers(names: Collection[str]) -> None:
    """Lock what one transaction will slow down, speed up and allow, in the order of their names.

    Needed before more than one of these: two senders would take each other's in turn, and wait for
    ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"names": list(names)})


def slow_down(names: Collection[str], *, pace: Pace, now: datetime) -> None:
    """Halve the pace to providers that put us off."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SLOW_DOWN,
            {**_limits(pace, now), "names": sorted(names), "most_slowed": _MOST_SLOWED},
        )


def speed_up(names: Collection[str]) -> None:
    """Take back one slowing down of providers that take everything again."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEED_UP, {"names": sorted(names)})


def _limits(pace: Pace, now: datetime) -> dict[str, int | datetime]:
    return {
        "per_minute": pace.per_minute,
        "first_day": pace.first_day_per_minute,
        "now": now,
        "believed": now + FURTHEST_AHEAD,
    }
