"""Gathers the facts for a verdict and asks for it; planning, preview and explain all use this."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import F, Q

from baken.cases.models import Case
from baken.cases.selectors import case_facts, cases_to_decide, is_covered_by
from baken.constituency.selectors import route_addresses, routes_of
from baken.core.policy import Policy, Verdict, decide, first_that_tells, taken_along
from baken.core.routes import Route
from baken.core.rules import Rule
from baken.intake.selectors import newest_received_days
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, occasion_facts
from baken.outbox.left_alone import UnwantedAddresses, left_alone_among, with_left_alone
from baken.outbox.models import Notification, NotifiedCase, Suppression
from baken.outbox.refusals import full_addresses, refusing_addresses

UNTOLD: Final = (Notification.State.REFUSED, Notification.State.WITHDRAWN)
"""The states of a notification that nobody got."""


def unwanted_addresses(*, now: datetime) -> frozenset[str]:
    """The addresses that get nothing: suppressed, left alone, or they refused a message lately.

    Of those left alone only their hash is known: here are the ones that some route leads to.
    """
    return _listed(now=now) | left_alone_among(route_addresses())


def unwanted_of_any_kind(*, now: datetime) -> UnwantedAddresses:
    """The same, to ask of addresses that no route leads to yet."""
    return with_left_alone(_listed(now=now))


def _listed(*, now: datetime) -> frozenset[str]:
    suppressed = Suppression.objects.values_list("address", flat=True)
    return frozenset(suppressed) | refusing_addresses(now=now)


def routes_to(
    organisation_ids: Collection[int], *, now: datetime
) -> Mapping[int, tuple[Route, ...]]:
    """The routes to each of these organisations, in order, with those that are unwanted marked.

    Those whose mailbox was full lately come after the others.
    """
    routes = routes_of(organisation_ids, now=now, unwanted=unwanted_addresses(now=now))
    full = full_addresses(now=now)
    if not full:
        return routes
    return {
        organisation_id: tuple(sorted(mine, key=lambda route: route.address.lower() in full))
        for organisation_id, mine in routes.items()
    }


def told_under(occasion: Occasion, case_ids: Iterable[int] | None = None) -> frozenset[int]:
    """The cases told under `occasion` or about to be; with `case_ids`, only those among them."""
    told = NotifiedCase.objects.filter(occasion=occasion).exclude(notification__state__in=UNTOLD)
    if case_ids is not None:
        told = told.filter(case__in=list(case_ids))
    return frozenset(told.values_list("case_id", flat=True))


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """What the next planning does about one case."""

    verdict: Verdict
    occasion: Occasion | None = None
    """Under which it is told or not; None when none covers it."""

    @property
    def rule(self) -> Rule:
        """The rule that decided."""
        return self.verdict.rule


def verdicts_on(cases: Sequence[Case], *, policy: Policy, now: datetime) -> dict[int, CaseVerdict]:
    """What the next planning does about each of `cases`, by id.

    The first occasion that tells decides. When none does, `first_that_tells` chooses the one that
    says why not.
    """
    routes = routes_to({case.organisation_id for case in cases}, now=now)
    occasions = active_occasions()
    told = {
        occasion.pk: told_under(occasion, [case.pk for case in cases])
        for occasion in occasions
        if occasion.is_threat
    }
    newest_days = newest_received_days()
    found: dict[int, CaseVerdict] = {}
    for case in cases:
        asked: list[tuple[Verdict, Occasion]] = []
        for occasion in occasions:
            if is_covered_by(case, occasion):
                is_told_here = occasion.pk not in told or case.pk in told[occasion.pk]
                verdict = decide(
                    case_facts(case, newest_days=newest_days, is_told_here=is_told_here),
                    under=occasion_facts(occasion),
                    routes=routes.get(case.organisation_id, ()),
                    policy=policy,
                    now=now,
                )
                asked.append((verdict, occasion))
        chosen = first_that_tells(verdict for verdict, _ in asked)
        under = next((occasion for verdict, occasion in asked if verdict is chosen), None)
        found[case.pk] = CaseVerdict(chosen, under)
    waiting = {case.organisation_id for case in cases if found[case.pk].verdict.waits_with}
    if not waiting:
        return found
    due = _told_now_of(waiting, policy=policy, now=now)
    return {
        pk: replace(one, verdict=one.verdict.if_due(is_due=pk in due)) for pk, one in found.items()
    }


def cases_due(case_ids: Collection[int]) -> frozenset[int]:
    """Those of these cases that were planned before, and that nobody got since they were told last.

    They had their round, and wait for no other.
    """
    lost = NotifiedCase.objects.filter(case__in=case_ids, notification__state__in=UNTOLD)
    since = lost.filter(Q(case__told_at=None) | Q(notification__planned_at__gt=F("case__told_at")))
    return frozenset(since.order_by().values_list("case_id", flat=True).distinct())


def _told_now_of(
    organisation_ids: Collection[int], *, policy: Policy, now: datetime
) -> frozenset[int]:
    """The cases of these organisations that the next planning tells under standing occasions."""
    routes = routes_to(organisation_ids, now=now)
    mine = Q(organisation__in=organisation_ids)
    found: dict[int, tuple[int, Verdict]] = {}
    for occasion in active_occasions():
        if occasion.is_threat:
            continue
        under = occasion_facts(occasion)
        for case in cases_to_decide(occasion, policy=policy, now=now, told_here=None, among=mine):
            who = case.organisation_id
            verdict = decide(
                case.facts, under=under, routes=routes.get(who, ()), policy=policy, now=now
            )
            before = found.get(case.id)
            if before is None or first_that_tells([before[1], verdict]) is verdict:
                found[case.id] = (who, verdict)
    due = cases_due([pk for pk, (_, verdict) in found.items() if verdict.waits_with])
    told: set[int] = set()
    for organisation_id in organisation_ids:
        ids = [pk for pk, (who, _) in found.items() if who == organisation_id]
        verdicts = taken_along([found[pk][1].if_due(is_due=pk in due) for pk in ids])
        told |= {pk for pk, one in zip(ids, verdicts, strict=True) if one.rule.tells}
    return frozenset(told)


def verdict_on(case: Case, *, policy: Policy, now: datetime) -> CaseVerdict:
    """What the next planning does about `case`; see `verdicts_on`."""
    return verdicts_on([case], policy=policy, now=now)[case.pk]
