"""What a feed says of itself: how sure it is of a file, and how it fares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Confidence(IntEnum):
    """How sure a feed is that a file is a report of its own; ordered, the surest wins."""

    NONE = 0
    """It cannot read the file."""
    POSSIBLE = 1
    """It may be able to: the packing or the ending fits, as it does for other sources."""
    LIKELY = 2
    """The name, or what the file begins with, is as in its own reports."""
    CERTAIN = 3
    """The file says itself where it comes from."""


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """One thing that a feed knows of its own state."""

    is_well: bool
    text: str
    remedy: str = ""
    """What to do when it is not well."""
