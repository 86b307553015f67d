"""Says of a code whether a message that bears it left us, to have that message checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from baken.outbox.codes import new_code, read_code
from baken.outbox.models import Delivery, Notification, NotifiedCase, PassOnSystem
from baken.outbox.notifications import find_by_code
from baken.outbox.pass_on_codes import digest_of

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
    is_pass_on: bool
    """Whether it asked an operator to pass on."""
    is_handed_down: bool
    """Whether its code is that of one system in it, which the operator hands down."""
    address_ending: str
    """The last characters of the address it went to; empty where that would say too much."""


def check_code(text: str) -> CheckedMessage | None:
    """The message whose code a person typed as `text`, or None: no message that left us bears it.

    Also the code of one system, which an operator hands down. What cannot be a code costs the same
    two looks into the database as a code that nobody has.
    """
    code = read_code(text) or new_code()
    return _sent(find_by_code(code)) or _handed_down(code)


def message_sent(notification_id: UUID) -> CheckedMessage | None:
    """The message of this notification, or None when none left us."""
    found = Notification.objects.filter(pk=notification_id).select_related("addressee")
    return _sent(found.prefetch_related("deliveries").first())


def _handed_down(code: str) -> CheckedMessage | None:
    """The newest message that left us and asked an operator to hand `code` down."""
    rows = PassOnSystem.objects.filter(code_digest=digest_of(code))
    rows = rows.select_related("notification__addressee").order_by("-notification__planned_at")
    for row in rows.prefetch_related("notification__deliveries"):
        if message := _sent(row.notification):
            return replace(message, code=code, systems=1, is_handed_down=True)
    return None


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
        is_pass_on=found.is_pass_on,
        is_handed_down=False,
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
    if notification.is_pass_on:
        return PassOnSystem.objects.filter(notification=notification).count()
    told = NotifiedCase.objects.filter(notification=notification).order_by()
    return told.values("case__system").distinct().count()
