"""Discovered organisations: written when a warning is about to go out, and nothing more of them
than that needs; gone when the last of it is over."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from baken.cases.services import hold_cases
from baken.constituency.services import (
    DiscoveredRoute,
    remove_discovered,
    write_discovered_organisation,
)
from baken.core.choice_text import choice_from_json
from baken.core.choosing import Choice
from baken.core.identity import Identity
from baken.core.language import Language
from baken.core.lookup import FoundChannel
from baken.core.postal_address import addressed_to, postal_lines
from baken.discovery.disowning import forget_disowned
from baken.discovery.models import DiscoveredIdentity, SoughtSystem
from baken.occasions.models import Occasion

_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of whom is about to be warned."""

    organisations: int = 0
    """Those that were not known before."""
    systems: int = 0
    """Systems that have an owner now."""


@dataclass(frozen=True, slots=True)
class OwnedSystem:
    """A system of a discovered organisation."""

    finding_kind: str
    system: str
    organisation_id: int


def write_discovered(occasion: Occasion, *, now: datetime) -> Written:
    """Write the organisations of the systems under `occasion` whose owner is known.

    Name, contact route, and by what it is known again; the system follows with its case. May run
    again: an organisation is known by its identity, its routes by channel and address. Commits some
    hundred systems at a time.
    """
    rows = SoughtSystem.objects.filter(
        occasion=occasion, state=SoughtSystem.State.OWNER, organisation=None, opened_at=None
    )
    done = Written()
    while rows.exists():
        with transaction.atomic():
            hold_cases()  # two runs at once would write one organisation twice
            portion = list(rows.order_by("id")[:_AT_ONCE])
            organisations = sum(_write(row, now=now) for row in portion)
        done = Written(done.organisations + organisations, done.systems + len(portion))
    return done


def _write(row: SoughtSystem, *, now: datetime) -> bool:
    """Give `row` its organisation; whether that was not known before."""
    choice = choice_from_json(row.choice)
    assert choice.owner is not None  # by its state
    known = DiscoveredIdentity.objects.filter(
        is_operator=False, scheme=choice.owner.scheme, value=choice.owner.value
    ).first()
    organisation_id = write_discovered_organisation(
        None if known is None else known.organisation_id,
        reference=reference_of(choice.owner),
        name=choice.owner.name,
        routes=_routes(choice),
        now=now,
    )
    if known is None:
        DiscoveredIdentity.objects.create(
            organisation_id=organisation_id, scheme=choice.owner.scheme, value=choice.owner.value
        )
    SoughtSystem.objects.filter(pk=row.pk).update(organisation_id=organisation_id)
    return known is None


def reference_of(owner: Identity) -> str:
    """The reference of a discovered organisation: the same for the same identity."""
    return "discovered-" + hashlib.sha256(str(owner).encode()).hexdigest()[:16]


def _routes(choice: Choice) -> Sequence[DiscoveredRoute]:
    owner = choice.owner
    assert owner is not None  # by its state
    by_address = {
        (rung.route.channel, rung.route.address): rung
        for rung in reversed(choice.rungs)
        if rung.passed_over is None
    }
    found = []
    for route in choice.owner_routes:
        rung = by_address[route.channel, route.address]
        found.append(
            DiscoveredRoute(
                channel=route.channel.value,
                address=(
                    _on_envelope(owner.name, route.address)
                    if route.channel is FoundChannel.LETTER
                    else route.address
                ),
                scope=route.scope,
                name="" if choice.owner and route.name == choice.owner.name else route.name,
                language=language_of(route.language, choice.owner),
                source=rung.lookup,
                confidence=max(1, round(100 * rung.expected_use)),
                valid_until=rung.valid_until,
            )
        )
    return found


def _on_envelope(name: str, address: str) -> str:
    """The postal address with the name before it, without our own country as its last line."""
    *lines, last = postal_lines(address)
    return addressed_to(name, "; ".join(lines if lines and last in _DUTCH else [*lines, last]))


_DUTCH: Final = frozenset({"NL"})


def language_of(preferred: str, who: Identity | None) -> Language:
    """What the source asks for where we write it, else Dutch in the Netherlands, else English."""
    asked = preferred.lower().partition("-")[0]
    if asked in set(Language):
        return Language(asked)
    is_dutch = who is not None and (
        who.country in _DUTCH or (not who.country and who.value.endswith(".nl"))
    )
    return Language.NL if is_dutch and not asked else Language.EN


def systems_waiting(occasion: Occasion) -> int:
    """How many systems under `occasion` have an owner who can be reached, and no case yet."""
    return SoughtSystem.objects.filter(
        occasion=occasion, state=SoughtSystem.State.OWNER, opened_at=None
    ).count()


def systems_to_open(occasion: Occasion) -> list[OwnedSystem]:
    """The systems of discovered organisations under `occasion` whose case waits to be opened, or to
    be read anew."""
    rows = SoughtSystem.objects.filter(
        occasion=occasion,
        state=SoughtSystem.State.OWNER,
        organisation__isnull=False,
        opened_at=None,
    ).order_by("id")
    found = rows.values_list("finding_kind", "system", "organisation_id")
    return [OwnedSystem(*row) for row in found.iterator()]


def note_opened(occasion: Occasion, systems: Sequence[OwnedSystem], *, now: datetime) -> None:
    """Remember that the cases of `systems` were opened."""
    for start in range(0, len(systems), _NOTED_AT_ONCE):
        names = [one.system for one in systems[start : start + _NOTED_AT_ONCE]]
        SoughtSystem.objects.filter(
            occasion=occasion, system__in=names, organisation__isnull=False
        ).update(opened_at=now)


_NOTED_AT_ONCE: Final = 5_000


def forget_without_case(occasion: Occasion) -> int:
    """Remove the discovered organisations under `occasion` of which nothing is told; how many.

    Somebody registered took their systems meanwhile, or the store does not hold them any more.
    """
    mine = SoughtSystem.objects.filter(occasion=occasion, organisation__isnull=False)
    without = mine.filter(organisation__cases=None, organisation__notifications=None)
    ids = without.order_by().values_list("organisation_id", flat=True).distinct()
    return remove_discovered(list(ids))


def forget_identities(organisation_ids: Collection[int]) -> None:
    """Forget by what these organisations were known, and which systems were theirs, or not."""
    forget_disowned(organisation_ids)
    DiscoveredIdentity.objects.filter(organisation__in=organisation_ids).delete()
    SoughtSystem.objects.filter(
        Q(organisation__in=organisation_ids) | Q(operator__in=organisation_ids)
    ).delete()


def forget_old_searches(*, before: datetime) -> int:
    """Forget the systems whose owner was sought and not found, last seen before; how many."""
    old = SoughtSystem.objects.filter(organisation=None, last_seen_at__lt=before)
    removed, _ = old.delete()
    return removed
