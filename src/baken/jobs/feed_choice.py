"""Chooses the feed of a report file: the one that is named, or the one that recognises it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from baken import feeds
from baken.core.errors import NotFoundError, ReportRefusedError
from baken.feeds import Confidence, Feed, check_readable


def feed_named(key: str) -> Feed:
    """The feed called `key`. Raises `NotFoundError`."""
    try:
        return feeds.FEEDS[key]
    except KeyError:
        raise NotFoundError(
            f"There is no feed {key}.", remedy=f"Choose one of: {_listed(feeds.FEEDS)}."
        ) from None


def recognising_feed(path: Path) -> Feed:
    """The feed that is surest that `path` is a report of its own.

    Raises `ReportRefusedError` when the file cannot be opened, when no feed recognises it, and
    when two are equally sure.
    """
    check_readable(path)
    claims = {key: feed.recognises(path) for key, feed in feeds.FEEDS.items()}
    surest = max(claims.values(), default=Confidence.NONE)
    if surest is Confidence.NONE:
        raise ReportRefusedError(
            f"No feed recognises {path}; asked: {_listed(claims)}.",
            remedy="Check that it is a report. If so, name its feed: baken ingest --feed KEY.",
        )
    found = [key for key, claim in claims.items() if claim is surest]
    if len(found) > 1:
        raise ReportRefusedError(
            f"{path} may be a report of several feeds: {_listed(found)}.",
            remedy="Name its feed: baken ingest --feed KEY.",
        )
    return feeds.FEEDS[found[0]]


def is_report_name(name: str) -> bool:
    """Whether the reports of any feed are named like this."""
    endings = tuple(ending for feed in feeds.FEEDS.values() for ending in feed.file_endings)
    return name.lower().endswith(endings)


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))
