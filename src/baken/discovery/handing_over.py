"""What other CSIRTs warn about instead of us: per CSIRT, as far as the source lets us share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from baken.core.classification import Tlp
from baken.core.lookup import FoundRoute
from baken.core.policy import label_for_csirt
from baken.core.sharing import SharingTerms
from baken.core.unknown_system import UnknownSystem
from baken.discovery.models import SoughtSystem
from baken.discovery.sought_systems import Decided, key_of


@dataclass(frozen=True, slots=True)
class HandedOverSystem:
    """One system that another CSIRT may get."""

    system: UnknownSystem
    label: Tlp
    """Under which it may get it."""
    country: str
    """In which it is, where that is known and not ours."""


@dataclass(frozen=True, slots=True)
class CsirtShare:
    """What one CSIRT warns about under an occasion."""

    csirt: str
    routes: tuple[FoundRoute, ...]
    """By which it is reached."""
    systems: tuple[HandedOverSystem, ...]
    """The newest sighting first."""
    withheld: int
    """How many more it warns about that we may not share before the source permits it."""


def shares_of(
    all_decided: Iterable[Decided],
    systems: Iterable[UnknownSystem],
    *,
    threat: Tlp,
    terms_of_feeds: Mapping[str, SharingTerms],
) -> list[CsirtShare]:
    """What each CSIRT may get of `systems`, by name of the CSIRT.

    By what was decided last about each under a threat with the label `threat`; one that was not
    looked up yet, or is told by us, is in no share.
    """
    decided = {
        (one.finding_kind, one.system): one
        for one in all_decided
        if one.state == SoughtSystem.State.HANDED_OVER
    }
    listed: dict[str, list[HandedOverSystem]] = {}
    withheld: dict[str, int] = {}
    newest: dict[str, Decided] = {}
    for system in systems:
        one = decided.get(key_of(system))
        if one is None:
            continue
        csirt = one.choice.handed_over_to
        if csirt not in newest or newest[csirt].decided_at < one.decided_at:
            newest[csirt] = one
        terms = terms_of_feeds.get(system.feed, SharingTerms())
        label = label_for_csirt(threat, system.tlp, terms)
        if label is None:
            withheld[csirt] = withheld.get(csirt, 0) + 1
        else:
            shared = HandedOverSystem(system, label, one.choice.country)
            listed.setdefault(csirt, []).append(shared)
    return [
        CsirtShare(
            csirt,
            newest[csirt].choice.csirt_routes,
            tuple(listed.get(csirt, ())),
            withheld.get(csirt, 0),
        )
        for csirt in sorted(newest)
    ]
