"""How a file of observations is laid out: names, encodings, row groups.

The choices were measured; docs/adr/0014-store-listed-in-the-database.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa

from baken.core.observation import OBSERVATION_SCHEMA, address_role_before

ROW_GROUP_ROWS: Final = 1 << 20
"""A row group has at most so many rows."""

PENDING_BYTES: Final = 96 << 20
"""How many rows wait in memory for their row group, over all days of a report together."""

# Counted upwards or by the clock: their differences are small. A dictionary would only cost.
_DELTA: Final = ("line", "observed_at")
_NO_DICTIONARY: Final = frozenset({*_DELTA, "ipv4", "ipv6_high", "ipv6_low"})

# The columns by whose minimum and maximum a reader skips row groups. For the others these cost more
# than writing them, and say nothing when rows are not sorted.
_STATISTICS: Final = (
    "report_type", "finding_kind", "observed_at", "severity", "ipv4", "ipv6_high", "port", "asn",
)  # fmt: skip

_NAME: Final = re.compile(
    r"feed=(?P<feed>[^/]+)/day=(?P<day>\d{4}-\d\d-\d\d)/"
    r"(?P<content>[0-9a-f]{16})-(?P<owner>[0-9a-f]{8})-\d+-\d+\.parquet(\.part)?"
)


def file_path(
    day: date, part: int, *, feed: str, content_sha256: str, owner: str, batch: int
) -> str:
    """The path of one file; no two writings of a report share one, since no two share a batch."""
    name = f"{content_sha256[:16]}-{owner}-{batch}-{part}.parquet"
    return f"feed={feed}/day={day.isoformat()}/{name}"


def is_owned(path: str, *, owner: str) -> bool:
    """Whether a file at `path` was written, or half written, for the database known as `owner`."""
    named = _NAME.fullmatch(path)
    return named is not None and named["owner"] == owner


def writer_options() -> dict[str, Any]:
    """What `pyarrow.parquet.ParquetWriter` is given besides the place and the schema."""
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in _leaves() if name not in _NO_DICTIONARY],
        "column_encoding": dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED"),
        "write_statistics": list(_STATISTICS),
        "write_page_checksum": True,
    }


_NEEDED_BY: Final = {"address_role": "affected_role"}
"""Columns that older files lack, and the column that they are made from."""


def stored_columns(columns: Sequence[str], stored: pa.Schema) -> list[str]:
    """What to read of a file with the columns of `stored`, so that `completed` can give these."""
    wanted = dict.fromkeys(columns)
    for name in columns:
        if name not in stored.names and name in _NEEDED_BY:
            wanted[_NEEDED_BY[name]] = None
    return [name for name in wanted if name in stored.names]


def completed(rows: pa.RecordBatch, *, columns: Sequence[str]) -> pa.RecordBatch:
    """`rows` with exactly `columns`: what an older file lacks is null, or made of the rest."""
    if list(columns) == rows.schema.names:
        return rows
    fields = [OBSERVATION_SCHEMA.field(name) for name in columns]
    arrays = [
        rows[field.name] if field.name in rows.schema.names else _absent(field.name, rows)
        for field in fields
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _absent(name: str, rows: pa.RecordBatch) -> pa.Array:
    if name == "address_role":
        roles = [address_role_before(role) for role in rows["affected_role"].to_pylist()]
        return pa.array(roles, pa.string())
    return pa.nulls(rows.num_rows, OBSERVATION_SCHEMA.field(name).type)


def _leaves() -> list[str]:
    names = []
    for field in OBSERVATION_SCHEMA:
        if pa.types.is_map(field.type):
            names += [f"{field.name}.key_value.key", f"{field.name}.key_value.value"]
        elif pa.types.is_list(field.type):
            names.append(f"{field.name}.list.element")
        else:
            names.append(field.name)
    return names
