"""Keeps the store to its days: chooses the store, and how long."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

from baken.intake.selectors import store_owner_key
from baken.intake.services import (
    Purge,
    StoreState,
    dry_run_purge,
    look_over,
    purge,
    purge_by_itself,
)
from baken.jobs.forgetting import forget_who_never_signed_up
from baken.settings.environment import Settings
from baken.store import ObservationStore, S3Access, open_store


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
    """Remove what is older than its days; see `baken.intake.services.purge`.

    Organisations that never signed up are forgotten when as long nothing concerned them.
    """
    now = datetime.now(UTC)
    forget_who_never_signed_up(settings=settings, now=now)
    return purge(partial(store_of, settings), before=first_day_kept(settings, now=now), now=now)


def purge_store_by_itself(*, settings: Settings) -> Purge:
    """As `purge_store`, in a run on which nobody looks; see `baken.intake.services`."""
    now = datetime.now(UTC)
    before = first_day_kept(settings, now=now)
    done = purge_by_itself(partial(store_of, settings), before=before, now=now)
    if done.problem is None:  # nor when a clock may be wrong
        forget_who_never_signed_up(settings=settings, now=now)
    return done


def dry_run_of_purge(*, settings: Settings) -> Purge:
    """What `purge_store` would do now; changes nothing. Raises `StoreError`."""
    now = datetime.now(UTC)
    return dry_run_purge(store_of(settings), before=first_day_kept(settings, now=now), now=now)


def look_over_store(*, settings: Settings) -> StoreState:
    """Compare the store with what the database lists. Raises `StoreError`."""
    return look_over(store_of(settings), now=datetime.now(UTC))


def first_day_kept(settings: Settings, *, now: datetime) -> date:
    """The oldest day that has not expired."""
    return now.date() - settings.store_kept_for
