"""Addresses of people who never signed up and asked us to stop: kept as a salted hash, for ever.

Their wish outlives everything else we knew of them, so that is all that may be kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Lower

from baken.outbox.ledger_secret import address_salt
from baken.outbox.models import LeftAlone, Notification, Suppression
from baken.outbox.withdrawals import Withdrawal, withdraw


def leave_alone(address: str) -> Withdrawal:
    """Send nothing to `address` ever again, and withdraw what waits for it.

    May run twice. One transaction.
    """
    with transaction.atomic():
        LeftAlone.objects.get_or_create(digest=_digest(address, salt=address_salt()))
        to_address = Notification.objects.alias(to=Lower("addressee__address"))
        return withdraw(
            to_address.filter(to=address.lower()), reason="the address is left alone: it asked"
        )


def keep_as_hashes(addresses: Iterable[str]) -> None:
    """Let those of `addresses` that are suppressed be so by their hash alone.

    Call it in a transaction. May run twice.
    """
    listed = Suppression.objects.filter(address__in={address.lower() for address in addresses})
    for address in listed.values_list("address", flat=True):
        LeftAlone.objects.get_or_create(digest=_digest(address, salt=address_salt()))
    listed.delete()


def contact_again(address: str) -> bool:
    """Forget that `address` asked us to stop, because it asked for that; whether it had."""
    mine = LeftAlone.objects.filter(digest=_digest(address, salt=address_salt()))
    return bool(mine.delete()[0])


def left_alone_among(addresses: Iterable[str]) -> frozenset[str]:
    """Those of `addresses` that asked us to stop, in small letters."""
    unwanted = UnwantedAddresses(frozenset(), *_known())
    if not unwanted.digests:
        return frozenset()
    return frozenset(address.lower() for address in addresses if address in unwanted)


@dataclass(frozen=True, slots=True)
class UnwantedAddresses(Collection[str]):
    """Addresses that get nothing. Those known by their hash alone are in it, and not listed."""

    listed: frozenset[str]
    salt: str
    digests: frozenset[str]

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, str):
            return False
        return address.lower() in self.listed or (
            bool(self.digests) and _digest(address, salt=self.salt) in self.digests
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)


def with_left_alone(listed: frozenset[str]) -> UnwantedAddresses:
    """`listed`, and all that asked us to stop."""
    return UnwantedAddresses(frozenset(one.lower() for one in listed), *_known())


def _known() -> tuple[str, frozenset[str]]:
    digests = frozenset(LeftAlone.objects.values_list("digest", flat=True))
    return (address_salt() if digests else "", digests)


def _digest(address: str, *, salt: str) -> str:
    """SHA-256 of salt and address; `baken.outbox.last_check` says the same in SQL."""
    return hashlib.sha256((salt + address.lower()).encode()).hexdigest()
