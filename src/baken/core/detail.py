"""Details: the distinct values that one system showed, each with when and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

MOST_KEPT: Final = 100
"""How many details of one case are kept; of the others only how many there were."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One value that a system showed under one name: a family, a CVE, an exposure, a version."""

    name: str
    """What the feed calls it, such as ``family``; ``cve`` for a CVE number."""
    value: str
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int
