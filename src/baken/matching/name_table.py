"""The most specific registered name above each of many names, by hashes of their suffixes.

A name's suffixes begin at its start and after each dot. All are hashed in one pass over the bytes
of a batch: the hash is a polynomial in the bytes, so that running sums give that of any stretch.
What a hash finds is compared with the name it stands for: feed text is hostile, and hashes can be
forged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Bytes: TypeAlias = npt.NDArray[np.uint8]
Int64s: TypeAlias = npt.NDArray[np.int64]
UInt32s: TypeAlias = npt.NDArray[np.uint32]
UInt64s: TypeAlias = npt.NDArray[np.uint64]

_FIRST_BASE: Final = 0x9E37_79B9_7F4A_7C15
"""Odd, so that it has an inverse. When it makes two registered names alike, the next one is."""
_MIX: Final = np.uint64(0xD6E8_FEB8_6659_FD93)
_DOT: Final = np.uint8(ord("."))
# How much text is hashed at once, so that intermediate results stay in the processor's cache.
_PIECE_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Texts:
    """Strings as Arrow lays them out: string *i* is ``data[offsets[i]:offsets[i + 1]]``."""

    data: Bytes
    offsets: Int64s

    @classmethod
    def from_array(cls, array: pa.Array) -> Texts:
        """The strings of an Arrow array; what a null stands on is anything, mostly nothing."""
        _, offsets_buffer, data_buffer = array.buffers()
        kind = np.int64 if pa.types.is_large_string(array.type) else np.int32
        if offsets_buffer is None or not len(array):
            return cls(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64))
        offsets = np.frombuffer(offsets_buffer, dtype=kind)
        data = np.frombuffer(data_buffer or b"", dtype=np.uint8)
        return cls(data, offsets[array.offset : array.offset + len(array) + 1].astype(np.int64))

    def as_series(self) -> pl.Series:
        """The same for Polars."""
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        return pl.Series(pa.Array.from_buffers(pa.large_string(), len(self), buffers))

    def __len__(self) -> int:
        return self.offsets.size - 1

    def pieces(self) -> Iterator[tuple[int, Texts]]:
        """The strings in runs of about `_PIECE_BYTES`, each with the position of its first."""
        first = 0
        while first < len(self):
            limit = self.offsets[first] + _PIECE_BYTES
            last = max(int(np.searchsorted(self.offsets, limit, side="right")) - 1, first + 1)
            start, end = self.offsets[first], self.offsets[last]
            yield first, Texts(self.data[start:end], self.offsets[first : last + 1] - start)
            first = last


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names to look names up in. A *node* is a name, counted from 1; 0 is none."""

    names: Texts
    """In the order of their nodes, which is that of their hashes."""
    series: pl.Series
    """The same, to compare with."""
    hashes: UInt64s
    """No two names have the same."""
    bucket_bounds: UInt32s
    """Where the hashes of each bucket begin and end; a bucket is the first bits of a hash."""
    filled: Bytes
    """One bit a bucket: whether it holds anything. Small enough to stay in the cache."""
    base: int
    """What hashes are made with."""

    def nodes_of(self, names: Texts) -> UInt32s:
        """The node of the most specific name that each of `names` is or stands below, or 0."""
        return self._most_specific(names, self._found_in(names))

    def parents(self) -> UInt32s:
        """For each node from 0 on, the node of the most specific name above it, or 0."""
        found = self._found_in(self.names)
        above = self._most_specific(
            self.names, found.where(found.starts > self.names.offsets[found.rows])
        )
        return np.concatenate([np.zeros(1, dtype=np.uint32), above])

    def _found_in(self, names: Texts) -> _Suffixes:
        """The suffixes whose hash is known, row by row and the longest first."""
        parts = []
        for first, piece in names.pieces():
            suffixes = self._known(piece, _suffixes(piece))
            offset = names.offsets[first]
            parts.append(_Suffixes(suffixes.rows + first, suffixes.starts + offset, suffixes.nodes))
        return _join_suffixes(parts)

    def _known(self, names: Texts, suffixes: _Suffixes) -> _Suffixes:
        if not self.hashes.size:
            return suffixes.where(np.zeros(0, dtype=np.int64))
        hashes = _hashes(names, suffixes, base=self.base)
        buckets = _buckets(hashes, self.bucket_bounds.size // 2)
        bits = np.take(self.filled, buckets >> 3) >> (buckets & 7).astype(np.uint8)
        left = np.flatnonzero(bits & np.uint8(1))
        bounds = np.take(self.bucket_bounds.view(np.uint64), buckets[left]).view(np.uint32)
        at, ends = bounds[0::2].copy(), bounds[1::2]
        while left.size:
            is_same = np.take(self.hashes, at) == hashes[left]
            suffixes.nodes[left[is_same]] = at[is_same] + np.uint32(1)
            at += np.uint32(1)
            is_open = (at < ends) & ~is_same
            left, at, ends = left[is_open], at[is_open], ends[is_open]
        return suffixes.where(np.flatnonzero(suffixes.nodes))

    def _most_specific(self, names: Texts, found: _Suffixes) -> UInt32s:
        """For each name the node of the longest of its suffixes that is truly a registered name."""
        places = found.nodes - np.uint32(1)
        pairs = pl.DataFrame(
            {
                "name": names.as_series().gather(found.rows),
                "registered": self.series.gather(places),
            }
        )
        is_end = pairs.select(pl.col("name").str.ends_with(pl.col("registered"))).to_series()
        lengths = np.take(self.names.offsets[1:], places) - np.take(self.names.offsets, places)
        is_whole = np.take(names.offsets[1:], found.rows) - found.starts == lengths
        is_true = is_end.to_numpy() & is_whole
        if not is_true.all():
            found = found.where(np.flatnonzero(is_true))
        nodes = np.zeros(len(names), dtype=np.uint32)
        # Written from the shortest to the longest suffix: the longest stays.
        nodes[found.rows[::-1]] = found.nodes[::-1]
        return nodes

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What the table is made of, by names that begin with `name`."""
        return {
            f"{name}.data": self.names.data,
            f"{name}.offsets": self.names.offsets,
            f"{name}.hashes": self.hashes,
            f"{name}.bucket_bounds": self.bucket_bounds,
            f"{name}.filled": self.filled,
            f"{name}.base": np.array([self.base], dtype=np.uint64),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> NameTable:
        """The table that gave `arrays`."""
        names = Texts(arrays[f"{name}.data"], arrays[f"{name}.offsets"])  # type: ignore[arg-type]
        return cls(
            names=names,
            series=names.as_series(),
            hashes=arrays[f"{name}.hashes"],  # type: ignore[arg-type]
            bucket_bounds=arrays[f"{name}.bucket_bounds"],  # type: ignore[arg-type]
            filled=arrays[f"{name}.filled"],  # type: ignore[arg-type]
            base=int(arrays[f"{name}.base"][0]),
        )


def make_name_table(names: pa.Array, *, first_base: int = _FIRST_BASE) -> tuple[NameTable, UInt32s]:
    """The table of distinct `names` (large strings) and the node of each.

    `first_base` is odd; when it gives two of the names the same hash, the next odd number is tried.
    """
    texts = Texts.from_array(names)
    for base in count(first_base, 2):
        hashes = _whole_hashes(texts, base=base)
        # Sorted as they are put into buckets: by the mixed bits.
        order = np.argsort(hashes * _MIX, kind="stable")
        hashes = hashes[order]
        if not (hashes[1:] == hashes[:-1]).any():
            break
    nodes = np.empty(order.size, dtype=np.uint32)
    nodes[order] = np.arange(1, order.size + 1, dtype=np.uint32)
    bucket_count = 1 << max(int(order.size).bit_length() + 2, 4)
    starts = np.searchsorted(_buckets(hashes, bucket_count), np.arange(bucket_count + 1))
    sorted_names = Texts.from_array(names.take(pa.array(order)))
    table = NameTable(
        names=sorted_names,
        series=sorted_names.as_series(),
        hashes=hashes,
        bucket_bounds=np.stack([starts[:-1], starts[1:]], axis=1).astype(np.uint32).ravel(),
        filled=np.packbits(np.diff(starts) > 0, bitorder="little"),
        base=base,
    )
    return table, nodes


@dataclass(frozen=True, slots=True)
class _Suffixes:
    """Of which name, where in the text it begins, and the node found for it (0 for none)."""

    rows: Int64s
    starts: Int64s
    nodes: UInt32s

    def where(self, kept: npt.NDArray[np.generic]) -> _Suffixes:
        return _Suffixes(self.rows[kept], self.starts[kept], self.nodes[kept])


def _join_suffixes(parts: list[_Suffixes]) -> _Suffixes:
    nowhere = np.zeros(0, dtype=np.int64)
    every = [_Suffixes(nowhere, nowhere, np.zeros(0, dtype=np.uint32)), *parts]
    return _Suffixes(
        np.concatenate([part.rows for part in every]),
        np.concatenate([part.starts for part in every]),
        np.concatenate([part.nodes for part in every]),
    )


def _suffixes(names: Texts) -> _Suffixes:
    """Every suffix that begins a name or follows a dot, the longest first.

    Suffixes of one label are left out: no asset is that short.
    """
    dots = np.flatnonzero(names.data == _DOT)
    before = np.searchsorted(dots, names.offsets)
    counts = np.diff(before)
    rows = np.repeat(np.arange(len(names)), counts)
    # A name with n dots has n suffixes of two labels and more: itself, and behind all but the last.
    starts = np.empty(rows.size, dtype=np.int64)
    starts[1:] = dots[:-1] + 1
    has_dot = np.flatnonzero(counts)
    starts[before[has_dot]] = names.offsets[has_dot]
    return _Suffixes(rows, starts, np.zeros(rows.size, dtype=np.uint32))


def _whole_hashes(names: Texts, *, base: int) -> UInt64s:
    parts = [np.zeros(0, dtype=np.uint64)]
    for _, piece in names.pieces():
        whole = _Suffixes(
            np.arange(len(piece)), piece.offsets[:-1], np.zeros(len(piece), dtype=np.uint32)
        )
        parts.append(_hashes(piece, whole, base=base))
    return np.concatenate(parts)


def _hashes(names: Texts, suffixes: _Suffixes, *, base: int) -> UInt64s:
    """The hash of each suffix: the sum of its bytes times rising powers of the base, mod 2⁶⁴."""
    powers, inverses = _powers(base, max(names.data.size, _PIECE_BYTES) + 1)
    sums = np.zeros(names.data.size + 1, dtype=np.uint64)
    np.multiply(names.data, powers[: names.data.size], out=sums[1:], dtype=np.uint64)
    np.cumsum(sums, out=sums)
    starts = suffixes.starts
    ends = np.take(names.offsets, suffixes.rows + 1)
    return (np.take(sums, ends) - np.take(sums, starts)) * np.take(inverses, starts)


def _buckets(hashes: UInt64s, count: int) -> Int64s:
    shift = np.uint64(64 - (count.bit_length() - 1))
    return ((hashes * _MIX) >> shift).astype(np.int64)


@lru_cache(maxsize=4)
def _powers(base: int, size: int) -> tuple[UInt64s, UInt64s]:
    """The first powers of the base and of its inverse, mod 2⁶⁴."""
    tables = []
    for factor in (base, pow(base, -1, 1 << 64)):
        factors = np.full(size, factor, dtype=np.uint64)
        factors[0] = 1
        tables.append(np.cumprod(factors, dtype=np.uint64))
    return tables[0], tables[1]
