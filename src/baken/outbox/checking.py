"""Says of a code whether a message that bears it left us, to have that message checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from baken.outbox.codes import new_code, read_code
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.outbox.notifications import find_by_code

_LEFT_US: Final = (Delivery.State.ACCEPTED, Delivery.State.UNCERTAIN, Delivery.State.SENDING)
_ENDING: Final = 3


@dataclass(frozen=True, slots=True)
class CheckedMessage:
    """A message of ours, as who holds its code may see it."""

    code: str
    sent_at: datetime
    """When it left us: accepted, or else when it was last tried."""
    channel: str
    language: str
    systems: int
    address_ending: str
    """The last characters of the address it went to; empty where that would say too much."""


def check_code(text: str) -> CheckedMessage | None:
    """The message whose code a person typed as `text`, or None: no message that left us bears it.

    What cannot be a code costs the same one look into the database as a code that nobody has.
    """
    return _sent(find_by_code(read_code(text) or new_code()))


def message_sent(notification_id: UUID) -> CheckedMessage | None:
    """The message of this notification, or None when none left us."""
    found = Notification.objects.filter(pk=notification_id).select_related("addressee")
    return _sent(found.prefetch_related("deliveries").first())


def _sent(found: Notification | None) -> CheckedMessage | None:
    if found is None:
        return None
    left = [one for one in found.deliveries.all() if one.state in _LEFT_US]
    if not left:
        return None
    last = max(left, key=lambda one: (one.state == Delivery.State.ACCEPTED, one.attempt))
    return CheckedMessage(
        code=found.code,
        sent_at=last.finished_at or last.started_at,
        channel=found.channel,
        language=found.language,
        systems=_count_systems(found),
        address_ending=address_ending(found.addressee.address, channel=found.channel),
    )


def address_ending(address: str, *, channel: str) -> str:
    """The end of `address` that its owner knows again, and that tells others little.

    Of a mail address the last characters of the name and what follows its last full stop, of a
    telephone number the last digits, of anything else nothing.
    """
    if channel == "mail" and "@" in address:
        name, _, last = address.rpartition(".")
        return f"{name[-_ENDING:].rpartition('@')[2]}.{last}"
    if channel == "phone":
        return address[-_ENDING:]
    return ""


def _count_systems(notification: Notification) -> int:
    told = NotifiedCase.objects.filter(notification=notification).order_by()
    return told.values("case__system").distinct().count()
