"""Keeps a store to its days: expires, removes, sweeps up what crashes left, and looks it over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final

from baken.core.errors import ManyDaysExpireError, StoreError
from baken.intake.hints import forget_hints
from baken.intake.models import StoredFile
from baken.intake.retention import (
    FeedCounts,
    counts_by_feed,
    days_kept_in_full,
    expire_files,
    expiring_files,
    files_to_remove,
    record_removed,
    unlisted,
)
from baken.store import ObservationStore

_LEFT_BEHIND: Final = timedelta(days=1)
"""A file may be written this long before the database lists it; after that, nobody will."""

_AT_ONCE: Final = 200

MOST_DAYS: Final = 7
"""What was stored on so many days may expire at once without a person; usually it is one."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What was taken out of the store, or would be."""

    before: date
    expired: Sequence[FeedCounts] = ()
    """What expired now, feed by feed."""
    removed: int = 0
    """Files removed, with those that an earlier run had marked."""
    swept: int = 0
    """Files removed that no batch lists: a crash left them."""
    problem: StoreError | ManyDaysExpireError | None = None
    """Why it stopped early, or did nothing; with a `StoreError` the next run goes on."""


@dataclass(frozen=True, slots=True)
class StoreState:
    """The store compared with what the database lists."""

    listed: int
    missing: Sequence[str]
    """Listed and to be read, but not there."""
    odd: Sequence[str]
    """There, but of another length than listed."""
    unlisted: int
    """There for more than a day, but not listed."""
    to_remove: int
    """Expired, and not yet removed."""


def purge(open_store: Callable[[], ObservationStore], *, before: date, now: datetime) -> Purge:
    """Expire what is of days before `before`, remove it, and sweep up what no batch lists.

    Counts of hints in reports that came in before go too.

    May be stopped at any point and run again. When the store fails, also while it is opened,
    `problem` says so.
    """
    expired = expire_files(before=before, now=now)
    forget_hints(before=datetime.combine(before, time(), UTC))
    removed = swept = 0
    try:
        store = open_store()
        for count in _remove_expired(store, now=now):
            removed += count
        for path in unlisted(file.path for file in store.files_before(now - _LEFT_BEHIND)):
            store.remove(path)
            swept += 1
    except StoreError as error:
        return Purge(before, expired, removed, swept, error)
    return Purge(before, expired, removed, swept)


def purge_by_itself(
    open_store: Callable[[], ObservationStore], *, before: date, now: datetime
) -> Purge:
    """As `purge`, where nobody looks on: under a clock that may be wrong nothing is removed.

    When more than `MOST_DAYS` expire at once, `problem` says so.
    """
    days = days_kept_in_full(before=before)
    if days <= MOST_DAYS:
        return purge(open_store, before=before, now=now)
    return Purge(
        before,
        problem=ManyDaysExpireError(
            f"What was stored on {days} days expires at once, by our clock ({now:%Y-%m-%d %H:%M} "
            "UTC): it is wrong, or nothing was purged for long. Nothing was removed.",
            remedy="Look at the clock. If it is right, run baken purge.",
        ),
    )


def dry_run_purge(store: ObservationStore, *, before: date, now: datetime) -> Purge:
    """What `purge` would do now; changes nothing. Raises `StoreError`."""
    expiring = expiring_files(before=before)
    left = store.files_before(now - _LEFT_BEHIND)
    return Purge(
        before,
        expired=counts_by_feed(expiring),
        removed=expiring.count() + files_to_remove().count(),
        swept=sum(1 for _ in unlisted(file.path for file in left)),
    )


def look_over(store: ObservationStore, *, now: datetime) -> StoreState:
    """Compare `store` with what the database lists. Raises `StoreError`."""
    listed = dict(StoredFile.objects.filter(expired_at=None).values_list("path", "size_bytes"))
    found = {file.path: file.size_bytes for file in store.files()}
    left = store.files_before(now - _LEFT_BEHIND)
    still_listed = set(_still_listed([path for path in listed if path not in found]))
    return StoreState(
        listed=len(listed),
        missing=sorted(still_listed),
        odd=sorted(p for p, size in listed.items() if found.get(p, size) != size),
        unlisted=sum(1 for _ in unlisted(file.path for file in left)),
        to_remove=files_to_remove().count(),
    )


def _remove_expired(store: ObservationStore, *, now: datetime) -> Iterator[int]:
    waiting = files_to_remove().iterator()
    while some := list(islice(waiting, _AT_ONCE)):
        for file in some:
            store.remove(file.path)
        record_removed(some, now=now)
        yield len(some)


def _still_listed(paths: Sequence[str]) -> Iterator[str]:
    """Those of `paths` that are to be read now: some may have expired a moment ago."""
    for start in range(0, len(paths), _AT_ONCE):
        some = StoredFile.objects.filter(path__in=paths[start : start + _AT_ONCE], expired_at=None)
        yield from some.values_list("path", flat=True)
