"""Reads the ledger of what was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from baken.core.classification import Severity, Tlp
from baken.outbox.composing import ToldSystem, WarningFacts
from baken.outbox.models import Delivery, Halt, Notification, NotifiedCase, Suppression


@dataclass(frozen=True, slots=True)
class OutboxTotals:
    """How many notifications stand where, and how many deliveries are uncertain."""

    planned: int
    accepted: int
    refused: int
    uncertain: int
    organisations_warned: int


def outbox_totals() -> OutboxTotals:
    """Where everything that was planned stands now."""
    states = dict(Notification.objects.order_by().values_list("state").annotate(n=Count("pk")))
    accepted = Notification.objects.filter(state=Notification.State.ACCEPTED)
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


def is_halted() -> bool:
    """Whether the switch that stops all sending is on."""
    return Halt.objects.filter(lifted_at=None).exists()


def unwanted_addresses(*, now: datetime, refused_for: timedelta) -> frozenset[str]:
    """The addresses that get nothing: suppressed, or refused within `refused_for`."""
    suppressed = Suppression.objects.values_list("address", flat=True)
    refused = Delivery.objects.filter(
        state=Delivery.State.REFUSED, finished_at__gt=now - refused_for
    ).values_list("address", flat=True)
    return frozenset(suppressed) | frozenset(refused)


def warning_of(notification: Notification) -> WarningFacts:
    """Everything that the message of `notification` says, as it stood when it was planned."""
    told = notification.notified_cases.select_related("case").order_by(
        "-severity", "case__finding_kind", "case__system"
    )
    occasion = notification.occasion
    advice = occasion.advice_nl if notification.language == "nl" else occasion.advice_en
    return WarningFacts(
        reference=str(notification.pk),
        organisation=notification.organisation.name,
        recipient_address=notification.address,
        recipient_name=notification.recipient_name,
        language=notification.language,
        tlp=Tlp(notification.tlp),
        planned_at=notification.planned_at,
        occasion_advice=advice,
        systems=[_told_system(one) for one in told],
    )


def _told_system(told: NotifiedCase) -> ToldSystem:
    case = told.case
    return ToldSystem(
        finding_kind=case.finding_kind,
        rsit_type=case.rsit_type,
        system=case.system,
        severity=Severity(told.severity),
        reason=told.reason,
        first_seen_at=case.first_seen_at,
        last_seen_at=told.last_seen_at,
        sightings=told.sightings,
        host_name=case.host_name,
        url=case.url,
        product=case.product,
        cves=tuple(case.cves),
        asset=case.asset_value,
        evidence=case.evidence,
    )


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


def notifications_about(case_ids: Iterable[int]) -> dict[int, list[NotifiedCase]]:
    """By case: in which notifications it stands, newest first, with organisation and occasion."""
    found: dict[int, list[NotifiedCase]] = {}
    rows = (
        NotifiedCase.objects.filter(case_id__in=list(case_ids))
        .select_related("notification__occasion", "notification__organisation")
        .prefetch_related("notification__deliveries")
        .order_by("-notification__planned_at")
    )
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found
