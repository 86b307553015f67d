"""Suppressions: addresses to which we send nothing, until that is lifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from baken.constituency.selectors import is_address_of_a_contact
from baken.core.errors import NotFoundError
from baken.core.text import check_line
from baken.outbox.left_alone import contact_again
from baken.outbox.models import Notification, Suppression
from baken.outbox.withdrawals import withdraw

_LONGEST_REASON: Final = 200
_LONGEST_ADDRESS: Final = 500


@dataclass(frozen=True, slots=True)
class SuppressedAddress:
    """An address that gets nothing any more, and what had waited for it."""

    address: str
    withdrawn: int
    in_doubt: int
    """May have arrived already; they are not tried again."""
    is_known: bool
    """Whether any contact has that address; mistyped, nobody has."""


def suppress_address(address: str, *, reason: str) -> SuppressedAddress:
    """Leave `address` alone from now on, by whatever channel, and withdraw what waits for it.

    `address` is as its channel keeps it; the case of its letters does not matter. Another route of
    the organisation is taken instead, when there is one. May run twice; the last reason stands.
    Raises `TextRefusedError`.
    """
    check_line(reason, name="reason", longest=_LONGEST_REASON)
    check_line(address, name="address", longest=_LONGEST_ADDRESS)
    normal = address.lower()
    with transaction.atomic():
        Suppression.objects.update_or_create(address=normal, defaults={"reason": reason})
        to_address = Notification.objects.alias(to=Lower("addressee__address")).filter(to=normal)
        done = withdraw(to_address, reason=f"the address is left alone: {reason}")
    return SuppressedAddress(normal, done.withdrawn, done.in_doubt, is_address_of_a_contact(normal))


def lift_suppression(address: str) -> None:
    """Let `address` be warned again. Raises `NotFoundError`."""
    normal = address.lower()
    deleted, _ = Suppression.objects.filter(address=normal).delete()
    if not contact_again(normal) and not deleted:
        raise NotFoundError(
            f"{normal} is not suppressed.", remedy="List what is with baken suppress."
        )


def suppressions() -> QuerySet[Suppression]:
    """The addresses that are left alone, in their order."""
    return Suppression.objects.order_by("address")
