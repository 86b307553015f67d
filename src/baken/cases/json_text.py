"""Columns as JSON in text, for PostgreSQL to read."""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

_NEEDS_ESCAPE: Final = r'["\\\x00-\x1f]'


def json_objects(column: pa.MapArray) -> pl.Series:
    """Each map as a JSON object in text, without NUL, which PostgreSQL does not take."""
    offsets = column.offsets.to_numpy()
    start, end = int(offsets[0]), int(offsets[-1])
    keys = json_strings(pl.Series(column.keys.slice(start, end - start)))
    values = json_strings(pl.Series(column.items.slice(start, end - start)))
    pairs = pl.select(pl.concat_str(keys, pl.lit(":"), values)).to_series()
    lists = pa.LargeListArray.from_arrays(
        pa.array(offsets.astype(np.int64) - start), pairs.to_arrow()
    )
    joined = pl.Series(lists).list.join(",")
    return pl.select(pl.concat_str(pl.lit("{"), joined, pl.lit("}"))).to_series()


def json_strings(text: pl.Series) -> pl.Series:
    """Each text as a JSON string, without NUL."""
    quoted = pl.concat_str(pl.lit('"'), text, pl.lit('"'))
    is_odd = text.str.contains(_NEEDS_ESCAPE)
    if not is_odd.any():
        return pl.select(quoted).to_series()
    odd = text.filter(is_odd).unique()
    written = [json.dumps(value.replace("\x00", ""), ensure_ascii=False) for value in odd]
    escaped = text.replace_strict(odd, written, default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(escaped, quoted)).to_series()
