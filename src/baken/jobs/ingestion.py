"""Takes reports in: chooses the feed, the matcher and the store, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from baken.cases.services import (
    AcceptedReport,
    ClosedCases,
    Progress,
    accept_report,
    accept_report_again,
    mark_gone,
)
from baken.core.errors import ReportRefusedError, StoreError
from baken.feeds import Feed, ReadLimits
from baken.intake.services import report_file
from baken.jobs.clock import FURTHEST_AHEAD
from baken.jobs.feed_choice import feed_named, recognising_feed
from baken.jobs.matchers import versioned_matcher
from baken.jobs.retention import store_of
from baken.occasions.services import ensure_standing_occasions
from baken.pipeline.memory import keep_freed_memory
from baken.settings.environment import Settings


@dataclass(frozen=True, slots=True)
class IngestedFile:
    """What became of one file: accepted, or refused with the error."""

    path: Path
    accepted: AcceptedReport | None = None
    refused: ReportRefusedError | StoreError | None = None


def ingest_files(
    paths: Sequence[Path],
    *,
    settings: Settings,
    feed_key: str | None = None,
    report_type: str | None = None,
    accept: type[ReadOnce] | type[ReadAgain],
    progress: Progress,
) -> Iterator[IngestedFile]:
    """Take in `paths`, one transaction each; a refused one does not stop the others.

    Gives each file as soon as it is done. Without `feed_key`, each is read by the feed that
    recognises it. Raises `NotFoundError` when no feed has that key.
    """
    keep_freed_memory()
    named = None if feed_key is None else feed_named(feed_key)
    take_in = accept(settings)
    in_use: set[str] = set()
    for path in paths:
        try:
            feed = named or recognising_feed(path)
            if feed.key not in in_use:
                ensure_standing_occasions(feed=feed.key, tlp=settings.feed_tlp)
                in_use.add(feed.key)
            yield IngestedFile(path, accepted=take_in(feed, path, report_type, progress))
        except (ReportRefusedError, StoreError) as error:
            yield IngestedFile(path, refused=error)


class ReadOnce:
    """Takes a report in unless its content is known."""

    _accept = staticmethod(accept_report)

    def __init__(self, settings: Settings) -> None:
        self._assets, self._matcher = versioned_matcher(settings)
        self._store = store_of(settings)
        self._limits = limits_of(settings)

    def __call__(
        self, feed: Feed, path: Path, report_type: str | None, progress: Progress
    ) -> AcceptedReport:
        report = feed.open_report(path, report_type=report_type, limits=self._limits)
        file = report_file(path, feed=feed.key, info=report.info, limits=self._limits)
        return self._accept(
            report,
            file,
            matcher=self._matcher,
            store=self._store,
            now=datetime.now(UTC),
            progress=progress,
            assets=self._assets,
        )


class ReadAgain(ReadOnce):
    """Takes a report in even when its content is known."""

    _accept = staticmethod(accept_report_again)


def close_gone_cases(*, settings: Settings) -> ClosedCases:
    """Mark the cases that are no longer seen, or looked at; gives how many."""
    return mark_gone(silence=settings.gone_after, now=datetime.now(UTC))


def limits_of(settings: Settings) -> ReadLimits:
    """How far a compressed report may unpack."""
    return ReadLimits(
        max_unpacked_bytes=settings.max_unpacked_bytes,
        max_ratio=settings.max_unpacked_ratio,
        not_after=datetime.now(UTC) + FURTHEST_AHEAD,
    )
