"""Plans what is to be told: notifications, and what the cases remember as told.

One transaction an occasion, so that what is planned and what is remembered can never differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.cases.selectors import cases_to_decide
from baken.cases.services import hold_cases, record_told
from baken.constituency.models import Contact
from baken.core.classification import Severity, Tlp
from baken.core.policy import Policy, Rule
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, rules_under, tlp_for
from baken.occasions.services import label_standing_occasions, lock_occasion
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


@dataclass(slots=True)
class _ToTell:
    """What is to be told to one organisation, as far as it has one label."""

    organisation_id: int
    tlp: str
    severity: Severity
    rules: dict[int, Rule] = field(default_factory=dict)
    """By case: why it is told."""


def _plan_under(
    occasion: Occasion, waiting: Mapping[UUID, _Waiting], *, policy: Policy, now: datetime
) -> _PlanUnder:
    to_tell = _find_to_tell(occasion, policy=policy, now=now)
    overtaken = _overtaken(occasion, to_tell, waiting)
    if overtaken:
        mine = Notification.objects.filter(pk__in=overtaken)
        withdraw(mine, reason="a later notification tells it")
        to_tell = _find_to_tell(occasion, policy=policy, now=now)
    reach = reach_of({part.organisation_id for part in to_tell}, now=now)
    by_organisation: dict[int, list[_ToTell]] = {}
    kept_back: dict[int, Unreachable] = {}
    for part in to_tell:
        who = part.organisation_id
        why = hindrance(occasion, tlp=part.tlp, organisation_id=who, reach=reach)
        if why is None:
            by_organisation.setdefault(who, []).append(part)
        else:
            kept_back |= dict.fromkeys(part.rules, Unreachable(who, why))
    notified = _write(occasion, by_organisation, reach=reach, now=now)
    return _PlanUnder(len(by_organisation), notified, kept_back)


def _find_to_tell(occasion: Occasion, *, policy: Policy, now: datetime) -> list[_ToTell]:
    rules = rules_under(occasion, policy)
    told = told_under(occasion)
    found: dict[tuple[int, str], _ToTell] = {}
    for case in cases_to_decide(occasion, rules, now=now):
        severity = case.facts.severity
        rule = rules.rule_for(case.facts, now=now, is_told=case.id in told)
        if not rule.tells:
            continue
        place = (case.organisation_id, case.tlp)
        part = found.get(place)
        if part is None:
            part = found[place] = _ToTell(*place, severity)
        part.rules[case.id] = rule
        part.severity = max(part.severity, severity)
    return list(found.values())


def _overtaken(
    occasion: Occasion, to_tell: Sequence[_ToTell], waiting: Mapping[UUID, _Waiting]
) -> frozenset[UUID]:
    """Those of `waiting` that would tell again what is told now, or could be one with it."""
    if not waiting or not to_tell:
        return frozenset()
    places = {(occasion.pk, part.organisation_id) for part in to_tell}
    same_place = {pk for pk, place in waiting.items() if place in places}
    with connection.cursor() as cursor:
        cases = [case_id for part in to_tell for case_id in part.rules]
        cursor.execute(_TELLING_THE_SAME, {"ids": list(waiting), "cases": cases})
        same_case = {notification_id for (notification_id,) in cursor}
    return frozenset(same_place | same_case)


def _write(
    occasion: Occasion,
    by_organisation: Mapping[int, Sequence[_ToTell]],
    *,
    reach: Reach,
    now: datetime,
) -> frozenset[int]:
    """Write the notifications; gives the cases in them."""
    notifications: list[Notification] = []
    ids: list[UUID] = []
    case_ids: list[int] = []
    reasons: list[str] = []
    for organisation_id, parts in by_organisation.items():
        contact = reach.contacts[organisation_id]
        notification = _notification(occasion, contact, parts, now=now)
        notifications.append(notification)
        for part in parts:
            ids += [notification.pk] * len(part.rules)
            case_ids += part.rules
            reasons += [rule.value for rule in part.rules.values()]
    if not notifications:
        return frozenset()
    Notification.objects.bulk_create(notifications, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute(_TELL_AS_IT_STANDS, {"ids": ids, "cases": case_ids, "reasons": reasons})
    record_told(case_ids, now=now)
    return frozenset(case_ids)


def _notification(
    occasion: Occasion, contact: Contact, parts: Sequence[_ToTell], *, now: datetime
) -> Notification:
    rules = {rule.value for part in parts for rule in part.rules.values()}
    return Notification(
        organisation_id=contact.organisation_id,
        occasion=occasion,
        contact=contact,
        channel=Contact.Channel.MAIL,
        address=contact.email,
        recipient_name=contact.name,
        language=contact.language,
        tlp=tlp_for(occasion, (part.tlp for part in parts)).value,
        severity=max(part.severity for part in parts).value,
        policy=",".join(sorted(rules)),
        planned_at=now,
    )
