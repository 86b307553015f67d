"""The work that finds unknown systems in what is stored, here or in the workers of a cluster.

No database is in it; see `baken.cases.stored_work`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from baken.cases.stored_work import COUNTS, Source, Store, counts_of, missed
from baken.cases.unknown_columns import READ, observed_systems
from baken.cases.unknown_rows import part_rows, written
from baken.core.errors import StoredFileDamagedError
from baken.core.selection import Selection
from baken.matching import MATCHED_COLUMNS

ROW_COUNTS: Final = ("owned", "unknown", "attacker", "role_unknown", "red")
"""What became of each row, by the names of `baken.cases.unknown_systems.UnknownRows`.

Together they are all rows."""


@dataclass(frozen=True, slots=True)
class FindUnknown:
    """Find the rows without an owner: one row a piece, with the systems that they are about."""

    store: Store
    selection: Selection

    schema = pa.schema(
        [
            *COUNTS,
            *(pa.field(f"rows_{name}", pa.int64()) for name in ROW_COUNTS),
            pa.field("systems", pa.binary()),  # an Arrow stream
        ]
    )

    def read(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The columns of a system, of what is selected."""
        columns = (*MATCHED_COLUMNS, *READ)
        return self.store.scan(source, columns=columns, selection=self.selection)

    def on_match(self, source: Source, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """See `baken.matching.Work.on_match`."""
        parted = part_rows(observations, matches)
        kept = parted.unknown | parted.red
        counts = {f"rows_{name}": int(getattr(parted, name).sum()) for name in ROW_COUNTS}
        systems = b""
        if kept.any():
            chosen = observations.filter(pa.array(kept))
            found = observed_systems(chosen, operators=_operators(matches, kept=kept))
            systems = written(found)
        row = {**counts_of(source, observations, matches), **counts, "systems": systems}
        return pa.Table.from_pylist([row], schema=self.schema)

    def on_damage(self, source: Source, error: StoredFileDamagedError) -> pa.Table:
        """See `baken.matching.Work.on_damage`."""
        counts = {f"rows_{name}": 0 for name in ROW_COUNTS}
        return pa.Table.from_pylist([{**missed(source, error), **counts}], schema=self.schema)


def _operators(matches: pa.Table, *, kept: npt.NDArray[np.bool_]) -> pl.DataFrame | None:
    """Who the operators of the rows `kept` are, by the place that a row has among those."""
    rows = matches["row"].to_numpy()
    is_kept = kept[rows]
    if not is_kept.any():
        return None
    places = np.cumsum(kept) - 1
    return pl.DataFrame(
        {
            "row": places[rows[is_kept]].astype(np.uint32),
            "organisation_id": matches["organisation_id"].to_numpy()[is_kept],
        }
    )
