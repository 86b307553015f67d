"""Longest-prefix search by direct look-up: a few table reads an address, whatever the prefixes.

A multibit trie (Gupta, Lin and McKeown, 1998, call the form for IPv4 DIR-24-8): the leading bits of
an address are a position in the first table. What stands there is the narrowest prefix, or, where
longer ones exist, which block of the next table to go on in. Addresses are words from the most
significant: one of 32 bits for IPv4, two of 64 for IPv6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

UInt32s: TypeAlias = npt.NDArray[np.uint32]
Words: TypeAlias = Sequence[npt.NDArray[np.unsignedinteger]]

IPV4_STRIDES: Final = (24, 4, 4)
FEW_IPV4_STRIDES: Final = (16, 8, 4, 4)  # one look-up more, and a table of 256 KiB, not 64 MiB
# Blocks of 16 entries fill one cache line; wide ones come first, where there are few.
IPV6_STRIDES: Final = (16, 8, 8, *(4,) * 24)
ASN_STRIDES: Final = (16, 8, 8)

_BLOCK: Final = np.uint32(1 << 31)
"""Set in an entry that names a block of the next table instead of a node."""


@dataclass(frozen=True, slots=True)
class PrefixTrie:
    """Prefixes to look addresses up in. A *node* is a prefix; 0 is none."""

    strides: tuple[int, ...]
    tables: tuple[UInt32s, ...]
    """One a stride; those that no prefix needs are left out."""

    def nodes_of(self, words: Words) -> UInt32s:
        """The node of the narrowest prefix that holds each address, or 0."""
        first, bits = 0, self.strides[0]
        found = np.take(self.tables[0], _bits(words, first, bits))
        pending = np.flatnonzero(found >= _BLOCK)
        rest = [np.take(word, pending) for word in words]
        entries = np.take(found, pending)
        for stride, table in zip(self.strides[1:], self.tables[1:], strict=False):
            if not pending.size:
                break
            first, bits = first + bits, stride
            blocks = (entries ^ _BLOCK).astype(np.int64) << bits
            entries = np.take(table, blocks | _bits(rest, first, bits))
            found[pending] = entries
            deeper = np.flatnonzero(entries >= _BLOCK)
            pending, entries = pending[deeper], entries[deeper]
            rest = [np.take(word, deeper) for word in rest]
        return found

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What the trie is made of, by names that begin with `name`."""
        tables = {f"{name}.table{level}": table for level, table in enumerate(self.tables)}
        return {f"{name}.strides": np.array(self.strides, dtype=np.uint8), **tables}

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> PrefixTrie:
        """The trie that gave `arrays`."""
        tables: list[UInt32s] = []
        while (key := f"{name}.table{len(tables)}") in arrays:
            tables.append(arrays[key].astype(np.uint32, copy=False))
        return cls(tuple(int(bits) for bits in arrays[f"{name}.strides"]), tuple(tables))


def plant_trie(
    words: Words, lengths: npt.NDArray[np.uint8], *, strides: tuple[int, ...], first_node: int
) -> tuple[PrefixTrie, UInt32s]:
    """The trie of distinct prefixes and, for each, the node of the prefix just above it (or 0).

    The prefix at position *i* becomes node ``first_node + i``. `words` are the network addresses.
    """
    nodes = np.arange(first_node, first_node + lengths.size, dtype=np.uint32)
    parents = np.zeros(lengths.size, dtype=np.uint32)
    tables = [np.zeros(1 << strides[0], dtype=np.uint32)]
    here = np.arange(lengths.size)  # the prefixes that reach into this table
    blocks = np.zeros(lengths.size, dtype=np.int64)
    first = 0
    for level, bits in enumerate(strides):
        table, last = tables[level], first + bits
        entries = (blocks << bits) | _bits([word[here] for word in words], first, bits)
        for length in range(first + 1 if first else 0, last + 1):
            is_ending = lengths[here] == length
            ending, starts = here[is_ending], entries[is_ending]
            parents[ending] = table[starts]
            span = np.arange(1 << (last - length))
            table[(starts[:, None] + span).ravel()] = np.repeat(nodes[ending], span.size)
        is_deeper = lengths[here] > last
        if not is_deeper.any():
            break
        opened, blocks = np.unique(entries[is_deeper], return_inverse=True)
        tables.append(np.repeat(table[opened], 1 << strides[level + 1]))
        table[opened] = _BLOCK | np.arange(opened.size, dtype=np.uint32)
        here, first = here[is_deeper], last
    return PrefixTrie(strides, tuple(tables)), parents


def _bits(words: Words, first: int, count: int) -> npt.NDArray[np.int64]:
    """`count` bits of each address from the bit `first`, counted from the most significant."""
    width = words[0].dtype.itemsize * 8
    kind = words[0].dtype.type
    shifted = words[first // width] >> kind(width - first % width - count)
    return (shifted & kind((1 << count) - 1)).astype(np.int64)
