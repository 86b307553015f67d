"""Feeds: where observations come from; one folder a source, bytes in, Arrow batches out.

To add one: write a folder with an object that fits `Feed`, and give it one line in `FEEDS`. What
others must know of a feed, it says itself. The contract suite in tests/contract/test_feeds.py then
runs over it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from baken.core.name_hint import NameHint
from baken.core.observation import Report
from baken.core.sharing import SharingTerms
from baken.feeds.declarations import Confidence, FeedHealth
from baken.feeds.reading import DEFAULT_LIMITS, ReadLimits, check_readable
from baken.feeds.shadowserver import ShadowserverFeed

__all__ = [
    "DEFAULT_LIMITS",
    "FEEDS",
    "Confidence",
    "Feed",
    "FeedHealth",
    "ReadLimits",
    "check_readable",
]


class Feed(Protocol):
    """One source of observations."""

    @property
    def key(self) -> str:
        """The stable key, in kebab case, under which its observations are stored."""
        ...

    @property
    def name(self) -> str:
        """What its source is called, as a warning says it where the terms allow."""
        ...

    @property
    def terms(self) -> SharingTerms:
        """What the source lets us do with its rows; a row may be stricter, never wider."""
        ...

    @property
    def file_endings(self) -> Collection[str]:
        """How the names of its reports end, in lower case: what is taken from a folder."""
        ...

    @property
    def expected_every(self) -> timedelta | None:
        """How often it delivers; None when that cannot be foretold."""
        ...

    def recognises(self, path: Path) -> Confidence:
        """How sure it is that the readable file at `path` is one of its reports.

        Looks at the name and the first bytes at most, and raises nothing about what they hold.
        """
        ...

    def open_report(
        self,
        path: Path,
        *,
        report_type: str | None = None,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> Report:
        """One delivery of this feed, described; its rows are read when `batches` is asked.

        Without `report_type` the type comes from the file's name or content. Raises
        `baken.core.errors.ReportRefusedError` when the file cannot be opened or is not a report.
        """
        ...

    def finding_kinds(self) -> frozenset[str]:
        """Every finding kind that a row of it may have."""
        ...

    def name_hints(self, report_type: str) -> Sequence[NameHint]:
        """The columns of a report type whose names are hints, and make nobody an owner."""
        ...

    def health(self, *, today: date) -> Sequence[FeedHealth]:
        """What it knows of its own state; deliveries that stay away are not its to tell."""
        ...


FEEDS: Final[Mapping[str, Feed]] = MappingProxyType(
    {
        "shadowserver": ShadowserverFeed(),
    }
)
"""Every feed, by key. Read as ``feeds.FEEDS`` when it is needed, not copied before."""
