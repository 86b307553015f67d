"""Holds what is about to be handed over against what is true now: routes, labels, constituency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from baken.cases.selectors import facts_of
from baken.constituency.selectors import routes_by_id
from baken.core.classification import Tlp
from baken.core.policy import CaseFacts, OccasionFacts, Policy, Rule, decide_again
from baken.core.routes import Route
from baken.occasions.models import Occasion
from baken.occasions.selectors import occasion_facts
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.verdicts import unwanted_addresses

_REASONS: Final = {
    Rule.NOT_HELD: "a system in it is no longer the organisation's",
    Rule.OPERATOR: "a system in it is another organisation's by now",
    Rule.NOT_REGISTERED: "the organisation is not registered any more",
    Rule.NO_CONTACT: "its route has ended",
    Rule.CONTACT_UNWANTED: "the address is left alone",
    Rule.TLP_RED: "it became TLP:RED, and its channel cannot encrypt",
}


@dataclass(frozen=True, slots=True)
class _AboutToGo:
    """A notification as far as it is decided about once more."""

    label: Tlp
    routes: tuple[Route, ...]
    """The one that was planned, or none where it was removed."""
    is_erased: bool


def why_not(
    notification_ids: Collection[UUID], *, policy: Policy, now: datetime
) -> dict[UUID, str]:
    """What came between planning and now that forbids to hand some of these over.

    A notification in which one case may not be told any more does not go; the next planning tells
    the rest.
    """
    if not notification_ids:
        return {}
    about_to_go = _about_to_go(notification_ids, now=now)
    told = list(
        NotifiedCase.objects.filter(notification__in=notification_ids)
        .order_by()
        .values_list("notification_id", "case_id", "occasion_id")
    )
    facts = facts_of({case_id for _, case_id, _ in told})
    occasions = Occasion.objects.in_bulk({occasion_id for _, _, occasion_id in told})
    under = {pk: occasion_facts(occasion) for pk, occasion in occasions.items()}
    found = {pk: "its addressee was erased" for pk, one in about_to_go.items() if one.is_erased}
    for pk, case_id, occasion_id in told:
        if pk not in found:
            why = _why_not_of(
                facts[case_id], about_to_go[pk], under[occasion_id], policy=policy, now=now
            )
            if why:
                found[pk] = why
    return found


def _why_not_of(
    case: CaseFacts, one: _AboutToGo, under: OccasionFacts, *, policy: Policy, now: datetime
) -> str:
    verdict = decide_again(case, under=under, routes=one.routes, policy=policy, now=now)
    if not verdict.rule.tells:
        return _REASONS.get(verdict.rule, f"a case in it is not told any more: {verdict.rule}")
    if verdict.label.rank > one.label.rank:
        return f"its label became stricter: {verdict.label}"
    return ""


def _about_to_go(notification_ids: Collection[UUID], *, now: datetime) -> Mapping[UUID, _AboutToGo]:
    rows = list(
        Notification.objects.filter(pk__in=notification_ids)
        .order_by()
        .values_list("pk", "tlp", "route_id", "addressee__address")
    )
    routes = routes_by_id({route_id for _, _, route_id, _ in rows if route_id is not None})
    unwanted = unwanted_addresses(now=now, among={address for *_, address in rows if address})
    found: dict[UUID, _AboutToGo] = {}
    for pk, tlp, route_id, address in rows:
        route = routes.get(route_id)
        is_unwanted = address in unwanted or address.lower() in unwanted
        # What goes out goes to the address that was planned.
        still = (replace(route, address=address, is_unwanted=is_unwanted),) if route else ()
        found[pk] = _AboutToGo(Tlp(tlp), still, is_erased=not address)
    return found
