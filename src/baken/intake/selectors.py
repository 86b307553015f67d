"""Reads what came in."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Max

from baken.intake.models import Batch, QuarantinedRow


def quarantine_reasons() -> list[tuple[str, int]]:
    """The reasons for which rows were quarantined, with how often, most often first."""
    reasons = QuarantinedRow.objects.values_list("reason")
    counted = reasons.annotate(count=Count("pk")).order_by("-count", "reason")
    return [(reason, count) for reason, count in counted]


def last_received_at(feed: str) -> datetime | None:
    """When the last batch of `feed` came in, or None."""
    newest: datetime | None = Batch.objects.filter(feed=feed).aggregate(at=Max("received_at"))["at"]
    return newest
