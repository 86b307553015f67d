"""Places that can be asked about: whose an address, a network, an AS number or a domain is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from baken.constituency.selectors import assets_covering, is_anybody_known
from baken.core.errors import AssetRefusedError
from baken.explaining.words import Words
from baken.intake.selectors import HINTS_LATELY, hints_below


@dataclass(frozen=True, slots=True)
class Holding:
    """An asset that holds what was asked about, whose it is, and when."""

    asset: str
    organisation: str
    """Name and reference."""
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """An address, a network, an AS number or a domain."""

    what: str
    holdings: tuple[Holding, ...] = ()
    """The narrowest asset first."""
    fault: str = ""
    """Why it can be nobody's; empty when it can."""
    rows_hinted: int = 0
    """How many rows named it lately only by a hint, which makes nobody an owner."""
    is_anybody_known: bool = True
    """False while no organisation is imported."""


def place_of(what: str) -> Place:
    """Whose the address, network, AS number or domain `what` is."""
    try:
        assets = assets_covering(what)
    except AssetRefusedError as error:
        return Place(what, fault=error.message)
    holdings = (
        Holding(asset.value, str(asset.organisation), asset.valid_from, asset.valid_until)
        for asset in assets
    )
    found = tuple(holdings)
    return Place(what, found, is_anybody_known=bool(found) or is_anybody_known())


def domain_place_of(domain: str, *, now: datetime) -> Place:
    """As `place_of`, with how often a hint named the domain in the days before `now`."""
    place = place_of(domain)
    if not place.holdings:
        return place
    rows = hints_below(place.holdings[0].asset, since=now - HINTS_LATELY)
    return replace(place, rows_hinted=rows)


def place_lines(place: Place, words: Words) -> Iterator[str]:
    """Whose `place` is, in lines for a person."""
    match place:
        case Place(what, _, fault) if fault:
            yield words.say("subject.refused", what=what, fault=fault)
        case Place(what, holdings, is_anybody_known=is_anybody) if not holdings:
            key = "subject.unregistered" if is_anybody else "subject.nobody_registered"
            yield words.say(key, what=what)
        case Place(what, holdings):
            for rank, holding in enumerate(holdings):
                yield words.say(
                    "subject.held" if rank == 0 else "subject.held_wider",
                    what=what,
                    asset=holding.asset,
                    organisation=holding.organisation,
                    period=_period(holding, words),
                )


def _period(holding: Holding, words: Words) -> str:
    start = holding.valid_from.date() if holding.valid_from else None
    end = holding.valid_until.date() if holding.valid_until else None
    if start and end:
        return words.say("subject.period_both", start=start, end=end)
    if start:
        return words.say("subject.period_from", start=start)
    return words.say("subject.period_until", end=end) if end else ""
