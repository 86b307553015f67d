"""Reads what came in: the door for reading; nobody reaches past it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count, Max, QuerySet

from baken.intake.hints import hints_below, hints_by_organisation
from baken.intake.models import Batch, QuarantinedRow, StoredFile
from baken.intake.retention import store_owner_key

__all__ = [
    "HINTS_LATELY",
    "NewestDays",
    "hints_below",
    "hints_by_organisation",
    "last_received_at",
    "newest_received_days",
    "newest_report_begins_at",
    "quarantine_reasons",
    "still_to_be_read",
    "store_owner_key",
    "stored_files",
]


HINTS_LATELY: Final = timedelta(days=30)
"""How far back hints that were not counted are told of."""


def quarantine_reasons() -> list[tuple[str, int]]:
    """The reasons for which rows were quarantined, with how often, most often first."""
    reasons = QuarantinedRow.objects.values_list("reason")
    counted = reasons.annotate(count=Count("pk")).order_by("-count", "reason")
    return [(reason, count) for reason, count in counted]


def last_received_at(feed: str) -> datetime | None:
    """When the last batch of `feed` came in, or None."""
    newest: datetime | None = Batch.objects.filter(feed=feed).aggregate(at=Max("received_at"))["at"]
    return newest


def newest_report_begins_at() -> datetime | None:
    """The first time in the report that begins last: by then our clock was there, or is behind."""
    newest: datetime | None = Batch.objects.aggregate(at=Max("observed_from"))["at"]
    return newest


# A report without rows speaks of the day in its name. No report speaks of a time after it came in,
# and one of which no row could be read says nothing. Of what it did not find, a feed may send no
# report at all: when a type stays away longer than it usually does while others come, the day of
# the others counts. What comes once a week stays away for a week; a gap longer than that is none.
_NEWEST_DAYS: Final = """
    WITH delivered AS (
        SELECT DISTINCT feed, report_type, (least(received_at, coalesce(
            observed_until,
            (report_date + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 microsecond'
        )) AT TIME ZONE 'UTC')::date AS day
        FROM intake_batch
        WHERE observed_until IS NOT NULL OR rows_read = 0
    ), spaced AS (
        SELECT *, day - lag(day) OVER (PARTITION BY feed, report_type ORDER BY day) AS gap
        FROM delivered
    ), of_type AS (
        SELECT feed, report_type, max(day) AS day,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY gap) AS usual_gap
        FROM spaced
        GROUP BY feed, report_type
    ), of_feed AS (
        SELECT feed, max(day) AS day FROM of_type GROUP BY feed
    )
    SELECT feed, report_type, CASE
        WHEN f.day - t.day > least(greatest(t.usual_gap, %(shortest)s), %(longest)s) THEN f.day
        ELSE t.day
    END
    FROM of_type AS t
    JOIN of_feed AS f USING (feed)
"""
_SHORTEST_GAP: Final = 3
_LONGEST_GAP: Final = 7

NewestDays = Mapping[tuple[str, str], date]
"""By feed and report type: the newest day (UTC) on which the feed looked for it."""


def newest_received_days() -> NewestDays:
    """The newest day of which each report type was delivered.

    Of a type that stays away longer than usual, and than three days, while others of its feed come:
    the newest day of these. Then nothing was found that it would show.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_DAYS, {"shortest": _SHORTEST_GAP, "longest": _LONGEST_GAP})
        return {(feed, report_type): day for feed, report_type, day in cursor.fetchall()}


def stored_files(
    *,
    days: tuple[date, date] | None = None,
    feeds: Iterable[str] | None = None,
    report_types: Iterable[str] | None = None,
    finding_kinds: Iterable[str] | None = None,
    with_cves: bool = False,
) -> QuerySet[StoredFile]:
    """The files of the store that may be read, day by day; None leaves a side open.

    `days` are the first and the last, both included. A file is chosen when it holds any of
    `finding_kinds`, and with `with_cves` when a row of it names a CVE; it may hold others too.
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
    return files.filter(has_cves=True) if with_cves else files


def still_to_be_read(paths: Collection[str]) -> frozenset[str]:
    """Those of `paths` that are listed now: a file may expire while others are read."""
    found = StoredFile.objects.filter(path__in=paths, expired_at=None)
    return frozenset(found.values_list("path", flat=True))
