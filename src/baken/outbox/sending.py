"""Hands over what is planned: intended, then done, then recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.channels import Channel, Message
from baken.core.errors import AlreadySendingError, ChannelError, SendingHaltedError
from baken.outbox.composing import Sender, compose
from baken.outbox.models import Delivery, Notification
from baken.outbox.selectors import (
    is_halted,
    is_suppressed,
    tells_what_is_not_held,
    waiting_notifications,
    warning_of,
)
from baken.outbox.withdrawing import give_up, take_back

_log = structlog.get_logger()

Clock = Callable[[], datetime]
Progress = Callable[[int], None]

_SENDING_LOCK: Final = 0x62616B656E  # "baken"; one number for the whole database
_FAILURES_BEFORE_A_LOOK: Final = 3


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
            progress(done)
            if state is None:
                continue
            counts[state] += 1
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
) -> Delivery.State | None:
    intended = _intend(notification_id, sender=sender, at=clock())
    if intended is None:
        return None
    delivery, message = intended
    answer = hand_over(message, channel)
    _record(delivery, answer.state, reply=answer.reply, at=clock())
    _log.info(
        "delivery.finished",
        delivery=delivery.pk,
        notification=str(notification_id),
        attempt=delivery.attempt,
        state=answer.state.value,
    )
    return answer.state


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of handing one message over, and what the other side said."""

    state: Delivery.State
    reply: str


def hand_over(message: Message, channel: Channel) -> Answer:
    """Give `message` to `channel`, and say how that ended."""
    try:
        return Answer(Delivery.State.ACCEPTED, channel.send(message).reply)
    except ChannelError as error:
        state = Delivery.State.DEFERRED
        if error.uncertain:
            state = Delivery.State.UNCERTAIN
        elif error.permanent:
            state = Delivery.State.REFUSED
        return Answer(state, error.reply)


def _intend(
    notification_id: UUID, *, sender: Sender, at: datetime
) -> tuple[Delivery, Message] | None:
    """The next delivery, committed: from here on the world may know.

    None when the notification was withdrawn since the run began, or is now. Whoever withdraws
    takes the same lock, and so sees the intention or prevents it.
    """
    with transaction.atomic():
        notification = (
            waiting_notifications()
            .filter(pk=notification_id)
            .select_related("organisation", "occasion")
            .select_for_update(of=("self",))
            .first()
        )
        if notification is None:
            return None
        reason = _why_not(notification)
        if reason:
            give_up(notification, reason=reason)
            return None
        message = compose(warning_of(notification), sender)
        delivery = Delivery.objects.create(
            notification=notification,
            attempt=notification.deliveries.count() + 1,
            channel=notification.channel,
            address=notification.address,
            message_id=message.id,
            started_at=at,
        )
    return delivery, message


def _why_not(notification: Notification) -> str:
    """What came between planning and now that forbids to hand it over; empty when nothing did."""
    if is_suppressed(notification.address):
        return "the address is left alone"
    if tells_what_is_not_held(notification):  # the next planning tells the rest
        return "a system in it is no longer the organisation's"
    return ""


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
        notification.save(update_fields=["state", "state_reason"])
        if state is Delivery.State.REFUSED:
            take_back([notification.pk])
