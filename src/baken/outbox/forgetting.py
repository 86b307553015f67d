"""Forgets what the ledger says of organisations that never signed up, once that is over.

Notifications and deliveries stay, with their times and outcomes: they are what is counted.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from baken.cases.selectors import organisations_with_cases_since
from baken.constituency.selectors import discovered_organisations
from baken.discovery.selectors import operators_asked_since
from baken.outbox.left_alone import keep_as_hashes
from baken.outbox.models import (
    Addressee,
    Delivery,
    Notification,
    NotifiedCase,
    PassOnSystem,
    Provider,
)


def organisations_to_forget(*, before: datetime) -> list[int]:
    """The discovered organisations of which nothing is open, seen or told since `before`; by id."""
    mine = discovered_organisations()
    busy = organisations_with_cases_since(mine, before)
    told = Notification.objects.filter(organisation__in=mine, planned_at__gte=before)
    asked = PassOnSystem.objects.filter(operator__in=mine, notification__planned_at__gte=before)
    busy |= set(asked.values_list("operator_id", flat=True))
    also = NotifiedCase.objects.filter(
        case__organisation__in=mine, notification__planned_at__gte=before
    )
    busy |= operators_asked_since(mine, before)
    busy |= set(told.values_list("organisation_id", flat=True))
    busy |= set(also.values_list("case__organisation_id", flat=True))
    return sorted(mine - busy)


def blank_ledger_of(organisation_ids: Collection[int], *, now: datetime) -> int:
    """Take these organisations' systems, addresses and replies out of the ledger.

    Gives how many notifications there are. An addressee that others are told by too stays. An
    address that is suppressed (a wrong number, a letter that came back) is so by its hash from then
    on. Call it in the transaction that forgets the organisations.
    """
    cases = NotifiedCase.objects.filter(case__organisation__in=organisation_ids)
    cases.update(
        address=None, port=None, transport="", host_name="", url="", product="", asset_value="",
        evidence={}, details=[], details_more=0, told_before_news=[],
    )  # fmt: skip
    asked = PassOnSystem.objects.filter(operator__in=organisation_ids)
    asked.update(system="", seen="", code_digest="")
    mine = Notification.objects.filter(organisation__in=organisation_ids)
    others = Notification.objects.filter(addressee=OuterRef("pk")).exclude(
        organisation__in=organisation_ids
    )
    alone = Addressee.objects.filter(
        ~Exists(others), Q(pk__in=mine.values("addressee")), erased_at=None
    )
    keep_as_hashes(alone.values_list("address", flat=True))
    alone.update(address="", name="", provider="", erased_at=now)
    Delivery.objects.filter(notification__in=mine, finished_at__isnull=False).exclude(
        reply=""
    ).update(reply="")
    return mine.update(state_reason="")


def forget_idle_providers(*, before: datetime) -> int:
    """Forget who receives mail, where nothing was sent since `before`; how many.

    A small organisation receives its own: the name of the provider is then its name. Whoever is
    written to again begins slowly again.
    """
    removed, _ = Provider.objects.filter(next_at__lt=before).delete()
    return removed
