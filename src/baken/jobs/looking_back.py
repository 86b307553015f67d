"""Reads the store again: to open cases that were missed, or to see whom a threat concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa

from baken.cases.services import (
    CaseCounts,
    CountWhoIsSeen,
    FindSightings,
    FindUnknown,
    FoundUnknown,
    LookedBack,
    Progress,
    Source,
    Store,
    find_unknown,
    look_back,
    match_stored,
)
from baken.constituency.selectors import asset_version
from baken.core.errors import StoredFileDamagedError
from baken.core.selection import Selection
from baken.intake.models import StoredFile
from baken.intake.selectors import store_owner_key, stored_files
from baken.jobs import EngineName
from baken.jobs.engines import open_engine
from baken.jobs.retention import s3_access
from baken.jobs.sending import policy_at
from baken.occasions.models import Occasion
from baken.occasions.selectors import find_occasion
from baken.outbox.services import preview
from baken.settings.environment import Settings

_ROWS_AT_ONCE: Final = 20_000_000
"""Files of about so many rows are matched in one job: what a cluster answers waits on a disk."""


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
    work = FindSightings(_store(settings), selection)
    rows = rows_matched = 0
    cases = CaseCounts()
    problems: list[StoredFileDamagedError] = []
    assets = asset_version()  # before the engine is made: it knows this state or a later one
    with open_engine(engine_name, settings=settings) as engine:
        for sources in _portions(_files_of(selection)):
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
    files = _files_of(occasion.selection)
    with open_engine(engine_name, settings=settings) as engine:
        found = look_back(
            [_source(file) for file in files],
            CountWhoIsSeen(_store(settings), occasion.selection),
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
    files = _files_of(occasion.selection)
    with open_engine(engine_name, settings=settings) as engine:
        found = find_unknown(
            [_source(file) for file in files],
            FindUnknown(_store(settings), occasion.selection),
            engine=engine,
            progress=progress,
        )
    return UnknownUnder(occasion, len(files), sum(file.rows for file in files), found)


def _files_of(selection: Selection) -> list[StoredFile]:
    """The files in which something may be selected, batch by batch."""
    files = stored_files(
        feeds=selection.feeds or None,
        finding_kinds=selection.finding_kinds or None,
        with_cves=bool(selection.cves),
    )
    return list(files.order_by("batch", "path"))


def _portions(files: Sequence[StoredFile]) -> Iterator[list[Source]]:
    """`files` in portions that each hold whole batches."""
    portion: list[Source] = []
    rows = 0
    for file in files:
        if rows >= _ROWS_AT_ONCE and file.batch_id != portion[-1].batch:
            yield portion
            portion, rows = [], 0
        portion.append(_source(file))
        rows += file.rows
    if portion:
        yield portion


def _source(file: StoredFile) -> Source:
    return Source(
        path=file.path,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        batch=file.batch_id,
        finding_kinds=tuple(file.finding_kinds),
    )


def _store(settings: Settings) -> Store:
    return Store(settings.store_url, s3_access(settings), store_owner_key())
