"""Keeps the store to its days: expires, removes, sweeps up what crashes left, and looks it over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

from baken.core.errors import StoreError
from baken.intake.models import StoredFile
from baken.intake.retention import (
    FeedCounts,
    counts_by_feed,
    expire_files,
    expiring_files,
    files_to_remove,
    record_removed,
    store_owner_key,
    unlisted,
)
from baken.settings.environment import Settings
from baken.store import ObservationStore, S3Access, open_store

_LEFT_BEHIND: Final = timedelta(days=1)
"""A file may be written this long before the database lists it; after that, nobody will."""

_AT_ONCE: Final = 200


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
    problem: StoreError | None = None
    """Why it stopped early; the next run goes on."""


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the store holds, held against what the database lists."""

    listed: int
    missing: Sequence[str]
    """Listed and to be read, but not there."""
    odd: Sequence[str]
    """There, but of another length than listed."""
    unlisted: int
    """There for more than a day, but not listed."""
    to_remove: int
    """Expired, and not yet removed."""


def store_of(settings: Settings) -> ObservationStore:
    """The store that the settings name. Raises `ExtraMissingError`."""
    return open_store(settings.store_url, s3=s3_access(settings), owner=store_owner_key())


def s3_access(settings: Settings) -> S3Access:
    """How the settings say that a bucket is reached."""
    server = settings.store_s3
    return S3Access(
        endpoint=server.endpoint,
        key=server.key,
        secret=server.secret,
        region=server.region,
        ca_file=server.ca_file,
    )


def purge_store(*, settings: Settings) -> Purge:
    """Expire what is beyond its days, remove it, and sweep up what no batch lists.

    May be stopped at any point and run again. A store that fails is told in `problem`.
    """
    now = datetime.now(UTC)
    before = first_day_kept(settings, now=now)
    expired = expire_files(before=before, now=now)
    removed = swept = 0
    try:
        store = store_of(settings)
        for count in _remove_expired(store, now=now):
            removed += count
        for path in unlisted(file.path for file in store.files_before(now - _LEFT_BEHIND)):
            store.remove(path)
            swept += 1
    except StoreError as error:
        return Purge(before, expired, removed, swept, error)
    return Purge(before, expired, removed, swept)


def dry_run_purge(*, settings: Settings) -> Purge:
    """What `purge_store` would do now; changes nothing. Raises `StoreError`."""
    now = datetime.now(UTC)
    before = first_day_kept(settings, now=now)
    expiring = expiring_files(before=before)
    left = store_of(settings).files_before(now - _LEFT_BEHIND)
    return Purge(
        before,
        expired=counts_by_feed(expiring),
        removed=expiring.count() + files_to_remove().count(),
        swept=sum(1 for _ in unlisted(file.path for file in left)),
    )


def look_over_store(*, settings: Settings) -> StoreState:
    """Hold what is in the store against what is listed. Raises `StoreError`."""
    now = datetime.now(UTC)
    store = store_of(settings)
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


def first_day_kept(settings: Settings, *, now: datetime) -> date:
    """The oldest day that has not expired."""
    return now.date() - settings.store_kept_for


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
