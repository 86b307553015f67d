"""The work that finds what is stored about systems of discovered organisations.

No database is in it; see `baken.cases.stored_work`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from baken.cases.sightings import copy_text, find_sightings
from baken.cases.stored_work import COUNTS, Source, Store, counts_of, missed
from baken.cases.unknown_columns import named_systems
from baken.cases.unknown_rows import part_rows
from baken.core.errors import StoredFileDamagedError
from baken.core.selection import Selection
from baken.matching import MATCH_SCHEMA, MatchRule

DISCOVERED_OWNER_SCHEMA: Final = pa.schema(
    [
        # As baken.core.unknown_system.UnknownSystem has them.
        pa.field("finding_kind", pa.string(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
        pa.field("organisation_id", pa.int64(), nullable=False),
    ]
)
"""Whose each unknown system is, as lookups found."""

_NO_ASSET: Final = 0
"""No id of an asset: a discovered organisation has none."""


@dataclass(frozen=True, slots=True)
class FindDiscovered:
    """Find the rows that no registered organisation owns and whose system is in `owners`.

    One row a piece, with what becomes cases of it, as `FindSightings` gives it.
    """

    store: Store
    selection: Selection
    owners: pa.Table
    """DISCOVERED_OWNER_SCHEMA"""

    schema = pa.schema([*COUNTS, pa.field("sightings", pa.binary())])

    def read(self, source: Source) -> Iterator[pa.RecordBatch]:
        """All columns of what is selected, once the whole file is found to be right."""
        return self.store.read(source, selection=self.selection)

    def on_match(self, source: Source, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """See `baken.matching.Work.on_match`."""
        found = self._found(observations, matches)
        counts = counts_of(source, observations, found)
        text = copy_text(find_sightings(observations, found)) if found.num_rows else b""
        return pa.Table.from_pylist([{**counts, "sightings": text}], schema=self.schema)

    def on_damage(self, source: Source, error: StoredFileDamagedError) -> pa.Table:
        """See `baken.matching.Work.on_damage`."""
        return pa.Table.from_pylist([missed(source, error)], schema=self.schema)

    def _found(self, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """Which rows are whose, as MATCH_SCHEMA."""
        unknown = part_rows(observations, matches).unknown
        systems = named_systems(observations).with_row_index("row").filter(pl.Series(unknown))
        owners = pl.DataFrame(self.owners)
        mine = systems.join(owners, on=["finding_kind", "system"], how="inner").sort("row")
        rows = mine.height
        return pa.table(
            {
                "row": mine["row"].to_arrow().cast(pa.uint32()),
                "organisation_id": mine["organisation_id"].to_arrow(),
                "asset_id": pa.array([_NO_ASSET] * rows, pa.int64()),
                "relation": pa.array(["owner"] * rows).dictionary_encode().cast(_WORD),
                "rule": pa.array([MatchRule.DISCOVERED.value] * rows)
                .dictionary_encode()
                .cast(_WORD),
                "is_shared": pa.array([False] * rows, pa.bool_()),
            },
            schema=MATCH_SCHEMA,
        )


_WORD: Final = MATCH_SCHEMA.field("rule").type
