"""Lists what other CSIRTs warn about instead of us, from what the store still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from baken import feeds
from baken.cases.services import Progress
from baken.core.classification import Tlp
from baken.core.errors import NotFoundError, StoredFileDamagedError
from baken.core.unknown_system import read_unknown_systems
from baken.discovery.selectors import CsirtShare, decided_systems, shares_of
from baken.jobs import EngineName
from baken.jobs.looking_back import find_unknown_under
from baken.settings.environment import Settings


@dataclass(frozen=True, slots=True)
class HandedOverUnder:
    """What other CSIRTs warn about under one occasion."""

    key: str
    """Of the occasion."""
    shares: Sequence[CsirtShare]
    problems: Sequence[StoredFileDamagedError]


def find_handed_over(
    occasion_key: str,
    *,
    settings: Settings,
    progress: Progress,
    csirt: str | None = None,
    engine_name: EngineName = EngineName.LOCAL,
) -> HandedOverUnder:
    """What each CSIRT warns about instead of us, or what `csirt` does; nothing is sent.

    By what baken occasion discover decided last. Raises what `find_unknown_under` raises, and
    `NotFoundError` where nothing is handed over to `csirt`.
    """
    found = find_unknown_under(
        occasion_key, settings=settings, progress=progress, engine_name=engine_name
    )
    shares = shares_of(
        decided_systems(found.occasion, state="handed-over"),
        read_unknown_systems(found.found.systems),
        threat=Tlp(found.occasion.tlp),
        terms_of_feeds={key: feed.terms for key, feed in feeds.FEEDS.items()},
    )
    if csirt is not None:
        wanted = csirt.strip().casefold()
        shares = [share for share in shares if share.csirt.casefold() == wanted]
        if not shares:
            raise NotFoundError(
                f"Nothing under {occasion_key} is handed over to a CSIRT called {csirt!r}.",
                remedy=f"See baken occasion handed-over {occasion_key}.",
            )
    return HandedOverUnder(found.occasion.key, shares, found.found.problems)
