"""The operators of systems whose owner nobody knows: written when a message is about to go out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from baken.cases.services import hold_cases
from baken.constituency.services import DiscoveredRoute, write_discovered_organisation
from baken.core.choice_text import choice_from_json
from baken.core.choosing import Choice, Rung
from baken.core.identity import Identity
from baken.core.lookup import FoundChannel
from baken.core.passing_on import SystemToPassOn
from baken.core.passing_on_text import to_pass_on_from_json, to_pass_on_to_json
from baken.discovery.models import DiscoveredIdentity, SoughtSystem
from baken.discovery.organisations import language_of
from baken.discovery.sought_systems import SystemKey, is_system_or_on

_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class ToPassOn:
    """One system, and the operator that is asked to pass it on."""

    operator_id: int
    occasion_id: int
    system: SystemToPassOn


def systems_for_operators(occasion_id: int) -> list[SystemKey]:
    """All systems under this occasion of which only an operator can be asked."""
    return list(_of_operators(occasion_id).order_by("id").values_list("finding_kind", "system"))


def count_unread_for_operators(occasion_id: int) -> int:
    """How many of them were not read from the store since it was decided whom to ask."""
    unread = Q(read_at=None) | Q(decided_at__gt=F("read_at"))
    return _of_operators(occasion_id).filter(unread).count()


def is_read_with_others(occasion_id: int, *, assets: UUID) -> bool:
    """Whether any of them was read when the constituency was another than `assets`."""
    read = _of_operators(occasion_id).filter(read_at__isnull=False)
    return read.exclude(read_with=assets).exists()


def write_operators(
    occasion_id: int, seen: Iterable[SystemToPassOn], *, assets: UUID, now: datetime
) -> int:
    """Write the operators of the systems that were `seen`, and what was seen; how many systems.

    A system that the store does not show any more, or that a registered organisation owns by
    `assets`, has nothing to be passed on. May run again: an operator is known by its identity, its
    routes by channel and address. Commits some hundred systems at a time.
    """
    by_key = {(one.finding_kind, one.system): one for one in seen}
    ids = list(_of_operators(occasion_id).order_by("id").values_list("pk", flat=True))
    found = 0
    for start in range(0, len(ids), _AT_ONCE):
        with transaction.atomic():
            hold_cases()  # two runs at once would write one operator twice
            rows = list(_of_operators(occasion_id).filter(pk__in=ids[start : start + _AT_ONCE]))
            for row in rows:
                _fill(row, by_key, assets=assets, now=now)
            SoughtSystem.objects.bulk_update(
                rows, ["operator", "to_pass_on", "read_at", "read_with"]
            )
        found += sum(bool(row.to_pass_on) for row in rows)
    return found


def _fill(
    row: SoughtSystem, seen: Mapping[SystemKey, SystemToPassOn], *, assets: UUID, now: datetime
) -> None:
    system = seen.get((row.finding_kind, row.system))
    operator = None if system is None else _operator_of(row, now=now)
    row.operator_id = operator
    row.to_pass_on = "" if operator is None or system is None else to_pass_on_to_json(system)
    row.read_at, row.read_with = now, assets


def _operator_of(row: SoughtSystem, *, now: datetime) -> int | None:
    """The organisation that is asked about `row`, written where it is new."""
    choice = choice_from_json(row.choice)
    if choice.operator is None:
        return None
    known = DiscoveredIdentity.objects.filter(
        is_operator=True, scheme=choice.operator.scheme, value=choice.operator.value
    ).first()
    organisation_id = write_discovered_organisation(
        None if known is None else known.organisation_id,
        reference=_reference_of(choice.operator),
        name=choice.operator.name,
        routes=_routes(choice, choice.operator),
        now=now,
    )
    if known is None:
        DiscoveredIdentity.objects.create(
            organisation_id=organisation_id,
            is_operator=True,
            scheme=choice.operator.scheme,
            value=choice.operator.value,
        )
    return organisation_id


def _reference_of(operator: Identity) -> str:
    return "operator-" + hashlib.sha256(str(operator).encode()).hexdigest()[:16]


def _routes(choice: Choice, operator: Identity) -> list[DiscoveredRoute]:
    """Its mail addresses: a list of systems goes by no other way, so no other is kept."""
    return [
        _route(rung, operator)
        for rung in choice.rungs
        if rung.passed_over is None
        and rung.party is operator.party
        and rung.route.channel is FoundChannel.MAIL
    ]


def _route(rung: Rung, operator: Identity) -> DiscoveredRoute:
    return DiscoveredRoute(
        channel=rung.route.channel.value,
        address=rung.route.address,
        scope=rung.route.scope,
        name=rung.route.name,
        language=language_of(rung.route.language, operator),
        source=rung.lookup,
        confidence=max(1, round(100 * rung.expected_use)),
        valid_until=rung.valid_until,
    )


def systems_to_pass_on(occasion_id: int, *, about: str = "") -> list[ToPassOn]:
    """What operators can be asked to pass on under this occasion now.

    With `about` only the system that a case would name so, or on an address whatever listens there.
    """
    rows = _of_operators(occasion_id).filter(operator__isnull=False).exclude(to_pass_on="")
    if about:
        rows = rows.filter(is_system_or_on(about))
    found = rows.order_by("operator", "system", "id").values_list(
        "operator_id", "occasion_id", "to_pass_on"
    )
    return [ToPassOn(who, under, to_pass_on_from_json(text)) for who, under, text in found]


def still_to_pass_on(systems: Collection[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
    """Of each of these, by occasion, finding kind and system: which operator is asked now.

    Those of which nobody is asked any more are left out.
    """
    rows = SoughtSystem.objects.filter(
        occasion__in={one[0] for one in systems},
        system__in={one[2] for one in systems},
        state=SoughtSystem.State.OPERATOR,
        organisation=None,
        operator__isnull=False,
    ).exclude(to_pass_on="")
    found = rows.values_list("occasion_id", "finding_kind", "system", "operator_id")
    return {(under, kind, system): who for under, kind, system, who in found}


def operators_asked_since(organisation_ids: Collection[int], moment: datetime) -> set[int]:
    """Those of these organisations that are asked about a system that was seen since then."""
    rows = SoughtSystem.objects.filter(operator__in=organisation_ids, last_seen_at__gte=moment)
    return set(rows.order_by().values_list("operator_id", flat=True).distinct())


def _of_operators(occasion_id: int) -> QuerySet[SoughtSystem]:
    return SoughtSystem.objects.filter(
        occasion=occasion_id, state=SoughtSystem.State.OPERATOR, organisation=None
    )
