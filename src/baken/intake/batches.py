"""Writes what came in: batches with what became of their rows, and the quarantined rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models.functions import Now

from baken.core.observation import QuarantinedRow as UnreadRow
from baken.core.text import one_line
from baken.intake.models import Batch, QuarantinedRow, StoredFile
from baken.intake.report_files import ReportFile
from baken.store import WrittenFile


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of a report's rows; what was read is the sum of the three."""

    matched: int = 0
    unmatched: int = 0
    quarantined: int = 0

    @property
    def read(self) -> int:
        """How many rows were read."""
        return self.matched + self.unmatched + self.quarantined

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(
            matched=self.matched + other.matched,
            unmatched=self.unmatched + other.unmatched,
            quarantined=self.quarantined + other.quarantined,
        )


def find_batch(file: ReportFile) -> Batch | None:
    """The newest batch with the same content from the same feed, or None.

    However it was packed; a batch of an earlier version only when it was packed the same. Reports
    without rows have the same content, so their type and the date in their name count too.
    """
    same = Batch.objects.filter(feed=file.feed, content_sha256__in=file.hashes)
    newest = same.order_by("-id").first()
    if newest is None or newest.rows_read:
        return newest
    return same.filter(report_type=file.report_type, report_date=file.report_date).first()


def lock_content(file: ReportFile) -> None:
    """Wait until no other process is taking in the same content; held to the transaction's end."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("lock_content needs a transaction.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{file.feed}:{file.content_sha256}"],
        )


def begin_batch(file: ReportFile, *, now: datetime) -> Batch:
    """A new batch for `file`, received `now` and still empty.

    Call it after `lock_content`, in the same transaction.
    """
    same = Batch.objects.filter(feed=file.feed, content_sha256=file.content_sha256)
    return Batch.objects.create(
        feed=file.feed,
        report_type=file.report_type,
        file_name=one_line(file.file_name)[-255:],
        content_sha256=file.content_sha256,
        delivered_sha256=file.delivered_sha256 or file.content_sha256,
        repeat=same.count(),
        received_at=now,
        report_date=file.report_date,
        rows_read=0,
        rows_matched=0,
        rows_unmatched=0,
        rows_quarantined=0,
    )


def quarantine_rows(batch: Batch, rows: Iterable[UnreadRow]) -> None:
    """Keep the rows that could not be read, with their reasons."""
    QuarantinedRow.objects.bulk_create(
        (
            QuarantinedRow(
                batch=batch,
                line=row.line,
                column=row.column[:128],
                value=row.value[:200].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
                reason=row.reason,
                explanation=row.explanation,
            )
            for row in rows
        ),
        batch_size=5_000,
    )


def complete_batch(
    batch: Batch,
    *,
    rows_read: int,
    counts: RowCounts,
    observed: tuple[datetime, datetime] | None,
    warnings: Iterable[str],
    stored: Iterable[WrittenFile],
) -> None:
    """Write what became of the rows; the database refuses sums that do not add up.

    Lists the files that hold them, which must be in place. From that moment the files of an earlier
    batch with the same content are not read any more.
    """
    batch.rows_read = rows_read
    batch.rows_matched = counts.matched
    batch.rows_unmatched = counts.unmatched
    batch.rows_quarantined = counts.quarantined
    batch.observed_from, batch.observed_until = observed or (None, None)
    batch.warnings = list(warnings)
    batch.save()
    StoredFile.objects.filter(
        batch__feed=batch.feed,
        batch__content_sha256__in={batch.content_sha256, batch.delivered_sha256},
        expired_at=None,
    ).update(expired_at=Now())
    StoredFile.objects.bulk_create(_listing(batch, file) for file in stored)


def _listing(batch: Batch, file: WrittenFile) -> StoredFile:
    return StoredFile(
        batch=batch,
        feed=batch.feed,
        report_type=batch.report_type,
        day=file.day,
        path=file.path,
        rows=file.rows,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        observed_from=file.observed_from,
        observed_until=file.observed_until,
        finding_kinds=list(file.finding_kinds),
        has_cves=file.has_cves,
    )
