"""What the client of the web remembers of servers: who is silent, and where names lead."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

_MOST_REMEMBERED: Final = 4_096


class SilentServers:
    """How often each server did not answer in a row."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, host: str) -> int:
        """Once more for `host`; how often in all."""
        with self._lock:
            times = self._times.pop(host, 0) + 1
            if len(self._times) >= _MOST_REMEMBERED:
                self._times.pop(next(iter(self._times)))
            self._times[host] = times
            return times

    def forget(self, host: str) -> None:
        """It answered, or is let alone by now."""
        if host in self._times:
            with self._lock:
                self._times.pop(host, None)


class NameMemory:
    """Where names lead, for as long as the DNS said and at most some minutes."""

    def __init__(self, clock: Callable[[], float], *, most_seconds: float) -> None:
        self._clock = clock
        self._most_seconds = most_seconds
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def get(self, host: str) -> tuple[str, ...]:
        """The addresses of `host`; none when they are not known any more."""
        until, addresses = self._known.get(host, (0.0, ()))
        return addresses if self._clock() < until else ()

    def put(self, host: str, addresses: tuple[str, ...], *, seconds: int) -> None:
        """Remember `addresses` for at most `seconds`."""
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[host] = self._clock() + min(seconds, self._most_seconds), addresses
