"""A made-up nation in columns: as many assets and observations as a benchmark asks for, seeded.

All on ranges that nobody holds: 240.0.0.0/4 (reserved, RFC 1112), 3fff::/20 (documentation,
RFC 9637), names under ``.example`` (RFC 2606) and private AS numbers (RFC 6996). How long prefixes
are follows what registries hand out and what operators pass on to companies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from baken.core.observation import OBSERVATION_SCHEMA
from baken.matching import ASSET_SCHEMA

Numbers: TypeAlias = npt.NDArray[np.uint64]

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The moment about which the nation was observed."""

_SPACE: Final = 0xF000_0000
# What registries hand out to operators (in /24s each time), and how often.
_BLOCK_LENGTHS: Final = {15: 2, 16: 6, 17: 5, 18: 8, 19: 13, 20: 14, 21: 16, 22: 36}
# What a company holds of it.
_IPV4_LENGTHS: Final = {
    22: 1, 23: 2, 24: 16, 25: 3, 26: 4, 27: 6, 28: 13, 29: 24, 30: 6, 32: 25,
}  # fmt: skip
_IPV6_LENGTHS: Final = {32: 1, 40: 2, 44: 4, 48: 58, 52: 2, 56: 22, 60: 1, 64: 9, 128: 1}
_FIRST_ASN: Final = 4_200_000_000
_OPERATORS_SIGNED_UP: Final = 3
"""One operator in so many is registered itself."""


@dataclass(frozen=True, slots=True)
class Nation:
    """Who holds what, as numbers; `assets` is the same as a constituency tells it."""

    assets: pa.Table
    """ASSET_SCHEMA"""
    ipv4: Numbers
    """The networks' first addresses…"""
    ipv4_lengths: npt.NDArray[np.uint8]
    """…and their prefix lengths."""
    ipv6: Numbers
    """The first 64 bits of the IPv6 networks' addresses."""
    names: pl.Series
    asns: npt.NDArray[np.uint32]
    space: tuple[int, int]
    """The addresses of all operators: from, up to and not including."""


def found_nation(*, assets: int, seed: int) -> Nation:
    """A nation of about `assets` assets: of 2,905 there are 2,000 IPv4, 200 IPv6, 700 domains and
    5 AS numbers, held by two organisations for every three assets."""
    chance = np.random.default_rng(seed)
    counts = {kind: max(1, assets * share // 2905) for kind, share in
              {"ipv4": 2000, "ipv6": 200, "domain": 700, "asn": 5}.items()}  # fmt: skip
    ipv4, ipv4_lengths, end = _ipv4_networks(counts["ipv4"], chance=chance)
    ipv6, ipv6_lengths = _ipv6_networks(counts["ipv6"], chance=chance)
    names = _names(counts["domain"], chance=chance)
    asns = _FIRST_ASN + np.arange(counts["asn"], dtype=np.uint64)
    networks = pl.concat([_ipv4_text(ipv4, ipv4_lengths), _ipv6_text(ipv6, ipv6_lengths)])
    frame = pl.concat(
        [
            networks.alias("network").to_frame().with_columns(kind=pl.lit("network")),
            names.alias("domain").to_frame().with_columns(kind=pl.lit("domain")),
            pl.DataFrame({"asn": asns}).with_columns(kind=pl.lit("asn")),
        ],
        how="diagonal",
    )
    return Nation(
        assets=_as_assets(frame, chance=chance),
        ipv4=ipv4,
        ipv4_lengths=ipv4_lengths,
        ipv6=ipv6,
        names=names,
        asns=asns.astype(np.uint32),
        space=(_SPACE, end),
    )


def observe_nation(
    nation: Nation, *, rows: int, shares: Mapping[str, float], seed: int, evidence: int = 0
) -> pa.RecordBatch:
    """`rows` observations (OBSERVATION_SCHEMA), each with so many columns of `evidence`.

    `shares` says what part of the rows has an ``ipv4`` or ``ipv6`` address, a ``host_name``, an
    ``email_domain``, an ``asn``. Half of the addresses and names are somebody's for sure.
    """
    chance = np.random.default_rng(seed)
    ipv4 = _addresses(nation, rows=rows, chance=chance)
    ipv6 = chance.choice(nation.ipv6, rows) | chance.integers(0, 1 << 16, rows, dtype=np.uint64)
    is_ipv6 = chance.random(rows) < shares.get("ipv6", 0)
    is_ipv4 = ~is_ipv6 & (chance.random(rows) < shares.get("ipv4", 0))
    moments = chance.integers(0, 86_400_000_000, rows)
    columns: dict[str, pa.Array] = {
        "line": pa.array(np.arange(2, rows + 2)),
        "observed_at": pa.array(
            int(NOW.timestamp()) * 1_000_000 - moments, pa.timestamp("us", tz="UTC")
        ),
        "ipv4": pa.array(ipv4.astype(np.uint32), mask=~is_ipv4),
        "ipv6_high": pa.array(ipv6, mask=~is_ipv6),
        "ipv6_low": pa.array(chance.integers(1, 1 << 16, rows, dtype=np.uint64), mask=~is_ipv6),
        "port": pa.array(np.full(rows, 3389, dtype=np.uint16)),
        "host_name": _host_names(nation, rows, shares.get("host_name", 0), chance=chance),
        "email_domain": _host_names(nation, rows, shares.get("email_domain", 0), chance=chance),
        "asn": pa.array(
            # Most operators are not registered, and their numbers not held.
            (_FIRST_ASN + chance.integers(0, nation.asns.size * 4, rows)).astype(np.uint32),
            mask=chance.random(rows) >= shares.get("asn", 0),
        ),
        "severity": pa.array(np.full(rows, 3, dtype=np.uint8)),
        "cves": pa.ListArray.from_arrays(
            pa.array(np.zeros(rows + 1, dtype=np.int32)), pa.array([], pa.string())
        ),
        "evidence": _evidence(rows, evidence, chance=chance),
        "network_bits": pa.nulls(rows, pa.uint8()),
        "hinted_name": pa.nulls(rows, pa.string()),
        "hint_origin": pa.nulls(rows, pa.string()),
        "url": pa.nulls(rows, pa.string()),
        "product": pa.nulls(rows, pa.string()),
    }
    words = {
        "source": "shadowserver", "report_type": "scan_rdp", "finding_kind": "open-rdp",
        "rsit_taxonomy": "vulnerable", "rsit_type": "vulnerable-system",
        "affected_role": "service", "address_role": "vulnerable", "transport": "tcp",
        "tlp": "TLP:AMBER",
    }  # fmt: skip
    columns |= {name: _repeated(word, rows) for name, word in words.items()}
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in OBSERVATION_SCHEMA.names], schema=OBSERVATION_SCHEMA
    )


