"""Finds the systems in the store that no organisation that we know owns; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from baken.cases.stored_work import Source
from baken.cases.unknown_columns import add_up_systems, as_unknown_systems
from baken.cases.unknown_work import ROW_COUNTS, FindUnknown
from baken.core.classification import Tlp
from baken.core.errors import StoredFileDamagedError
from baken.core.unknown_system import UNKNOWN_SYSTEM_SCHEMA
from baken.intake.selectors import still_to_be_read
from baken.matching import Engine

_SUMMED_AT: Final = 1 << 20
"""So many rows are gathered at least before they are added up."""


@dataclass(frozen=True, slots=True)
class UnknownRows:
    """What became of the rows that are selected. Each row is counted once."""

    owned: int = 0
    """Of a system that an organisation owns."""
    unknown: int = 0
    """Of an unknown system."""
    attacker: int = 0
    """Of nobody's system, and the address is an attacker's."""
    role_unknown: int = 0
    """Of nobody's system, and nobody has said whose side the address is on."""
    red: int = 0
    """Of an unknown system, and TLP:RED."""

    @property
    def selected(self) -> int:
        """All of them."""
        return self.owned + self.unknown + self.attacker + self.role_unknown + self.red


@dataclass(frozen=True, slots=True)
class FoundUnknown:
    """The unknown systems in what an occasion selects of the store."""

    rows: UnknownRows
    systems: pa.Table
    """`UNKNOWN_SYSTEM_SCHEMA`, the newest sighting first. What was seen of them under TLP:RED does
    not count here."""
    red: pa.Table
    """The same, of what is TLP:RED: it goes nowhere without the permission of its source."""
    problems: Sequence[StoredFileDamagedError]
    """The files that could not be read to the end."""


def find_unknown(
    sources: Sequence[Source],
    work: FindUnknown,
    *,
    engine: Engine,
    progress: Callable[[int], None],
) -> FoundUnknown:
    """The unknown systems in `sources`. `progress` is called with the rows selected so far.

    What is in memory grows with the systems, and not with the rows about them. Raises
    `StoreUnavailableError`, `SparkUnavailableError`.
    """
    totals = dict.fromkeys(ROW_COUNTS, 0)
    problems: dict[str, StoredFileDamagedError] = {}
    gathered = _Gathered()
    rows = 0
    with closing(engine.run(sources, work)) as pieces:
        for piece in pieces:
            for one in piece.to_pylist():
                rows += one["rows"]
                for name in ROW_COUNTS:
                    totals[name] += one[f"rows_{name}"]
                if one["systems"]:
                    gathered.add(pl.read_ipc_stream(one["systems"]))
                if one["problem"]:
                    problems[one["path"]] = StoredFileDamagedError(
                        one["problem"], remedy=one["remedy"]
                    )
            progress(rows)
    listed = still_to_be_read(problems)
    told = [problem for path, problem in problems.items() if path in listed]
    systems, red = gathered.systems()
    return FoundUnknown(UnknownRows(**totals), systems, red, told)


class _Gathered:
    """The systems of the pieces so far, added up now and then."""

    def __init__(self) -> None:
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self._sum_at = _SUMMED_AT

    def add(self, systems: pl.DataFrame) -> None:
        self._waiting.append(systems)
        self._rows += systems.height
        if self._rows > self._sum_at:
            self._sum()

    def systems(self) -> tuple[pa.Table, pa.Table]:
        """All but TLP:RED, and TLP:RED; see `FoundUnknown`."""
        if not self._waiting:
            empty = UNKNOWN_SYSTEM_SCHEMA.empty_table()
            return empty, empty
        self._sum()
        (summed,) = self._waiting
        is_red = summed["tlp"] == Tlp.RED.value
        return as_unknown_systems(summed.filter(~is_red)), as_unknown_systems(summed.filter(is_red))

    def _sum(self) -> None:
        summed = add_up_systems(pl.concat(self._waiting))
        self._waiting, self._rows = [summed], summed.height
        # As much again may come before the next time: so all sums together take linear time.
        self._sum_at = summed.height + max(summed.height, _SUMMED_AT)
