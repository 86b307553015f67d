"""What comes back after a channel accepted it: a call that reached nobody, a returned letter.

A delivery never changes, so that it came back is a further attempt, which was refused. Planning
then looks for another route, as after any refusal.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from baken.core.errors import About
from baken.outbox.models import Delivery, Notification
from baken.outbox.withdrawals import take_back


def record_return(notification_id: UUID, *, about: About, reply: str, now: datetime) -> bool:
    """Record that nobody got what was accepted, so that the next planning tells it otherwise.

    With `about` the address, that is passed over for a while. Gives whether it was accepted until
    now; key: the notification, so that a second call does nothing. One transaction.
    """
    with transaction.atomic():
        if not _end(notification_id, Notification.State.REFUSED, reason=reply):
            return False
        last = Delivery.objects.filter(notification=notification_id).latest("attempt")
        Delivery.objects.create(
            notification_id=notification_id,
            attempt=last.attempt + 1,
            sender=last.sender,
            channel=last.channel,
            message_id=last.message_id,
            state=Delivery.State.REFUSED,
            about=about.value,
            started_at=now,
            finished_at=now,
            reply=reply,
        )
        take_back([notification_id])
    return True


def call_off(notification_id: UUID, *, reason: str) -> bool:
    """Withdraw what was accepted and that nobody has carried to its recipient yet.

    Its cases get back what they were told before. Gives whether it was accepted until now; may run
    twice. One transaction.
    """
    with transaction.atomic():
        if not _end(notification_id, Notification.State.WITHDRAWN, reason=reason):
            return False
        take_back([notification_id])
    return True


def _end(notification_id: UUID, state: Notification.State, *, reason: str) -> bool:
    """Locks it too: nobody else records anything of it meanwhile."""
    accepted = Notification.objects.filter(pk=notification_id, state=Notification.State.ACCEPTED)
    return bool(accepted.update(state=state, state_reason=reason, claimed_by=None))
