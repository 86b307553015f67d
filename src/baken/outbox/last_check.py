"""Checks notifications once more before handing over: routes, labels, constituency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from baken.cases.selectors import fact_columns, facts_of_row
from baken.constituency.selectors import routes_by_id
from baken.core.classification import Tlp
from baken.core.policy import CaseFacts, OccasionFacts, Policy, decide_again
from baken.core.routes import Route
from baken.occasions.selectors import facts_of_occasions
from baken.outbox.models import NotifiedCase
from baken.outbox.refusals import FULL_FOR, OF_THE_ADDRESS, REFUSED_FOR, full_addresses
from baken.outbox.verdicts import routes_to
from baken.outbox.withdrawal_reasons import ERASED, MAILBOX_FULL, OF_RULES, label_became
from baken.settings.statements import Statement, is_any_of

# One query for a group: it is asked ten thousand times in a minute.
_ABOUT_TO_GO: Final = """
    SELECT n.id, n.tlp, n.route_id, a.address,
        EXISTS (SELECT FROM outbox_suppression AS s WHERE s.address = lower(a.address))
        OR EXISTS (
            SELECT FROM outbox_leftalone AS l, outbox_ledgersecret AS salted
            WHERE l.digest = encode(
                sha256(convert_to(salted.address_salt || lower(a.address), 'UTF8')), 'hex'
            )
        )
        OR EXISTS (
            SELECT FROM outbox_delivery AS d
            JOIN outbox_notification AS other ON other.id = d.notification_id
            JOIN outbox_addressee AS refused ON refused.id = other.addressee_id
            WHERE d.state = 'refused' AND d.finished_at > %(since)s
                AND d.about = ANY(%(of_the_address)s)
                AND lower(refused.address) = lower(a.address) AND refused.address <> ''
                AND NOT EXISTS (
                    SELECT FROM outbox_forgottenrefusal AS f WHERE f.delivery_id = d.id
                )
        ),
        EXISTS (
            SELECT FROM outbox_delivery AS d
            JOIN outbox_notification AS other ON other.id = d.notification_id
            JOIN outbox_addressee AS full_ ON full_.id = other.addressee_id
            WHERE d.about = 'mailbox' AND d.finished_at > %(full_since)s
                AND lower(full_.address) = lower(a.address) AND full_.address <> ''
        ),
        n.organisation_id
    FROM outbox_notification AS n
    JOIN outbox_addressee AS a ON a.id = n.addressee_id
    WHERE n.id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class _AboutToGo:
    """The parts of a notification that are checked once more."""

    label: Tlp
    routes: tuple[Route, ...]
    """The route that was planned; empty when it was removed since."""
    is_erased: bool
    others: tuple[Route, ...] = ()
    """The organisation's routes with another address, when the mailbox of this one is full."""


def why_not(
    notification_ids: Collection[UUID], *, policy: Policy, now: datetime
) -> dict[UUID, str]:
    """Why some of these may no longer be handed over, after what changed since planning.

    One case that may no longer be told stops its whole notification; the next planning tells the
    rest.
    """
    if not notification_ids:
        return {}
    about_to_go = _about_to_go(notification_ids, now=now)
    told = _TOLD.rows(ids=list(notification_ids))
    under = facts_of_occasions({occasion_id for _, occasion_id, *_ in told})
    found = {pk: ERASED for pk, one in about_to_go.items() if one.is_erased}
    for pk, occasion_id, *row in told:
        if pk not in found:
            # Whether it is current was decided when it was planned, and is not asked again.
            facts = facts_of_row(row, newest_days={})
            why = _why_not_of(facts, about_to_go[pk], under[occasion_id], policy=policy, now=now)
            if why:
                found[pk] = why
    return found


def _told_in_these() -> QuerySet[Any, Any]:
    is_asked = is_any_of("outbox_notifiedcase.notification_id", blank="ids")
    told = NotifiedCase.objects.filter(is_asked).order_by()
    return told.values_list("notification_id", "occasion_id", *fact_columns("case__"))


_TOLD: Final = Statement(_told_in_these)


def _why_not_of(
    case: CaseFacts, one: _AboutToGo, under: OccasionFacts, *, policy: Policy, now: datetime
) -> str:
    verdict = decide_again(case, under=under, routes=one.routes, policy=policy, now=now)
    if one.others and verdict.rule.tells:
        elsewhere = decide_again(case, under=under, routes=one.others, policy=policy, now=now)
        if elsewhere.rule.tells:
            return MAILBOX_FULL
    if not verdict.rule.tells:
        return OF_RULES.get(verdict.rule, f"a case in it is not told any more: {verdict.rule}")
    if verdict.label.rank > one.label.rank:
        return label_became(verdict.label)
    return ""


def _about_to_go(notification_ids: Collection[UUID], *, now: datetime) -> Mapping[UUID, _AboutToGo]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ABOUT_TO_GO,
            {
                "ids": list(notification_ids),
                "since": now - REFUSED_FOR,
                "of_the_address": list(OF_THE_ADDRESS),
                "full_since": now - FULL_FOR,
            },
        )
        rows = cursor.fetchall()
    planned = {route_id for _, _, route_id, *_ in rows if route_id is not None}
    routes = routes_by_id(planned, now=now)
    was_full = {organisation for *_, is_full, organisation in rows if is_full}
    full = full_addresses(now=now) if was_full else frozenset()
    beside = routes_to(was_full, now=now) if full else {}
    found: dict[UUID, _AboutToGo] = {}
    for pk, tlp, route_id, address, is_unwanted, _, organisation_id in rows:
        route = routes.get(route_id)
        # What goes out goes to the address that was planned.
        still = (replace(route, address=address, is_unwanted=is_unwanted),) if route else ()
        others = beside.get(organisation_id, ()) if address.lower() in full else ()
        found[pk] = _AboutToGo(
            Tlp(tlp),
            still,
            is_erased=not address,
            others=tuple(one for one in others if one.address.lower() not in full),
        )
    return found
