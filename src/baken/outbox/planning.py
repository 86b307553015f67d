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
from baken.occasions.models import Occasion
from baken.occasions.selectors import (
    CaseToDecide,
    active_occasions,
    cases_to_decide,
    rule_under,
    tlp_for,
)
from baken.occasions.services import (
    hold_cases,
    label_standing_occasions,
    lock_occasion,
    record_told,
)
from baken.outbox.models import Notification
from baken.outbox.selectors import (
    Reach,
    hindrance,
    reach_of,
    told_under,
    waiting_notifications,
)
from baken.outbox.withdrawing import withdraw

_log = structlog.get_logger()

_Told = list[tuple[CaseToDecide, Rule]]
_Waiting = tuple[int, int]
"""The occasion and the organisation of a notification."""

_TELLING_THE_SAME: Final = """
    SELECT DISTINCT notification_id FROM outbox_notifiedcase
    WHERE notification_id = ANY(%(ids)s) AND case_id = ANY(%(cases)s)
"""

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
    with connection.cursor() as cursor:
        cases = [case.id for case, _ in to_tell]
        cursor.execute(_TELLING_THE_SAME, {"ids": list(waiting), "cases": cases})
        same_case = {notification_id for (notification_id,) in cursor}
    return frozenset(same_place | same_case)


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
        why = hindrance(occasion, tlp=case.tlp, organisation_id=case.organisation_id, reach=reach)
        if why is None:
            by_organisation.setdefault(case.organisation_id, []).append((case, rule))
        else:
            kept_back[case.id] = Unreachable(case.organisation_id, why)
    notified = _write(occasion, by_organisation, reach=reach, now=now)
    return _PlanUnder(len(by_organisation), notified, kept_back)


def _write(
    occasion: Occasion, by_organisation: dict[int, _Told], *, reach: Reach, now: datetime
) -> frozenset[int]:
    """Write the notifications; gives the cases in them."""
    notifications: list[Notification] = []
    notified: list[tuple[UUID, int, str]] = []
    for organisation_id, told in by_organisation.items():
        label = tlp_for(occasion, (case.tlp for case, _ in told))
        contact = reach.contacts[organisation_id]
        notification = _notification(occasion, contact, told, label=label, now=now)
        notifications.append(notification)
        notified += [(notification.pk, case.id, rule.value) for case, rule in told]
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
) -> Iterator[tuple[CaseToDecide, Rule]]:
    told = told_under(occasion)
    for case in cases_to_decide(occasion, policy=policy, now=now):
        rule = rule_under(occasion, case.facts, policy=policy, now=now, is_told=case.id in told)
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
        severity=max(case.facts.severity for case, _ in told).value,
        policy=",".join(sorted({rule.value for _, rule in told})),
        planned_at=now,
    )
