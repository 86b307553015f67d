"""Writes occasions and cases: a report becomes a batch and its cases in one transaction."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from django.db import connection, transaction

from baken.core.ahead import worked_ahead
from baken.core.classification import Severity, Tlp
from baken.core.errors import NotFoundError, OccasionError, StoredFileDamagedError
from baken.core.observation import ParsedBatch, Report
from baken.core.text import one_line
from baken.intake.models import Batch
from baken.intake.selectors import is_to_be_read, stored_files
from baken.intake.services import (
    ReportFile,
    RowCounts,
    begin_batch,
    complete_batch,
    find_batch,
    lock_content,
    quarantine_rows,
)
from baken.matching import Matcher
from baken.matching.sightings import find_sightings, sightings_csv
from baken.occasions import statements
from baken.occasions.models import Case, Occasion
from baken.occasions.threats import Threat
from baken.store import ObservationStore

_log = structlog.get_logger()

_LONGEST_NAME: Final = 120

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """What became of the sightings."""

    opened: int = 0
    seen_again: int = 0
    reopened: int = 0

    def __add__(self, other: CaseCounts) -> CaseCounts:
        return CaseCounts(
            opened=self.opened + other.opened,
            seen_again=self.seen_again + other.seen_again,
            reopened=self.reopened + other.reopened,
        )


@dataclass(frozen=True, slots=True)
class AcceptedReport:
    """What became of one report."""

    batch: Batch
    rows: RowCounts
    cases: CaseCounts
    is_known: bool = False
    """The same content was accepted before, and nothing was done."""


@dataclass(frozen=True, slots=True)
class MatchedReport:
    """What became of one report that was matched again."""

    cases: CaseCounts
    problems: Sequence[StoredFileDamagedError]
    """Its files that could not be read."""


def accept_report(
    report: Report,
    file: ReportFile,
    *,
    matcher: Matcher,
    store: ObservationStore,
    now: datetime,
    progress: Progress,
) -> AcceptedReport:
    """Read `report` once: store it, match it, open its cases, keep what could not be read.

    All of it in one transaction, so that a crash leaves nothing. May run twice: a report with the
    same feed and content hash is recognised and left alone.
    """
    with transaction.atomic():
        lock_content(file)
        known = find_batch(file)
        if known is not None:
            return _known_report(known)
        batch = begin_batch(file)
        return _read_into(batch, report, matcher=matcher, store=store, now=now, progress=progress)


def accept_report_again(
    report: Report,
    file: ReportFile,
    *,
    matcher: Matcher,
    store: ObservationStore,
    now: datetime,
    progress: Progress,
) -> AcceptedReport:
    """Like `accept_report`, for a person who asks for a known report to be read once more."""
    with transaction.atomic():
        lock_content(file)
        batch = begin_batch(file)
        return _read_into(batch, report, matcher=matcher, store=store, now=now, progress=progress)


def match_stored_report(
    batch: Batch, *, matcher: Matcher, store: ObservationStore, now: datetime
) -> MatchedReport:
    """Match what the store still holds of `batch` against the constituency of today.

    Opens the cases that were missed; may run any number of times, since sightings that are known
    are not counted again. A damaged file is told and leaves the others. Raises
    `StoreUnavailableError`.
    """
    problems: list[StoredFileDamagedError] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.CREATE_STAGE)
        for file in stored_files().filter(batch=batch):
            try:
                for observations in store.read(file):
                    _stage(cursor, _sightings(observations, matcher.match(observations)))
            except StoredFileDamagedError as error:
                if is_to_be_read(file):  # it may have expired a moment ago
                    problems.append(error)
        cases = _write_cases(cursor, batch, now=now, refresh=statements.WIDEN_CASES)
    return MatchedReport(cases=cases, problems=problems)


def _known_report(batch: Batch) -> AcceptedReport:
    rows = RowCounts(batch.rows_matched, batch.rows_unmatched, batch.rows_quarantined)
    return AcceptedReport(batch=batch, rows=rows, cases=CaseCounts(), is_known=True)


def _read_into(
    batch: Batch,
    report: Report,
    *,
    matcher: Matcher,
    store: ObservationStore,
    now: datetime,
    progress: Progress,
) -> AcceptedReport:
    rows_read, counts = 0, RowCounts()
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
            if observations.num_rows:
                _stage(cursor, matched.sightings)
                writer.write(observations)
                moments += pc.min_max(observations["observed_at"]).as_py().values()
            counts += RowCounts(
                matched=matched.rows,
                unmatched=observations.num_rows - matched.rows,
                quarantined=len(piece.quarantined),
            )
            progress(rows_read)
        stored = writer.finish()  # before cases are locked: a slow store holds up nobody else
        cases = _write_cases(cursor, batch, now=now, refresh=statements.REFRESH_CASES)
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
    return AcceptedReport(batch=batch, rows=counts, cases=cases)


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
    """A piece of a report, how many of its rows match, and what becomes cases of them, as CSV."""

    piece: ParsedBatch
    rows: int
    sightings: bytes


def _matched_ahead(report: Report, *, matcher: Matcher) -> Iterator[_MatchedPiece]:
    """The pieces of `report` in order; the next is matched while the database takes one in."""

    def matched(piece: ParsedBatch) -> _MatchedPiece:
        if not piece.observations.num_rows:
            return _MatchedPiece(piece, rows=0, sightings=b"")
        matches = matcher.match(piece.observations)
        rows = len(pc.unique(matches["row"]))
        return _MatchedPiece(piece, rows=rows, sightings=_sightings(piece.observations, matches))

    with (
        closing(report.batches()) as pieces,
        closing(worked_ahead(pieces, matched, threads=1)) as ahead,
    ):
        yield from ahead


def _sightings(observations: pa.RecordBatch, matches: pa.Table) -> bytes:
    return sightings_csv(find_sightings(observations, matches)) if matches.num_rows else b""


def _stage(cursor: Any, sightings: bytes) -> None:
    if sightings:
        with cursor.copy(statements.COPY_INTO_STAGE) as copy:
            copy.write(sightings)


def hold_cases() -> None:
    """Wait until nobody else writes many cases; held to the end of the transaction.

    To be called after occasions and notifications are locked, and before any case is.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_CASES)


