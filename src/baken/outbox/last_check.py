"""Checks notifications once more before handing over: routes, labels, constituency."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from baken.cases.selectors import fact_columns, facts_of_row
from baken.constituency.selectors import routes_by_id
from baken.core.classification import Tlp
from baken.core.passing_on import decide_pass_on_again
from baken.core.passing_on_text import to_pass_on_from_json
from baken.core.policy import OccasionFacts, Policy, Verdict, decide_again
from baken.core.routes import Route
from baken.discovery.selectors import still_to_pass_on
from baken.occasions.selectors import facts_of_occasions
from baken.outbox.models import NotifiedCase, PassOnSystem
from baken.outbox.refusals import FULL_FOR, OF_THE_ADDRESS, REFUSED_FOR, full_addresses
from baken.outbox.verdicts import routes_to
from baken.outbox.withdrawal_reasons import (
    ERASED,
    MAILBOX_FULL,
    NOT_TO_BE_PASSED_ON,
    OF_RULES,
    label_became,
)
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
        n.organisation_id, n.is_pass_on
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
    is_pass_on: bool
    """Whether it asks an operator to pass on, and tells of no case."""
    others: tuple[Route, ...] = ()
    """The organisation's routes with another address, when the mailbox of this one is full."""


def why_not(
    notification_ids: Collection[UUID], *, policy: Policy, now: datetime
) -> dict[UUID, str]:
    """Why some of these may no longer be handed over, after what changed since planning.

    One case that may no longer be told stops its whole notification; the next planning tells the
    rest. So does one system that an operator may no longer be asked to pass on.
    """
    if not notification_ids:
        return {}
    about_to_go = _about_to_go(notification_ids, now=now)
    told = _TOLD.rows(ids=list(notification_ids))
    asked = _asked_operators([pk for pk, one in about_to_go.items() if one.is_pass_on])
    occasions = {occasion_id for _, occasion_id, *_ in told} | {row.occasion_id for row in asked}
    under = facts_of_occasions(occasions)
    found = {pk: ERASED for pk, one in about_to_go.items() if one.is_erased}

    def keep(pk: UUID, occasion_id: int, decide_with: _DecideAgain) -> None:
        if pk not in found and (why := _why_not_of(about_to_go[pk], under[occasion_id],
                                                   decide_with)):  # fmt: skip
            found[pk] = why

    for pk, occasion_id, *row in told:
        # Whether it is current was decided when it was planned, and is not asked again.
        facts = facts_of_row(row, newest_days={})
        keep(pk, occasion_id, partial(decide_again, facts, policy=policy, now=now))
    for one in asked:
        if not one.is_still_asked:
            found.setdefault(one.notification_id, NOT_TO_BE_PASSED_ON)
        system = to_pass_on_from_json(one.seen)
        again = partial(decide_pass_on_again, system, policy=policy, now=now)
        keep(one.notification_id, one.occasion_id, again)
    return found


def _told_in_these() -> QuerySet[Any, Any]:
    is_asked = is_any_of("outbox_notifiedcase.notification_id", blank="ids")
    told = NotifiedCase.objects.filter(is_asked).order_by()
    return told.values_list("notification_id", "occasion_id", *fact_columns("case__"))


_TOLD: Final = Statement(_told_in_these)


class _DecideAgain(Protocol):
    def __call__(self, *, under: OccasionFacts, routes: Sequence[Route]) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class _AskedAbout:
    """One system in a request."""

    notification_id: UUID
    occasion_id: int
    seen: str
    is_still_asked: bool


def _asked_operators(notification_ids: Collection[UUID]) -> list[_AskedAbout]:
    if not notification_ids:  # as in most groups, of which there are thousands
        return []
    rows = list(
        PassOnSystem.objects.filter(notification__in=notification_ids)
        .exclude(system="")
        .order_by()
        .values_list(
            "notification_id", "occasion_id", "finding_kind", "system", "operator_id", "seen"
        )
    )
    still = still_to_pass_on({(under, kind, system) for _, under, kind, system, _, _ in rows})
    return [
        _AskedAbout(pk, under, seen, still.get((under, kind, system)) == operator_id)
        for pk, under, kind, system, operator_id, seen in rows
    ]


def _why_not_of(one: _AboutToGo, under: OccasionFacts, decide_with: _DecideAgain) -> str:
    verdict = decide_with(under=under, routes=one.routes)
    if one.others and verdict.rule.tells:
        elsewhere = decide_with(under=under, routes=one.others)
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
    was_full = {organisation for *_, is_full, organisation, _ in rows if is_full}
    full = full_addresses(now=now) if was_full else frozenset()
    beside = routes_to(was_full, now=now) if full else {}
    found: dict[UUID, _AboutToGo] = {}
    for pk, tlp, route_id, address, is_unwanted, _, organisation_id, is_pass_on in rows:
        route = routes.get(route_id)
        # What goes out goes to the address that was planned.
        still = (replace(route, address=address, is_unwanted=is_unwanted),) if route else ()
        others = beside.get(organisation_id, ()) if address.lower() in full else ()
        found[pk] = _AboutToGo(
            Tlp(tlp),
            still,
            is_erased=not address,
            is_pass_on=is_pass_on,
            others=tuple(one for one in others if one.address.lower() not in full),
        )
    return found
