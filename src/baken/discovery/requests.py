"""Writes down every request that left the house, and how much each server may still be asked.

The clients report from many threads; what they report is kept by the one thread that has the
database (`save`).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from baken.discovery.models import OutsideRequest, ServerState
from baken.outside.keeping import Asked

KEPT_FOR: Final = timedelta(days=90)
"""So long it can be told whom we asked what."""


class KeptRequests:
    """The `RequestLog` and the `Budgets` of the clients, kept in the database."""

    def __init__(self, per_day: Mapping[str, int], *, now: datetime) -> None:
        """`per_day` holds the servers with a limit. Reads what was asked today before."""
        self._per_day = dict(per_day)
        self._came: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._today = now.astimezone(UTC).date()
        self._taken: dict[str, int] = {}
        self._paused: dict[str, datetime] = {}
        self._changed: set[str] = set()
        for state in ServerState.objects.all():
            if state.day == self._today:
                self._taken[state.server] = state.asked
            if state.paused_until is not None and now < state.paused_until:
                self._paused[state.server] = state.paused_until

    def record(self, asked: Asked) -> None:
        """See `baken.outside.keeping.RequestLog`."""
        self._came.put(asked)

    def take(self, server: str, now: datetime) -> datetime | None:
        """See `baken.outside.keeping.Budgets`."""
        with self._lock:
            today = now.astimezone(UTC).date()
            if today != self._today:
                self._today = today
                self._taken.clear()
            paused_until = self._paused.get(server)
            if paused_until is not None and now < paused_until:
                return paused_until
            taken = self._taken.get(server, 0)
            limit = self._per_day.get(server)
            if limit is not None and taken >= limit:
                return datetime.combine(today + timedelta(days=1), time(), UTC)
            self._taken[server] = taken + 1
            if limit is not None:
                self._changed.add(server)
            return None

    def pause(self, server: str, until: datetime) -> None:
        """See `baken.outside.keeping.Budgets`."""
        with self._lock:
            self._paused[server] = max(until, self._paused.get(server, until))
            self._changed.add(server)

    def save(self) -> None:
        """Write what came since the last time to the database, in the transaction of the caller."""
        came = []
        while not self._came.empty():
            came.append(self._came.get())
        OutsideRequest.objects.bulk_create(map(_row, came))
        with self._lock:
            states = [
                ServerState(
                    server=server,
                    day=self._today,
                    asked=self._taken.get(server, 0),
                    paused_until=self._paused.get(server),
                )
                for server in sorted(self._changed)
            ]
            self._changed.clear()
        ServerState.objects.bulk_create(
            states,
            update_conflicts=True,
            unique_fields=["server"],
            update_fields=["day", "asked", "paused_until"],
        )


def forget_old_requests(*, now: datetime) -> int:
    """Remove what was asked longer ago than `KEPT_FOR`; how many."""
    removed, _ = OutsideRequest.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
    ServerState.objects.filter(day__lt=(now - KEPT_FOR).date()).delete()
    return removed


def _row(asked: Asked) -> OutsideRequest:
    return OutsideRequest(
        asked_at=asked.asked_at,
        server=asked.server[:253],
        address=asked.address[:45],
        what=asked.what[:2048],
        why=asked.why[:200],
        outcome=asked.outcome[:32],
        received_bytes=asked.bytes_received,
        milliseconds=asked.milliseconds,
    )