def _write_cases(cursor: Any, batch: Batch, *, now: datetime, refresh: str) -> CaseCounts:
    """Refresh the cases that are known of what was staged, and open the others."""
    parameters = {"batch": batch.pk, "now": now}
    hold_cases()
    cursor.execute(statements.SUM_STAGE)
    cursor.execute(refresh, parameters)
    seen_again, reopened = cursor.fetchone()
    cursor.execute(statements.OPEN_CASES, parameters)
    opened = cursor.rowcount
    cursor.execute("DROP TABLE staged_sighting, summed_sighting")
    return CaseCounts(opened=opened, seen_again=seen_again, reopened=reopened)


def mark_gone(*, silence: timedelta, now: datetime) -> int:
    """Close the cases that a report type stayed silent about for `silence` while it was delivered.

    Silence is measured against what the same report type last delivered: a type that stops coming
    makes nothing gone. Gives how many cases were marked; may run any number of times.
    """
    parameters: dict[str, Any] = {"silence": silence, "now": now}
    with transaction.atomic(), connection.cursor() as cursor:
        hold_cases()
        cursor.execute(statements.MARK_GONE, parameters)
        return int(cursor.rowcount)


def ensure_standing_occasions(*, feed: str, tlp: Tlp) -> None:
    """See that `feed` has its standing occasions, one a severity; key: feed and severity."""
    Occasion.objects.bulk_create(
        [
            Occasion(
                key=f"{feed}-{severity.key}",
                title=f"{feed.capitalize()}: {severity.key}",
                kind=Occasion.Kind.STANDING,
                tlp=tlp.value,
                severities=[severity.value],
                feeds=[feed],
            )
            for severity in Severity
        ],
        ignore_conflicts=True,
    )
    label_standing_occasions(tlp)


def label_standing_occasions(tlp: Tlp) -> None:
    """Give every standing occasion the label `tlp`; what is planned keeps the one it has."""
    standing = Occasion.objects.filter(kind=Occasion.Kind.STANDING)
    standing.exclude(tlp=tlp.value).update(tlp=tlp.value)


