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


# A report without rows speaks of the day in its name. No report speaks of a time after it came in,
# and one of which no row could be read says nothing. Of what it did not find, a feed may send no
# report at all: that others came is how we know that it looked.
_NEWEST_DAYS: Final = """
    SELECT feed, max((least(received_at, coalesce(
        observed_until,
        (report_date + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 microsecond'
    )) AT TIME ZONE 'UTC')::date)
    FROM intake_batch
    WHERE observed_until IS NOT NULL OR rows_read = 0
    GROUP BY feed
"""

NewestDays = Mapping[str, date]
"""The newest day (UTC) of which a report of each feed was received."""


def newest_received_days() -> NewestDays:
    """The newest day of which each feed delivered a report, of whatever type."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_DAYS)
        return dict(cursor.fetchall())


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
