"""Feeds: where observations come from; one folder a source, bytes in, Arrow batches out.

To add one: write a folder with an object that fits `Feed`, and give it one line in `FEEDS`. The
contract suite in tests/contract/test_feeds.py then runs over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from baken.core.observation import Report
from baken.feeds.reading import DEFAULT_LIMITS, ReadLimits
from baken.feeds.shadowserver import ShadowserverFeed

__all__ = ["DEFAULT_LIMITS", "FEEDS", "Feed", "ReadLimits"]


class Feed(Protocol):
    """One source of observations."""

    @property
    def key(self) -> str:
        """The stable key under which its observations are stored ("shadowserver")."""
        ...

    def open_report(
        self,
        path: Path,
        *,
        report_type: str | None = None,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> Report:
        """One delivery of this feed, described; its rows are read when `batches` is asked.

        Without `report_type` the type comes from the file's name. Raises
        `baken.core.errors.ReportRefusedError` when the file cannot be opened or is not a report.
        """
        ...


FEEDS: Final[Mapping[str, Feed]] = MappingProxyType(
    {
        "shadowserver": ShadowserverFeed(),
    }
)
"""Every feed, by key."""
