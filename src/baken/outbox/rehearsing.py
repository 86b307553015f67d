"""What a run would send, without sending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from baken.channels import Channel
from baken.core.policy import Policy
from baken.outbox.composing import Sender, compose
from baken.outbox.models import Notification
from baken.outbox.planning import Plan, plan_notifications
from baken.outbox.selectors import waiting_notifications, warning_of


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
