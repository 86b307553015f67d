"""Evidence: the columns that help find and fix a thing, as an Arrow map of name to text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from baken.core.observation import EVIDENCE_TYPE

_PATTERN_BITS: Final = 31

UInt32s = npt.NDArray[np.uint32]


def evidence_map(text: pl.DataFrame, *, rows: int) -> pa.MapArray:
    """One map a row of the columns of `text`, without what is empty or null."""
    names = sorted(text.columns)
    if not names:
        return pa.repeat(pa.scalar({}, EVIDENCE_TYPE), max(rows, 1)).slice(0, rows)
    # A row of `lengths` is a column of `text`, so that each lies together.
    lengths = text.select_seq(pl.col(names).str.len_bytes().fill_null(0)).to_numpy().T
    values = text.select_seq(pl.concat_str(names, ignore_nulls=True)).to_series()
    pattern, examples = _patterns(lengths)
    chosen = [list(compress(names, lengths[:, row])) for row in examples]
    by_row = np.ascontiguousarray(lengths.T)
    is_there = by_row > 0
    return pa.MapArray.from_arrays(
        _offsets(np.array([len(each) for each in chosen], np.uint32)[pattern]),
        _keys(names, chosen=chosen, pattern=pattern, is_there=is_there),
        _strings(by_row[is_there], data=_joined_bytes(values)),
    ).cast(EVIDENCE_TYPE)


def _keys(
    names: Sequence[str],
    *,
    chosen: Sequence[Sequence[str]],
    pattern: pa.Int32Array,
    is_there: npt.NDArray[np.bool_],
) -> pa.StringArray:
    """The names of what is there, the first row's first.

    Few rows differ in which columns are empty, so the names are joined once for each such pattern
    and not once for each row.
    """
    joined = pa.array(["".join(each) for each in chosen], pa.string()).take(pattern)
    sizes = np.array([len(name.encode()) for name in names], np.uint32)
    return _strings(np.broadcast_to(sizes, is_there.shape)[is_there], data=joined.buffers()[2])


def _patterns(lengths: UInt32s) -> tuple[pa.Int32Array, npt.NDArray[np.int64]]:
    """A number for each row, the same where the same is there, and a row that has that number."""
    width, rows = lengths.shape
    found = pa.repeat(pa.scalar(0, pa.int64()), rows).dictionary_encode()
    for start in range(0, width, _PATTERN_BITS):
        bits = found.indices.to_numpy().astype(np.int64)
        for column in lengths[start : start + _PATTERN_BITS]:
            bits <<= 1
            bits |= column > 0
        found = pa.array(bits).dictionary_encode()
    examples = np.zeros(len(found.dictionary), np.int64)
    examples[found.indices.to_numpy()] = np.arange(rows)
    return found.indices, examples


def _joined_bytes(text: pl.Series) -> pa.Buffer:
    """All of `text` in a row."""
    array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return array.buffers()[2] or pa.py_buffer(b"")


def _strings(sizes: UInt32s, *, data: pa.Buffer) -> pa.StringArray:
    """The strings that `data` falls into, each of as many bytes as `sizes` says.

    The bytes of a row's values joined to one text are the bytes wanted, so only the offsets are
    made anew: many times faster than gathering the values one by one.
    """
    return pa.StringArray.from_buffers(len(sizes), _offsets(sizes).buffers()[1], data)


def _offsets(sizes: UInt32s) -> pa.Int32Array:
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pa.array(offsets)
