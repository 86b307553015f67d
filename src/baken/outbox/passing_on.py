"""Plans what operators are asked to pass on: one message a contact, under one threat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db.models.functions import Lower

from baken.cases.selectors import is_current
from baken.core.classification import Severity, Tlp
from baken.core.passing_on import ToldOperator, decide_pass_on
from baken.core.passing_on_text import to_pass_on_to_json
from baken.core.policy import OccasionFacts, Policy, Verdict
from baken.core.routes import Route
from baken.core.rules import Rule
from baken.discovery.selectors import ToPassOn, systems_to_pass_on
from baken.intake.selectors import newest_received_days
from baken.outbox.addressees import addressees_of
from baken.outbox.ledger_secret import answer_key
from baken.outbox.models import Notification, PassOnSystem
from baken.outbox.pass_on_codes import digest_of, pass_on_code
from baken.outbox.verdicts import UNTOLD, routes_to
from baken.outbox.withdrawal_reasons import SUPERSEDED
from baken.outbox.withdrawals import withdraw

_WRITTEN_AT_ONCE: Final = 1_000
_Key = tuple[int, str, str]
"""Operator, finding kind, system: what an operator is told of, under one occasion."""
_Message = tuple[str, str, Tlp, bool]
"""What sets one message apart: channel and address, label, whether the source may be named."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What was planned, and which operators could not be asked, by which rule."""

    notifications: int = 0
    systems: int = 0
    kept_back: tuple[tuple[int, Rule], ...] = ()

    def with_more(self, other: Requests) -> Requests:
        """Both together."""
        return Requests(
            self.notifications + other.notifications,
            self.systems + other.systems,
            self.kept_back + other.kept_back,
        )


@dataclass(slots=True)
class _Request:
    """What is asked in one message."""

    route: Route
    verdict: Verdict
    systems: list[tuple[ToPassOn, Rule, datetime | None]] = field(default_factory=list)
    """Each with why it is asked now, and when it was asked before."""

    @property
    def severity(self) -> Severity:
        return max(one.system.severity for one, _, _ in self.systems)


def plan_requests(
    occasion_id: int, under: OccasionFacts, *, policy: Policy, now: datetime
) -> Requests:
    """Plan what operators are asked to pass on under this occasion, with the facts `under`.

    What waits for the same reader and was not handed over yet goes in the same message. Call it in
    the transaction that holds the occasion and the cases; may run any number of times, since what
    was planned counts as told.
    """
    requests, kept_back = _decide(occasion_id, under, policy=policy, now=now)
    if waiting := _waiting_for(occasion_id, requests):
        withdraw(Notification.objects.filter(pk__in=waiting), reason=SUPERSEDED)
        requests, kept_back = _decide(occasion_id, under, policy=policy, now=now)
    _write(list(requests.values()), now=now)
    return Requests(
        len(requests),
        sum(len(one.systems) for one in requests.values()),
        tuple(sorted(kept_back)),
    )


@dataclass(frozen=True, slots=True)
class RequestVerdict:
    """What the next planning does about one system."""

    asked: ToPassOn
    before: ToldOperator | None
    """What its operator was told before."""
    verdict: Verdict


def request_verdicts(
    occasion_id: int,
    under: OccasionFacts,
    *,
    policy: Policy,
    now: datetime,
    about: str = "",
) -> list[RequestVerdict]:
    """The verdict on each system that operators can be asked about under this occasion.

    `about` is as in `systems_to_pass_on`.
    """
    systems = systems_to_pass_on(occasion_id, about=about)
    if not systems:
        return []
    told = _told_before(occasion_id)
    routes = routes_to({one.operator_id for one in systems}, now=now)
    newest_days = newest_received_days()
    found = []
    for one in systems:
        system = one.system
        before = told.get((one.operator_id, system.finding_kind, system.system))
        newest = newest_days.get((system.feed, system.report_type))
        verdict = decide_pass_on(
            system,
            told=before,
            under=under,
            routes=routes.get(one.operator_id, ()),
            policy=policy,
            now=now,
            is_current=is_current(system.last_seen_at, newest),
        )
        found.append(RequestVerdict(one, before, verdict))
    return found


