"""Plans what is to be told: notifications, and what the cases remember as told.

One transaction an occasion, so that what is planned and what is remembered can never differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.db import connection, transaction

from baken.cases.selectors import cases_to_decide
from baken.cases.services import hold_cases, record_told
from baken.core.classification import Severity, Tlp
from baken.core.policy import Policy, Rule, Verdict, decide, stricter
from baken.core.routes import Route
from baken.core.text import as_array
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, occasion_facts
from baken.occasions.services import label_standing_occasions, lock_occasion
from baken.outbox.addressees import addressees_of
from baken.outbox.last_check import why_not
from baken.outbox.models import Notification
from baken.outbox.notifications import waiting_notifications
from baken.outbox.verdicts import routes_to, told_under
from baken.outbox.withdrawals import withdraw

_log = structlog.get_logger()

_BETWEEN_OCCASIONS: Final = timedelta(microseconds=1)
_LOOKED_AT_ONCE: Final = 2_000

# The notifications that wait and are superseded: they tell the same cases, or could be merged with
# the new one. A threat supersedes its own notifications only, since it is told besides the daily
# feeds. A notification that is being handed over is locked, and left alone.
_SUPERSEDED: Final = """
    SELECT n.id FROM outbox_notification AS n
    WHERE n.state = 'planned' AND EXISTS (
        SELECT FROM outbox_notifiedcase AS told
        JOIN occasions_occasion AS o ON o.id = told.occasion_id
        WHERE told.notification_id = n.id
            AND CASE WHEN %(is_threat)s THEN o.id = %(occasion)s ELSE o.kind = 'standing' END
            AND (
                told.case_id = ANY(%(cases)s::bigint[])
                OR (o.id = %(occasion)s AND n.organisation_id = ANY(%(organisations)s::bigint[]))
            )
    )
    ORDER BY n.id
    FOR UPDATE OF n SKIP LOCKED
"""

_COPY_NOTIFICATIONS: Final = """
    COPY outbox_notification (
        id, organisation_id, route_id, addressee_id, channel, language, tlp, severity, policy,
        planned_at, state, state_reason
    ) FROM STDIN
"""

# Copied within the database, which has all of it: nothing is fetched only to be sent back.
_TELL_AS_IT_STANDS: Final = """
    INSERT INTO outbox_notifiedcase (
        notification_id, case_id, occasion_id, reason, told_before_at, told_before_severity,
        severity, first_seen_at, last_seen_at, sightings, rsit_type, host_name, url, product, cves,
        asset_value, evidence
    )
    SELECT n.id, c.id, %(occasion)s, told.reason, c.told_at, c.told_severity,
        c.severity, c.first_seen_at, c.last_seen_at, c.sightings, c.rsit_type, c.host_name, c.url,
        c.product, c.cves, c.asset_value, c.evidence
    FROM unnest(%(places)s::bigint[], %(cases)s::bigint[], %(reasons)s::text[])
        AS told (place, case_id, reason)
    JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS n (id, place) USING (place)
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

    First gives standing occasions the label `feed_tlp`, and withdraws what waits and may no longer
    be sent, so that its cases can be told in another way. May run any number of times: each case
    records in the same transaction that it is told. Each occasion gets a `planned_at` of its own, a
    microsecond after the one before: by that moment a case knows which notification told it last.
    """
    label_standing_occasions(feed_tlp)
    _withdraw_what_may_not_go(policy=policy, now=now)
    notifications, told = 0, set[int]()
    kept_back: dict[int, Unreachable] = {}
    for place, occasion in enumerate(active_occasions()):
        moment = now + place * _BETWEEN_OCCASIONS
        with transaction.atomic():
            if not lock_occasion(occasion):
                continue
            hold_cases()
            under = _plan_under(occasion, policy=policy, now=moment)
            transaction.on_commit(partial(_log_planned, occasion, under))  # not of a dry run
        notifications += under.notifications
        told |= under.told
        kept_back = under.kept_back | kept_back  # the first occasion says why
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


def _withdraw_what_may_not_go(*, policy: Policy, now: datetime) -> None:
    """One transaction a reason and portion: locks are taken in the order of `withdrawals`."""
    waiting = list(waiting_notifications().order_by().values_list("pk", flat=True))
    for start in range(0, len(waiting), _LOOKED_AT_ONCE):
        portion = waiting[start : start + _LOOKED_AT_ONCE]
        ids_by_reason: dict[str, list[UUID]] = {}
        for pk, reason in why_not(portion, policy=policy, now=now).items():
            ids_by_reason.setdefault(reason, []).append(pk)
        for reason, ids in ids_by_reason.items():
            with transaction.atomic():
                withdraw(Notification.objects.filter(pk__in=ids), reason=reason)


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


def _plan_under(occasion: Occasion, *, policy: Policy, now: datetime) -> _PlanUnder:
    decided = _decide_each(occasion, policy=policy, now=now)
    superseded = _superseded(occasion, decided)
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


def _superseded(occasion: Occasion, decided: _Decided) -> list[UUID]:
    """The notifications that wait and are superseded by the new ones, locked."""
    case_ids = [case_id for part in decided.to_tell for case_id in part.rules]
    case_ids += decided.kept_back
    if not case_ids or not waiting_notifications().exists():
        return []
    organisations = {part.route.organisation_id for part in decided.to_tell}
    organisations |= {one.organisation_id for one in decided.kept_back.values()}
    with connection.cursor() as cursor:
        cursor.execute(
            _SUPERSEDED,
            {
                "occasion": occasion.pk,
                "is_threat": occasion.is_threat,
                "cases": as_array(case_ids),
                "organisations": as_array(organisations),
            },
        )
        return [pk for (pk,) in cursor.fetchall()]


def _write(occasion: Occasion, to_tell: Sequence[_ToTell], *, now: datetime) -> frozenset[int]:
    """Write the notifications; gives the cases in them."""
    if not to_tell:
        return frozenset()
    ids = [uuid4() for _ in to_tell]
    _copy_notifications(ids, to_tell, now=now)
    places: list[int] = []
    case_ids: list[int] = []
    reasons: list[str] = []
    for place, part in enumerate(to_tell, start=1):
        places += [place] * len(part.rules)
        case_ids += part.rules
        reasons += [rule.value for rule in part.rules.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL_AS_IT_STANDS,
            {
                "occasion": occasion.pk,
                "ids": ids,
                "places": as_array(places),
                "cases": as_array(case_ids),
                "reasons": as_array(reasons),
            },
        )
    record_told(case_ids, now=now)
    return frozenset(case_ids)


def _copy_notifications(ids: Sequence[UUID], to_tell: Sequence[_ToTell], *, now: datetime) -> None:
    addressees = addressees_of(part.route for part in to_tell)
    with connection.cursor() as cursor, cursor.copy(_COPY_NOTIFICATIONS) as copy:
        for pk, part in zip(ids, to_tell, strict=True):
            route = part.route
            rules = ",".join(sorted({rule.value for rule in part.rules.values()}))
            copy.write_row(
                (
                    pk, route.organisation_id, route.id, addressees[route.id], route.channel,
                    route.language, part.label.value, part.severity.value, rules, now,
                    Notification.State.PLANNED.value, "",
                )
            )  # fmt: skip
