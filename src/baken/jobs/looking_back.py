"""Reads the store again: to open cases that were missed, or to see whom a threat concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa

from baken.cases.services import (
    CaseCounts,
    CountWhoIsSeen,
    FindSightings,
    FindUnknown,
    FoundUnknown,
    LookedBack,
    Progress,
    addresses_of,
    find_unknown,
    look_back,
    match_stored,
    with_delegated_countries,
)
from baken.constituency.selectors import asset_version
from baken.core.errors import StoredFileDamagedError
from baken.core.given_file import GivenFileKind
from baken.core.selection import Selection
from baken.discovery.selectors import given_files
from baken.jobs import EngineName
from baken.jobs.engines import open_engine
from baken.jobs.sending import policy_at
from baken.jobs.stored_sources import files_under, portions_under, source_of, store_of
from baken.lookups.delegated import Delegated
from baken.occasions.models import Occasion
from baken.occasions.selectors import find_occasion
from baken.outbox.services import preview
from baken.settings.environment import Settings


@dataclass(frozen=True, slots=True)
class MatchedStore:
    """What came of matching the store again."""

    rows: int
    """Rows read, of those selected."""
    rows_matched: int
    cases: CaseCounts
    problems: Sequence[StoredFileDamagedError]
    """The files that could not be read to the end."""


@dataclass(frozen=True, slots=True)
class Lookback:
    """Whom an occasion concerns, of what the store still holds."""

    occasion: Occasion
    files: int
    rows_held: int
    """Rows in the files that were looked through."""
    found: LookedBack
    preview: pa.Table
    """PREVIEW_SCHEMA"""


@dataclass(frozen=True, slots=True)
class UnknownUnder:
    """The unknown systems under an occasion, of what the store still holds."""

    occasion: Occasion
    files: int
    rows_held: int
    """Rows in the files that were looked through."""
    found: FoundUnknown


def match_again(
    *,
    settings: Settings,
    progress: Progress,
    occasion_key: str | None = None,
    engine_name: EngineName = EngineName.LOCAL,
) -> MatchedStore:
    """Match the store, or what an occasion selects of it, against the constituency of now.

    A damaged file does not stop the others. Raises `NotFoundError`, `StoreUnavailableError`, and
    what `open_engine` raises.
    """
    selection = find_occasion(occasion_key).selection if occasion_key else Selection()
    work = FindSightings(store_of(settings), selection)
    rows = rows_matched = 0
    cases = CaseCounts()
    problems: list[StoredFileDamagedError] = []
    assets = asset_version()  # before the engine is made: it knows this state or a later one
    with open_engine(engine_name, settings=settings) as engine:
        for sources in portions_under(selection):
            for done in match_stored(
                sources, work, engine=engine, now=datetime.now(UTC), assets=assets
            ):
                rows, rows_matched = rows + done.rows, rows_matched + done.rows_matched
                cases += done.cases
                problems += done.problems
                progress(rows)
    return MatchedStore(rows, rows_matched, cases, problems)


def look_back_for(
    occasion_key: str,
    *,
    settings: Settings,
    progress: Progress,
    engine_name: EngineName = EngineName.LOCAL,
) -> Lookback:
    """Whom the occasion concerns, of what the store still holds; nothing is written.

    Raises what `match_again` raises.
    """
    occasion = find_occasion(occasion_key)
    files = files_under(occasion.selection)
    with open_engine(engine_name, settings=settings) as engine:
        found = look_back(
            [source_of(file) for file in files],
            CountWhoIsSeen(store_of(settings), occasion.selection),
            engine=engine,
            progress=progress,
        )
    now = datetime.now(UTC)
    policy = policy_at(now, settings=settings)
    previewed = preview(occasion, found.seen, policy=policy, now=now)
    return Lookback(occasion, len(files), sum(file.rows for file in files), found, previewed)


def find_unknown_under(
    occasion_key: str,
    *,
    settings: Settings,
    progress: Progress,
    engine_name: EngineName = EngineName.LOCAL,
) -> UnknownUnder:
    """The systems under the occasion that no organisation that we know owns; nothing is written,
    and nobody outside is asked.

    Raises what `match_again` raises.
    """
    occasion = find_occasion(occasion_key)
    files = files_under(occasion.selection)
    with open_engine(engine_name, settings=settings) as engine:
        found = find_unknown(
            [source_of(file) for file in files],
            FindUnknown(store_of(settings), occasion.selection),
            engine=engine,
            progress=progress,
        )
    return UnknownUnder(occasion, len(files), sum(file.rows for file in files), found)


def with_countries(done: UnknownUnder, *, now: datetime) -> UnknownUnder:
    """`done` with the countries in which the registries delegated the addresses.

    By their statistics that were given as files; without any it stays as it is. Raises
    `TextRefusedError` for such a file that changed or cannot be read.
    """
    files = given_files(now=now, kinds=[GivenFileKind.DELEGATED])
    if not files:
        return done
    systems = done.found.systems
    countries = Delegated(files).countries_of(addresses_of(systems), now=now)
    placed = with_delegated_countries(systems, countries)
    return replace(done, found=replace(done.found, systems=placed))
