"""The registered networks in order of address: which lie around a named network, and which inside.

Single addresses are looked up in the trie; this is for the few rows that name a network. In this
order (address first, then length) the networks inside another stand together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Int64s: TypeAlias = npt.NDArray[np.int64]
UInt32s: TypeAlias = npt.NDArray[np.uint32]
UInt8s: TypeAlias = npt.NDArray[np.uint8]
Words: TypeAlias = Sequence[npt.NDArray[np.unsignedinteger]]


@dataclass(frozen=True, slots=True)
class NetworkOrder:
    """The networks of one family; the one at position *i* is node ``first_node + i``."""

    keys: npt.NDArray[np.bytes_]
    """The address and then one byte for the length, most significant byte first; sorted."""
    parents: UInt32s
    """The node of the network just above each, or 0."""
    first_node: int

    def around(self, nodes: UInt32s, *, bits: UInt8s) -> UInt32s:
        """From each of `nodes` upwards, the first network that is no longer than its `bits`; or 0.

        `nodes` are those of the networks' first addresses.
        """
        lengths = self._bytes()[:, -1]
        found = nodes.copy()
        left = np.flatnonzero(found)
        while left.size:
            places = found[left] - self.first_node
            is_inside = lengths[places] > bits[left]
            left = left[is_inside]
            found[left] = self.parents[places[is_inside]]
            left = left[found[left] > 0]
        return found

    def inside(self, words: Words, *, bits: UInt8s) -> tuple[Int64s, Int64s]:
        """For each named network the first node inside it and how many there are.

        A network of the same length is not inside. `words` are as in `PrefixTrie.nodes_of`.
        """
        width = words[0].dtype.itemsize * 8 * len(words)
        lengths = np.minimum(bits, width).astype(np.uint8)
        hosts = _host_masks(words, lengths)
        firsts = [word & ~host for word, host in zip(words, hosts, strict=True)]
        lasts = [word | host for word, host in zip(words, hosts, strict=True)]
        ends = np.full(lengths.size, 255, dtype=np.uint8)
        start = np.searchsorted(self.keys, network_keys(firsts, lengths + np.uint8(1)))
        end = np.searchsorted(self.keys, network_keys(lasts, ends))
        return start + self.first_node, end - start

    def lengths_of(self, nodes: npt.NDArray[np.integer]) -> UInt8s:
        """The prefix lengths of `nodes`, none of which is 0."""
        return np.take(self._bytes()[:, -1], nodes - self.first_node)

    def _bytes(self) -> UInt8s:
        return self.keys.view(np.uint8).reshape(-1, self.keys.dtype.itemsize)

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What the order is made of, by names that begin with `name`."""
        return {
            f"{name}.keys": self._bytes().ravel(),
            f"{name}.key_bytes": np.array([self.keys.dtype.itemsize], dtype=np.uint8),
            f"{name}.parents": self.parents,
            f"{name}.first_node": np.array([self.first_node], dtype=np.uint32),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> NetworkOrder:
        """The order that gave `arrays`."""
        return cls(
            keys=arrays[f"{name}.keys"].view(f"S{int(arrays[f'{name}.key_bytes'][0])}"),
            parents=arrays[f"{name}.parents"].astype(np.uint32, copy=False),
            first_node=int(arrays[f"{name}.first_node"][0]),
        )


def network_keys(words: Words, lengths: UInt8s) -> npt.NDArray[np.bytes_]:
    """Addresses and prefix lengths as bytes that sort as numbers do."""
    columns = [
        word.astype(word.dtype.newbyteorder(">")).view(np.uint8).reshape(-1, word.dtype.itemsize)
        for word in words
    ]
    joined = np.ascontiguousarray(np.concatenate([*columns, lengths[:, None]], axis=1))
    return joined.view(f"S{joined.shape[1]}").ravel()


def _host_masks(words: Words, lengths: UInt8s) -> list[npt.NDArray[np.unsignedinteger]]:
    """For each word of an address the bits that lie behind the prefix."""
    masks = []
    for position, word in enumerate(words):
        kind, width = word.dtype.type, word.dtype.itemsize * 8
        hosts = np.clip((position + 1) * width - lengths.astype(np.int64), 0, width)
        # Shifting by the whole width is undefined.
        shifted = kind(np.iinfo(kind).max) >> np.minimum(width - hosts, width - 1).astype(kind)
        masks.append(np.where(hosts == 0, kind(0), shifted))
    return masks
