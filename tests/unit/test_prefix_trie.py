"""The trie finds the narrowest prefix, however its tables are cut."""

from __future__ import annotations

import numpy as np
import pytest

from baken.core.prefix_trie import FEW_IPV4_STRIDES, IPV4_STRIDES, plant_trie


@pytest.mark.parametrize("strides", [IPV4_STRIDES, FEW_IPV4_STRIDES])
def test_the_narrowest_of_many_prefixes_is_found(strides: tuple[int, ...]) -> None:
    random = np.random.default_rng(7)
    lengths = random.integers(1, 33, size=3_000, dtype=np.uint8)
    bits = random.integers(0, 1 << 32, size=lengths.size, dtype=np.uint64)
    masks = (np.uint64(0xFFFFFFFF) << (32 - lengths).astype(np.uint64)) & np.uint64(0xFFFFFFFF)
    keys = np.unique(((bits & masks) << np.uint64(8)) | lengths)
    networks = (keys >> np.uint64(8)).astype(np.uint32)
    widths = (keys & np.uint64(255)).astype(np.uint8)
    trie, parents = plant_trie([networks], widths, strides=strides, first_node=1)

    prefixes = {
        (int(network), int(width)): node
        for node, (network, width) in enumerate(zip(networks, widths, strict=True), start=1)
    }

    def narrowest(address: int, longest: int) -> int:
        for width in range(longest, 0, -1):
            node = prefixes.get(((address >> (32 - width)) << (32 - width), width))
            if node:
                return node
        return 0

    sought = np.concatenate([networks, random.integers(0, 1 << 32, size=3_000, dtype=np.uint32)])
    assert trie.nodes_of([sought]).tolist() == [narrowest(int(one), 32) for one in sought]
    above = [narrowest(int(n), int(w) - 1) for n, w in zip(networks, widths, strict=True)]
    assert parents.tolist() == above
