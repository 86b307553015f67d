"""Writes the outbox: plans notifications, hands them over, and keeps the ledger.

Planning is one transaction an occasion: the notifications and what the cases remember as told are
written together. Handing over follows the second invariant: intended, then done, then recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from baken.channels import Channel
from baken.constituency.models import Contact
from baken.constituency.selectors import contacts_to_warn
from baken.core.classification import Severity, Tlp
from baken.core.errors import AlreadySendingError, ChannelError, SendingHaltedError
from baken.core.policy import Policy, Rule, decide
from baken.core.text import check_line
from baken.occasions.models import Case, Occasion
from baken.occasions.selectors import (
    active_occasions,
    case_facts,
    cases_under,
    is_unasked_allowed,
    tlp_for,
)
from baken.occasions.services import forget_told, record_told
from baken.outbox.composing import Sender, compose
from baken.outbox.models import Delivery, Halt, Notification, NotifiedCase
from baken.outbox.selectors import (
    is_halted,
    unwanted_addresses,
    waiting_notifications,
    warning_of,
)

Clock = Callable[[], datetime]
Progress = Callable[[int], None]

REFUSED_FOR: Final = timedelta(days=7)
"""How long an address that refused a mail is passed over for another contact."""

_SENDING_LOCK: Final = 0x62616B656E  # "baken"; one number for the whole database
_FAILURES_BEFORE_A_LOOK: Final = 3
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What planning wrote, and whom it could not reach."""

    notifications: int = 0
    cases: int = 0
    unreachable: Mapping[int, str] = field(default_factory=dict)
    """By organisation id: why there is nobody to tell (``no-contact``, ``tlp-red``)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What handing over came to."""

    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    left: int = 0
    """Still planned: the next run sends exactly these."""
    problem: str = ""
    """Why the run stopped early; empty when it did not."""


def plan_notifications(*, policy: Policy, now: datetime) -> Plan:
    """Plan what is to be told now: one notification an organisation and occasion.

    May run any number of times: what is planned is remembered as told on each case, in the same
    transaction.
    """
    notifications = cases = 0
    unreachable: dict[int, str] = {}
    for occasion in active_occasions():
        with transaction.atomic():
            plan = _plan_under(occasion, policy=policy, now=now)
        notifications += plan.notifications
        cases += plan.cases
        unreachable |= plan.unreachable
    return Plan(notifications, cases, unreachable)


def _plan_under(occasion: Occasion, *, policy: Policy, now: datetime) -> Plan:
    by_organisation: dict[int, list[tuple[Case, Rule]]] = {}
    for case, rule in _cases_to_tell(occasion, policy=policy, now=now):
        by_organisation.setdefault(case.organisation_id, []).append((case, rule))
    contacts = contacts_to_warn(
        list(by_organisation), unwanted=unwanted_addresses(now=now, refused_for=REFUSED_FOR)
    )
    notifications: list[Notification] = []
    notified: list[NotifiedCase] = []
    unreachable: dict[int, str] = {}
    for organisation_id, told in by_organisation.items():
        label = tlp_for(occasion, [case for case, _ in told])
        contact = contacts.get(organisation_id)
        if contact is None or label is Tlp.RED:
            unreachable[organisation_id] = "tlp-red" if contact else "no-contact"
            continue
        notification = _notification(occasion, contact, told, label=label, now=now)
        notifications.append(notification)
        notified += [_notified_case(notification, case, rule) for case, rule in told]
    Notification.objects.bulk_create(notifications, batch_size=2_000)
    NotifiedCase.objects.bulk_create(notified, batch_size=5_000)
    if notified:
        record_told([(one.case_id, one.severity) for one in notified], now=now)
    return Plan(len(notifications), len(notified), unreachable)


def _cases_to_tell(
    occasion: Occasion, *, policy: Policy, now: datetime
) -> Iterator[tuple[Case, Rule]]:
    if occasion.kind == Occasion.Kind.THREAT:
        # Two people released it for what it selects, whatever the severity.
        policy = Policy(Severity.INFO, policy.reminder_after, policy.oldest_told)
    open_cases = (
        cases_under(occasion)
        .filter(
            state=Case.State.OPEN,
            relation=Case.Relation.OWNER,
            severity__gte=policy.minimum_severity,
            last_seen_at__gte=now - policy.oldest_told,
        )
        .select_related("organisation")
        .select_for_update(of=("self",))
        # The order in which reports lock the cases too: no ring of two that wait.
        .order_by("organisation_id", "finding_kind", "system")
    )
    is_allowed = is_unasked_allowed(occasion)
    for case in open_cases.iterator(chunk_size=5_000):
        rule = decide(case_facts(case), policy=policy, now=now, is_unasked_allowed=is_allowed)
        if rule.tells:
            yield case, rule


def _notification(
    occasion: Occasion,
    contact: Contact,
    told: list[tuple[Case, Rule]],
    *,
    label: Tlp,
    now: datetime,
) -> Notification:
    return Notification(
        organisation_id=contact.organisation_id,
        occasion=occasion,
        contact=contact,
        channel=Contact.Channel.MAIL,
        address=contact.email,
        recipient_name=contact.name,
        language=contact.language,
        tlp=label.value,
        severity=max(case.severity for case, _ in told),
        policy=",".join(sorted({rule.value for _, rule in told})),
        planned_at=now,
    )


def _notified_case(notification: Notification, case: Case, rule: Rule) -> NotifiedCase:
    return NotifiedCase(
        notification=notification,
        case=case,
        reason=rule.value,
        severity=case.severity,
        last_seen_at=case.last_seen_at,
        sightings=case.sightings,
    )


