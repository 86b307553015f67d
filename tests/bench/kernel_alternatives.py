"""The ways of finding the longest IPv4 prefix that were weighed, in one run on the same data.

    python tests/bench/kernel_alternatives.py [ROWS]

Each gives the narrowest prefix of every address; they are compared before they are timed. What
docs/adr/0015-matching-by-table-look-up.md quotes comes from here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from baken.core.prefix_trie import IPV4_STRIDES, plant_trie
from baken.specimen.nation import found_nation, observe_nation

Nodes = npt.NDArray[np.uint32]
REPEATS = 3


def main(rows: int) -> None:
    """Print how many addresses a second each way finds, in one thread unless it makes its own."""
    nation = found_nation(assets=2_905_000, seed=1)
    batch = observe_nation(nation, rows=rows, shares={"ipv4": 1.0}, seed=2)
    addresses = batch["ipv4"].to_numpy()
    firsts, lengths = nation.ipv4.astype(np.uint32), nation.ipv4_lengths
    trie, _ = plant_trie([firsts], lengths, strides=IPV4_STRIDES, first_node=1)
    joins, ranges = make_joins(firsts, lengths), make_ranges(firsts, lengths)
    bitmap = make_bitmap(firsts, lengths)
    ways: dict[str, Callable[[], Nodes]] = {
        "table look-up (24, 4, 4)": lambda: trie.nodes_of([addresses]),
        "hash join a prefix length": lambda: by_joins(joins, addresses),
        "bitmap of /24, then hash joins": lambda: by_bitmap(bitmap, joins, addresses),
        "sorted search in flat ranges": lambda: by_search(ranges, addresses),
        "as-of join on flat ranges": lambda: by_asof(ranges, addresses),
    }
    expected = trie.nodes_of([addresses])
    for name, way in ways.items():
        best = min(timed(way, expected) for _ in range(REPEATS))
        print(f"{name:34} {rows / best / 1e6:8.1f} M/s")


def timed(way: Callable[[], Nodes], expected: Nodes) -> float:
    """The seconds that `way` takes."""
    start = time.perf_counter()
    found = way()
    seconds = time.perf_counter() - start
    assert np.array_equal(found, expected)
    return seconds


def make_joins(firsts: Nodes, lengths: npt.NDArray[np.uint8]) -> dict[int, pl.DataFrame]:
    """By prefix length, the shortest first: leading bits and node."""
    nodes = np.arange(1, firsts.size + 1, dtype=np.uint32)
    return {
        int(length): pl.DataFrame({"key": firsts[at] >> np.uint32(32 - length), "node": nodes[at]})
        for length in np.unique(lengths)
        if (at := lengths == length).any()
    }


def by_joins(joins: dict[int, pl.DataFrame], addresses: Nodes) -> Nodes:
    """The last length that is found is the longest."""
    found = np.zeros(addresses.size, dtype=np.uint32)
    frame = pl.DataFrame({"row": np.arange(addresses.size, dtype=np.uint32), "ip": addresses})
    for length, keys in joins.items():
        key = (pl.col("ip") // (1 << (32 - length))).cast(pl.UInt32)
        joined = frame.select("row", key=key).join(keys, on="key")
        found[joined["row"].to_numpy()] = joined["node"].to_numpy()
    return found


def make_bitmap(firsts: Nodes, lengths: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which /24s hold anything."""
    edges = np.zeros((1 << 24) + 1, dtype=np.int64)
    starts = (firsts >> np.uint32(8)).astype(np.int64)
    np.add.at(edges, starts, 1)
    np.add.at(edges, starts + (1 << np.maximum(24 - lengths.astype(np.int64), 0)), -1)
    return np.cumsum(edges)[:-1] > 0


def by_bitmap(
    bitmap: npt.NDArray[np.bool_], joins: dict[int, pl.DataFrame], addresses: Nodes
) -> Nodes:
    """Joins only what lies in a /24 that holds anything."""
    rows = np.flatnonzero(np.take(bitmap, addresses >> np.uint32(8)))
    found = np.zeros(addresses.size, dtype=np.uint32)
    found[rows] = by_joins(joins, addresses[rows])
    return found


def make_ranges(firsts: Nodes, lengths: npt.NDArray[np.uint8]) -> tuple[Nodes, Nodes]:
    """The space cut where any prefix begins or ends, and the narrowest prefix of each cut."""
    trie, _ = plant_trie([firsts], lengths, strides=IPV4_STRIDES, first_node=1)
    ends = firsts.astype(np.uint64) + (np.uint64(1) << (np.uint64(32) - lengths))
    ends = ends[ends < 1 << 32].astype(np.uint32)
    cuts = np.unique(np.concatenate([np.zeros(1, dtype=np.uint32), firsts, ends]))
    return cuts, trie.nodes_of([cuts])


def by_search(ranges: tuple[Nodes, Nodes], addresses: Nodes) -> Nodes:
    """Binary search for each address."""
    cuts, nodes = ranges
    return nodes[np.searchsorted(cuts, addresses, side="right") - 1]


def by_asof(ranges: tuple[Nodes, Nodes], addresses: Nodes) -> Nodes:
    """Sort the addresses, then walk along both."""
    cuts, nodes = ranges
    frame = pl.DataFrame({"row": np.arange(addresses.size, dtype=np.uint32), "ip": addresses})
    right = pl.DataFrame({"ip": cuts, "node": nodes}).sort("ip")
    joined = frame.sort("ip").join_asof(right, on="ip", strategy="backward")
    found = np.zeros(addresses.size, dtype=np.uint32)
    found[joined["row"].to_numpy()] = joined["node"].to_numpy()
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000_000)
