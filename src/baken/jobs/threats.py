"""Makes an occasion from a file: chooses the finding kinds and feeds that there are."""

from __future__ import annotations

from pathlib import Path

from baken import feeds
from baken.advice import written_kinds
from baken.core.errors import OccasionError
from baken.occasions.models import Occasion
from baken.occasions.services import create_threat_occasion, read_threat


def make_occasion(path: Path) -> Occasion:
    """The occasion that the TOML file `path` describes, not yet released.

    Raises `OccasionError`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OccasionError(
            f"{path} cannot be read: {error}.", remedy="Give a TOML file in UTF-8; see docs/howto."
        ) from error
    threat = read_threat(text, finding_kinds=known_finding_kinds(), feeds=feeds.FEEDS.keys())
    return create_threat_occasion(threat)


def known_finding_kinds() -> frozenset[str]:
    """Every finding kind that a report can bring, or that has advice of its own."""
    return written_kinds().union(*(feed.finding_kinds() for feed in feeds.FEEDS.values()))
