"""Looks back over the store for the organisations that an occasion concerns; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from baken.cases.stored_work import WHO, CountWhoIsSeen, Source
from baken.core.errors import StoredFileDamagedError
from baken.intake.selectors import still_to_be_read
from baken.matching import Engine

_SUMMED_AT: Final = 1 << 23
"""How many rows are gathered before they are summed. Each sum goes over all organisations again, so
this is several times a nation's organisations."""


@dataclass(frozen=True, slots=True)
class LookedBack:
    """Who is seen in what an occasion selects of the store."""

    rows: int
    """Rows that it selects."""
    rows_matched: int
    seen: pa.Table
    """One row an organisation, whether it is owner, and whether what was seen is TLP:RED; with how
    many rows, and the first and last of them: `WHO`, rows, first_seen_at, last_seen_at."""
    systems_unknown: int
    """How many systems nobody owns; as many as `find_unknown` lists."""
    problems: Sequence[StoredFileDamagedError]
    """The files that could not be read to the end."""


def look_back(
    sources: Sequence[Source],
    work: CountWhoIsSeen,
    *,
    engine: Engine,
    progress: Callable[[int], None],
) -> LookedBack:
    """Who is seen in `sources`. `progress` is called with the rows selected so far.

    Raises `StoreUnavailableError`, `SparkUnavailableError`.
    """
    rows = matched = 0
    problems: dict[str, StoredFileDamagedError] = {}
    waiting: list[pa.Table] = []
    unknown = _Distinct()
    with closing(engine.run(sources, work)) as pieces:
        for piece in pieces:
            is_count = pc.is_null(piece["organisation_id"])
            for count in piece.filter(is_count).to_pylist():
                rows, matched = rows + count["rows"], matched + count["rows_matched"]
                if count["unknown"]:
                    unknown.add(pl.read_ipc_stream(count["unknown"]))
                if count["problem"]:
                    problems[count["path"]] = StoredFileDamagedError(
                        count["problem"], remedy=count["remedy"]
                    )
            waiting.append(piece.filter(pc.invert(is_count)).select(_SEEN))
            if sum(table.num_rows for table in waiting) > _SUMMED_AT:
                waiting = [_sum(waiting)]
            progress(rows)
    listed = still_to_be_read(problems)
    told = [problem for path, problem in problems.items() if path in listed]
    return LookedBack(rows, matched, _sum(waiting), unknown.count(), told)


class _Distinct:
    """Counts the distinct rows of many frames of one schema."""

    def __init__(self) -> None:
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self._look_at = _SUMMED_AT

    def add(self, frame: pl.DataFrame) -> None:
        self._waiting.append(frame)
        self._rows += frame.height
        if self._rows > self._look_at:
            # As much again may come before the next time: so all times together are linear.
            self._look_at = self.count() + max(self._rows, _SUMMED_AT)

    def count(self) -> int:
        """How many there are so far."""
        if self._waiting:
            distinct = pl.concat(self._waiting).unique()
            self._waiting, self._rows = [distinct], distinct.height
        return self._rows


_SEEN: Final = [*WHO, "rows", "first_seen_at", "last_seen_at"]


def _sum(tables: Sequence[pa.Table]) -> pa.Table:
    empty = CountWhoIsSeen.schema.empty_table().select(_SEEN)
    summed = pa.concat_tables([empty, *tables]).group_by(WHO)
    summed = summed.aggregate([("rows", "sum"), ("first_seen_at", "min"), ("last_seen_at", "max")])
    return summed.rename_columns(
        {"rows_sum": "rows", "first_seen_at_min": "first_seen_at",
         "last_seen_at_max": "last_seen_at"}
    ).select(_SEEN)  # fmt: skip
