"""Calls: one claimed at a time, each attempt recorded, and told otherwise when nobody is reached.

Locks are taken in one order: the call, its notification, cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.core.answers import Answer, AnswerKind
from baken.core.errors import About, CallRefusedError, NotFoundError
from baken.core.text import check_line
from baken.outbox.models import Notification
from baken.outbox.selectors import cases_told_by, find_by_code, read_code
from baken.outbox.services import call_off, record_return, suppress_address
from baken.responses.models import Call, CallAttempt
from baken.responses.standing import let_stand

CLAIMED_FOR: Final = timedelta(hours=1)
"""How long a caller has; then the call is free for others."""
MOST_TRIES: Final = 3
"""After so many tries without reaching anybody, the next route is taken."""
MOST_ATTEMPTS: Final = 6
"""After so many attempts, also those that ended with *call back*, the next route is taken."""
FURTHEST_CALL_BACK: Final = timedelta(days=7)

_PHONE: Final = "phone"
_LONGEST_NAME: Final = 100
_WRONG_NUMBER: Final = "a wrong number, said who answered"
_Outcome = CallAttempt.Outcome
_TRIED_AGAIN_AFTER: Final = {
    _Outcome.NO_ANSWER: timedelta(hours=2),
    _Outcome.LEFT_WORD: timedelta(days=1),  # whoever got the message has a day to call back
}
_log = structlog.get_logger()

# What the phone channel accepted is in the list; a row makes it something that can be locked.
_ENTER: Final = """
    INSERT INTO responses_call (notification_id, claimed_by)
    SELECT n.id, '' FROM outbox_notification AS n
    WHERE n.channel = 'phone' AND n.state = 'accepted'
        AND NOT EXISTS (SELECT FROM responses_call AS c WHERE c.notification_id = n.id)
    ON CONFLICT DO NOTHING
"""

# The lock is on the call, in which the claim is written: a second caller who waited for the first
# to commit looks at the row again, and finds it claimed.
_CLAIM: Final = """
    UPDATE responses_call AS c SET claimed_by = %(by)s, claimed_until = %(until)s
    FROM (
        SELECT w.notification_id FROM responses_call AS w
        JOIN outbox_notification AS n ON n.id = w.notification_id
        WHERE n.state = 'accepted' AND w.done_at IS NULL
            AND (w.claimed_until IS NULL OR w.claimed_until <= %(now)s)
            AND (w.not_before IS NULL OR w.not_before <= %(now)s)
        ORDER BY n.severity DESC, n.planned_at, n.id
        LIMIT 1
        FOR UPDATE OF w SKIP LOCKED
    ) AS chosen
    WHERE c.notification_id = chosen.notification_id
    RETURNING c.notification_id
"""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What became of a call after an attempt."""

    code: str
    outcome: str
    attempts: int
    tries_left: int
    """How often it is tried again before the next route is taken; 0 when it is over."""
    call_again_at: datetime | None
    """When it is tried again; None when it is over."""
    is_told_otherwise: bool
    """Whether the next planning looks for another route."""


def claim_next_call(*, by: str, now: datetime) -> UUID | None:
    """Claim the gravest call that waits, the oldest first, for `by`; None when none waits.

    Whoever has one already gets that one again, for as long as it was claimed. Two people never
    get the same. One transaction. Raises `TextRefusedError`.
    """
    check_line(by, name="name", longest=_LONGEST_NAME)
    with transaction.atomic(), connection.cursor() as cursor:
        mine = Call.objects.filter(claimed_by=by, claimed_until__gt=now, done_at=None)
        held = mine.filter(notification__state=Notification.State.ACCEPTED).first()
        if held is not None:
            return held.notification_id
        cursor.execute(_ENTER)
        cursor.execute(_CLAIM, {"by": by, "until": now + CLAIMED_FOR, "now": now})
        row = cursor.fetchone()
    return UUID(str(row[0])) if row else None


def drop_call(notification_id: UUID, *, reason: str, now: datetime) -> None:
    """Take a call out of the list that is not to be made any more; its cases may be told anew.

    May run twice. One transaction.
    """
    with transaction.atomic():
        Call.objects.filter(pk=notification_id).update(
            done_at=now, claimed_by="", claimed_until=None
        )
        call_off(notification_id, reason=reason)
    _log.info("call.dropped", notification=str(notification_id))


