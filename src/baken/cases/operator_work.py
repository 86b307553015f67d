"""The work that finds what is stored about systems that their operators are asked to pass on.

No database is in it; see `baken.cases.stored_work`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from baken.cases.stored_work import COUNTS, Source, Store, counts_of, missed
from baken.cases.systems import addresses
from baken.cases.unknown_columns import named_systems
from baken.cases.unknown_rows import part_rows, written
from baken.core.classification import Tlp
from baken.core.detail import FAMILIES
from baken.core.errors import StoredFileDamagedError
from baken.core.observation import AffectedRole
from baken.core.passing_on import MOST_MOMENTS
from baken.core.selection import Selection

TO_PASS_ON_SCHEMA: Final = pa.schema(
    [
        # As baken.core.unknown_system.UnknownSystem has them.
        pa.field("finding_kind", pa.string(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
    ]
)
"""The systems whose operators are asked."""

_OF_NEWEST: Final = (
    "address", "host_name", "port", "transport", "affected_role", "address_role", "feed",
    "report_type", "rsit_type", "product", "family",
)  # fmt: skip
_LABELS: Final = {label.rank: label.value for label in Tlp}
_RANKS: Final = {label.value: label.rank for label in Tlp}


@dataclass(frozen=True, slots=True)
class FindForOperators:
    """Find the rows that no registered organisation owns and whose system is in `wanted`.

    One row a piece, with the systems of it added up.
    """

    store: Store
    selection: Selection
    wanted: pa.Table
    """TO_PASS_ON_SCHEMA"""

    schema = pa.schema([*COUNTS, pa.field("systems", pa.binary())])

    def read(self, source: Source) -> Iterator[pa.RecordBatch]:
        """All columns of what is selected, once the whole file is found to be right."""
        return self.store.read(source, selection=self.selection)

    def on_match(self, source: Source, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """See `baken.matching.Work.on_match`."""
        found = self._found(observations, matches)
        systems = b"" if found is None else written(found)
        row = {**counts_of(source, observations, matches), "systems": systems}
        return pa.Table.from_pylist([row], schema=self.schema)

    def on_damage(self, source: Source, error: StoredFileDamagedError) -> pa.Table:
        """See `baken.matching.Work.on_damage`."""
        return pa.Table.from_pylist([missed(source, error)], schema=self.schema)

    def _found(self, observations: pa.RecordBatch, matches: pa.Table) -> pl.DataFrame | None:
        unknown = part_rows(observations, matches).unknown
        systems = named_systems(observations).with_row_index("row").filter(pl.Series(unknown))
        mine = systems.join(
            pl.DataFrame(self.wanted), on=["finding_kind", "system"], how="semi"
        ).sort("row")
        if mine.is_empty():
            return None
        rows = observations.take(mine["row"].to_arrow())
        return add_up(_in_columns(rows).hstack([mine["system"]]))


def add_up(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a system of `frame`; what the newest row says counts where rows differ."""
    ordered = frame.sort("last_seen_at", maintain_order=True)
    summed = ordered.group_by("finding_kind", "system", maintain_order=True).agg(
        *(pl.col(name).last() for name in _OF_NEWEST),
        pl.col("severity").max(),
        pl.col("tlp").replace_strict(_RANKS, return_dtype=pl.UInt8).max(),
        pl.col("cves").list.explode().drop_nulls().unique().sort(),
        pl.col("first_seen_at").min(),
        pl.col("last_seen_at").max(),
        pl.col("sightings").sum(),
        pl.col("sent_from").list.explode().drop_nulls().unique().sort().tail(MOST_MOMENTS),
    )
    return summed.with_columns(pl.col("tlp").replace_strict(_LABELS, return_dtype=pl.String))


def _in_columns(rows: pa.RecordBatch) -> pl.DataFrame:
    """What `add_up` adds up, of each row by itself."""
    evidence = rows["evidence"]
    families = [pc.map_lookup(evidence, name, "first") for name in FAMILIES]
    frame = pl.DataFrame(rows.drop_columns(["evidence"]))
    is_sender = (pl.col("affected_role") == AffectedRole.SOURCE.value) & pl.col(
        "port"
    ).is_not_null()
    moment = pl.struct(at="observed_at", port="port")
    return frame.with_columns(address=addresses(frame)).select(
        "finding_kind", "address", "host_name", "port", "transport", "affected_role",
        "address_role", "report_type", "rsit_type", "product", "severity", "tlp",
        pl.col("source").alias("feed"),
        pl.Series("family", pc.coalesce(*families), dtype=pl.String),
        pl.col("cves").fill_null([]),
        pl.col("observed_at").alias("first_seen_at"),
        pl.col("observed_at").alias("last_seen_at"),
        pl.lit(1, pl.Int64).alias("sightings"),
        pl.concat_list(pl.when(is_sender).then(moment)).alias("sent_from"),
    )  # fmt: skip
