"""Reads what came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Sum

from baken.intake.models import Batch, QuarantinedRow


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
