"""Evidence: the columns that help find and fix a thing, as an Arrow map of name to text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from baken.core.observation import EVIDENCE_TYPE

_PATTERN_BITS: Final = 31


def evidence_map(text: pl.DataFrame, *, rows: int) -> pa.MapArray:
    """One map a row of the columns of `text`, without what is empty or null."""
    names = sorted(text.columns)
    lengths = [text[name].str.len_bytes().fill_null(0).to_numpy() for name in names]
    kept = [number for number, column in enumerate(lengths) if column.any()]
    if not kept:
        return _empty_maps(rows)
    names = [names[number] for number in kept]
    sizes = np.column_stack([lengths[number] for number in kept]).astype(np.int32, copy=False)
    is_there = sizes > 0
    values = text.select(pl.concat_str(names, ignore_nulls=True)).to_series()
    return pa.MapArray.from_arrays(
        _offsets(np.count_nonzero(is_there, axis=1)),
        _keys(names, is_there=is_there),
        _strings(sizes[is_there], data=_joined_bytes(values)),
    ).cast(EVIDENCE_TYPE)


def _empty_maps(rows: int) -> pa.MapArray:
    empty = pa.array([], pa.string())
    offsets = _offsets(np.zeros(rows, np.int32))
    return pa.MapArray.from_arrays(offsets, empty, empty).cast(EVIDENCE_TYPE)


def _keys(names: Sequence[str], *, is_there: npt.NDArray[np.bool_]) -> pa.StringArray:
    """The names of what is there, the first row's first.

    Few rows differ in which columns are empty, so the names are joined once for each such pattern
    and not once for each row.
    """
    pattern, examples = _patterns(is_there)
    joined = pa.array(["".join(_chosen(names, is_there[row])) for row in examples], pa.string())
    sizes = np.array([len(name.encode()) for name in names], np.int32)
    return _strings(
        np.broadcast_to(sizes, is_there.shape)[is_there], data=joined.take(pattern).buffers()[2]
    )


def _chosen(names: Sequence[str], is_there: npt.NDArray[np.bool_]) -> list[str]:
    return [name for name, is_kept in zip(names, is_there, strict=True) if is_kept]


def _patterns(is_there: npt.NDArray[np.bool_]) -> tuple[pa.Int32Array, npt.NDArray[np.int64]]:
    """A number for each row, the same where the same is there, and a row that has that number."""
    rows, width = is_there.shape
    found = pa.repeat(pa.scalar(0, pa.int64()), rows).dictionary_encode()
    for start in range(0, width, _PATTERN_BITS):
        bits = found.indices.to_numpy().astype(np.int64)
        for column in range(start, min(start + _PATTERN_BITS, width)):
            bits = bits << 1 | is_there[:, column]
        found = pa.array(bits).dictionary_encode()
    examples = np.zeros(len(found.dictionary), np.int64)
    examples[found.indices.to_numpy()] = np.arange(rows)
    return found.indices, examples


def _joined_bytes(text: pl.Series) -> pa.Buffer:
    """All of `text` in a row."""
    array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return array.buffers()[2]


def _strings(sizes: npt.NDArray[np.int32], *, data: pa.Buffer) -> pa.StringArray:
    """The strings that `data` falls into, each of as many bytes as `sizes` says.

    The bytes of a row's values joined to one text are the bytes wanted, so only the offsets are
    made anew: many times faster than gathering the values one by one.
    """
    return pa.StringArray.from_buffers(len(sizes), _offsets(sizes).buffers()[1], data)


def _offsets(sizes: npt.NDArray[Any]) -> pa.Int32Array:
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pa.array(offsets)
