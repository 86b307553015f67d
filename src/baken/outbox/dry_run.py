"""What a run would send, without sending it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from baken.channels import Message
from baken.core.classification import Tlp
from baken.core.errors import ChannelError, OutputRefusedError
from baken.core.policy import Policy
from baken.occasions.models import Occasion
from baken.occasions.services import release_for_dry_run
from baken.outbox.handing_over import Answer, Road, answer_to, hand_over
from baken.outbox.last_check import why_not
from baken.outbox.models import Delivery
from baken.outbox.notifications import notifications_under, waiting_notifications
from baken.outbox.planning import Plan, plan_notifications
from baken.outbox.warning_facts import messages_of
from baken.outbox.wording import Sender, compose


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would send."""

    plan: Plan
    messages: int
    refused: int
    """Messages that no channel would take: they have no usable address."""


def dry_run(
    roads: Mapping[str, Road],
    *,
    policy: Policy,
    feed_tlp: Tlp,
    sender: Sender,
    match_again: Callable[[], object] = lambda: None,
    now: datetime,
    occasion: Occasion | None = None,
    room: Mapping[str, int] | None = None,
) -> DryRun:
    """Plan and compose everything, undo it all, then give the messages to `roads`.

    With an `occasion`, only what goes out under that one, as if it were released.

    `room` is as in `plan_notifications`. `match_again` matches what waits when the constituency
    changed; that is undone too.

    The roads must not leave the house: a folder, the screen. All messages are in memory at once.
    Raises `OutputRefusedError` when a road takes none.
    """
    with ExitStack() as open_roads:
        channels = {key: open_roads.enter_context(road.open()) for key, road in roads.items()}
        try:
            for channel in channels.values():
                channel.check()
        except ChannelError as error:
            raise _output_refused(error.reply) from error
        with transaction.atomic():
            match_again()
            if occasion is not None:
                release_for_dry_run(occasion, now=now)
            plan = plan_notifications(policy=policy, feed_tlp=feed_tlp, now=now, room=room)
            messages = _compose_all(roads, sender=sender, policy=policy, now=now, occasion=occasion)
            transaction.set_rollback(True)
        states: Counter[Delivery.State] = Counter()
        for key, message in messages:
            answer = (
                answer_to(message)
                if isinstance(message, ChannelError)
                else hand_over(message, channels[key])
            )
            _raise_unless_settled(answer)
            states[answer.state] += 1
    return DryRun(plan, states[Delivery.State.ACCEPTED], states[Delivery.State.REFUSED])


def _compose_all(
    roads: Mapping[str, Road],
    *,
    sender: Sender,
    policy: Policy,
    now: datetime,
    occasion: Occasion | None,
) -> list[tuple[str, Message | ChannelError]]:
    """Each message with the key of its channel.

    A run leaves what has no road, and withdraws what may not go any more: neither is here.
    """
    waiting = waiting_notifications().filter(channel__in=roads)
    if occasion is not None:
        waiting = waiting.filter(pk__in=notifications_under(occasion).order_by().values("pk"))
    channels = dict(waiting.values_list("pk", "channel"))
    stopped = why_not(channels.keys(), policy=policy, now=now)
    channels = {pk: channel for pk, channel in channels.items() if pk not in stopped}
    warnings = messages_of(channels.keys())
    messages: list[tuple[str, Message | ChannelError]] = []
    for pk, key in channels.items():
        try:
            message = compose(warnings[pk], sender, carries=roads[key].carries)
            messages.append((key, message))
        except ChannelError as error:
            messages.append((key, error))
    return messages


def _raise_unless_settled(answer: Answer) -> None:
    if answer.state not in (Delivery.State.ACCEPTED, Delivery.State.REFUSED):
        raise _output_refused(answer.reply)


def _output_refused(reply: str) -> OutputRefusedError:
    return OutputRefusedError(
        f"The mails cannot be written: {reply}.",
        remedy="Name a folder that you may write to, with room on its disk.",
    )