def record_call(
    code: str, *, outcome: str, by: str, now: datetime, call_again_at: datetime | None = None
) -> RecordedCall:
    """Record how the call with that code went, whoever started it.

    When nobody was reached after `MOST_TRIES`, or the number is wrong, the notification counts as
    refused about its address, so that the next planning takes another route; a wrong number is
    suppressed. That it is not theirs stands on the cases, as when the page says so. A call that was
    claimed by another, and not lapsed, is refused. One transaction.
    Raises `NotFoundError`, `CallRefusedError`, `TextRefusedError`.
    """
    check_line(by, name="name", longest=_LONGEST_NAME)
    how = _Outcome(outcome)
    _check_call_back(how, call_again_at, now=now)
    notification = _call_with(code)
    if how is _Outcome.WRONG_NUMBER:
        _leave_number_alone(notification, by=by, now=now)
    with transaction.atomic():
        Call.objects.get_or_create(notification=notification)
        call = Call.objects.select_for_update().get(pk=notification.pk)
        _check_free(call, by=by, now=now)
        before = list(call.attempts.values_list("outcome", flat=True))
        CallAttempt.objects.create(
            call=call, number=len(before) + 1, outcome=how, made_by=by, made_at=now,
            call_again_at=call_again_at,
        )  # fmt: skip
        recorded = _what_follows(
            notification, [*before, how.value], call_again_at=call_again_at, now=now
        )
        call.claimed_by, call.claimed_until = "", None
        call.not_before = recorded.call_again_at
        call.done_at = now if recorded.call_again_at is None else None
        call.save()
        if how is _Outcome.NOT_THEIRS:
            let_stand(
                cases_told_by(notification),
                notification.organisation_id,
                Answer(AnswerKind.NOT_OURS, now),
            )
        if recorded.is_told_otherwise:
            _tell_otherwise(notification, how, attempts=recorded.attempts, now=now)
    _log.info("call.recorded", notification=str(notification.pk), outcome=how.value)
    return recorded


def _what_follows(
    notification: Notification,
    outcomes: list[str],
    *,
    call_again_at: datetime | None,
    now: datetime,
) -> RecordedCall:
    """What becomes of a call whose attempts went so; the last is the one of `now`."""
    how = _Outcome(outcomes[-1])
    tries = sum(one in _TRIED_AGAIN_AFTER for one in outcomes)
    is_tried_again = (
        (how in _TRIED_AGAIN_AFTER or how is _Outcome.CALL_BACK)
        and tries < MOST_TRIES
        and len(outcomes) < MOST_ATTEMPTS
    )
    again_at = (call_again_at or now + _TRIED_AGAIN_AFTER[how]) if is_tried_again else None
    is_over = how in (_Outcome.REACHED, _Outcome.NOT_THEIRS)
    return RecordedCall(
        code=notification.code,
        outcome=how.value,
        attempts=len(outcomes),
        tries_left=MOST_TRIES - tries if is_tried_again else 0,
        call_again_at=again_at,
        is_told_otherwise=not is_tried_again and not is_over,
    )


def _leave_number_alone(notification: Notification, *, by: str, now: datetime) -> None:
    """Suppress the number, in a transaction of its own: it locks other notifications.

    After a crash the attempt is not recorded yet, and is recorded again.
    """
    call = Call.objects.filter(notification=notification).first()
    if call is not None:
        _check_free(call, by=by, now=now)
    if notification.addressee.address:  # it may have been erased since
        suppress_address(notification.addressee.address, reason=_WRONG_NUMBER)


def _tell_otherwise(
    notification: Notification, how: CallAttempt.Outcome, *, attempts: int, now: datetime
) -> None:
    reply = f"Called {attempts} times; nobody who is responsible was reached."
    if how is _Outcome.WRONG_NUMBER:
        reply = f"It is {_WRONG_NUMBER}."
    record_return(notification.pk, about=About.ADDRESS, reply=reply, now=now)


def _call_with(code: str) -> Notification:
    found = find_by_code(read_code(code))
    if found is None or found.channel != _PHONE:
        raise NotFoundError(
            f"{code} is the code of no call.", remedy="List the calls with baken calls list."
        )
    if found.state != Notification.State.ACCEPTED:
        raise CallRefusedError(
            f"{found.code} is not to be called: it is {found.get_state_display()}"
            f" ({found.state_reason or 'not handed over yet'}).",
            remedy="See what became of it with baken explain.",
        )
    return found


def _check_free(call: Call, *, by: str, now: datetime) -> None:
    if call.done_at is not None:
        raise CallRefusedError(
            f"That call ended on {call.done_at:%Y-%m-%d at %H:%M} UTC.",
            remedy="See how with baken explain; an attempt, once recorded, stays.",
        )
    is_held = call.claimed_until is not None and call.claimed_until > now
    if is_held and call.claimed_by != by:
        raise CallRefusedError(
            f"{call.claimed_by} is making that call until {call.claimed_until:%H:%M} UTC.",
            remedy="Wait until then, or let that person record it.",
        )


def _check_call_back(
    how: CallAttempt.Outcome, call_again_at: datetime | None, *, now: datetime
) -> None:
    if how is not _Outcome.CALL_BACK:
        if call_again_at is not None:
            raise CallRefusedError(
                f"A time goes with call-back only, not with {how.value}.", remedy="Leave it out."
            )
    elif call_again_at is None or not now < call_again_at <= now + FURTHEST_CALL_BACK:
        raise CallRefusedError(
            "call-back needs the time at which to call, within seven days from now.",
            remedy="Give it in UTC, such as --at 2026-07-01T14:00.",
        )
