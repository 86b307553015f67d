"""Observations as Parquet files by feed and day, so that a new threat can be looked for in them.

A file carries the content hash of the report it came from. It is written beside its place and
moved there when it is whole: a crash leaves a file that nobody reads and the next try replaces.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from baken.core.observation import OBSERVATION_SCHEMA

_PART_SUFFIX = ".part"


class ObservationStore:
    """The folder that holds the observations of all feeds."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def writer(self, *, feed: str, content_sha256: str) -> ReportWriter:
        """A writer for one report; what an earlier try left under the same hash is replaced."""
        return ReportWriter(self._root / f"feed={feed}", name=content_sha256[:32])

    def read(self, *, feed: str, content_sha256: str) -> Iterator[pa.RecordBatch]:
        """The stored observations of one report, in batches; none when its days have expired."""
        name = f"{content_sha256[:32]}.parquet"
        for path in sorted((self._root / f"feed={feed}").glob(f"day=*/{name}")):
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=100_000)

    def purge(self, *, before: date) -> list[date]:
        """Remove the days before `before`, of all feeds; gives the days that were removed."""
        removed = []
        for folder in sorted(self._root.glob("feed=*/day=*")):
            day = date.fromisoformat(folder.name.removeprefix("day="))
            if day < before:
                shutil.rmtree(folder)
                removed.append(day)
        return removed


class ReportWriter:
    """Writes one report's observations; `commit` makes them readable, leaving without it removes.

    Use as a context manager.
    """

    def __init__(self, feed_folder: Path, *, name: str) -> None:
        self._feed_folder = feed_folder
        self._name = name
        self._writers: dict[date, tuple[pq.ParquetWriter, Path]] = {}

    def __enter__(self) -> ReportWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer, part in self._writers.values():
            writer.close()
            part.unlink(missing_ok=True)

    def write(self, observations: pa.RecordBatch) -> None:
        """Add `observations`, each to the day on which it was seen (UTC)."""
        days = pc.cast(pc.floor_temporal(observations["observed_at"], unit="day"), pa.date32())
        distinct = pc.unique(days).to_pylist()
        for day in distinct:
            rows = observations
            if len(distinct) > 1:
                rows = observations.filter(pc.equal(days, pa.scalar(day, pa.date32())))
            self._writer(day).write_batch(rows)

    def commit(self) -> None:
        """Move the files to their place; what is there is whole."""
        for writer, part in self._writers.values():
            writer.close()
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(part.with_suffix(""))
        self._writers.clear()

    def _writer(self, day: date) -> pq.ParquetWriter:
        if day not in self._writers:
            folder = self._feed_folder / f"day={day.isoformat()}"
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f"{self._name}.parquet{_PART_SUFFIX}"
            writer = pq.ParquetWriter(part, OBSERVATION_SCHEMA, compression="zstd")
            self._writers[day] = (writer, part)
        return self._writers[day][0]
