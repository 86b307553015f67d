"""Reads notifications: which wait, how many are in each state, who was told what."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from django.db.models import Count, Q, QuerySet

from baken.occasions.models import Occasion
from baken.outbox.models import Delivery, Notification, NotifiedCase, PassOnSystem

_UNTOLD = (Notification.State.REFUSED, Notification.State.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class OutboxTotals:
    """How many notifications are in each state, and how many deliveries are uncertain."""

    planned: int
    accepted: int
    refused: int
    uncertain: int
    organisations_warned: int


def outbox_totals() -> OutboxTotals:
    """The states of everything that was planned."""
    states = dict(Notification.objects.order_by().values_list("state").annotate(n=Count("pk")))
    accepted = Notification.objects.filter(state=Notification.State.ACCEPTED, is_pass_on=False)
    return OutboxTotals(
        planned=states.get(Notification.State.PLANNED, 0),
        accepted=states.get(Notification.State.ACCEPTED, 0),
        refused=states.get(Notification.State.REFUSED, 0),
        uncertain=Delivery.objects.filter(state=Delivery.State.UNCERTAIN).count(),
        organisations_warned=accepted.values("organisation").distinct().count(),
    )


def waiting_notifications() -> QuerySet[Notification]:
    """What is planned and not yet accepted, most urgent first."""
    waiting = Notification.objects.filter(state=Notification.State.PLANNED)
    return waiting.order_by("-severity", "planned_at", "id")


def notifications_under(occasion: Occasion) -> QuerySet[Notification]:
    """The notifications that tell of a case under `occasion`, or ask to pass one on, each once."""
    told = NotifiedCase.objects.filter(occasion=occasion).order_by()
    asked = PassOnSystem.objects.filter(occasion=occasion).order_by()
    return Notification.objects.filter(
        Q(pk__in=told.values("notification")) | Q(pk__in=asked.values("notification"))
    )


def count_telling(case_ids: Collection[int], *, since: datetime) -> int:
    """How many notifications that were planned at `since` or later tell any of these cases."""
    told = NotifiedCase.objects.filter(case__in=case_ids, notification__planned_at__gte=since)
    return told.order_by().values("notification").distinct().count()


def notification_states_under(occasion: Occasion) -> dict[str, int]:
    """How many notifications under `occasion` are in each state."""
    mine = notifications_under(occasion).order_by("state")
    return dict(mine.values_list("state").annotate(n=Count("pk")))


def accepted_by_channel(occasion: Occasion) -> dict[str, int]:
    """How many notifications under `occasion` each channel accepted."""
    mine = notifications_under(occasion).filter(state=Notification.State.ACCEPTED)
    return dict(mine.order_by("channel").values_list("channel").annotate(n=Count("pk")))


def organisations_told_under(occasion: Occasion) -> pa.Array:
    """The ids of those that were told of anything under `occasion`, or are about to be (int64)."""
    told = notifications_under(occasion).exclude(state__in=_UNTOLD).order_by()
    ids = told.values_list("organisation_id", flat=True).distinct()
    return pa.array(ids.iterator(), pa.int64())


def accepted_notification(*, language: str) -> Notification | None:
    """One notification in `language` that a channel accepted, the most urgent; or None."""
    accepted = Notification.objects.filter(state=Notification.State.ACCEPTED, language=language)
    return accepted.first()


def warned_organisations() -> list[tuple[str, list[tuple[str, int]]]]:
    """By organisation name: the finding kinds it was warned about, with how many systems of each.

    Only what a channel accepted; most systems first.
    """
    told = (
        NotifiedCase.objects.filter(notification__state=Notification.State.ACCEPTED)
        .values_list("notification__organisation__name", "case__finding_kind")
        .annotate(systems=Count("case", distinct=True))
        .order_by("notification__organisation__name", "-systems", "case__finding_kind")
    )
    warned: dict[str, list[tuple[str, int]]] = {}
    for name, kind, systems in told:
        warned.setdefault(name, []).append((kind, systems))
    return list(warned.items())


def find_by_code(code: str) -> Notification | None:
    """The notification that bears `code`, with its organisation, addressee and deliveries."""
    found = Notification.objects.filter(code=code)
    found = found.select_related("organisation", "addressee", "brake")
    return found.prefetch_related("deliveries__forgotten").first()


def cases_told_by(notification: Notification) -> QuerySet[NotifiedCase, int]:
    """The ids of the cases that stand in `notification`, for a query about cases."""
    return (
        NotifiedCase.objects.filter(notification=notification)
        .order_by()
        .values_list("case_id", flat=True)
    )


def notifications_about(case_ids: Iterable[int]) -> dict[int, list[NotifiedCase]]:
    """By case: in which notifications it stands, newest first, with organisation and occasion."""
    found: dict[int, list[NotifiedCase]] = {}
    rows = (
        NotifiedCase.objects.filter(case_id__in=list(case_ids))
        .select_related(
            "occasion",
            "notification__organisation",
            "notification__addressee",
            "notification__brake",
        )
        .prefetch_related("notification__deliveries__forgotten")
        .order_by("-notification__planned_at")
    )
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found
