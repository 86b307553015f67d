"""Makes an occasion from a file: chooses the finding kinds and feeds that there are."""

from __future__ import annotations

from pathlib import Path

from baken.advice import written_kinds
from baken.core.errors import OccasionError
from baken.feeds import FEEDS
from baken.feeds.shadowserver import report_table
from baken.occasions.models import Occasion
from baken.occasions.services import create_threat_occasion
from baken.occasions.threats import read_threat


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
    threat = read_threat(text, finding_kinds=known_finding_kinds(), feeds=FEEDS.keys())
    return create_threat_occasion(threat)


def known_finding_kinds() -> frozenset[str]:
    """Every finding kind that a report can bring, or that has advice of its own."""
    table = report_table()
    reported = {report_type.finding_kind for report_type in table.types.values()}
    return written_kinds() | reported | {table.unknown.finding_kind}
