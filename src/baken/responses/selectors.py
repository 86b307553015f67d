"""Reads answers, calls and letters: which wait, who makes which, and how they went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from baken.core.classification import Severity
from baken.core.waiting_by_hand import WaitingByHand
from baken.outbox.models import Notification
from baken.responses.models import Answer, CallAttempt, Letter, LetterFact

_PHONE: Final = "phone"
_LETTER: Final = "letter"


@dataclass(frozen=True, slots=True)
class CallMade:
    """One attempt to make a call."""

    outcome: str
    made_by: str
    made_at: datetime
    call_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """One answer by the link in a message."""

    kind: str
    text: str
    """What was written besides, from outside; may be empty."""
    answered_at: datetime


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


def answers_to(notification_ids: Collection[UUID]) -> dict[UUID, tuple[AnswerGiven, ...]]:
    """By notification: the answers, in order, of which the last counts."""
    found: dict[UUID, tuple[AnswerGiven, ...]] = {}
    rows = Answer.objects.filter(notification__in=notification_ids)
    for one in rows.order_by("notification", "number"):
        given = AnswerGiven(one.kind, one.text, one.answered_at)
        found[one.notification_id] = (*found.get(one.notification_id, ()), given)
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


@dataclass(frozen=True, slots=True)
class ListedLetter:
    """One letter."""

    code: str
    state: str
    """``waiting``, ``printed``, ``sent`` or ``returned``."""
    organisation: str
    reference: str
    planned_at: datetime
    batch: int | None
    """None until it is in one."""


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What became of a letter; a moment is None where that did not happen, or was not recorded."""

    batch: int
    printed_at: datetime | None
    sent_at: datetime | None = None
    returned_at: datetime | None = None
    reason: str = ""


def waiting_by_hand() -> WaitingByHand:
    """What is in the lists of calls and letters and not done yet."""
    in_list = Notification.objects.filter(state=Notification.State.ACCEPTED)
    letters = _letters().filter(pk__in=in_list.values("pk"))
    is_printed = Q(letter__batch__written_at__isnull=False)
    return WaitingByHand(
        calls=_calls().filter(call__done_at=None).count(),
        letters=letters.exclude(is_printed).count(),
        unposted=letters.filter(is_printed, letter__facts=None).count(),
    )


def waiting_letters() -> list[UUID]:
    """The letters that are in no batch yet, the gravest first."""
    waiting = _letters().filter(state=Notification.State.ACCEPTED, letter=None)
    return list(waiting.order_by("-severity", "planned_at", "id").values_list("pk", flat=True))


def count_letters_printed(*, since: datetime) -> int:
    """How many letters are in batches that were made since then."""
    return Letter.objects.filter(batch__made_at__gte=since).count()


def listed_letters() -> list[ListedLetter]:
    """All letters, those that wait first, then the newest batch first."""
    in_list = Q(state=Notification.State.ACCEPTED) | Q(letter__isnull=False)
    found = list(_letters().filter(in_list).select_related("organisation"))
    facts = letters_of([one.pk for one in found])
    listed = [
        ListedLetter(
            code=one.code,
            state=_state_of(facts.get(one.pk)),
            organisation=one.organisation.name,
            reference=one.organisation.reference,
            planned_at=one.planned_at,
            batch=facts[one.pk].batch if one.pk in facts else None,
        )
        for one in found
    ]
    return sorted(listed, key=lambda one: (one.batch is not None, -(one.batch or 0), one.code))


def letters_of(notification_ids: Collection[UUID]) -> dict[UUID, LetterFacts]:
    """By notification: what became of its letter; nothing of those that are in no batch."""
    found: dict[UUID, LetterFacts] = {}
    letters = Notification.objects.filter(pk__in=notification_ids, letter__isnull=False)
    for pk, batch, written_at in letters.values_list(
        "pk", "letter__batch_id", "letter__batch__written_at"
    ):
        found[pk] = LetterFacts(batch, written_at)
    for fact in LetterFact.objects.filter(letter__in=found):
        before = found[fact.letter_id]
        if fact.fact == LetterFact.Fact.SENT:
            found[fact.letter_id] = replace(before, sent_at=fact.recorded_at)
        else:
            found[fact.letter_id] = replace(
                before, returned_at=fact.recorded_at, reason=fact.reason
            )
    return found


def _letters() -> QuerySet[Notification]:
    return Notification.objects.filter(channel=_LETTER)


def _state_of(facts: LetterFacts | None) -> str:
    if facts is None or facts.printed_at is None:
        return "waiting"
    if facts.returned_at is not None:
        return "returned"
    return "printed" if facts.sent_at is None else "sent"
