"""Plans what is to be told: notifications, and what the cases remember as told.

One transaction an occasion, so that what is planned and what is remembered can never differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.cases.selectors import cases_to_decide
from baken.cases.services import hold_cases, record_told
from baken.core.classification import Severity, Tlp
from baken.core.policy import Policy, Rule, Verdict, decide, stricter
from baken.core.routes import Route
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, occasion_facts
from baken.occasions.services import label_standing_occasions, lock_occasion
from baken.outbox.addressees import addressees_of
from baken.outbox.models import Notification
from baken.outbox.notifications import waiting_notifications
from baken.outbox.verdicts import routes_to, told_under
from baken.outbox.withdrawals import withdraw

_log = structlog.get_logger()

_Waiting = frozenset[tuple[int, int]]
"""The occasions of a notification, each with its organisation."""

_TELLING_THE_SAME: Final = """
    SELECT DISTINCT notification_id FROM outbox_notifiedcase
    WHERE notification_id = ANY(%(ids)s) AND case_id = ANY(%(cases)s)
"""

# Rows of which the database has everything: nothing is fetched only to be sent back.
_TELL_AS_IT_STANDS: Final = """
    INSERT INTO outbox_notifiedcase (
        notification_id, case_id, occasion_id, reason, told_before_at, told_before_severity,
        severity, first_seen_at, last_seen_at, sightings, rsit_type, host_name, url, product, cves,
        asset_value, evidence
    )
    SELECT told.notification_id, c.id, %(occasion)s, told.reason, c.told_at, c.told_severity,
        c.severity, c.first_seen_at, c.last_seen_at, c.sightings, c.rsit_type, c.host_name, c.url,
        c.product, c.cves, c.asset_value, c.evidence
    FROM unnest(%(ids)s::uuid[], %(cases)s::bigint[], %(reasons)s::text[])
        AS told (notification_id, case_id, reason)
    JOIN occasions_case AS c ON c.id = told.case_id
