"""What a run would send, without sending it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from baken.channels import Channel, Message
from baken.core.classification import Tlp
from baken.core.errors import ChannelError, OutputRefusedError
from baken.core.policy import Policy
from baken.occasions.models import Occasion
from baken.occasions.services import release_for_dry_run
from baken.outbox.composing import Sender, compose
from baken.outbox.models import Delivery
from baken.outbox.planning import Plan, plan_notifications
from baken.outbox.selectors import waiting_notifications, warning_of
from baken.outbox.sending import hand_over


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run would send."""

    plan: Plan
    messages: int
    refused: int
    """Messages that no channel would take: an address that is none."""


def rehearse(
    channel: Channel,
    *,
    policy: Policy,
    feed_tlp: Tlp,
    sender: Sender,
    now: datetime,
    occasion: Occasion | None = None,
) -> Rehearsal:
    """Plan and compose everything, undo it all, then give the messages to `channel`.

    With an `occasion`, only what goes out under that one, as if it were released.

    `channel` must not leave the house: a folder, the screen. All messages are in memory at once.
    Raises `OutputRefusedError` when the channel takes none.
    """
    try:
        channel.check()
    except ChannelError as error:
        raise _output_refused(error.reply) from error
    with transaction.atomic():
        if occasion is not None:
            release_for_dry_run(occasion, now=now)
        plan = plan_notifications(policy=policy, feed_tlp=feed_tlp, now=now)
        messages = _compose_all(sender, occasion=occasion)
        transaction.set_rollback(True)
    states: Counter[Delivery.State] = Counter()
    with channel:
        for message in messages:
            answer = hand_over(message, channel)
            if answer.state not in (Delivery.State.ACCEPTED, Delivery.State.REFUSED):
                raise _output_refused(answer.reply)
            states[answer.state] += 1
    return Rehearsal(plan, states[Delivery.State.ACCEPTED], states[Delivery.State.REFUSED])


def _compose_all(sender: Sender, *, occasion: Occasion | None) -> list[Message]:
    waiting = waiting_notifications().select_related("organisation", "occasion")
    if occasion is not None:
        waiting = waiting.filter(occasion=occasion)
    return [compose(warning_of(one), sender) for one in waiting]


def _output_refused(reply: str) -> OutputRefusedError:
    return OutputRefusedError(
        f"The mails cannot be written: {reply}.",
        remedy="Name a folder that you may write to, with room on its disk.",
    )
