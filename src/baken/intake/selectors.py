"""Reads what came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, QuerySet, Sum

from baken.intake.models import Batch, QuarantinedRow, StoredFile


@dataclass(frozen=True, slots=True)
class IntakeTotals:
    """Rows over all batches; `read` is the sum of the other three."""

    batches: int
    read: int
    matched: int
    unmatched: int
    quarantined: int


def intake_totals() -> IntakeTotals:
    """What came in so far."""
    sums = Batch.objects.aggregate(
        batches=Count("pk"),
        read=Sum("rows_read", default=0),
        matched=Sum("rows_matched", default=0),
        unmatched=Sum("rows_unmatched", default=0),
        quarantined=Sum("rows_quarantined", default=0),
    )
    return IntakeTotals(**sums)


def quarantine_reasons(batch_ids: list[int] | None = None) -> list[tuple[str, int]]:
    """The reasons for which rows were quarantined, with how often, most often first."""
    rows = QuarantinedRow.objects.all()
    if batch_ids is not None:
        rows = rows.filter(batch_id__in=batch_ids)
    counted = rows.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [(reason, count) for reason, count in counted]


def last_received_at(feed: str) -> datetime | None:
    """When the last batch of `feed` came in, or None."""
    newest: datetime | None = Batch.objects.filter(feed=feed).aggregate(at=Max("received_at"))["at"]
    return newest


def stored_files(
    *,
    days: tuple[date, date] | None = None,
    feeds: Iterable[str] | None = None,
    report_types: Iterable[str] | None = None,
    finding_kinds: Iterable[str] | None = None,
) -> QuerySet[StoredFile]:
    """The files of the store that may be read, day by day; None leaves a side open.

    `days` are the first and the last, both included. A file is chosen when it holds any of
    `finding_kinds`; it may hold others too.
    """
    files = StoredFile.objects.filter(expired_at=None)
    if days is not None:
        files = files.filter(day__range=days)
    if feeds is not None:
        files = files.filter(feed__in=set(feeds))
    if report_types is not None:
        files = files.filter(report_type__in=set(report_types))
    if finding_kinds is not None:
        files = files.filter(finding_kinds__overlap=sorted(set(finding_kinds)))
    return files


def stored_batches() -> QuerySet[Batch]:
    """The batches of which anything may still be read, in the order in which they came."""
    return Batch.objects.filter(pk__in=stored_files().order_by().values("batch")).order_by("pk")


def is_to_be_read(file: StoredFile) -> bool:
    """Whether `file` is still one to read, now."""
    return StoredFile.objects.filter(pk=file.pk, expired_at=None).exists()
