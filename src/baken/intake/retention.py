"""What the store keeps and what it lets go: marked in the database first, then removed.

The database is marked and counted in one transaction (`expire_files`). Only after that commit are
files removed, and each removal is recorded (`record_removed`). A crash between leaves files that
nobody reads and that the next run removes.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from baken.intake.models import RetentionCount, RetentionRun, StoredFile, StoreOwner

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How much of one feed."""

    feed: str
    files: int
    rows: int
    size_bytes: int


def store_owner_key() -> str:
    """The name under which this database writes into the store; made at the first call."""
    owner, _ = StoreOwner.objects.get_or_create(pk=1, defaults={"key": secrets.token_hex(4)})
    return owner.key


def expiring_files(*, before: date) -> QuerySet[StoredFile]:
    """The files that `expire_files` would take: of days before `before`, or replaced.

    A file whose rows claim to be from the future is kept no longer than one of the day on which
    it was written.
    """
    midnight = datetime.combine(before, time(), UTC)
    has_expired = Q(expired_at__isnull=False) | Q(day__lt=before) | Q(written_at__lt=midnight)
    return StoredFile.objects.filter(has_expired, retention_run=None)


def days_kept_in_full(*, before: date) -> int:
    """On how many days files were written that `expire_files` would take after their whole term.

    One with each day that passes. Many at once: nothing was purged for long, or our clock jumped.
    """
    written = StoredFile.objects.filter(
        written_at__lt=datetime.combine(before, time(), UTC), retention_run=None, expired_at=None
    )
    return written.order_by().values("written_at__date").distinct().count()


def counts_by_feed(files: QuerySet[StoredFile]) -> Sequence[FeedCounts]:
    """How much `files` are, feed by feed."""
    rows = (
        files.order_by()
        .values_list("feed")
        .annotate(Count("pk"), Sum("rows"), Sum("size_bytes"))
        .order_by("feed")
    )
    return [FeedCounts(*row) for row in rows]


def expire_files(*, before: date, now: datetime) -> Sequence[FeedCounts]:
    """Mark what has expired, so that nobody reads it, and record how much it is.

    May run any number of times, also at once: each file is counted by one run.
    """
    with transaction.atomic():
        chosen = expiring_files(before=before).select_for_update().order_by("pk")
        ids = list(chosen.values_list("pk", flat=True))
        if not ids:
            return []
        run = RetentionRun.objects.create(before=before)
        taken = StoredFile.objects.filter(pk__in=ids)
        taken.filter(expired_at=None).update(expired_at=now)
        taken.update(retention_run=run)
        counts = counts_by_feed(taken)
        RetentionCount.objects.bulk_create(
            RetentionCount(
                run=run,
                feed=one.feed,
                files=one.files,
                rows=one.rows,
                size_bytes=one.size_bytes,
            )
            for one in counts
        )
        return counts


def files_to_remove() -> QuerySet[StoredFile]:
    """The files that are marked and counted, and may still be in the store."""
    return StoredFile.objects.filter(
        expired_at__isnull=False, retention_run__isnull=False, removed_at=None
    ).order_by("pk")


def record_removed(files: Collection[StoredFile], *, now: datetime) -> None:
    """Write that `files` are gone from the store. May run twice."""
    StoredFile.objects.filter(pk__in=[file.pk for file in files], removed_at=None).update(
        removed_at=now
    )


def unlisted(paths: Iterable[str]) -> Iterator[str]:
    """Those of `paths` that the database does not list as being in the store."""
    waiting = iter(paths)
    while some := list(islice(waiting, _AT_ONCE)):
        listed = StoredFile.objects.filter(path__in=some, removed_at=None)
        known = set(listed.values_list("path", flat=True))
        yield from (path for path in some if path not in known)
