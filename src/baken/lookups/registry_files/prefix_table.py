"""Networks of rows in a table, and which of them hold an address: the narrowest first.

The search is the matching kernel's own (`core.prefix_trie`). A row may have several networks, since
registries also hand out ranges that are no prefix, and a network may have several rows.
"""

from __future__ import annotations

import ipaddress
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from baken.core.prefix_trie import (
    FEW_IPV4_STRIDES,
    IPV4_STRIDES,
    IPV6_STRIDES,
    PrefixTrie,
    UInt32s,
    plant_trie,
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Words = tuple[npt.NDArray[np.unsignedinteger], ...]

_MANY: Final = 50_000
"""From so many networks on, a table of 64 MiB for the leading bits is worth its memory."""
_WORD: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A network and a row that it belongs to."""

    network: str
    """In CIDR text."""
    row: int


@dataclass(slots=True)
class PrefixTableBuilder:
    """Collects the networks of one IP version; 29 bytes each."""

    version: int
    _highs: array[int] = field(default_factory=lambda: array("Q"))
    _lows: array[int] = field(default_factory=lambda: array("Q"))
    _lengths: array[int] = field(default_factory=lambda: array("B"))
    _sizes: array[float] = field(default_factory=lambda: array("d"))
    _rows: array[int] = field(default_factory=lambda: array("I"))

    def add(self, first: int, last: int, *, row: int) -> None:
        """Add the range from `first` to `last`, both included, as networks of `row`."""
        bits = 32 if self.version == 4 else 128
        size = float(last - first + 1)
        for start, length in _prefixes(first, last, bits=bits):
            self._highs.append(start >> 64)
            self._lows.append(start & _WORD)
            self._lengths.append(length)
            self._sizes.append(size)
            self._rows.append(row)

    def build(self) -> PrefixTable:
        """The table of all that was added; rows of one network stand the narrowest range first."""
        highs, lows = np.array(self._highs, np.uint64), np.array(self._lows, np.uint64)
        lengths = np.array(self._lengths, np.uint8)
        sizes, rows = np.array(self._sizes, np.float64), np.array(self._rows, np.uint32)
        order = np.lexsort((rows, sizes, lengths, lows, highs))
        highs, lows, lengths = highs[order], lows[order], lengths[order]
        is_new = np.ones(order.size, dtype=np.bool_)
        is_new[1:] = (
            (highs[1:] != highs[:-1]) | (lows[1:] != lows[:-1]) | (lengths[1:] != lengths[:-1])
        )
        starts = np.flatnonzero(is_new)
        highs, lows, lengths = highs[starts], lows[starts], lengths[starts]
        words: Words = (lows.astype(np.uint32),) if self.version == 4 else (highs, lows)
        strides: tuple[int, ...] = IPV6_STRIDES
        if self.version == 4:
            strides = IPV4_STRIDES if starts.size >= _MANY else FEW_IPV4_STRIDES
        trie, parents = plant_trie(words, lengths, strides=strides, first_node=1)
        ends = np.append(starts, order.size).astype(np.uint32)
        return PrefixTable(self.version, trie, parents, words, lengths, ends, rows[order])


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """Networks of one IP version; node *n* of the trie is at position *n* - 1."""

    version: int
    _trie: PrefixTrie
    _parents: UInt32s
    _words: Words
    _lengths: npt.NDArray[np.uint8]
    _bounds: UInt32s
    _rows: UInt32s

    def nodes_of(self, addresses: Sequence[int]) -> list[int]:
        """For each address the node of the narrowest network that holds it, or 0."""
        if not self._lengths.size or not addresses:
            return [0] * len(addresses)
        if self.version == 4:
            words: Words = (np.array(addresses, np.uint32),)
        else:
            words = (
                np.array([address >> 64 for address in addresses], np.uint64),
                np.array([address & _WORD for address in addresses], np.uint64),
            )
        found: list[int] = self._trie.nodes_of(words).tolist()
        return found

    def rows_from(self, node: int) -> Iterator[NetworkRow]:
        """The rows of `node` and of the networks around it, the narrowest first."""
        while node:
            place = node - 1
            network = self._network(place)
            for row in self._rows[self._bounds[place] : self._bounds[node]].tolist():
                yield NetworkRow(network, row)
            node = int(self._parents[place])

    def _network(self, place: int) -> str:
        length = int(self._lengths[place])
        if self.version == 4:
            return f"{ipaddress.IPv4Address(int(self._words[0][place]))}/{length}"
        number = int(self._words[0][place]) << 64 | int(self._words[1][place])
        return f"{ipaddress.IPv6Address(number)}/{length}"


@dataclass(frozen=True, slots=True)
class PrefixTables:
    """Both versions of IP."""

    ipv4: PrefixTable
    ipv6: PrefixTable

    def nodes_of(self, addresses: Sequence[Address | None]) -> list[int]:
        """For each of `addresses` the node in the table of its version, or 0; None gives 0."""
        nodes = [0] * len(addresses)
        for table in (self.ipv4, self.ipv6):
            places = [
                place
                for place, address in enumerate(addresses)
                if address is not None and address.version == table.version
            ]
            numbers = [int(one) for place in places if (one := addresses[place]) is not None]
            for place, node in zip(places, table.nodes_of(numbers), strict=True):
                nodes[place] = node
        return nodes

    def rows_from(self, node: int, *, version: int) -> Iterator[NetworkRow]:
        """As `PrefixTable.rows_from`, of the table of `version`."""
        return (self.ipv4 if version == 4 else self.ipv6).rows_from(node)


def _prefixes(first: int, last: int, *, bits: int) -> Iterator[tuple[int, int]]:
    """The fewest prefixes that the range consists of: address and length."""
    while first <= last:
        fits = (last - first + 1).bit_length() - 1
        aligned = (first & -first).bit_length() - 1 if first else bits
        host_bits = min(fits, aligned)
        yield first, bits - host_bits
        first += 1 << host_bits