def deliver_waiting(
    channel: Channel, *, sender: Sender, clock: Clock, progress: Progress
) -> Outcome:
    """Hand over what is planned, most urgent first, each under its own Message-ID.

    One process sends at a time. A delivery that an earlier process left in *sending* is
    *uncertain* and is sent again under the same Message-ID. One recipient's refusal leaves the
    others running; a mail server that is away ends the run, and what is left waits for the next.

    Raises `AlreadySendingError`, `SendingHaltedError`.
    """
    if is_halted():
        raise SendingHaltedError(
            "Sending is halted: nothing was sent.", remedy="Lift the halt with baken resume."
        )
    with _only_sender():
        _settle_interrupted(clock)
        return _deliver_each(channel, sender=sender, clock=clock, progress=progress)


@contextmanager
def _only_sender() -> Iterator[None]:
    # A session's lock: the server frees it when the process dies, however it dies.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_SENDING_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadySendingError(
                "Another process is sending.", remedy="Wait until it is done, then try again."
            )
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_SENDING_LOCK])


def _settle_interrupted(clock: Clock) -> None:
    Delivery.objects.filter(state=Delivery.State.SENDING).update(
        state=Delivery.State.UNCERTAIN,
        finished_at=clock(),
        reply="The process ended before the answer was recorded.",
    )


def _deliver_each(channel: Channel, *, sender: Sender, clock: Clock, progress: Progress) -> Outcome:
    counts = dict.fromkeys(Delivery.State.values, 0)
    failures, problem = 0, ""
    ids = list(waiting_notifications().values_list("pk", flat=True))
    with channel:
        for done, notification_id in enumerate(ids, start=1):
            if is_halted():
                problem = "Sending was halted."
                break
            state = _deliver(notification_id, channel, sender=sender, clock=clock)
            counts[state] += 1
            progress(done)
            failures = failures + 1 if state in _TRY_AGAIN else 0
            if failures >= _FAILURES_BEFORE_A_LOOK:
                failures, problem = 0, _problem_of(channel)
                if problem:
                    break
    return Outcome(
        accepted=counts[Delivery.State.ACCEPTED],
        deferred=counts[Delivery.State.DEFERRED] + counts[Delivery.State.UNCERTAIN],
        refused=counts[Delivery.State.REFUSED],
        left=waiting_notifications().count(),
        problem=problem,
    )


_TRY_AGAIN: Final = frozenset({Delivery.State.DEFERRED, Delivery.State.UNCERTAIN})


def _problem_of(channel: Channel) -> str:
    try:
        channel.check()
    except ChannelError as error:
        return error.reply
    return ""


def _deliver(
    notification_id: UUID, channel: Channel, *, sender: Sender, clock: Clock
) -> Delivery.State:
    notification = Notification.objects.select_related("organisation", "occasion").get(
        pk=notification_id
    )
    message = compose(warning_of(notification), sender)
    delivery = Delivery.objects.create(
        notification=notification,
        attempt=notification.deliveries.count() + 1,
        channel=notification.channel,
        address=notification.address,
        message_id=message.id,
        started_at=clock(),
    )  # committed: from here on the world may know
    try:
        receipt = channel.send(message)
    except ChannelError as error:
        state = Delivery.State.DEFERRED
        if error.uncertain:
            state = Delivery.State.UNCERTAIN
        elif error.permanent:
            state = Delivery.State.REFUSED
        _record(delivery, state, reply=error.reply, at=clock())
        return state
    _record(delivery, Delivery.State.ACCEPTED, reply=receipt.reply, at=clock())
    return Delivery.State.ACCEPTED


def _record(delivery: Delivery, state: Delivery.State, *, reply: str, at: datetime) -> None:
    notification = delivery.notification
    with transaction.atomic():
        delivery.state, delivery.reply, delivery.finished_at = state, reply, at
        delivery.save(update_fields=["state", "reply", "finished_at"])
        notification.state_reason = reply
        if state is Delivery.State.ACCEPTED:
            notification.state = Notification.State.ACCEPTED
        elif state is Delivery.State.REFUSED:
            # Nobody heard of it: the next planning looks for another contact.
            notification.state = Notification.State.REFUSED
            forget_told(notification.notified_cases.values_list("case_id", flat=True))
        notification.save(update_fields=["state", "state_reason"])


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run would send."""

    plan: Plan
    messages: int


def rehearse(channel: Channel, *, policy: Policy, sender: Sender, now: datetime) -> Rehearsal:
    """Plan and compose everything, give the messages to `channel`, and undo it all.

    `channel` must not leave the house: a folder, the screen.
    """
    with transaction.atomic():
        plan = plan_notifications(policy=policy, now=now)
        ids = list(waiting_notifications().values_list("pk", flat=True))
        with channel:
            for notification_id in ids:
                notification = Notification.objects.select_related("organisation", "occasion").get(
                    pk=notification_id
                )
                channel.send(compose(warning_of(notification), sender))
        transaction.set_rollback(True)
    return Rehearsal(plan, len(ids))


def halt_sending(reason: str) -> None:
    """Turn on the switch that stops all sending; a run that is under way stops too.

    Raises `TextRefusedError`.
    """
    check_line(reason, name="reason", longest=_LONGEST_REASON)
    if not is_halted():
        Halt.objects.create(reason=reason)


def resume_sending(*, now: datetime) -> None:
    """Turn the switch off again."""
    Halt.objects.filter(lifted_at=None).update(lifted_at=now)
