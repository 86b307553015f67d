"""Withdraws notifications, and gives back to their cases what they were told before.

Locks are taken in one order everywhere: the occasion, notifications, cases in bulk, cases.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from baken.cases.services import ToldBefore, lock_cases, restore_told
from baken.occasions.models import Occasion
from baken.occasions.services import close_occasion
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.outbox.notifications import notifications_under

# A later notification of the same case remembers this one as told before. When that is withdrawn
# too, it must not bring this one back. The ORM has no UPDATE … FROM.
_UNLINK: Final = """
    UPDATE outbox_notifiedcase AS later
    SET told_before_at = taken.told_before_at, told_before_severity = taken.told_before_severity,
        told_before_news = taken.told_before_news
    FROM outbox_notifiedcase AS taken
    JOIN outbox_notification AS notification ON notification.id = taken.notification_id
    WHERE notification.id = ANY(%(ids)s) AND notification.planned_at = %(planned_at)s
        AND later.case_id = taken.case_id AND later.told_before_at = %(planned_at)s
"""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What became of the notifications that waited."""

    withdrawn: int
    in_doubt: int
    """Their last attempt may have arrived: they are tried again under the same Message-ID."""
    case_ids: frozenset[int]
    """The cases in what was withdrawn."""


@dataclass(frozen=True, slots=True)
class ClosedThreat:
    """A threat that ended, with what had waited under it."""

    occasion: Occasion
    withdrawn: int
    in_doubt: int
    case_ids: frozenset[int]
    """The cases in what was withdrawn, also those that it told under another occasion."""


def close_threat(key: str, *, now: datetime) -> ClosedThreat:
    """End a threat: nothing is planned under it any more, and what waits with it is withdrawn.

    A notification that tells under other occasions too is withdrawn whole; the next planning tells
    the rest. One transaction. What may have arrived already is not withdrawn. May run twice. Raises
    `NotFoundError`.
    """
    with transaction.atomic():
        occasion = close_occasion(key, now=now)
        done = withdraw(notifications_under(occasion), reason=f"{key} was closed")
    return ClosedThreat(occasion, done.withdrawn, done.in_doubt, done.case_ids)


def withdraw(notifications: QuerySet[Notification], *, reason: str) -> Withdrawal:
    """Withdraw those of `notifications` that wait and cannot have arrived.

    Call it in a transaction.
    """
    waiting = notifications.filter(state=Notification.State.PLANNED).order_by("pk")
    locked = set(waiting.select_for_update(of=("self",)).values_list("pk", flat=True))
    # Checked after locking: a sender takes the same lock before it writes its intention.
    in_doubt = set(
        Delivery.objects.filter(
            notification__in=locked, state__in=(Delivery.State.SENDING, Delivery.State.UNCERTAIN)
        ).values_list("notification_id", flat=True)
    )
    withdrawn = locked - in_doubt
    Notification.objects.filter(pk__in=withdrawn).update(
        state=Notification.State.WITHDRAWN, state_reason=reason, claimed_by=None
    )
    take_back(withdrawn)
    told = NotifiedCase.objects.filter(notification__in=withdrawn).order_by()
    return Withdrawal(
        withdrawn=len(withdrawn),
        in_doubt=len(in_doubt),
        case_ids=frozenset(told.values_list("case_id", flat=True)),
    )


def give_up(notification_ids: Collection[UUID], *, reason: str) -> None:
    """Withdraw notifications that must not be tried again, even when one may have arrived.

    The cases of one that may have arrived stay told. One transaction.
    """
    with transaction.atomic():
        mine = Notification.objects.filter(pk__in=notification_ids)
        withdraw(mine, reason=reason)
        mine.filter(state=Notification.State.PLANNED).update(
            state=Notification.State.WITHDRAWN, state_reason=reason, claimed_by=None
        )


def take_back(notification_ids: Collection[UUID]) -> None:
    """Give the cases of these notifications back what they were told before.

    Call it in the transaction that ends the notifications.
    """
    told = NotifiedCase.objects.filter(notification__in=notification_ids)
    lock_cases(told.values_list("case_id", flat=True))
    moments = Notification.objects.filter(pk__in=notification_ids).values_list(
        "planned_at", flat=True
    )
    for planned_at in sorted(set(moments), reverse=True):  # the newest first
        with connection.cursor() as cursor:
            cursor.execute(_UNLINK, {"ids": list(notification_ids), "planned_at": planned_at})
        restore_told(
            [
                ToldBefore(
                    one.case_id,
                    planned_at,
                    one.told_before_at,
                    one.told_before_severity,
                    one.told_before_news,
                )
                for one in told.filter(notification__planned_at=planned_at)
            ]
        )