def _ipv4_networks(
    count: int, *, chance: np.random.Generator
) -> tuple[Numbers, npt.NDArray[np.uint8], int]:
    """First addresses and lengths of distinct networks, and where the operators' space ends."""
    # Half of a block is handed on, in pieces of nine addresses on average.
    blocks = _draw(_BLOCK_LENGTHS, max(8, count // 60), chance=chance)
    sizes = np.left_shift(np.uint64(1), (32 - blocks).astype(np.uint64))
    order = np.argsort(-sizes.astype(np.int64), kind="stable")  # so that each lies on its border
    blocks, sizes = blocks[order], sizes[order]
    starts = np.uint64(_SPACE) + np.cumsum(sizes) - sizes
    is_inside = starts + sizes <= np.uint64(1 << 32)
    blocks, starts = blocks[is_inside], starts[is_inside]
    end = int(starts[-1] + sizes[is_inside][-1])
    signed_up = np.arange(starts.size) % _OPERATORS_SIGNED_UP == 0
    lengths = _draw(_IPV4_LENGTHS, count + count // 4, chance=chance)
    firsts = chance.integers(_SPACE, end, lengths.size, dtype=np.uint64)
    firsts = _cut(firsts, lengths, width=32)
    keys = np.concatenate([starts[signed_up] << np.uint64(8) | blocks[signed_up],
                           firsts << np.uint64(8) | lengths])  # fmt: skip
    keys = chance.permutation(np.unique(keys))[:count]
    return keys >> np.uint64(8), (keys & np.uint64(255)).astype(np.uint8), end


def _ipv6_networks(
    count: int, *, chance: np.random.Generator
) -> tuple[Numbers, npt.NDArray[np.uint8]]:
    lengths = _draw(_IPV6_LENGTHS, count + count // 4, chance=chance)
    firsts = np.uint64(0x3FFF << 48) | chance.integers(0, 1 << 44, lengths.size, dtype=np.uint64)
    firsts = _cut(firsts, np.minimum(lengths, 64).astype(np.uint8), width=64)
    distinct = pl.DataFrame({"first": firsts, "length": lengths}).unique(maintain_order=True)
    distinct = distinct.head(count)
    return distinct["first"].to_numpy(), distinct["length"].to_numpy()


def _names(count: int, *, chance: np.random.Generator) -> pl.Series:
    """Registered names; one in ten stands below another."""
    numbers = chance.permutation(count)
    frame = pl.DataFrame({"number": numbers})
    own = pl.format("bedrijf-{}.example", pl.col("number"))
    below = pl.format("winkel.bedrijf-{}.example", pl.col("number") + 1)
    return frame.select(pl.when(pl.col("number") % 10 == 0).then(below).otherwise(own)).to_series()


def _draw(
    weights: Mapping[int, int], count: int, *, chance: np.random.Generator
) -> npt.NDArray[np.uint8]:
    odds = np.array(list(weights.values()), dtype=float)
    return chance.choice(np.array(list(weights), dtype=np.uint8), count, p=odds / odds.sum())


def _cut(firsts: Numbers, lengths: npt.NDArray[np.uint8], *, width: int) -> Numbers:
    shift = np.uint64(width) - lengths
    cut: Numbers = firsts >> shift << shift
    return cut


def _ipv4_text(firsts: Numbers, lengths: npt.NDArray[np.uint8]) -> pl.Series:
    frame = pl.DataFrame({"first": firsts, "length": lengths})
    octets = [(pl.col("first") // 256**power) % 256 for power in (3, 2, 1, 0)]
    return frame.select(network=pl.format("{}.{}.{}.{}/{}", *octets, "length")).to_series()


def _ipv6_text(firsts: Numbers, lengths: npt.NDArray[np.uint8]) -> pl.Series:
    groups = [
        [f"{number:x}" for number in (firsts >> np.uint64(shift) & np.uint64(0xFFFF)).tolist()]
        for shift in (48, 32, 16, 0)
    ]
    frame = pl.DataFrame({"a": groups[0], "b": groups[1], "c": groups[2], "d": groups[3],
                          "length": lengths})  # fmt: skip
    return frame.select(network=pl.format("{}:{}:{}:{}::/{}", "a", "b", "c", "d", "length"))[
        "network"
    ]


def _as_assets(frame: pl.DataFrame, *, chance: np.random.Generator) -> pa.Table:
    """The assets with their holders and periods: one in four began, one in twenty has ended."""
    count = frame.height
    began, ended = chance.random(count) < 0.25, chance.random(count) < 0.05
    frame = frame.with_columns(
        asset_id=pl.int_range(1, count + 1, dtype=pl.Int64),
        organisation_id=pl.Series(chance.integers(1, max(2, count * 2 // 3), count)),
        valid_from=pl.when(pl.Series(began)).then(pl.lit(NOW - timedelta(days=400))),
        valid_until=pl.when(pl.Series(ended)).then(pl.lit(NOW - timedelta(days=100))),
    )
    return frame.select(ASSET_SCHEMA.names).to_arrow().cast(ASSET_SCHEMA)


def _addresses(nation: Nation, *, rows: int, chance: np.random.Generator) -> Numbers:
    """IPv4 addresses: half within a registered network, half anywhere at an operator."""
    drawn = chance.integers(0, nation.ipv4.size, rows)
    sizes = np.left_shift(np.uint64(1), (32 - nation.ipv4_lengths[drawn]).astype(np.uint64))
    held = nation.ipv4[drawn] + (chance.random(rows) * sizes).astype(np.uint64)
    anywhere = chance.integers(*nation.space, rows, dtype=np.uint64)
    return np.where(chance.random(rows) < 0.5, held, anywhere)


def _host_names(
    nation: Nation, rows: int, share: float, *, chance: np.random.Generator
) -> pa.Array:
    """Names of hosts: half below a registered name, half an operator's name for an address."""
    frame = pl.DataFrame(
        {
            "name": nation.names.gather(chance.integers(0, nation.names.len(), rows)),
            "number": chance.integers(0, 1 << 24, rows),
            "is_held": chance.random(rows) < 0.5,
            "is_there": chance.random(rows) < share,
        }
    )
    held = pl.format("www{}.{}", pl.col("number") % 9, "name")
    other = pl.format("ip-{}.pool{}.operator.example", "number", pl.col("number") % 97)
    name = pl.when("is_there").then(pl.when("is_held").then(held).otherwise(other))
    return frame.select(name=name)["name"].to_arrow().cast(pa.string())


def _repeated(word: str, rows: int) -> pa.Array:
    dictionary = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(rows, dtype=np.int8)), pa.array([word])
    )
    return dictionary.cast(pa.string())


def _evidence(rows: int, columns: int, *, chance: np.random.Generator) -> pa.Array:
    """`columns` pairs a row: a few values that keep coming back, as banners and places do."""
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * columns)
    keys = pa.array([f"column_{number}" for number in range(columns)], pa.string())
    values = pa.array([f"value {number} of a banner" for number in range(1_000)])
    return pa.MapArray.from_arrays(
        offsets,
        keys.take(pa.array(np.tile(np.arange(columns), rows))),
        values.take(pa.array(chance.integers(0, 1_000, rows * columns))),
    )
