"""Makes batches and cases of reports, and cases of stored files: one transaction a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from django.db import connection, transaction

from baken.cases import statements
from baken.cases.discovered_work import FindDiscovered
from baken.cases.matching_again import note_matched
from baken.cases.sightings import copy_text, find_sightings
from baken.cases.stored_work import FindSightings, Source
from baken.cases.writing import (
    CaseCounts,
    cases_of_sightings,
    stage,
    write_cases,
)
from baken.core.errors import ReportInFutureError, StoredFileDamagedError
from baken.core.observation import IN_FUTURE, ParsedBatch, Report
from baken.intake.models import Batch
from baken.intake.selectors import still_to_be_read
from baken.intake.services import (
    Hinted,
    ReportFile,
    RowCounts,
    begin_batch,
    complete_batch,
    count_hints,
    find_batch,
    lock_content,
    quarantine_rows,
)
from baken.matching import Engine, ReportMatcher
from baken.pipeline.ahead import worked_ahead
from baken.store import ObservationStore

_log = structlog.get_logger()

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


@dataclass(frozen=True, slots=True)
class AcceptedReport:
    """What became of one report."""

    batch: Batch
    rows: RowCounts
    cases: CaseCounts
    hinted: Hinted = field(default_factory=Hinted)
    """What names that nobody asked for left out."""
    is_known: bool = False
    """The same content was accepted before, and nothing was done."""


@dataclass(frozen=True, slots=True)
class MatchedBatch:
    """What came of matching the stored files of one batch again."""

    rows: int
    rows_matched: int
    cases: CaseCounts
    problems: Sequence[StoredFileDamagedError]
    """Its files that could not be read to the end."""


def accept_report(
    report: Report,
    file: ReportFile,
    *,
    matcher: ReportMatcher,
    store: ObservationStore,
    now: datetime,
    progress: Progress,
    assets: UUID | None = None,
) -> AcceptedReport:
    """Read `report` once: store it, match it, open its cases, keep what could not be read.

    All of it in one transaction, so that a crash leaves nothing. May run twice: a report with the
    same feed and content hash is recognised and left alone. `assets` is the version of the assets
    that `matcher` knows; unless it is that of the other cases, all are matched again before a plan.

    Raises `ReportInFutureError` for a report of a time that has not come by `now`: what would be
    quarantined is right, and our clock is wrong.
    """
    with transaction.atomic():
        lock_content(file)
        known = find_batch(file)
        if known is not None:
            return _known_report(known)
        batch = begin_batch(file, now=now)
        return _read_into(
            batch, report, matcher=matcher, store=store, now=now, progress=progress, assets=assets
        )


def accept_report_again(
    report: Report,
    file: ReportFile,
    *,
    matcher: ReportMatcher,
    store: ObservationStore,
    now: datetime,
    progress: Progress,
    assets: UUID | None = None,
) -> AcceptedReport:
    """Like `accept_report`, for a person who asks for a known report to be read once more."""
    with transaction.atomic():
        lock_content(file)
        batch = begin_batch(file, now=now)
        return _read_into(
            batch, report, matcher=matcher, store=store, now=now, progress=progress, assets=assets
        )


def match_stored(
    sources: Sequence[Source],
    work: FindSightings | FindDiscovered,
    *,
    engine: Engine,
    now: datetime,
    assets: UUID | None = None,
) -> Iterator[MatchedBatch]:
    """Match what `work` selects of stored files against the constituency of today.

    `sources` come batch by batch, and each batch is one transaction. Opens the cases that were
    missed; may run any number of times, since sightings that are known are not counted again. A
    damaged file is reported, and the others are still read. `assets` is the version that `engine`
    knows, or an earlier one. Raises `StoreUnavailableError`.
    """
    with closing(engine.run(sources, work)) as pieces:
        rows = (row for piece in pieces for row in piece.to_pylist())
        for batch, of_batch in groupby(rows, key=itemgetter("batch")):
            yield _match_batch(batch, of_batch, now=now, assets=assets)


def _match_batch(
    batch: int, pieces: Iterator[dict[str, Any]], *, now: datetime, assets: UUID | None
) -> MatchedBatch:
    read = matched = 0
    problems: dict[str, StoredFileDamagedError] = {}

    def sightings() -> Iterator[bytes]:
        nonlocal read, matched
        for piece in pieces:
            read, matched = read + piece["rows"], matched + piece["rows_matched"]
            if piece["problem"]:
                problems[piece["path"]] = StoredFileDamagedError(
                    piece["problem"], remedy=piece["remedy"]
                )
            yield piece["sightings"] or b""

    with transaction.atomic():
        cases = cases_of_sightings(batch, sightings(), now=now, refresh=statements.WIDEN_CASES)
        note_matched(assets)
    listed = still_to_be_read(problems)
    told = [problem for path, problem in problems.items() if path in listed]
    return MatchedBatch(read, matched, cases, told)


def _known_report(batch: Batch) -> AcceptedReport:
    rows = RowCounts(batch.rows_matched, batch.rows_unmatched, batch.rows_quarantined)
    return AcceptedReport(batch=batch, rows=rows, cases=CaseCounts(), is_known=True)


def _read_into(
    batch: Batch,
    report: Report,
    *,
    matcher: ReportMatcher,
    store: ObservationStore,
    now: datetime,
    progress: Progress,
    assets: UUID | None,
) -> AcceptedReport:
    rows_read, counts, in_future = 0, RowCounts(), 0
    hinted_rows, hints = 0, Counter[int]()
    warnings: list[str] = []
    moments: list[datetime] = []
    writer = store.writer(feed=batch.feed, content_sha256=batch.content_sha256, batch=batch.pk)
    with connection.cursor() as cursor, writer:
        cursor.execute(statements.CREATE_STAGE)
        for matched in _matched_ahead(report, matcher=matcher):
            piece = matched.piece
            observations = piece.observations
            rows_read += piece.rows_read
            warnings += piece.warnings
            quarantine_rows(batch, piece.quarantined)
            in_future += sum(row.reason == IN_FUTURE for row in piece.quarantined)
            if observations.num_rows:
                stage(cursor, matched.sightings)
                writer.write(observations)
                hinted_rows += matched.hinted_rows
                hints.update(matched.hints)
                moments += pc.min_max(observations["observed_at"]).as_py().values()
            counts += RowCounts(
                matched=matched.rows,
                unmatched=observations.num_rows - matched.rows,
                quarantined=len(piece.quarantined),
            )
            progress(rows_read)
        if in_future:
            _check_has_come(batch, counts, now=now)
        stored = writer.finish()  # before cases are locked: a slow store holds up nobody else
        cases = write_cases(cursor, batch.pk, now=now, refresh=statements.REFRESH_CASES)
        note_matched(assets)
        hinted = Hinted(rows=hinted_rows, organisations=count_hints(batch, hints))
        observed = (min(moments), max(moments)) if moments else None
        complete_batch(
            batch,
            rows_read=rows_read,
            counts=counts,
            observed=observed,
            warnings=warnings,
            stored=stored,
        )
    transaction.on_commit(partial(_log_accepted, batch, counts, cases))
    return AcceptedReport(batch=batch, rows=counts, cases=cases, hinted=hinted)


def _check_has_come(batch: Batch, rows: RowCounts, *, now: datetime) -> None:
    """Of a report about a day that has come, rows of the future are faults of their own."""
    is_to_come = (
        batch.report_date > now.date()
        if batch.report_date
        else not rows.matched and not rows.unmatched
    )
    if is_to_come:
        raise ReportInFutureError(
            f"{batch.file_name} speaks of a time that has not come: our clock says "
            f"{now:%Y-%m-%d %H:%M} UTC.",
            remedy="Set the clock right and give the same command again; nothing of the report was "
            "taken in. If the clock is right, the report is wrong.",
        )


def _log_accepted(batch: Batch, rows: RowCounts, cases: CaseCounts) -> None:
    _log.info(
        "batch.accepted",
        batch=batch.pk,
        feed=batch.feed,
        report_type=batch.report_type,
        rows_matched=rows.matched,
        rows_unmatched=rows.unmatched,
        rows_quarantined=rows.quarantined,
        cases_opened=cases.opened,
    )


@dataclass(frozen=True, slots=True)
class _MatchedPiece:
    """A piece of a report, how many of its rows match, and the sightings in them."""

    piece: ParsedBatch
    rows: int = 0
    sightings: bytes = b""
    hinted_rows: int = 0
    """How many name somebody's domain by a hint that does not count."""
    hints: Mapping[int, int] = field(default_factory=dict)
    """How many of those name each asset."""


def _matched_ahead(report: Report, *, matcher: ReportMatcher) -> Iterator[_MatchedPiece]:
    """The pieces of `report` in order; the next is matched while the database takes one in."""

    def matched(piece: ParsedBatch) -> _MatchedPiece:
        if not piece.observations.num_rows:
            return _MatchedPiece(piece)
        matches = matcher.match(piece.observations)
        hinted = matcher.hinted(piece.observations, matches)
        return _MatchedPiece(
            piece,
            rows=len(pc.unique(matches["row"])),
            sightings=_sightings(piece.observations, matches),
            hinted_rows=len(pc.unique(hinted["row"])),
            hints={
                named["values"]: named["counts"]
                for named in pc.value_counts(hinted["asset_id"]).to_pylist()
            },
        )

    with (
        closing(report.batches()) as pieces,
        closing(worked_ahead(pieces, matched, threads=1)) as ahead,
    ):
        yield from ahead


def _sightings(observations: pa.RecordBatch, matches: pa.Table) -> bytes:
    return copy_text(find_sightings(observations, matches)) if matches.num_rows else b""
