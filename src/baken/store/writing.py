"""Writes one report's observations, in a thread of its own, so that reading and matching go on.

Rows wait in memory until a row group is worth writing; how much waits is bounded, and so is the
queue of pieces. A writer that falls behind makes the reader wait.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from baken.core.errors import StoreError
from baken.core.observation import OBSERVATION_SCHEMA
from baken.store.files import NewFile, Place, WrittenFile
from baken.store.layout import PENDING_BYTES, ROW_GROUP_ROWS, writer_options

_IN_LINE: Final = 2
"""How many pieces of a report may wait for the thread."""

_OPEN_FILES: Final = 8
"""How many days are open at once; the one written to least recently is closed for the next."""


class ReportWriter:
    """Writes one report; `finish` puts the files in place, leaving without it removes them.

    Use as a context manager. `path_of` names the file for a day and a part of it.
    """

    def __init__(self, place: Place, *, path_of: Callable[[date, int], str]) -> None:
        self._files = _DayFiles(place, path_of=path_of)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="baken-store")
        self._in_line: deque[Future[None]] = deque()
        self._is_finished = False

    def __enter__(self) -> ReportWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        if error is not None or not self._is_finished:
            self._files.discard()

    def write(self, observations: pa.RecordBatch) -> None:
        """Add `observations`, each to the day on which it was seen (UTC).

        Raises, now or at a later call, `StoreFullError` or `StoreUnavailableError`.
        """
        while len(self._in_line) >= _IN_LINE:
            self._in_line.popleft().result()
        self._in_line.append(self._thread.submit(self._files.add, observations))

    def finish(self) -> list[WrittenFile]:
        """Put the files in place, and say what each holds; nobody reads one before it is listed."""
        while self._in_line:
            self._in_line.popleft().result()
        written = self._thread.submit(self._files.finish).result()
        self._is_finished = True
        return written


class _DayFiles:
    """The files of one report, one or more a day. All but `discard` runs in the writer's thread."""

    def __init__(self, place: Place, *, path_of: Callable[[date, int], str]) -> None:
        self._place = place
        self._path_of = path_of
        self._pending: dict[date, _Pending] = {}
        self._open: dict[date, _OpenFile] = {}
        """By when they were last written to, longest ago first."""
        self._parts: dict[date, int] = {}
        self._written: list[WrittenFile] = []

    def add(self, observations: pa.RecordBatch) -> None:
        for day, rows in _by_day(observations):
            pending = self._pending.setdefault(day, _Pending())
            pending.add(rows)
            if pending.rows >= ROW_GROUP_ROWS:
                self._write(day)
        while sum(pending.size_bytes for pending in self._pending.values()) > PENDING_BYTES:
            self._write(max(self._pending, key=lambda day: self._pending[day].size_bytes))

    def finish(self) -> list[WrittenFile]:
        for day in list(self._pending):
            self._write(day)
        for day in list(self._open):
            self._close(day)
        return self._written

    def discard(self) -> None:
        """Remove what was written so far, as far as the place can."""
        for file in self._open.values():
            file.discard()
        for written in self._written:
            try:
                self._place.remove(written.path)
            except StoreError:
                return  # the sweep removes it when the place answers again

    def _write(self, day: date) -> None:
        rows = self._pending.pop(day).table()
        file = self._open.pop(day, None) or self._begin(day)
        self._open[day] = file
        file.write(rows)

    def _begin(self, day: date) -> _OpenFile:
        if len(self._open) >= _OPEN_FILES:
            self._close(next(iter(self._open)))
        part = self._parts.get(day, 0)
        self._parts[day] = part + 1
        return _OpenFile(self._place, path=self._path_of(day, part), day=day)

    def _close(self, day: date) -> None:
        self._written.append(self._open[day].commit())
        del self._open[day]


class _Pending:
    """The rows of one day that wait for their row group."""

    def __init__(self) -> None:
        self._pieces: list[pa.RecordBatch] = []
        self.rows = 0
        self.size_bytes = 0

    def add(self, rows: pa.RecordBatch) -> None:
        self._pieces.append(rows)
        self.rows += rows.num_rows
        self.size_bytes += rows.nbytes

    def table(self) -> pa.Table:
        return pa.Table.from_batches(self._pieces, schema=OBSERVATION_SCHEMA)


class _OpenFile:
    """A file of one day that is being written."""

    def __init__(self, place: Place, *, path: str, day: date) -> None:
        self._path = path
        self._day = day
        self._sink = _Sink(place.create(path))
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), OBSERVATION_SCHEMA, **writer_options()
        )
        self._rows = 0
        self._kinds: set[str] = set()
        self._moments: list[datetime] = []
        self._has_cves = False

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self._rows += rows.num_rows
        self._kinds.update(pc.unique(rows["finding_kind"]).to_pylist())
        self._moments += pc.min_max(rows["observed_at"]).as_py().values()
        self._has_cves |= (pc.max(pc.list_value_length(rows["cves"])).as_py() or 0) > 0

    def commit(self) -> WrittenFile:
        self._writer.close()
        self._sink.file.commit()
        return WrittenFile(
            path=self._path,
            size_bytes=self._sink.size_bytes,
            sha256=self._sink.digest.hexdigest(),
            day=self._day,
            rows=self._rows,
            observed_from=min(self._moments),
            observed_until=max(self._moments),
            finding_kinds=tuple(sorted(self._kinds)),
            has_cves=self._has_cves,
        )

    def discard(self) -> None:
        self._sink.is_open = False
        self._sink.file.discard()


class _Sink:
    """What pyarrow writes to: hands the bytes on, and counts and hashes them on the way."""

    def __init__(self, file: NewFile) -> None:
        self.file = file
        self.size_bytes = 0
        self.digest = hashlib.sha256()
        self.is_open = True

    @property
    def closed(self) -> bool:
        return not self.is_open

    def write(self, data: bytes) -> int:
        if not self.is_open:  # the footer, when a writer that was given up is closed
            return len(data)
        self.file.write(data)
        self.digest.update(data)
        self.size_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size_bytes

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """The file itself is committed or discarded by who made it."""


def _by_day(observations: pa.RecordBatch) -> Iterator[tuple[date, pa.RecordBatch]]:
    days = pc.cast(pc.floor_temporal(observations["observed_at"], unit="day"), pa.date32())
    counted = pc.value_counts(days)
    if len(counted) == 1:
        yield counted[0]["values"].as_py(), observations
        return
    observations = observations.take(pc.sort_indices(days))
    start = 0
    for one in sorted(counted.to_pylist(), key=lambda one: one["values"]):
        yield one["values"], observations.slice(start, one["counts"])
        start += one["counts"]
