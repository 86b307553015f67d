"""The brake: a run that would tell far more than usual sends a few, and waits for a person.

A constituency that was misread, a report that marks everybody, a clock that jumped: each makes a
thousand wrong warnings before anybody looks. What two people released as a threat is theirs to
decide, and goes. While the brake is on, everything else that is planned bears it and is not
claimed; once a person releases it, that goes. No sender claims what was not checked here: one
under way does not take what another process plans meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from django.db import connection, transaction

from baken.core.errors import BrakeError
from baken.outbox.models import Brake, Notification

_log = structlog.get_logger()

SENT_FIRST: Final = 20
"""So many go, the most urgent: a person can look at them."""
LOOKS_BACK: Final = timedelta(days=30)
_FEWEST_DAYS: Final = 5
"""With fewer days on which anything went out, nobody knows what is usual."""

# What operators are asked to pass on is always asked under a threat.
_NO_THREAT: Final = """
    NOT n.is_pass_on AND NOT EXISTS (
        SELECT FROM outbox_notifiedcase AS t
        JOIN occasions_occasion AS o ON o.id = t.occasion_id
        WHERE t.notification_id = n.id AND o.kind <> 'standing'
    )
"""

# By day of the service's zone: what was accepted, today apart. A day on which a person released the
# brake tells nothing of what is usual. Rounds come on one day of the week, so that day is compared
# with its own kind too.
_USUAL: Final = f"""
    WITH accepted AS (
        SELECT (d.finished_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS mails,
            count(*) FILTER (WHERE d.finished_at > coalesce(
                (SELECT max(released_at) FROM outbox_brake), '-infinity'
            )) AS unasked
        FROM outbox_delivery AS d
        JOIN outbox_notification AS n ON n.id = d.notification_id
        WHERE d.state = 'accepted' AND d.finished_at > %(since)s AND n.brake_id IS NULL
            AND {_NO_THREAT}
        GROUP BY 1
    ), today AS (SELECT (%(now)s AT TIME ZONE %(zone)s)::date AS day)
    SELECT
        count(*) FILTER (WHERE a.day < today.day),
        greatest(
            percentile_cont(0.5) WITHIN GROUP (ORDER BY a.mails)
                FILTER (WHERE a.day < today.day),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY a.mails)
                FILTER (WHERE a.day < today.day AND (today.day - a.day) %% 7 = 0)
        ),
        coalesce(sum(a.mails) FILTER (WHERE a.day = today.day), 0),
        coalesce(sum(a.unasked) FILTER (WHERE a.day = today.day), 0)
    FROM accepted AS a, today
"""  # noqa: S608 - a constant

# In the order of ids, as all who lock notifications.
_UNCHECKED: Final = """
    SELECT id FROM outbox_notification
    WHERE state = 'planned' AND NOT is_brake_checked
    ORDER BY id
    FOR UPDATE
"""

_CHECK: Final = f"""
    UPDATE outbox_notification SET is_brake_checked = true WHERE id IN ({_UNCHECKED})
"""  # noqa: S608 - a constant

# One statement, so that none is checked that does not bear the brake.
_CHECK_AND_HOLD: Final = f"""
    UPDATE outbox_notification AS n
    SET is_brake_checked = true,
        brake_id = CASE WHEN {_NO_THREAT} THEN %(brake)s ELSE n.brake_id END
    WHERE n.id IN ({_UNCHECKED})
"""  # noqa: S608 - a constant

_WAITING: Final = f"""
    SELECT count(*) FROM outbox_notification AS n
    WHERE n.state = 'planned' AND n.brake_id IS NULL AND {_NO_THREAT}