def _decide(
    occasion_id: int, under: OccasionFacts, *, policy: Policy, now: datetime
) -> tuple[Mapping[_Message, _Request], set[tuple[int, Rule]]]:
    requests: dict[_Message, _Request] = {}
    kept_back: set[tuple[int, Rule]] = set()
    for one in request_verdicts(occasion_id, under, policy=policy, now=now):
        verdict = one.verdict
        if verdict.route is not None:
            request = requests.setdefault(
                _message(verdict.route, verdict), _Request(verdict.route, verdict)
            )
            told_at = None if one.before is None else one.before.told_at
            request.systems.append((one.asked, verdict.rule, told_at))
        elif verdict.rule.blocks:
            kept_back.add((one.asked.operator_id, verdict.rule))
    return requests, kept_back


def _message(route: Route, verdict: Verdict) -> _Message:
    return (route.channel, route.address.lower(), verdict.label, verdict.terms.may_name_source)


def _told_before(occasion_id: int) -> dict[_Key, ToldOperator]:
    """What operators were asked under this occasion before, or are about to be."""
    rows = PassOnSystem.objects.filter(occasion=occasion_id).exclude(notification__state__in=UNTOLD)
    told: dict[_Key, ToldOperator] = {}
    for operator_id, kind, system, severity, planned_at, answer, answered_at in rows.order_by(
        "notification__planned_at"
    ).values_list(
        "operator_id", "finding_kind", "system", "severity", "notification__planned_at",
        "answer", "answered_at",
    ):  # fmt: skip
        is_passed_on = answer == PassOnSystem.Answer.PASSED_ON
        told[operator_id, kind, system] = ToldOperator(
            planned_at,
            Severity(severity),
            answered_at if is_passed_on else None,
            is_refused=answer == PassOnSystem.Answer.NOT_THEIRS,
        )
    return told


def _waiting_for(occasion_id: int, requests: Mapping[_Message, _Request]) -> list[UUID]:
    """The requests under this occasion that wait for the same readers, locked.

    One that is being handed over is locked already, and left alone.
    """
    if not requests:
        return []
    asked = PassOnSystem.objects.filter(occasion=occasion_id).order_by()
    waiting = (
        Notification.objects.filter(
            state=Notification.State.PLANNED, pk__in=asked.values("notification")
        )
        .annotate(reader=Lower("addressee__address"))
        .filter(reader__in={address for _, address, _, _ in requests})
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)
    )
    readers = {message[:3] for message in requests}
    return [one.pk for one in waiting if (one.channel, one.reader, Tlp(one.tlp)) in readers]


def _write(requests: Sequence[_Request], *, now: datetime) -> None:
    if not requests:
        return
    addressees = addressees_of(one.route for one in requests)
    key = answer_key()
    notifications = [
        Notification(
            id=uuid4(),
            organisation_id=one.route.organisation_id,
            route_id=one.route.id,
            addressee_id=addressees[one.route.id],
            channel=one.route.channel,
            language=one.route.language,
            time_zone=one.route.time_zone,
            tlp=one.verdict.label.value,
            severity=one.severity.value,
            policy=",".join(sorted({rule.value for _, rule, _ in one.systems})),
            planned_at=now,
            is_pass_on=True,
            is_brake_checked=False,
        )
        for one in requests
    ]
    Notification.objects.bulk_create(notifications)
    PassOnSystem.objects.bulk_create(
        (
            _row(one, rule, told_at, notification_id=notification.pk, key=key)
            for notification, request in zip(notifications, requests, strict=True)
            for one, rule, told_at in request.systems
        ),
        batch_size=_WRITTEN_AT_ONCE,
    )


def _row(
    one: ToPassOn, rule: Rule, told_at: datetime | None, *, notification_id: UUID, key: bytes
) -> PassOnSystem:
    system = one.system
    code = pass_on_code(
        one.operator_id, one.occasion_id, system.finding_kind, system.system, key=key
    )
    return PassOnSystem(
        notification_id=notification_id,
        operator_id=one.operator_id,
        occasion_id=one.occasion_id,
        finding_kind=system.finding_kind,
        system=system.system,
        severity=system.severity.value,
        reason=rule.value,
        seen=to_pass_on_to_json(system),
        code_digest=digest_of(code),
        told_before_at=told_at,
    )
