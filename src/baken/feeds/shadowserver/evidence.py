"""Evidence: the columns that help find and fix a thing, as an Arrow map of name to text."""

from __future__ import annotations

from typing import Final

import polars as pl
import pyarrow as pa

from baken.core.observation import EVIDENCE_TYPE

MAX_CHARACTERS: Final = 500
"""Of one value of evidence or a product; enough to recognise a banner by."""
MAX_URL_CHARACTERS: Final = 2000

# ASCII's and Latin-1's control characters, and those that hide in text or turn it around.
_CONTROLS: Final = (
    r"[\x00-\x1f\x7f-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
)


def harmless(text: pl.DataFrame, *, max_characters: int = MAX_CHARACTERS) -> pl.DataFrame:
    """`text` without control characters, trimmed and cut; empty becomes null."""
    if text.width == 0:
        return text
    seen = text.select(
        pl.max_horizontal(pl.all().str.len_bytes().max().fill_null(0)).alias("longest"),
        # One search in the joined text is quicker than one in each column.
        pl.concat_str(pl.all()).str.contains(_CONTROLS).any().alias("is dirty"),
    ).row(0, named=True)
    clean = pl.all()
    if seen["is dirty"]:
        clean = clean.str.replace_all(_CONTROLS, " ")
    clean = clean.str.strip_chars()
    if seen["longest"] > max_characters:
        clean = clean.str.head(max_characters).str.strip_chars_end()
    return text.select(clean).select(pl.when(pl.all() != "").then(pl.all()))


def evidence_map(text: pl.DataFrame, *, rows: int) -> pa.MapArray:
    """One map a row of the columns of `text` (as `harmless` gives them), without the nulls."""
    frame = text.select(
        name for name in sorted(text.columns) if text[name].null_count() < text.height
    )
    if frame.width == 0:
        empty = pa.array([], pa.string())
        return pa.MapArray.from_arrays(_offsets(pl.repeat(0, rows, eager=True)), empty, empty)
    keys = frame.select(
        pl.when(pl.col(name).is_not_null()).then(pl.lit(name)).alias(name) for name in frame.columns
    )
    counts = frame.select(pl.sum_horizontal(pl.all().is_not_null().cast(pl.Int32))).to_series()
    evidence = pa.MapArray.from_arrays(
        _offsets(counts), _values_row_by_row(keys), _values_row_by_row(frame)
    )
    return evidence.cast(EVIDENCE_TYPE)


def _values_row_by_row(frame: pl.DataFrame) -> pa.StringArray:
    """All values but the nulls, the first row's first.

    The bytes of a row's values joined to one text are the bytes wanted, so only the offsets are
    made anew: many times faster than gathering the values one by one.
    """
    joined = frame.select(pl.concat_str(pl.all(), ignore_nulls=True)).to_series()
    data = joined.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())
    lengths = frame.select(pl.concat_arr(pl.all().str.len_bytes())).to_series().explode()
    lengths = lengths.drop_nulls()
    return pa.StringArray.from_buffers(
        len(lengths), _offsets(lengths).buffers()[1], data.buffers()[2]
    )


def _offsets(lengths: pl.Series) -> pa.Int32Array:
    ends = lengths.cast(pl.Int32).cum_sum()
    return pl.concat([pl.Series([0], dtype=pl.Int32), ends.alias("")]).to_arrow()