def create_threat_occasion(threat: Threat) -> Occasion:
    """A new occasion for `threat`, not yet released.

    Raises `OccasionError` for a key that is taken.
    """
    occasion, is_new = Occasion.objects.get_or_create(
        key=threat.key,
        defaults={
            "title": threat.title,
            "kind": Occasion.Kind.THREAT,
            "likelihood": threat.likelihood.value,
            "impact": threat.impact.value,
            "tlp": threat.tlp.value,
            "advice_nl": threat.advice_nl,
            "advice_en": threat.advice_en,
            "finding_kinds": sorted(threat.finding_kinds),
            "cves": sorted(threat.cves),
            "severities": sorted(severity.value for severity in threat.severities),
            "feeds": sorted(threat.feeds),
        },
    )
    if not is_new:
        raise OccasionError(
            f"There is an occasion {threat.key} already.",
            remedy="Choose another key, or close that one.",
        )
    return occasion


def release_occasion(key: str, *, by: str, now: datetime) -> Occasion:
    """One of the two releases a threat needs; the second, by someone else, releases it.

    May run twice for the same person. Raises `OccasionError`, `NotFoundError`.
    """
    name = " ".join(unicodedata.normalize("NFKC", one_line(by)).split())
    if not name:
        raise OccasionError("Nobody is named.", remedy="Say who releases, with --by.")
    if len(name) > _LONGEST_NAME:
        raise OccasionError(
            f"The name of who releases has {len(name)} characters; {_LONGEST_NAME} fit.",
            remedy="Give a shorter one, with --by.",
        )
    with transaction.atomic():
        occasion = Occasion.objects.select_for_update().filter(key=key).first()
        if occasion is None:
            raise NotFoundError(
                f"There is no occasion {key}.", remedy="See them with baken occasion list."
            )
        if occasion.kind == Occasion.Kind.STANDING:
            raise OccasionError(
                f"{key} is a standing occasion.", remedy="It needs no release: it goes by itself."
            )
        if occasion.closed_at is not None:
            raise OccasionError(f"{key} is closed.", remedy="Make a new occasion.")
        if not occasion.released_by:
            occasion.released_by = name
        elif occasion.released_by.casefold() != name.casefold() and not occasion.seconded_by:
            occasion.seconded_by = name
            occasion.released_at = now
            transaction.on_commit(partial(_log.info, "occasion.released", occasion=key))
        occasion.save()
    return occasion


def close_occasion(key: str, *, now: datetime) -> Occasion:
    """End a threat: nothing is planned under it any more, and its row is locked.

    Call it in the transaction that withdraws what was planned. May run twice. Raises
    `NotFoundError`.
    """
    threats = Occasion.objects.filter(key=key, kind=Occasion.Kind.THREAT)
    occasion = threats.select_for_update().first()
    if occasion is None:
        raise NotFoundError(
            f"There is no threat occasion {key}.", remedy="See them with baken occasion list."
        )
    if occasion.closed_at is None:
        occasion.closed_at = now
        occasion.save(update_fields=["closed_at"])
    return occasion


def lock_occasion(occasion: Occasion) -> bool:
    """Hold `occasion` to the end of the transaction; False when it was closed meanwhile."""
    standing = Occasion.objects.filter(pk=occasion.pk, closed_at=None)
    return standing.select_for_update().first() is not None


def record_told(case_ids: Collection[int], *, now: datetime) -> None:
    """Write on each case that its organisation is told of it now, as severe as it is.

    Call it in the transaction that plans the notification: what is told and what is remembered as
    told can then never differ.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.RECORD_TOLD, {"ids": list(case_ids), "now": now})


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """What a case was told at a moment, to be taken back, and what it had been told before."""

    case_id: int
    told_at: datetime
    before_at: datetime | None
    before_severity: int | None


def restore_told(taken_back: Collection[ToldBefore]) -> None:
    """Undo `record_told` for cases whose notification nobody got.

    A case that was told again since keeps that. Call it in the transaction that ends the
    notification.
    """
    hold_cases()
    with connection.cursor() as cursor:
        cursor.execute(
            statements.RESTORE_TOLD,
            {
                "ids": [one.case_id for one in taken_back],
                "told_at": [one.told_at for one in taken_back],
                "before_at": [one.before_at for one in taken_back],
                "before_severity": [one.before_severity for one in taken_back],
            },
        )


def lock_cases(case_ids: Collection[int]) -> None:
    """Hold these cases to the end of the transaction."""
    hold_cases()
    locked = Case.objects.filter(pk__in=case_ids).select_for_update()
    list(locked.order_by("organisation_id", "finding_kind", "system").values_list("pk"))