"""  # noqa: S608 - a constant

# All that waits and no sender has in hand, the most urgent apart.
_HOLD: Final = f"""
    UPDATE outbox_notification SET brake_id = %(brake)s
    WHERE id IN (
        SELECT n.id FROM outbox_notification AS n
        WHERE n.state = 'planned' AND n.brake_id IS NULL AND {_NO_THREAT}
            AND (
                n.claimed_by IS NULL
                OR n.claimed_by NOT IN (SELECT number FROM outbox_live_sender)
            )
        ORDER BY n.severity DESC, n.planned_at, n.id
        OFFSET %(apart)s
        FOR UPDATE OF n SKIP LOCKED
    )
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """What is far more than usual."""

    factor: int
    """So many times what is usual; 0 turns the brake off."""
    floor: int
    """Up to so many a day it stays off, whatever is usual."""
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class BrakeOn:
    """The brake that is on."""

    put_on_at: datetime
    would_tell: int
    """What would have gone out that day."""
    usual: int
    held: int
    """What waits for a person now."""
    organisations: int


def put_on_brake(limits: BrakeLimits | None, *, now: datetime) -> None:
    """Put the brake on when what waits is far more than usual; hold what is new while it is on.

    Without `limits` nothing is too much. From here on senders may claim what waits now and is not
    held. One transaction; may run any number of times.
    """
    while not _has_checked(limits, now=now):
        pass  # another sender put it on this moment: what that one did not see is held by it too


def _has_checked(limits: BrakeLimits | None, *, now: datetime) -> bool:
    """Whether all that waits is checked; False, with nothing done, when it is to be done again."""
    with transaction.atomic():
        brake = Brake.objects.select_for_update().filter(released_at=None).first()
        if brake is not None:
            _execute(_CHECK_AND_HOLD, brake=brake.pk)
            return True
        # First, so that what is planned from here on is counted but not let go.
        _execute(_CHECK)
        waiting = _waiting()
        if limits is None or not limits.factor or not waiting:
            return True
        days, usual, today, unasked = _usual(limits, now=now)
        # A few at a time, all day long, are as many. What a person let go today is agreed to.
        would_tell = waiting + (today if waiting > SENT_FIRST else unasked)
        if days < _FEWEST_DAYS or would_tell <= max(limits.floor, limits.factor * usual):
            return True
        brake, is_new = Brake.objects.get_or_create(
            released_at=None,
            defaults={"put_on_at": now, "would_tell": would_tell, "usual": usual},
        )
        if not is_new:
            transaction.set_rollback(True)
            return False
        held = _execute(_HOLD, brake=brake.pk, apart=SENT_FIRST)
    _log.warning("brake.put_on", would_tell=would_tell, usual=usual, held=held)
    return True


def brake_on() -> BrakeOn | None:
    """The brake, when it is on."""
    brake = Brake.objects.filter(released_at=None).first()
    if brake is None:
        return None
    held = Notification.objects.filter(brake=brake, state=Notification.State.PLANNED).order_by()
    return BrakeOn(
        brake.put_on_at,
        brake.would_tell,
        brake.usual,
        held=held.count(),
        organisations=held.values("organisation").distinct().count(),
    )


def release_brake(*, held: int, now: datetime) -> BrakeOn:
    """Let go what the brake holds; `held` is how many a person was shown and agrees to.

    Raises `BrakeError` when the brake is not on, or holds another number by now.
    """
    with transaction.atomic():
        brake = Brake.objects.select_for_update().filter(released_at=None).first()
        found = brake_on()
        if brake is None or found is None:
            raise BrakeError(
                "The brake is not on: nothing waits for a person.", remedy="Use baken send."
            )
        if found.held != held:
            raise BrakeError(
                f"The brake holds {found.held} warnings to {found.organisations} organisations, "
                f"not {held}.",
                remedy="Look at them with baken send --dry-run FOLDER, then give that number.",
            )
        brake.released_at = now
        brake.save(update_fields=["released_at"])
    _log.info("brake.released", held=held)
    return found


def _execute(statement: str, **parameters: int) -> int:
    """How many notifications it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        (waiting,) = cursor.fetchone()
    return int(waiting)


def _usual(limits: BrakeLimits, *, now: datetime) -> tuple[int, int, int, int]:
    """On how many days anything went out, how much is usual a day, and how much did today: in all,
    and since a person last released the brake."""
    with connection.cursor() as cursor:
        cursor.execute(_USUAL, {"since": now - LOOKS_BACK, "now": now, "zone": limits.zone.key})
        days, usual, today, unasked = cursor.fetchone()
    return int(days), int(usual or 0), int(today), int(unasked)
