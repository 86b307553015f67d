"""Plans what is to be told: notifications, and what the cases remember as told.

One transaction an occasion, so that what is planned and what is remembered can never differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from baken.constituency.models import Contact
from baken.constituency.selectors import contacts_to_warn
from baken.core.classification import Severity, Tlp
from baken.core.policy import Policy, Rule, decide
from baken.occasions.models import Case, Occasion
from baken.occasions.selectors import (
    active_occasions,
    case_facts,
    cases_under,
    is_unasked_allowed,
    tlp_for,
)
from baken.occasions.services import lock_occasion, record_told
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.selectors import unwanted_addresses

REFUSED_FOR: Final = timedelta(days=7)
"""How long an address that refused a mail is passed over for another contact."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What planning wrote, and whom it could not reach."""

    notifications: int = 0
    cases: int = 0
    unreachable: Mapping[int, str] = field(default_factory=dict)
    """By organisation id: why there is nobody to tell (``no-contact``, ``tlp-red``)."""


def plan_notifications(*, policy: Policy, now: datetime) -> Plan:
    """Plan what is to be told now: one notification an organisation and occasion.

    May run any number of times: what is planned is remembered as told on each case, in the same
    transaction.
    """
    notifications = cases = 0
    unreachable: dict[int, str] = {}
    for occasion in active_occasions():
        with transaction.atomic():
            if not lock_occasion(occasion):
                continue
            plan = _plan_under(occasion, policy=policy, now=now)
        notifications += plan.notifications
        cases += plan.cases
        unreachable |= plan.unreachable
    return Plan(notifications, cases, unreachable)


def _plan_under(occasion: Occasion, *, policy: Policy, now: datetime) -> Plan:
    by_organisation: dict[int, list[tuple[Case, Rule]]] = {}
    for case, rule in _cases_to_tell(occasion, policy=policy, now=now):
        by_organisation.setdefault(case.organisation_id, []).append((case, rule))
    contacts = contacts_to_warn(
        list(by_organisation), unwanted=unwanted_addresses(now=now, refused_for=REFUSED_FOR)
    )
    notifications: list[Notification] = []
    notified: list[NotifiedCase] = []
    unreachable: dict[int, str] = {}
    for organisation_id, told in by_organisation.items():
        label = tlp_for(occasion, [case for case, _ in told])
        contact = contacts.get(organisation_id)
        if contact is None or label is Tlp.RED:
            unreachable[organisation_id] = "tlp-red" if contact else "no-contact"
            continue
        notification = _notification(occasion, contact, told, label=label, now=now)
        notifications.append(notification)
        notified += [_notified_case(notification, case, rule) for case, rule in told]
    Notification.objects.bulk_create(notifications, batch_size=2_000)
    NotifiedCase.objects.bulk_create(notified, batch_size=5_000)
    if notified:
        record_told([(one.case_id, one.severity) for one in notified], now=now)
    return Plan(len(notifications), len(notified), unreachable)


def _cases_to_tell(
    occasion: Occasion, *, policy: Policy, now: datetime
) -> Iterator[tuple[Case, Rule]]:
    if occasion.kind == Occasion.Kind.THREAT:
        # Two people released it for what it selects, whatever the severity.
        policy = Policy(Severity.INFO, policy.reminder_after, policy.oldest_told)
    open_cases = (
        cases_under(occasion)
        .filter(
            state=Case.State.OPEN,
            relation=Case.Relation.OWNER,
            severity__gte=policy.minimum_severity,
            last_seen_at__gte=now - policy.oldest_told,
        )
        .select_related("organisation")
        .select_for_update(of=("self",))
        # The order in which reports lock the cases too: no ring of two that wait.
        .order_by("organisation_id", "finding_kind", "system")
    )
    is_allowed = is_unasked_allowed(occasion)
    for case in open_cases.iterator(chunk_size=5_000):
        rule = decide(case_facts(case), policy=policy, now=now, is_unasked_allowed=is_allowed)
        if rule.tells:
            yield case, rule


def _notification(
    occasion: Occasion,
    contact: Contact,
    told: list[tuple[Case, Rule]],
    *,
    label: Tlp,
    now: datetime,
) -> Notification:
    return Notification(
        organisation_id=contact.organisation_id,
        occasion=occasion,
        contact=contact,
        channel=Contact.Channel.MAIL,
        address=contact.email,
        recipient_name=contact.name,
        language=contact.language,
        tlp=label.value,
        severity=max(case.severity for case, _ in told),
        policy=",".join(sorted({rule.value for _, rule in told})),
        planned_at=now,
    )


def _notified_case(notification: Notification, case: Case, rule: Rule) -> NotifiedCase:
    return NotifiedCase(
        notification=notification,
        case=case,
        reason=rule.value,
        severity=case.severity,
        last_seen_at=case.last_seen_at,
        sightings=case.sightings,
        told_before_at=case.told_at,
        told_before_severity=case.told_severity,
    )
