"""Plans what is to be told: notifications, and what the cases remember as told.

One transaction a threat and one for the standing occasions, so that what is planned and what is
remembered can never differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.cases.selectors import CaseToDecide, cases_to_decide
from baken.cases.services import hold_cases
from baken.core.classification import Tlp
from baken.core.policy import (
    CaseFacts,
    Policy,
    Verdict,
    decide,
    first_that_tells,
    taken_along,
)
from baken.core.routes import Route
from baken.core.rules import Rule
from baken.core.text import as_array
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, occasion_facts
from baken.occasions.services import label_standing_occasions, lock_occasion
from baken.outbox.last_check import why_not
from baken.outbox.models import Notification
from baken.outbox.notifications import waiting_notifications
from baken.outbox.passing_on import Requests, plan_requests
from baken.outbox.verdicts import cases_due, routes_to, told_under
from baken.outbox.withdrawal_reasons import SUPERSEDED
from baken.outbox.withdrawals import withdraw
from baken.outbox.writing import ToTell, write_notifications

_log = structlog.get_logger()

_BETWEEN_PLANS: Final = timedelta(microseconds=1)
_LOOKED_AT_ONCE: Final = 2_000

# The notifications that wait and are superseded: they tell the same cases, or the same reader under
# the same label. A threat supersedes its own notifications only, since it is told besides the daily
# feeds. A notification that is being handed over is locked, and left alone.
_SUPERSEDED: Final = """
    SELECT n.id FROM outbox_notification AS n
    WHERE n.state = 'planned' AND EXISTS (
        SELECT FROM outbox_notifiedcase AS told
        JOIN occasions_occasion AS o ON o.id = told.occasion_id
        WHERE told.notification_id = n.id
            AND CASE WHEN %(threat)s IS NULL THEN o.kind = 'standing' ELSE o.id = %(threat)s END
            AND (
                told.case_id = ANY(%(cases)s::bigint[])
                OR (n.route_id, n.tlp) IN (
                    SELECT * FROM unnest(%(routes)s::bigint[], %(labels)s::text[])
                )
            )
    )
    ORDER BY n.id
    FOR UPDATE OF n SKIP LOCKED
"""


@dataclass(frozen=True, slots=True, order=True)
class Unreachable:
    """An organisation of which something was kept back, and the rule that did it."""

    organisation_id: int
    rule: Rule
    """One that `blocks`: see `baken.core.policy.Rule`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not urgent and waits, with the next urgent message or for a round."""

    cases: int = 0
    organisations: int = 0
    until: datetime | None = None
    """When the next round is due."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What planning wrote, whom it could not reach, and what waits."""

    notifications: int = 0
    cases: int = 0
    unreachable: tuple[Unreachable, ...] = ()
    waiting: Waiting = Waiting()
    requests: int = 0
    """Of the notifications, how many ask an operator to pass on."""
    to_pass_on: int = 0
    """The systems that these ask about."""


def plan_notifications(
    *, policy: Policy, feed_tlp: Tlp, now: datetime, room: Mapping[str, int] | None = None
) -> Plan:
    """Plan what is to be told now.

    All standing occasions together make one notification an organisation, route and label; each
    threat makes notifications of its own. First gives standing occasions the label `feed_tlp`, and
    withdraws what waits and may no longer be sent, so that its cases can be told in another way.
    May run any number of times: each case records in the same transaction that it is told. What is
    planned together gets a `planned_at` of its own, a microsecond after the one before: by that
    moment a case knows which notification told it last.

    `room` says how many more a channel can take now, by its key: the gravest go by it, and who else
    would is told by another route, where there is one.
    """
    label_standing_occasions(feed_tlp)
    _withdraw_what_may_not_go(policy=policy, now=now)
    notifications, told = 0, set[int]()
    requests = Requests()
    kept_back: dict[int, Unreachable] = {}
    waiting: dict[int, _Waits] = {}
    left = dict(room or {})
    for place, occasions in enumerate(_told_together()):
        moment = now + place * _BETWEEN_PLANS
        with transaction.atomic():
            active = [occasion for occasion in occasions if lock_occasion(occasion)]
            if not active:
                continue
            hold_cases()
            under = _plan_under(active, policy=policy, now=moment, room=left)
            asked = _plan_requests(active, policy=policy, now=moment)
            transaction.on_commit(partial(_log_planned, active, under, asked))  # not of a dry run
        notifications += under.notifications
        requests = requests.with_more(asked)
        left = {key: count - under.by_channel[key] for key, count in left.items()}
        told |= under.told
        kept_back = under.kept_back | kept_back  # the first occasion says why
        waiting |= under.waiting
    # What one occasion keeps back, another may have told.
    unreachable = {why for case_id, why in kept_back.items() if case_id not in told}
    unreachable |= {Unreachable(*one) for one in requests.kept_back}
    still = [one for case_id, one in waiting.items() if case_id not in told]
    return Plan(
        notifications + requests.notifications,
        len(told),
        tuple(sorted(unreachable)),
        Waiting(
            len(still),
            len({one.organisation_id for one in still}),
            min((one.until for one in still), default=None),
        ),
        requests=requests.notifications,
        to_pass_on=requests.systems,
    )


