"""Plans what is to be told: notifications, and what the cases remember as told.

One transaction an occasion, so that what is planned and what is remembered can never differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.constituency.models import Contact
from baken.core.classification import Tlp
from baken.core.policy import Policy, Rule
from baken.occasions.models import Case, Occasion
from baken.occasions.selectors import (
    active_occasions,
    cases_under,
    policy_under,
    rule_under,
    tlp_for,
)
from baken.occasions.services import (
    hold_cases,
    label_standing_occasions,
    lock_occasion,
    record_told,
)
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.selectors import (
    Reach,
    hindrance,
    reach_of,
    told_under,
    waiting_notifications,
)
from baken.outbox.withdrawing import withdraw

_log = structlog.get_logger()

_Told = list[tuple[Case, Rule]]
_Waiting = tuple[int, int]
"""The occasion and the organisation of a notification."""

# What the rules look at, and the way to it; the rest of a case is copied where it stands.
_DECIDED_BY: Final = (
    "severity", "relation", "state", "last_seen_at", "reopened_at", "told_at", "told_severity",
    "tlp", "organisation__standing", "asset__valid_from", "asset__valid_until",
)  # fmt: skip

# Rows of which the database has everything: nothing is fetched only to be sent back.
_TELL_AS_IT_STANDS: Final = """
    INSERT INTO outbox_notifiedcase (
        notification_id, case_id, reason, told_before_at, told_before_severity, severity,
        first_seen_at, last_seen_at, sightings, rsit_type, host_name, url, product, cves,
        asset_value, evidence
    )
    SELECT told.notification_id, c.id, told.reason, c.told_at, c.told_severity, c.severity,
        c.first_seen_at, c.last_seen_at, c.sightings, c.rsit_type, c.host_name, c.url, c.product,
        c.cves, c.asset_value, c.evidence
    FROM unnest(%(ids)s::uuid[], %(cases)s::bigint[], %(reasons)s::text[])
        AS told (notification_id, case_id, reason)
    JOIN occasions_case AS c ON c.id = told.case_id
