"""What is done with stored observations, here or in the workers of a cluster: no database in it.

`baken.cases.unknown_work` holds a third work. All hand on, for each piece that was read, how
many rows it had and how many of them match somebody, so that what was read always adds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from baken.cases.sightings import copy_text, find_sightings
from baken.cases.unknown_columns import IDENTITY_READ, identities
from baken.cases.unknown_rows import part_rows, written
from baken.core.classification import Tlp
from baken.core.errors import StoredFileDamagedError
from baken.core.observation import OBSERVATION_SCHEMA
from baken.core.selection import Selection
from baken.matching import MATCHED_COLUMNS
from baken.store import S3Access, open_store


@dataclass(frozen=True, slots=True)
class Source:
    """A stored file as the database lists it; `batch` is the one that brought it."""

    path: str
    size_bytes: int
    sha256: str
    batch: int
    finding_kinds: tuple[str, ...]
    """All that stand in it."""


@dataclass(frozen=True, slots=True)
class Store:
    """Which store to open, wherever the work is done."""

    url: str
    s3: S3Access
    owner: str

    def read(self, source: Source, *, selection: Selection) -> Iterator[pa.RecordBatch]:
        """The rows of `source` that `selection` covers, in pieces of which none is empty."""
        store = open_store(self.url, s3=self.s3, owner=self.owner)
        pieces = (selection.rows_of(observations) for observations in store.read(source))
        return (piece for piece in pieces if piece.num_rows)

    def scan(
        self, source: Source, *, columns: tuple[str, ...], selection: Selection
    ) -> Iterator[pa.RecordBatch]:
        """Like `read`, but only `columns`, and only what is needed is fetched."""
        store = open_store(self.url, s3=self.s3, owner=self.owner)
        is_mixed = not set(source.finding_kinds) <= set(selection.finding_kinds)
        kinds = selection.finding_kinds if selection.finding_kinds and is_mixed else None
        rest = replace(selection, finding_kinds=())
        needed = tuple(name for name in OBSERVATION_SCHEMA.names
                       if name in columns or name in rest.columns())  # fmt: skip
        for observations in store.scan(source, columns=needed, finding_kinds=kinds):
            covered = rest.rows_of(observations)
            if covered.num_rows:
                yield covered


COUNTS: Final = [
    pa.field("batch", pa.int64()),
    pa.field("rows", pa.int64()),
    pa.field("rows_matched", pa.int64()),
    pa.field("path", pa.string()),
    pa.field("problem", pa.string()),  # why the rest of the file was not read
    pa.field("remedy", pa.string()),
]
"""What every work says of each piece, whatever else it keeps."""


@dataclass(frozen=True, slots=True)
class FindSightings:
    """Match what is stored again: one row a piece, with what becomes cases of it."""

    store: Store
    selection: Selection

    schema = pa.schema([*COUNTS, pa.field("sightings", pa.binary())])

    def read(self, source: Source) -> Iterator[pa.RecordBatch]:
        """All columns of what is selected, once the whole file is found to be right."""
        return self.store.read(source, selection=self.selection)

    def on_match(self, source: Source, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """See `baken.matching.Work.on_match`."""
        counts = counts_of(source, observations, matches)
        text = copy_text(find_sightings(observations, matches)) if matches.num_rows else b""
        return pa.Table.from_pylist([{**counts, "sightings": text}], schema=self.schema)

    def on_damage(self, source: Source, error: StoredFileDamagedError) -> pa.Table:
        """See `baken.matching.Work.on_damage`."""
        return pa.Table.from_pylist([missed(source, error)], schema=self.schema)


@dataclass(frozen=True, slots=True)
class CountWhoIsSeen:
    """Look back: for each piece who is seen in it, and one row without organisation that counts."""

    store: Store
    selection: Selection

    schema = pa.schema(
        [
            *COUNTS,
            pa.field("organisation_id", pa.int64()),
            pa.field("is_owner", pa.bool_()),
            pa.field("is_red", pa.bool_()),
            pa.field("first_seen_at", pa.timestamp("us", tz="UTC")),
            pa.field("last_seen_at", pa.timestamp("us", tz="UTC")),
            # With the count: which systems nobody owns, as an Arrow stream of `identities`.
            pa.field("unknown", pa.binary()),
        ]
    )

    def read(self, source: Source) -> Iterator[pa.RecordBatch]:
        """Only the columns that say who it is about, of what is selected."""
        columns = (*MATCHED_COLUMNS, *IDENTITY_READ)
        return self.store.scan(source, columns=columns, selection=self.selection)

    def on_match(self, source: Source, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """See `baken.matching.Work.on_match`."""
        unknown = pa.array(part_rows(observations, matches).unknown)
        systems = written(identities(observations.filter(unknown)))
        counted = {**counts_of(source, observations, matches), "unknown": systems}
        counts = pa.Table.from_pylist([counted], schema=self.schema)
        places = matches["row"]
        is_red = pc.equal(observations["tlp"], Tlp.RED.value)
        seen = pa.table(
            {
                "organisation_id": matches["organisation_id"],
                "is_owner": pc.equal(matches["relation"].cast(pa.string()), "owner"),
                "is_red": is_red.take(places),
                "observed_at": observations["observed_at"].take(places),
            }
        )
        found = seen.group_by(WHO).aggregate(
            [("observed_at", "count"), ("observed_at", "min"), ("observed_at", "max")]
        )
        found = found.rename_columns(
            {"observed_at_count": "rows", "observed_at_min": "first_seen_at",
             "observed_at_max": "last_seen_at"}
        )  # fmt: skip
        found = pa.concat_tables([self.schema.empty_table(), found], promote_options="default")
        return pa.concat_tables([counts, found.select(self.schema.names)])

    def on_damage(self, source: Source, error: StoredFileDamagedError) -> pa.Table:
        """See `baken.matching.Work.on_damage`."""
        return pa.Table.from_pylist([missed(source, error)], schema=self.schema)


WHO: Final = ["organisation_id", "is_owner", "is_red"]
"""What `CountWhoIsSeen` counts by."""


def counts_of(
    source: Source, observations: pa.RecordBatch, matches: pa.Table
) -> dict[str, int | str]:
    """What was read of `source` and how much of it matches, by the names of `COUNTS`."""
    return {
        "batch": source.batch,
        "path": source.path,
        "rows": observations.num_rows,
        "rows_matched": len(pc.unique(matches["row"])),
    }


def missed(source: Source, error: StoredFileDamagedError) -> dict[str, int | str]:
    """Why nothing more was read of `source`, by the names of `COUNTS`."""
    return {
        "batch": source.batch,
        "path": source.path,
        "rows": 0,
        "rows_matched": 0,
        "problem": error.message,
        "remedy": error.remedy,
    }
