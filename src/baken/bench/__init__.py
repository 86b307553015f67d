"""Measurements: how fast the work goes on this machine, each as one value that prints as JSON."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

# getrusage counts in KiB, on macOS in bytes.
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure: how many rows in how many seconds, and what that was."""

    measured: str
    """What was done to what, in one sentence."""
    rows: int
    seconds: float
    peak_rss_bytes: int
    """The most memory this process held so far; a database beside it is not in it."""
    details: dict[str, int | float | str] = field(default_factory=dict)

    @property
    def rows_per_second(self) -> int:
        """Whole rows in a second."""
        return round(self.rows / self.seconds) if self.seconds else 0

    def as_json(self) -> dict[str, int | float | str]:
        """The figure as it is printed."""
        return {
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "rows_per_second": self.rows_per_second,
            "peak_rss_bytes": self.peak_rss_bytes,
            "measured": self.measured,
            **self.details,
        }


class Stopwatch:
    """Counts seconds of wall time from its start to its end."""

    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Stopwatch]:
    """A stopwatch that runs as long as the block does."""
    watch = Stopwatch()
    started = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - started


def peak_rss_bytes() -> int:
    """The most memory this process held since it began."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
