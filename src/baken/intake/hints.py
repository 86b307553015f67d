"""Counts rows that name an organisation only by a hint, so that it does not fall silent unseen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Max, Sum

from baken.intake.models import Batch, HintCount

# An organisation that was removed meanwhile gets no count, and none is removed until the commit.
_COUNT: Final = """
    WITH held AS (
        SELECT a.id, a.organisation_id, a.value
        FROM constituency_asset AS a
        JOIN constituency_organisation AS o ON o.id = a.organisation_id
        WHERE a.id = ANY(%(assets)s)
        FOR KEY SHARE OF o
    )
    INSERT INTO intake_hintcount (batch_id, organisation_id, domain, rows)
    SELECT %(batch)s, organisation_id, value, sum(counted.rows)
    FROM held JOIN unnest(%(assets)s, %(rows)s) AS counted (asset_id, rows) ON asset_id = held.id
    GROUP BY organisation_id, value
"""


@dataclass(frozen=True, slots=True)
class Hinted:
    """What a name that nobody asked for left out in one report."""

    rows: int = 0
    organisations: int = 0


def count_hints(batch: Batch, rows_by_asset: Mapping[int, int]) -> int:
    """Keep how many rows of `batch` name the domain of each asset only by a hint.

    Gives how many organisations that is. The counts of an earlier batch with the same content go.
    """
    HintCount.objects.filter(
        batch__feed=batch.feed, batch__content_sha256=batch.content_sha256
    ).delete()
    if not rows_by_asset:
        return 0
    values: dict[str, Any] = {
        "batch": batch.pk,
        "assets": list(rows_by_asset),
        "rows": list(rows_by_asset.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
    return batch.hint_counts.values("organisation").distinct().count()


def hints_by_organisation(
    organisation_ids: Collection[int], *, since: datetime
) -> Mapping[int, int]:
    """How many rows received since then name each of these organisations only by a hint.

    An organisation without any is not in the answer.
    """
    counts = HintCount.objects.filter(
        organisation__in=organisation_ids, batch__received_at__gte=since
    )
    summed = counts.order_by().values_list("organisation").annotate(Sum("rows"))
    return dict(summed)


def hints_below(domain: str, *, since: datetime) -> int:
    """How many rows received since then name the registered `domain`, or one below, only so.

    Where several organisations hold it, those of the one that missed the most.
    """
    counts = HintCount.objects.filter(domain=domain, batch__received_at__gte=since)
    each = counts.order_by().values("organisation").annotate(each=Sum("rows"))
    return each.aggregate(most=Max("each"))["most"] or 0


def forget_hints(*, before: datetime) -> None:
    """Remove the counts of batches that were received before then."""
    HintCount.objects.filter(batch__received_at__lt=before).delete()
