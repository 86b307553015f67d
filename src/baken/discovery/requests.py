"""Writes down every request that left the house, and how much each server may still be asked.

The clients report from many threads; what they report is kept by the one thread that has the
database (`save`).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.db import connection

from baken.core.lookup import LookupAnswer
from baken.discovery.models import OutsideRequest, ServerState
from baken.outside.keeping import Asked

KEPT_FOR: Final = timedelta(days=90)
"""So long it can be told whom we asked what."""


class KeptRequests:
    """The `RequestLog` and the `Budgets` of the clients, kept in the database."""

    def __init__(self, personal_per_day: Mapping[str, int], *, now: datetime) -> None:
        """`personal_per_day` holds how many data sets of persons a server gives a day at most.

        Reads what was given today before.
        """
        self._personal_per_day = dict(personal_per_day)
        self._came: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._today = now.astimezone(UTC).date()
        self._taken: dict[str, int] = {}
        self._personal: dict[str, int] = {}
        self._paused: dict[str, datetime] = {}
        self._changed: set[str] = set()
        for state in ServerState.objects.all():
            if state.day == self._today:
                self._taken[state.server] = state.asked
                self._personal[state.server] = state.personal_sets
            if state.paused_until is not None and now < state.paused_until:
                self._paused[state.server] = state.paused_until

    def record(self, asked: Asked) -> None:
        """See `baken.outside.keeping.RequestLog`."""
        self._came.put(asked)

    def take(self, server: str, now: datetime, *, at_most: int | None = None) -> datetime | None:
        """See `baken.outside.keeping.Budgets`."""
        with self._lock:
            today = now.astimezone(UTC).date()
            if today != self._today:
                self._today = today
                self._taken.clear()
                self._personal.clear()
            paused_until = self._paused.get(server)
            if paused_until is not None and now < paused_until:
                return paused_until
            limit = self._personal_per_day.get(server)
            if limit is not None and self._personal.get(server, 0) >= limit:
                return datetime.combine(today + timedelta(days=1), time(), UTC)
            if at_most is not None and self._taken.get(server, 0) >= at_most:
                return datetime.combine(today + timedelta(days=1), time(), UTC)
            self._taken[server] = self._taken.get(server, 0) + 1
            if limit is not None or at_most is not None:
                self._changed.add(server)
            return None

    def pause(self, server: str, until: datetime) -> None:
        """See `baken.outside.keeping.Budgets`."""
        with self._lock:
            self._paused[server] = max(until, self._paused.get(server, until))
            self._changed.add(server)

    def save(self, answers: Sequence[LookupAnswer] = ()) -> None:
        """Write what came since the last time to the database, in the transaction of the caller.

        `answers` are those that came with it: they say how many persons are in them.
        """
        came = []
        while not self._came.empty():
            came.append(self._came.get())
        if came:
            with connection.cursor() as cursor, cursor.copy(_COPY_REQUESTS) as copy:
                for asked in came:
                    copy.write_row(_row(asked))
        with self._lock:
            for answer in answers:
                server = urlsplit(answer.source).hostname if answer.personal_sets else None
                if server:
                    self._personal[server] = self._personal.get(server, 0) + answer.personal_sets
                    self._changed.add(server)
            states = [
                ServerState(
                    server=server,
                    day=self._today,
                    asked=self._taken.get(server, 0),
                    personal_sets=self._personal.get(server, 0),
                    paused_until=self._paused.get(server),
                )
                for server in sorted(self._changed)
            ]
            self._changed.clear()
        ServerState.objects.bulk_create(
            states,
            update_conflicts=True,
            unique_fields=["server"],
            update_fields=["day", "asked", "personal_sets", "paused_until"],
        )


def forget_old_requests(*, now: datetime) -> int:
    """Remove what was asked longer ago than `KEPT_FOR`; how many."""
    removed, _ = OutsideRequest.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
    ServerState.objects.filter(day__lt=(now - KEPT_FOR).date()).delete()
    return removed


# COPY: the ORM quotes each value of each row by itself, which took a tenth of the time of a search.
_COPY_REQUESTS: Final = """
COPY discovery_outsiderequest
    (asked_at, server, address, what, why, outcome, received_bytes, milliseconds)
FROM STDIN
"""


def _row(asked: Asked) -> tuple[datetime, str, str, str, str, str, int, int]:
    """`asked` in the order of the columns."""
    return (
        asked.asked_at,
        asked.server[:253],
        asked.address[:45],
        asked.what[:2048],
        asked.why[:200],
        asked.outcome[:32],
        asked.bytes_received,
        asked.milliseconds,
    )
