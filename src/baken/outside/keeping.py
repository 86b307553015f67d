"""What is kept about requests that leave the house: each one, and how many a server may get.

`MemoryLog` and `MemoryBudgets` keep it for as long as the process lives.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that left the house."""

    asked_at: datetime
    server: str
    """The host of a URL, or the first DNS server; empty for a resolver of the system."""
    what: str
    """The URL, or the type and the name of a DNS question."""
    why: str
    outcome: str
    """In one word: ``answered``, ``redirected``, a `fetching.FetchFailure` or a `dns.Answered`."""
    bytes_received: int
    """As they came, packed, with headers and without TLS; 0 for the DNS, which does not say."""
    milliseconds: int
    address: str = ""
    """The IP address that was connected to; empty when none was."""


class RequestLog(Protocol):
    """Where requests are written down; for any number of threads."""

    def record(self, asked: Asked) -> None:
        """Write down that `asked` left the house. Must be quick, and must not raise."""
        ...


class Budgets(Protocol):
    """How often a server may be asked, and from when again; for any number of threads."""

    def take(self, server: str, now: datetime, *, at_most: int | None = None) -> datetime | None:
        """Count one request to the host `server`; or, when it may not be asked, from when again.

        `at_most` is how many requests it may get a day.
        """
        ...

    def pause(self, server: str, until: datetime) -> None:
        """Let `server` alone before `until`; an earlier, longer pause stays."""
        ...


class NoLog:
    """Writes nothing down: where nothing leaves the house on behalf of a system."""

    def record(self, asked: Asked) -> None:
        """Nothing."""


@dataclass(slots=True)
class MemoryLog:
    """A list of what was asked, in the order in which it ended."""

    asked: list[Asked] = field(default_factory=list)

    def record(self, asked: Asked) -> None:
        """Add `asked` to the list."""
        self.asked.append(asked)  # a single step under the interpreter's lock


class MemoryBudgets:
    """Counts requests by server and day, in UTC.

    `per_day` holds the servers with a limit; the others have none.
    """

    def __init__(self, per_day: Mapping[str, int] | None = None) -> None:
        self._per_day: Final = dict(per_day or {})
        self._taken: Counter[str] = Counter()
        self._paused_until: dict[str, datetime] = {}
        self._day = datetime.min.replace(tzinfo=UTC).date()
        self._lock = threading.Lock()

    def take(self, server: str, now: datetime, *, at_most: int | None = None) -> datetime | None:
        """None, and one request counted; or from when `server` may be asked again."""
        with self._lock:
            self._begin_day(now)
            paused_until = self._paused_until.get(server)
            if paused_until is not None and now < paused_until:
                return paused_until
            limit = self._per_day.get(server, at_most)
            if limit is not None and self._taken[server] >= limit:
                tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
                return datetime.combine(tomorrow, time(), UTC)
            if limit is not None:
                self._taken[server] += 1
            return None

    def pause(self, server: str, until: datetime) -> None:
        """Let `server` alone before `until`."""
        with self._lock:
            earlier = self._paused_until.get(server, until)
            self._paused_until[server] = max(until, earlier)

    def _begin_day(self, now: datetime) -> None:
        today = now.astimezone(UTC).date()
        if today != self._day:
            self._day = today
            self._taken.clear()
            self._paused_until = {
                server: until for server, until in self._paused_until.items() if now < until
            }
