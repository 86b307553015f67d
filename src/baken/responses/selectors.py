"""Reads answers, and calls: which wait, who makes which, and how they went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from baken.core.classification import Severity
from baken.outbox.models import Notification
from baken.responses.models import Answer, CallAttempt

_PHONE: Final = "phone"


@dataclass(frozen=True, slots=True)
class CallMade:
    """One attempt to make a call."""

    outcome: str
    made_by: str
    made_at: datetime
    call_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedCall:
    """One call of the list."""

    code: str
    state: str
    """``waiting``, ``later``, ``claimed`` or ``done``."""
    severity: Severity
    organisation: str
    reference: str
    number: str
    """Empty when it was erased."""
    planned_at: datetime
    attempts: int
    claimed_by: str
    until: datetime | None
    """When the claim lapses, or when it may be tried again."""


def listed_calls(*, now: datetime, with_done: bool = False) -> list[ListedCall]:
    """The calls in the order in which they are made; with `with_done` also those that are over."""
    found = _calls() if with_done else _calls().filter(call__done_at=None)
    rows = found.select_related("call", "organisation", "addressee").annotate(
        made=Count("call__attempts")
    )
    return [_listed(one, now=now) for one in rows.order_by("-severity", "planned_at", "id")]


def next_free_call_at(*, now: datetime) -> datetime | None:
    """When the first call that waits for its time, or is with somebody, is free; None for none."""
    moments = (one.until for one in listed_calls(now=now))
    return min((moment for moment in moments if moment is not None), default=None)


def count_open_calls() -> int:
    """How many calls are to be made, with those that are planned and not in the list yet."""
    planned = Notification.objects.filter(channel=_PHONE, state=Notification.State.PLANNED)
    return _calls().filter(call__done_at=None).count() + planned.count()


def count_attempts(*, since: datetime) -> int:
    """How many attempts were made since then."""
    return CallAttempt.objects.filter(made_at__gte=since).count()


def attempts_of(notification_ids: Collection[UUID]) -> dict[UUID, tuple[CallMade, ...]]:
    """By notification: the attempts to call, in order; nothing of those that were never called."""
    found: dict[UUID, tuple[CallMade, ...]] = {}
    rows = CallAttempt.objects.filter(call__in=notification_ids).order_by("call", "number")
    for one in rows:
        made = CallMade(one.outcome, one.made_by, one.made_at, one.call_again_at)
        found[one.call_id] = (*found.get(one.call_id, ()), made)
    return found


def standing_answer(notification_id: UUID) -> Answer | None:
    """The newest answer to this notification, which counts."""
    return Answer.objects.filter(notification=notification_id).order_by("-number").first()


def newest_answers(*, at_most: int) -> list[Answer]:
    """The newest answers of all, with notification and organisation."""
    found = Answer.objects.select_related("notification__organisation")
    return list(found.order_by("-answered_at", "-id")[:at_most])


def _calls() -> QuerySet[Notification]:
    """What the phone channel accepted, and what was called before it was told otherwise."""
    in_list = Q(state=Notification.State.ACCEPTED) | Q(call__done_at__isnull=False)
    return Notification.objects.filter(in_list, channel=_PHONE)


def _listed(one: Notification, *, now: datetime) -> ListedCall:
    call = getattr(one, "call", None)
    state, until = "waiting", None
    if call is not None:
        if call.done_at is not None:
            state = "done"
        elif call.claimed_until is not None and call.claimed_until > now:
            state, until = "claimed", call.claimed_until
        elif call.not_before is not None and call.not_before > now:
            state, until = "later", call.not_before
    return ListedCall(
        code=one.code,
        state=state,
        severity=Severity(one.severity),
        organisation=one.organisation.name,
        reference=one.organisation.reference,
        number=one.addressee.address,
        planned_at=one.planned_at,
        attempts=one.made,  # type: ignore[attr-defined] # annotated
        claimed_by=call.claimed_by if call is not None and state == "claimed" else "",
        until=until,
    )