"""


@dataclass(frozen=True, slots=True, order=True)
class Unreachable:
    """An organisation of which something was kept back, and the rule that did it."""

    organisation_id: int
    rule: Rule
    """One that `blocks`: see `baken.core.policy.Rule`."""


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
            transaction.on_commit(partial(_log_planned, occasion, under))  # not of a dry run
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
    """What was planned before and still waits, that what is planned now may take the place of.

    A threat takes the place of its own notifications only: it is told besides the daily feeds.
    What is being handed over at this moment is left to it.
    """
    waiting = waiting_notifications()
    if occasion.kind == Occasion.Kind.THREAT:
        waiting = waiting.filter(notified_cases__occasion=occasion)
    else:
        waiting = waiting.filter(notified_cases__occasion__kind=Occasion.Kind.STANDING)
    mine = Notification.objects.filter(pk__in=waiting.order_by().values("pk"))
    locked = mine.order_by("pk").select_for_update(of=("self",), skip_locked=True)
    ids = set(locked.values_list("pk", flat=True))
    places: dict[UUID, set[tuple[int, int]]] = {pk: set() for pk in ids}
    told = Notification.objects.filter(pk__in=ids).order_by()
    for pk, *place in told.values_list(
        "pk", "notified_cases__occasion_id", "organisation_id"
    ).distinct():
        places[pk].add((place[0], place[1]))
    return {pk: frozenset(found) for pk, found in places.items()}


@dataclass(slots=True)
class _ToTell:
    """What is to be told to one organisation by one route."""

    route: Route
    label: Tlp
    severity: Severity
    rules: dict[int, Rule] = field(default_factory=dict)
    """By case: why it is told."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """What the verdicts under one occasion come to."""

    to_tell: Sequence[_ToTell]
    kept_back: dict[int, Unreachable]


def _plan_under(
    occasion: Occasion, waiting: Mapping[UUID, _Waiting], *, policy: Policy, now: datetime
) -> _PlanUnder:
    decided = _decide_each(occasion, policy=policy, now=now)
    superseded = _superseded(occasion, decided, waiting)
    if superseded:
        mine = Notification.objects.filter(pk__in=superseded)
        withdraw(mine, reason="a later notification tells it")
        decided = _decide_each(occasion, policy=policy, now=now)
    notified = _write(occasion, decided.to_tell, now=now)
    return _PlanUnder(len(decided.to_tell), notified, decided.kept_back)


def _decide_each(occasion: Occasion, *, policy: Policy, now: datetime) -> _Decided:
    under = occasion_facts(occasion)
    told_here = told_under(occasion) if under.is_threat else None
    cases = list(cases_to_decide(occasion, policy=policy, now=now, told_here=told_here))
    routes = routes_to({case.organisation_id for case in cases}, now=now)
    to_tell: list[_ToTell] = []
    kept_back: dict[int, Unreachable] = {}
    for organisation_id, of_one in groupby(cases, key=attrgetter("organisation_id")):
        mine = routes.get(organisation_id, ())
        parts: dict[int, _ToTell] = {}
        for case in of_one:
            verdict = decide(case.facts, under=under, routes=mine, policy=policy, now=now)
            if verdict.route is not None:
                _add(parts, case.id, verdict, verdict.route, severity=case.facts.severity)
            elif verdict.rule.blocks:
                kept_back[case.id] = Unreachable(organisation_id, verdict.rule)
        to_tell += parts.values()
    return _Decided(to_tell, kept_back)


def _add(
    parts: dict[int, _ToTell], case_id: int, verdict: Verdict, route: Route, *, severity: Severity
) -> None:
    part = parts.get(route.id)
    if part is None:
        part = parts[route.id] = _ToTell(route, verdict.label, severity)
    part.rules[case_id] = verdict.rule
    part.severity = max(part.severity, severity)
    part.label = stricter(part.label, verdict.label)


def _superseded(
    occasion: Occasion, decided: _Decided, waiting: Mapping[UUID, _Waiting]
) -> frozenset[UUID]:
    """Those of `waiting` that would tell again what is told now, or could be one with it."""
    case_ids = [case_id for part in decided.to_tell for case_id in part.rules]
    case_ids += decided.kept_back
    if not waiting or not case_ids:
        return frozenset()
    organisations = {part.route.organisation_id for part in decided.to_tell}
    organisations |= {one.organisation_id for one in decided.kept_back.values()}
    places = {(occasion.pk, organisation_id) for organisation_id in organisations}
    same_place = {pk for pk, its_places in waiting.items() if its_places & places}
    with connection.cursor() as cursor:
        cursor.execute(_TELLING_THE_SAME, {"ids": list(waiting), "cases": case_ids})
        same_case = {notification_id for (notification_id,) in cursor}
    return frozenset(same_place | same_case)


def _write(occasion: Occasion, to_tell: Collection[_ToTell], *, now: datetime) -> frozenset[int]:
    """Write the notifications; gives the cases in them."""
    if not to_tell:
        return frozenset()
    ids: list[UUID] = []
    case_ids: list[int] = []
    reasons: list[str] = []
    addressees = addressees_of(part.route for part in to_tell)
    notifications = [
        _notification(part, addressee_id=addressees[part.route.id], now=now) for part in to_tell
    ]
    for notification, part in zip(notifications, to_tell, strict=True):
        ids += [notification.pk] * len(part.rules)
        case_ids += part.rules
        reasons += [rule.value for rule in part.rules.values()]
    Notification.objects.bulk_create(notifications, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL_AS_IT_STANDS,
            {"occasion": occasion.pk, "ids": ids, "cases": case_ids, "reasons": reasons},
        )
    record_told(case_ids, now=now)
    return frozenset(case_ids)


def _notification(part: _ToTell, *, addressee_id: int, now: datetime) -> Notification:
    return Notification(
        organisation_id=part.route.organisation_id,
        route_id=part.route.id,
        addressee_id=addressee_id,
        channel=part.route.channel,
        language=part.route.language,
        tlp=part.label.value,
        severity=part.severity.value,
        policy=",".join(sorted({rule.value for rule in part.rules.values()})),
        planned_at=now,
    )