def _plan_requests(active: Sequence[Occasion], *, policy: Policy, now: datetime) -> Requests:
    """What operators are asked under the threats among `active`."""
    asked = Requests()
    for occasion in active:
        if occasion.is_threat:
            asked = asked.with_more(
                plan_requests(occasion.pk, occasion_facts(occasion), policy=policy, now=now)
            )
    return asked


def _told_together() -> list[list[Occasion]]:
    """The active occasions in parts that are planned together: each threat by itself, first."""
    occasions = active_occasions()
    standing = [occasion for occasion in occasions if not occasion.is_threat]
    return [*([occasion] for occasion in occasions if occasion.is_threat), standing]


@dataclass(frozen=True, slots=True)
class _Waits:
    """A case that waits for a round."""

    organisation_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class _PlanUnder:
    """What planning did under one threat, or under the standing occasions; cases by id."""

    notifications: int
    told: frozenset[int]
    kept_back: dict[int, Unreachable]
    waiting: dict[int, _Waits]
    by_channel: Counter[str]
    """How many notifications go by each."""


def _log_planned(occasions: Sequence[Occasion], under: _PlanUnder, asked: Requests) -> None:
    if under.notifications or asked.notifications:
        _log.info(
            "notification.planned",
            occasions=[occasion.key for occasion in occasions],
            notifications=under.notifications,
            cases=len(under.told),
            kept_back=len(under.kept_back),
            waiting=len(under.waiting),
            requests=asked.notifications,
            to_pass_on=asked.systems,
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


_Message = tuple[int | tuple[str, str], Tlp, bool, bool]
"""What sets one message apart: see `_message`."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """What the verdicts come to."""

    to_tell: Sequence[ToTell]
    kept_back: dict[int, Unreachable]
    waiting: dict[int, _Waits]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A case with its verdict under one occasion."""

    case: CaseToDecide
    occasion_id: int
    verdict: Verdict


def _plan_under(
    occasions: Sequence[Occasion], *, policy: Policy, now: datetime, room: Mapping[str, int]
) -> _PlanUnder:
    decided = _decide_within(room, occasions, policy=policy, now=now)
    superseded = _superseded(occasions, decided)
    if superseded:
        mine = Notification.objects.filter(pk__in=superseded)
        withdraw(mine, reason=SUPERSEDED)
        decided = _decide_within(room, occasions, policy=policy, now=now)
    notified = write_notifications(decided.to_tell, now=now)
    return _PlanUnder(
        len(decided.to_tell),
        notified,
        decided.kept_back,
        decided.waiting,
        Counter(part.route.channel for part in decided.to_tell),
    )


def _decide_within(
    room: Mapping[str, int], occasions: Sequence[Occasion], *, policy: Policy, now: datetime
) -> _Decided:
    """Decide, and decide again about those for whom a channel has no room."""
    decided = _decide_each(occasions, policy=policy, now=now)
    crowded: set[int] = set()
    for channel, left in room.items():
        mine = [part for part in decided.to_tell if part.route.channel == channel]
        mine.sort(key=lambda part: -part.severity)
        crowded |= {part.route.organisation_id for part in mine[max(0, left) :]}
    if not crowded:
        return decided
    return _decide_each(occasions, policy=policy, now=now, room=room, crowded=crowded)


def _decide_each(
    occasions: Sequence[Occasion],
    *,
    policy: Policy,
    now: datetime,
    room: Collection[str] = (),
    crowded: Collection[int] = (),
) -> _Decided:
    """The verdicts; for the organisations in `crowded` the channels in `room` are full."""
    asked = _asked_under(
        occasions,
        policy=policy,
        now=now,
        crowded=crowded,
        when_crowded=replace(policy, full=policy.full | frozenset(room)),
    )
    parts: dict[_Message, ToTell] = {}
    kept_back: dict[int, Unreachable] = {}
    waiting: dict[int, _Waits] = {}
    waiting_ids = (
        one.case.id for of_one in asked.values() for one in of_one if one.verdict.waits_with
    )
    due = cases_due(list(waiting_ids))
    for organisation_id, of_one in asked.items():
        verdicts = [one.verdict.if_due(is_due=one.case.id in due) for one in of_one]
        for one, verdict in zip(of_one, taken_along(verdicts), strict=True):
            if verdict.waits_with is not None and verdict.not_before is not None:
                waiting[one.case.id] = _Waits(organisation_id, verdict.not_before)
            elif verdict.route is not None:
                _add(parts, one, verdict, verdict.route)
            elif verdict.rule.blocks:
                kept_back[one.case.id] = Unreachable(organisation_id, verdict.rule)
    return _Decided(list(parts.values()), kept_back, waiting)


def _asked_under(
    occasions: Sequence[Occasion],
    *,
    policy: Policy,
    now: datetime,
    crowded: Collection[int],
    when_crowded: Policy,
) -> dict[int, list[_Asked]]:
    """By organisation: its cases, each with the verdict of the occasion that counts for it."""
    cases = {occasion.pk: _cases_under(occasion, policy=policy, now=now) for occasion in occasions}
    who = {case.organisation_id for case in chain.from_iterable(cases.values())}
    routes = routes_to(who, now=now)
    found: dict[int, _Asked] = {}
    for occasion in occasions:
        under = occasion_facts(occasion)
        for case in cases[occasion.pk]:
            mine = routes.get(case.organisation_id, ())
            by = when_crowded if case.organisation_id in crowded else policy
            verdict = decide(case.facts, under=under, routes=mine, policy=by, now=now)
            before = found.get(case.id)
            if before is None or first_that_tells([before.verdict, verdict]) is verdict:
                found[case.id] = _Asked(case, occasion.pk, verdict)
    asked: dict[int, list[_Asked]] = {}
    for one in found.values():
        asked.setdefault(one.case.organisation_id, []).append(one)
    return asked


def _cases_under(occasion: Occasion, *, policy: Policy, now: datetime) -> list[CaseToDecide]:
    told_here = told_under(occasion) if occasion.is_threat else None
    return list(cases_to_decide(occasion, policy=policy, now=now, told_here=told_here))


def _message(case: CaseFacts, verdict: Verdict, route: Route) -> _Message:
    """Organisations that did not sign up share a message where one contact acts for all of them."""
    if case.is_registered:
        return verdict.message
    return ((route.channel, route.address.lower()), *verdict.message[1:])


def _add(parts: dict[_Message, ToTell], one: _Asked, verdict: Verdict, route: Route) -> None:
    severity = one.case.facts.severity
    message = _message(one.case.facts, verdict, route)
    part = parts.get(message)
    if part is None:
        part = parts[message] = ToTell(route, verdict.label, severity)
    part.rules[one.case.id] = verdict.rule
    part.occasions.append(one.occasion_id)
    part.severity = max(part.severity, severity)


def _superseded(occasions: Sequence[Occasion], decided: _Decided) -> list[UUID]:
    """The notifications that wait and are superseded by the new ones, locked."""
    case_ids = [case_id for part in decided.to_tell for case_id in part.rules]
    case_ids += decided.kept_back
    if not case_ids or not waiting_notifications().exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _SUPERSEDED,
            {
                "threat": next((one.pk for one in occasions if one.is_threat), None),
                "cases": as_array(case_ids),
                "routes": as_array([part.route.id for part in decided.to_tell]),
                "labels": as_array([part.label.value for part in decided.to_tell]),
            },
        )
        return [pk for (pk,) in cursor.fetchall()]
