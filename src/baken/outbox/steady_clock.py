"""A clock that never goes back, for one run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta


class SteadyClock:
    """Tells what `clock` tells; where that one is set back, it goes on from where it was.

    What a run has tried would count as not tried, and a wait would take as long as the clock was
    set back. For any number of threads.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._told = clock()
        self._told_at = time.monotonic()
        self._asked_by_one = threading.Lock()

    def __call__(self) -> datetime:
        """The time, never before one that was told already."""
        with self._asked_by_one:
            at = time.monotonic()
            self._told += timedelta(seconds=at - self._told_at)
            self._told_at = at
            self._told = max(self._told, self._clock())
            return self._told
