"""Organisations that did not sign up, and were found because a grave threat concerns them.

Of them is kept what a warning needs and nothing more: a name, and the ways to reach them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from baken.constituency.models import Contact, Organisation, Route
from baken.core.language import Language
from baken.core.routes import Scope
from baken.core.text import check_line

LONGEST_NAME: Final = 200
_LONGEST_SOURCE: Final = 64


@dataclass(frozen=True, slots=True)
class DiscoveredRoute:
    """One way to a discovered organisation, as a lookup found it."""

    channel: str
    address: str
    scope: Scope
    name: str
    """Whom it reaches, as the source says; may be empty."""
    language: Language
    source: str
    """The key of the lookup."""
    confidence: int
    """From 1 to 100; the routes are tried in this order."""
    valid_until: datetime


def write_discovered_organisation(
    organisation_id: int | None,
    *,
    reference: str,
    name: str,
    routes: Sequence[DiscoveredRoute],
    now: datetime,
) -> int:
    """Write a discovered organisation with `routes`, or renew those of a known one; gives its id.

    Call it in a transaction. A known one that signed up since keeps what it gave us itself. Routes
    are known by channel and address; one that is not found any more ends when it is out of date,
    and one that was ended stays so.
    """
    if organisation_id is None:
        found, _ = Organisation.objects.get_or_create(
            reference=reference,
            defaults={
                "name": name[:LONGEST_NAME],
                "standing": Organisation.Standing.DISCOVERED,
            },
        )
    else:
        found = Organisation.objects.get(pk=organisation_id)
    if found.standing == Organisation.Standing.DISCOVERED:
        for route in routes:
            _write_route(found, route, now=now)
    return int(found.pk)


def _write_route(organisation: Organisation, route: DiscoveredRoute, *, now: datetime) -> None:
    facts = {
        "scope": route.scope.value,
        "source": route.source,
        "confidence": route.confidence,
        "found_at": now,
        "valid_until": route.valid_until,
    }
    known = Route.objects.filter(
        contact__organisation=organisation, channel=route.channel, address__iexact=route.address
    )
    if known.update(**facts):
        return
    contact = Contact.objects.create(
        organisation=organisation,
        name=route.name[:LONGEST_NAME],
        language=route.language,
        channel=route.channel,
    )
    Route.objects.create(contact=contact, channel=route.channel, address=route.address, **facts)


def end_discovered_route(route_id: int) -> None:
    """Use this route no more, because who answered said that it is the wrong one.

    Only of an organisation that was discovered: what a participant gave us is changed by a person.
    May run twice.
    """
    mine = Route.objects.filter(
        pk=route_id, contact__organisation__standing=Organisation.Standing.DISCOVERED
    )
    mine.update(state=Route.State.ENDED)


def add_route_to(organisation: Organisation, *, channel: str, address: str, source: str) -> None:
    """Add a route that somebody found to a contact of its own, unless it is known already.

    Raises `TextRefusedError` when `source` does not fit.
    """
    check_line(source, name="source", longest=_LONGEST_SOURCE)
    known = Route.objects.filter(
        contact__organisation=organisation, channel=channel, address__iexact=address
    )
    if known.exists():
        known.update(state=Route.State.ACTIVE, valid_until=None)
        return
    contact = Contact.objects.create(
        organisation=organisation, role=Contact.Role.SECURITY, channel=channel
    )
    Route.objects.create(contact=contact, channel=channel, address=address, source=source)


def forget_discovered(organisation_ids: Collection[int]) -> int:
    """Take name, reference and contacts from those of these organisations that never signed up.

    The rows stay, for the ledger points to them: only counts are left. Gives how many.
    """
    mine = Organisation.objects.filter(
        pk__in=organisation_ids, standing=Organisation.Standing.DISCOVERED
    )
    Contact.objects.filter(organisation__in=mine).delete()
    return mine.update(name="", reference=Concat(Value("forgotten-"), Cast(F("pk"), CharField())))


def remove_discovered(organisation_ids: Sequence[int]) -> int:
    """Remove those of these organisations that never signed up, with their contacts; how many.

    Call it after their cases and notifications let them go.
    """
    mine = Organisation.objects.filter(
        Q(pk__in=organisation_ids), standing=Organisation.Standing.DISCOVERED
    )
    removed = mine.count()
    mine.delete()
    return removed
