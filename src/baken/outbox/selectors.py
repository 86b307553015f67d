"""Reads the ledger of what was told, and says what is told next, to whom, or why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
from django.db.models import Count, F, Q, QuerySet

from baken.cases.models import Case
from baken.cases.selectors import case_facts, is_covered_by
from baken.constituency.models import Contact, Organisation
from baken.constituency.selectors import contacts_to_warn
from baken.core.classification import Severity, Tlp
from baken.core.policy import Policy, Rule
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, rules_under, tlp_for
from baken.outbox.composing import ToldSystem, WarningFacts
from baken.outbox.models import Delivery, Halt, Notification, NotifiedCase, Suppression

REFUSED_FOR: Final = timedelta(days=7)
"""How long an address that refused a mail is passed over for another contact."""

# Codes that speak of the mail and not of its address (RFC 3463): too large for the server or for
# the mailbox, or a content that it does not take.
_OF_THE_MAIL: Final = r"(^|[^0-9.])(552|5\.2\.3|5\.3\.4|5\.6\.[0-9]+)([^0-9.]|$)"


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


def tells_what_is_not_held(notification: Notification) -> bool:
    """Whether `notification` tells of a system that was not the organisation's when it was seen.

    The asset may have been taken from it, or ended, since the notification was planned.
    """
    seen_at = F("case__last_seen_at")
    told = notification.notified_cases.filter(
        Q(case__asset=None)
        | Q(case__asset__valid_from__gt=seen_at)
        | Q(case__asset__valid_until__lte=seen_at)
    )
    return told.exists()


def is_halted() -> bool:
    """Whether the switch that stops all sending is on."""
    return current_halt() is not None


def current_halt() -> Halt | None:
    """The switch that stops all sending, when it is on, with its reason."""
    return Halt.objects.filter(lifted_at=None).first()


def unwanted_addresses(*, now: datetime) -> frozenset[str]:
    """The addresses that get nothing: suppressed, or refused within `REFUSED_FOR`."""
    suppressed = Suppression.objects.values_list("address", flat=True)
    refused = Delivery.objects.filter(
        state=Delivery.State.REFUSED, finished_at__gt=now - REFUSED_FOR
    ).exclude(reply__regex=_OF_THE_MAIL)
    return frozenset(suppressed) | frozenset(refused.values_list("address", flat=True))


def suppressions() -> QuerySet[Suppression]:
    """The addresses that are left alone, in their order."""
    return Suppression.objects.order_by("address")


def is_suppressed(address: str) -> bool:
    """Whether `address` is left alone."""
    return Suppression.objects.filter(address=address.lower()).exists()


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom to warn, by organisation id."""

    contacts: Mapping[int, Contact]
    unwanted: frozenset[int]
    """The organisations that have contacts, but none at an address that takes our mail."""


def reach_of(organisation_ids: Collection[int], *, now: datetime) -> Reach:
    """Whom to warn at each of these organisations, where there is anybody."""
    contacts = contacts_to_warn(organisation_ids, unwanted=unwanted_addresses(now=now))
    missing = set(organisation_ids) - contacts.keys()
    return Reach(contacts, unwanted=frozenset(contacts_to_warn(missing)))


def hindrance(occasion: Occasion, *, tlp: str, organisation_id: int, reach: Reach) -> Rule | None:
    """The rule that keeps a case of `organisation_id` labelled `tlp` back although the policy says:
    tell; None when nothing does.
    """
    if tlp_for(occasion, [tlp]) is Tlp.RED:  # no channel can encrypt yet
        return Rule.TLP_RED
    if organisation_id in reach.contacts:
        return None
    is_unwanted = organisation_id in reach.unwanted
    return Rule.CONTACT_UNWANTED if is_unwanted else Rule.NO_CONTACT


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the next planning does about one case."""

    rule: Rule
    occasion: Occasion | None = None
    """Under which it is told or not; None when none covers it."""
    contact: Contact | None = None
    """Who is told, when somebody is."""


def verdict_on(case: Case, *, policy: Policy, now: datetime) -> Verdict:
    """What the next planning does about `case`, by the rules that planning itself follows.

    The first occasion that tells decides; when none does, the first that covers the case says why.
    """
    reach = reach_of([case.organisation_id], now=now)
    verdicts = [
        _verdict_under(occasion, case, policy=policy, now=now, reach=reach)
        for occasion in active_occasions()
        if is_covered_by(case, occasion)
    ]
    telling = (verdict for verdict in verdicts if verdict.rule.tells)
    return next(telling, verdicts[0] if verdicts else Verdict(Rule.NO_OCCASION))


def _verdict_under(
    occasion: Occasion, case: Case, *, policy: Policy, now: datetime, reach: Reach
) -> Verdict:
    is_told = case.pk in told_under(occasion, [case.pk])
    rule = rules_under(occasion, policy).rule_for(case_facts(case), now=now, is_told=is_told)
    if not rule.tells:
        return Verdict(rule, occasion)
    kept_back = hindrance(occasion, tlp=case.tlp, organisation_id=case.organisation_id, reach=reach)
    if kept_back is not None:
        return Verdict(kept_back, occasion)
    return Verdict(rule, occasion, reach.contacts[case.organisation_id])


def told_under(occasion: Occasion, case_ids: Iterable[int] | None = None) -> frozenset[int]:
    """The cases, of these or of all, that were told under `occasion` or are about to be."""
    told = NotifiedCase.objects.filter(notification__occasion=occasion).exclude(
        notification__state__in=[Notification.State.REFUSED, Notification.State.WITHDRAWN]
    )
    if case_ids is not None:
        told = told.filter(case__in=list(case_ids))
    return frozenset(told.values_list("case_id", flat=True))


def notification_states_under(occasion: Occasion) -> dict[str, int]:
    """How many notifications under `occasion` stand where."""
    mine = Notification.objects.filter(occasion=occasion).order_by("state")
    return dict(mine.values_list("state").annotate(n=Count("pk")))


def organisations_told_under(occasion: Occasion) -> pa.Array:
    """The ids of those that were told of anything under `occasion`, or are about to be (int64)."""
    told = Notification.objects.filter(occasion=occasion).exclude(
        state__in=[Notification.State.REFUSED, Notification.State.WITHDRAWN]
    )
    ids = told.order_by().values_list("organisation_id", flat=True)
    return pa.array(ids.iterator(), pa.int64())


def warning_of(notification: Notification) -> WarningFacts:
    """Everything that the message of `notification` says, as it stood when it was planned."""
    told = notification.notified_cases.select_related("case").only(
        *(field.name for field in NotifiedCase._meta.concrete_fields),
        "case__finding_kind",
        "case__system",
    )
    told = told.order_by("-severity", "case__finding_kind", "case__system")
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
        is_registered=notification.organisation.standing == Organisation.Standing.REGISTERED,
        threat_title=occasion.title if occasion.kind == Occasion.Kind.THREAT else "",
        occasion_advice=advice,
        systems=[_told_system(one) for one in told],
    )


def _told_system(told: NotifiedCase) -> ToldSystem:
    return ToldSystem(
        finding_kind=told.case.finding_kind,
        rsit_type=told.rsit_type,
        system=told.case.system,
        severity=Severity(told.severity),
        reason=told.reason,
        first_seen_at=told.first_seen_at,
        last_seen_at=told.last_seen_at,
        sightings=told.sightings,
        host_name=told.host_name,
        url=told.url,
        product=told.product,
        cves=tuple(told.cves),
        asset=told.asset_value,
        evidence=told.evidence,
    )


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