"""


@dataclass(frozen=True, slots=True, order=True)
class Unreachable:
    """An organisation of which something was kept back, and the rule that did it."""

    organisation_id: int
    rule: Rule
    """`NO_CONTACT`, `CONTACT_UNWANTED` or `TLP_RED`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What planning wrote, and whom it could not reach."""

    notifications: int = 0
    cases: int = 0
    unreachable: tuple[Unreachable, ...] = ()


def plan_notifications(*, policy: Policy, feed_tlp: Tlp, now: datetime) -> Plan:
    """Plan what is to be told now: one notification an organisation and occasion.

    Standing occasions get the label `feed_tlp` first.
    May run any number of times: what is planned is remembered as told on each case, in the same
    transaction.
    """
    label_standing_occasions(feed_tlp)
    notifications, told = 0, set[int]()
    kept_back: dict[int, Unreachable] = {}
    for occasion in active_occasions():
        with transaction.atomic():
            if not lock_occasion(occasion):
                continue
            waiting = _lock_waiting(occasion)
            hold_cases()
            under = _plan_under(occasion, waiting, policy=policy, now=now)
            transaction.on_commit(partial(_log_planned, occasion, under))  # not of a rehearsal
        notifications += under.notifications
        told |= under.told
        kept_back |= under.kept_back
    # What one occasion keeps back, another may have told.
    unreachable = {why for case_id, why in kept_back.items() if case_id not in told}
    return Plan(notifications, len(told), tuple(sorted(unreachable)))


@dataclass(frozen=True, slots=True)
class _PlanUnder:
    """What planning did under one occasion; cases by id."""

    notifications: int
    told: frozenset[int]
    kept_back: dict[int, Unreachable]


def _log_planned(occasion: Occasion, under: _PlanUnder) -> None:
    if under.notifications:
        _log.info(
            "notification.planned",
            occasion=occasion.key,
            notifications=under.notifications,
            cases=len(under.told),
            kept_back=len(under.kept_back),
        )


def _lock_waiting(occasion: Occasion) -> dict[UUID, _Waiting]:
    """What was planned before and waits still, that what is planned now may take the place of.

    A threat takes the place of its own notifications only: it is told besides the daily feeds.
    What is being handed over at this moment is left to it.
    """
    waiting = waiting_notifications()
    if occasion.kind == Occasion.Kind.THREAT:
        waiting = waiting.filter(occasion=occasion)
    else:
        waiting = waiting.filter(occasion__kind=Occasion.Kind.STANDING)
    locked = waiting.order_by("pk").select_for_update(of=("self",), skip_locked=True)
    places = locked.values_list("pk", "occasion_id", "organisation_id")
    return {pk: (occasion_id, organisation_id) for pk, occasion_id, organisation_id in places}


def _overtaken(
    occasion: Occasion, to_tell: _Told, waiting: Mapping[UUID, _Waiting]
) -> frozenset[UUID]:
    """Those of `waiting` that would tell again what is told now, or could be one with it."""
    if not waiting or not to_tell:
        return frozenset()
    places = {(occasion.pk, case.organisation_id) for case, _ in to_tell}
    same_place = {pk for pk, place in waiting.items() if place in places}
    same_case = NotifiedCase.objects.filter(
        notification__in=waiting, case__in=[case.pk for case, _ in to_tell]
    )
    return frozenset(same_place.union(same_case.values_list("notification_id", flat=True)))


def _plan_under(
    occasion: Occasion, waiting: Mapping[UUID, _Waiting], *, policy: Policy, now: datetime
) -> _PlanUnder:
    to_tell = list(_cases_to_tell(occasion, policy=policy, now=now))
    overtaken = _overtaken(occasion, to_tell, waiting)
    if overtaken:
        mine = Notification.objects.filter(pk__in=overtaken)
        withdraw(mine, reason="a later notification tells it")
        to_tell = list(_cases_to_tell(occasion, policy=policy, now=now))
    reach = reach_of({case.organisation_id for case, _ in to_tell}, now=now)
    by_organisation: dict[int, _Told] = {}
    kept_back: dict[int, Unreachable] = {}
    for case, rule in to_tell:
        why = hindrance(occasion, case, reach=reach)
        if why is None:
            by_organisation.setdefault(case.organisation_id, []).append((case, rule))
        else:
            kept_back[case.pk] = Unreachable(case.organisation_id, why)
    notified = _write(occasion, by_organisation, reach=reach, now=now)
    return _PlanUnder(len(by_organisation), notified, kept_back)


def _write(
    occasion: Occasion, by_organisation: dict[int, _Told], *, reach: Reach, now: datetime
) -> frozenset[int]:
    """Write the notifications; gives the cases in them."""
    notifications: list[Notification] = []
    notified: list[tuple[UUID, int, str]] = []
    for organisation_id, told in by_organisation.items():
        label = tlp_for(occasion, [case for case, _ in told])
        contact = reach.contacts[organisation_id]
        notification = _notification(occasion, contact, told, label=label, now=now)
        notifications.append(notification)
        notified += [(notification.pk, case.pk, rule.value) for case, rule in told]
    if not notified:
        return frozenset()
    Notification.objects.bulk_create(notifications, batch_size=2_000)
    ids, case_ids, reasons = (list(column) for column in zip(*notified, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_TELL_AS_IT_STANDS, {"ids": ids, "cases": case_ids, "reasons": reasons})
    record_told(case_ids, now=now)
    return frozenset(case_ids)


def _cases_to_tell(
    occasion: Occasion, *, policy: Policy, now: datetime
) -> Iterator[tuple[Case, Rule]]:
    # What the rules would keep silent anyway need not be read.
    held = policy_under(occasion, policy)
    open_cases = (
        cases_under(occasion)
        .filter(
            state=Case.State.OPEN,
            relation=Case.Relation.OWNER,
            severity__gte=held.minimum_severity,
            last_seen_at__gte=now - held.oldest_told,
        )
        .select_related("organisation", "asset")
        .only(*_DECIDED_BY)
        .select_for_update(of=("self",))
        .order_by("organisation_id", "finding_kind", "system")
    )
    told = told_under(occasion)
    for case in open_cases.iterator(chunk_size=5_000):
        is_told = case.pk in told
        rule = rule_under(occasion, case, policy=policy, now=now, is_told=is_told)
        if rule.tells:
            yield case, rule


def _notification(
    occasion: Occasion,
    contact: Contact,
    told: _Told,
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
