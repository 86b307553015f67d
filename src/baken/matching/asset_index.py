"""The assets in the shape in which they are looked up, in memory or in an Arrow file.

A file is mapped, not read: opening costs next to nothing, and processes on one machine share it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import AF_INET6, inet_pton
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from baken.core.prefix_trie import (
    ASN_STRIDES,
    FEW_IPV4_STRIDES,
    IPV4_STRIDES,
    IPV6_STRIDES,
    PrefixTrie,
    plant_trie,
)
from baken.matching.holdings import (
    ALWAYS_FROM,
    ALWAYS_UNTIL,
    Holders,
    Holdings,
    Int64s,
    UInt32s,
    gather_holdings,
)
from baken.matching.name_table import NameTable, make_name_table
from baken.matching.network_order import NetworkOrder, network_keys

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]

FORMAT: Final = 2
"""Counts up when the arrays of a file change their meaning: older files are made anew."""

_FEW_PREFIXES: Final = 20_000
"""Up to so many distinct IPv4 networks, the small first table is as fast as the large one."""


@dataclass(frozen=True, slots=True)
class AssetIndex:
    """Where each asset is found, and who holds it."""

    holders: Holders
    ipv4: PrefixTrie
    ipv6: PrefixTrie
    networks: Holdings
    """Of the nodes of both tries: those of `ipv6` are counted on from those of `ipv4`."""
    ipv4_order: NetworkOrder
    ipv6_order: NetworkOrder
    """The nodes of each trie by address, for rows that name a network."""
    names: NameTable
    domains: Holdings
    asns: PrefixTrie
    """AS numbers are 32 bits long too: each is a prefix of its full length."""
    numbers: Holdings

    @property
    def nbytes(self) -> int:
        """How much memory, or file, the index takes."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """All that the index is made of, by name."""
        holders = {f"holders.{name}": getattr(self.holders, name) for name in Holders.__slots__}
        return {
            **holders,
            **self.ipv4.arrays("ipv4"),
            **self.ipv6.arrays("ipv6"),
            **self.networks.arrays("networks"),
            **self.ipv4_order.arrays("ipv4_order"),
            **self.ipv6_order.arrays("ipv6_order"),
            **self.names.arrays("names"),
            **self.domains.arrays("domains"),
            **self.asns.arrays("asns"),
            **self.numbers.arrays("numbers"),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> AssetIndex:
        """The index that gave `arrays`."""
        holders = {name: arrays[f"holders.{name}"] for name in Holders.__slots__}
        return cls(
            holders=Holders(**holders),  # type: ignore[arg-type]
            ipv4=PrefixTrie.from_arrays("ipv4", arrays),
            ipv6=PrefixTrie.from_arrays("ipv6", arrays),
            networks=Holdings.from_arrays("networks", arrays),
            ipv4_order=NetworkOrder.from_arrays("ipv4_order", arrays),
            ipv6_order=NetworkOrder.from_arrays("ipv6_order", arrays),
            names=NameTable.from_arrays("names", arrays),
            domains=Holdings.from_arrays("domains", arrays),
            asns=PrefixTrie.from_arrays("asns", arrays),
            numbers=Holdings.from_arrays("numbers", arrays),
        )

    def save(self, path: Path) -> None:
        """Write the index to `path`, which holds either all of it or what it held before."""
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        columns = {name: _as_one_row(array) for name, array in self.arrays().items()}
        table = pa.table(columns).replace_schema_metadata({"baken-index": str(FORMAT)})
        try:
            with pa.OSFile(str(part), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def open(cls, path: Path) -> AssetIndex | None:
        """The index in `path`; None when there is none, or none that this version can read."""
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        except (OSError, pa.ArrowInvalid):
            return None
        if (table.schema.metadata or {}).get(b"baken-index") != str(FORMAT).encode():
            return None
        return cls.from_arrays(
            {
                name: table[name].chunk(0).values.to_numpy(zero_copy_only=True)
                for name in table.schema.names
            }
        )


def build_index(assets: pa.Table, *, as_of: datetime) -> AssetIndex:
    """The index of `assets` (ASSET_SCHEMA).

    Matching is quickest for what was seen about `as_of`; no answer depends on it.
    """
    frame = pl.DataFrame(assets).sort("asset_id").with_row_index("slot")
    holders = _holders(frame)
    moment = int(as_of.timestamp() * 1_000_000)
    networks = frame.filter(pl.col("network").is_not_null()).select("slot", "network")
    is_ipv6 = pl.col("network").str.contains(":", literal=True)
    ipv4, ipv4_order, ipv4_nodes = _plant_ipv4(networks.filter(~is_ipv6))
    ipv6, ipv6_order, ipv6_nodes = _plant_ipv6(
        networks.filter(is_ipv6), first_node=1 + ipv4_order.parents.size
    )
    named = frame.filter(pl.col("domain").is_not_null())
    distinct = named["domain"].unique()
    names, distinct_nodes = make_name_table(distinct.to_arrow().cast(pa.large_string()))
    name_nodes = _positions_in(named["domain"], distinct, at=distinct_nodes)
    numbered = frame.filter(pl.col("asn").is_not_null())
    distinct_asns, asn_places = np.unique(numbered["asn"].to_numpy(), return_inverse=True)
    asns, asn_parents = plant_trie(
        [distinct_asns.astype(np.uint32)],
        np.full(distinct_asns.size, 32, dtype=np.uint8),
        strides=ASN_STRIDES,
        first_node=1,
    )

    def holdings(parents: UInt32s, nodes: UInt32s, slots: pl.Series) -> Holdings:
        return gather_holdings(
            parents,
            nodes=nodes,
            slots=slots.to_numpy().astype(np.uint32),
            holders=holders,
            as_of=moment,
        )

    return AssetIndex(
        holders=holders,
        ipv4=ipv4,
        ipv6=ipv6,
        networks=holdings(
            np.concatenate([np.zeros(1, dtype=np.uint32), ipv4_order.parents, ipv6_order.parents]),
            np.concatenate([ipv4_nodes, ipv6_nodes]),
            pl.concat([networks.filter(~is_ipv6)["slot"], networks.filter(is_ipv6)["slot"]]),
        ),
        ipv4_order=ipv4_order,
        ipv6_order=ipv6_order,
        names=names,
        domains=holdings(names.parents(), name_nodes, named["slot"]),
        asns=asns,
        numbers=holdings(
            np.concatenate([np.zeros(1, dtype=np.uint32), asn_parents]),
            (asn_places + 1).astype(np.uint32),
            numbered["slot"],
        ),
    )


def _holders(frame: pl.DataFrame) -> Holders:
    ids = frame["organisation_id"].to_numpy()
    _, ranks = np.unique(ids, return_inverse=True)
    return Holders(
        ids=frame.select("organisation_id", "asset_id").to_numpy().astype(np.int64).ravel(),
        organisation_ranks=ranks.astype(np.uint32),
        valid_from=_microseconds(frame["valid_from"], missing=int(ALWAYS_FROM)),
        valid_until=_microseconds(frame["valid_until"], missing=int(ALWAYS_UNTIL)),
    )


def _microseconds(moments: pl.Series, *, missing: int) -> Int64s:
    return moments.cast(pl.Int64).fill_null(missing).to_numpy().astype(np.int64)


def _plant_ipv4(networks: pl.DataFrame) -> tuple[PrefixTrie, NetworkOrder, UInt32s]:
    """The trie, its nodes from 1 on in order, and the node of each of `networks`."""
    parts = networks["network"].str.split("/")
    octets = parts.list.get(0).str.split(".").list.eval(pl.element().cast(pl.UInt32))
    numbers = np.zeros(networks.height, dtype=np.uint32)
    for position in range(4):
        numbers = (numbers << np.uint32(8)) | octets.list.get(position).to_numpy()
    lengths = parts.list.get(1).cast(pl.UInt8).to_numpy()
    keys = numbers.astype(np.uint64) << np.uint64(8) | lengths
    distinct, inverse = np.unique(keys, return_inverse=True)
    words = [(distinct >> np.uint64(8)).astype(np.uint32)]
    distinct_lengths = (distinct & np.uint64(255)).astype(np.uint8)
    trie, parents = plant_trie(
        words,
        distinct_lengths,
        strides=IPV4_STRIDES if distinct.size > _FEW_PREFIXES else FEW_IPV4_STRIDES,
        first_node=1,
    )
    order = NetworkOrder(network_keys(words, distinct_lengths), parents, first_node=1)
    return trie, order, (inverse + 1).astype(np.uint32)


def _plant_ipv6(
    networks: pl.DataFrame, *, first_node: int
) -> tuple[PrefixTrie, NetworkOrder, UInt32s]:
    """Like `_plant_ipv4`."""
    unsorted = networks["network"].unique()
    parts = unsorted.str.split("/")
    # The system's reader of IPv6 text: the standard library's objects take ten times as long.
    packed = b"".join(inet_pton(AF_INET6, address) for address in parts.list.get(0))
    both = np.frombuffer(packed, dtype=">u8").astype(np.uint64).reshape(-1, 2)
    all_lengths = parts.list.get(1).cast(pl.UInt8).to_numpy()
    by_address = np.lexsort((all_lengths, both[:, 1], both[:, 0]))
    words = [both[by_address, 0], both[by_address, 1]]
    lengths = all_lengths[by_address]
    trie, parents = plant_trie(words, lengths, strides=IPV6_STRIDES, first_node=first_node)
    nodes = np.arange(first_node, first_node + lengths.size, dtype=np.uint32)
    order = NetworkOrder(network_keys(words, lengths), parents, first_node=first_node)
    return trie, order, _positions_in(networks["network"], unsorted[by_address], at=nodes)


def _positions_in(values: pl.Series, distinct: pl.Series, *, at: UInt32s) -> UInt32s:
    """What stands `at` the place that each of `values` has among the `distinct` ones."""
    places = pl.DataFrame({"value": distinct, "at": pl.Series(at, dtype=pl.UInt32)})
    joined = values.alias("value").to_frame().join(places, on="value", maintain_order="left")
    return joined["at"].to_numpy().astype(np.uint32)


def _as_one_row(array: npt.NDArray[np.generic]) -> pa.Array:
    # Arrays differ in length; as the one value of a list column each stands in one table.
    values = pa.array(np.ascontiguousarray(array))
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)
