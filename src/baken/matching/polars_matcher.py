"""The matcher on one machine: hash joins in Polars, one for each prefix length and label count.

The rules are those of docs/explanation/matching.md. Cost grows with the rows and with the number
of different prefix lengths, not with the number of assets.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from baken.core.classification import NAME_ONLY_KINDS
from baken.matching import MATCH_SCHEMA, MatchRule

# What a candidate was found by, in this order of strength.
_NETWORK, _DOMAIN, _EMAIL, _ASN = range(4)
_RULE_ORDER: Final = {rule.value: rank for rank, rule in enumerate(MatchRule)}
_HALF: Final = 64
_LOW_HALF_MASK: Final = (1 << _HALF) - 1


@dataclass(frozen=True, slots=True)
class AssetIndex:
    """The assets in the shape that joins want. A *slot* is a row of `holders`."""

    holders: pl.DataFrame
    """slot, asset_id, organisation_id, valid_from, valid_until"""
    ipv4: Mapping[int, pl.DataFrame]
    """by prefix length: key (the prefix's leading bits, UInt32), slot"""
    ipv6: Mapping[int, pl.DataFrame]
    """by prefix length: key_high, key_low (the prefix's leading bits, UInt64 each), slot"""
    domains: Mapping[int, pl.DataFrame]
    """by number of labels: key, slot"""
    asns: pl.DataFrame
    """key (UInt32), slot"""

    @classmethod
    def from_assets(cls, assets: pa.Table) -> AssetIndex:
        """The index of `assets` (ASSET_SCHEMA)."""
        frame = pl.DataFrame(assets).with_row_index("slot")
        networks = frame.filter(pl.col("network").is_not_null()).select("slot", "network")
        is_ipv6 = pl.col("network").str.contains(":", literal=True)
        names = frame.filter(pl.col("domain").is_not_null()).select("slot", key="domain")
        labels = pl.col("key").str.count_matches(".", literal=True) + 1
        return cls(
            holders=frame.select(
                "slot", "asset_id", "organisation_id", "valid_from", "valid_until"
            ),
            ipv4=dict(_ipv4_by_length(networks.filter(~is_ipv6))),
            ipv6=dict(_ipv6_by_length(networks.filter(is_ipv6))),
            domains=dict(_split_by(names.with_columns(part=labels))),
            asns=frame.filter(pl.col("asn").is_not_null()).select("slot", key="asn"),
        )


class PolarsMatcher:
    """Matches batches against one state of the constituency."""

    def __init__(
        self, assets: pa.Table, *, name_only_kinds: Iterable[str] = NAME_ONLY_KINDS
    ) -> None:
        self._index = AssetIndex.from_assets(assets)
        self._name_only_kinds = sorted(name_only_kinds)

    def match(self, observations: pa.RecordBatch) -> pa.Table:
        """See `baken.matching.Matcher.match`."""
        columns = ["observed_at", "finding_kind", "ipv4", "ipv6_high", "ipv6_low"]
        names = ["host_name", "email_domain", "asn"]
        frame = pl.DataFrame(pa.Table.from_batches([observations.select(columns + names)]))
        frame = frame.with_row_index("row")
        candidates = pl.concat(
            [
                _network_candidates(frame, self._index),
                _name_candidates(frame, "host_name", _DOMAIN, self._index),
                _name_candidates(frame, "email_domain", _EMAIL, self._index),
                _asn_candidates(frame, self._index),
            ]
        )
        valid = _valid_candidates(candidates, frame, self._index)
        return _strongest(valid, self._name_only_kinds).to_arrow().cast(MATCH_SCHEMA)


def _ipv4_by_length(networks: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    parts = networks["network"].str.split("/")
    frame = networks.select(
        "slot",
        number=_ipv4_numbers(parts.list.get(0)),
        part=parts.list.get(1).cast(pl.UInt32),
    )
    for length, group in _split_by(frame):
        shift = pl.col("number") // (1 << (32 - length))
        yield length, group.select("slot", key=shift.cast(pl.UInt32))


def _ipv4_numbers(addresses: pl.Series) -> pl.Series:
    octets = addresses.str.split(".").list.eval(pl.element().cast(pl.UInt64))
    number = pl.Series([0], dtype=pl.UInt64)
    for position in range(4):
        number = number * 256 + octets.list.get(position)
    return number


def _ipv6_by_length(networks: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    # The standard library reads IPv6 text; there are few such assets next to IPv4 ones.
    parsed = [ipaddress.IPv6Network(text) for text in networks["network"]]
    numbers = [int(network.network_address) for network in parsed]
    frame = pl.DataFrame(
        {
            "slot": networks["slot"],
            "high": pl.Series([number >> _HALF for number in numbers], dtype=pl.UInt64),
            "low": pl.Series([number & _LOW_HALF_MASK for number in numbers], dtype=pl.UInt64),
            "part": pl.Series([network.prefixlen for network in parsed], dtype=pl.UInt32),
        }
    )
    for length, group in _split_by(frame):
        yield length, group.select("slot", *_ipv6_keys(length, high="high", low="low"))


def _ipv6_keys(length: int, *, high: str, low: str) -> list[pl.Expr]:
    # A shift by 64 is undefined, so a half that is not part of the prefix becomes zero.
    zero = pl.lit(0, dtype=pl.UInt64)
    if length <= _HALF:
        return [_leading_bits(pl.col(high), length).alias("key_high"), zero.alias("key_low")]
    rest = _leading_bits(pl.col(low), length - _HALF)
    return [pl.col(high).alias("key_high"), rest.alias("key_low")]


def _leading_bits(half: pl.Expr, count: int) -> pl.Expr:
    return half // (1 << (_HALF - count)) if count else pl.lit(0, dtype=pl.UInt64)


def _split_by(frame: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    for key, group in frame.partition_by("part", as_dict=True, include_key=False).items():
        yield int(key[0]), group


def _candidate_columns(found_by: int, specificity: int) -> list[pl.Expr]:
    return [
        pl.col("row"),
        pl.col("slot"),
        pl.lit(found_by, dtype=pl.UInt8).alias("found_by"),
        pl.lit(specificity, dtype=pl.UInt8).alias("specificity"),
    ]


def _no_candidates() -> pl.DataFrame:
    types = {"row": pl.UInt32, "slot": pl.UInt32, "found_by": pl.UInt8, "specificity": pl.UInt8}
    return pl.DataFrame(schema=types)


def _network_candidates(frame: pl.DataFrame, index: AssetIndex) -> pl.DataFrame:
    found = [_no_candidates()]
    ipv4 = frame.filter(pl.col("ipv4").is_not_null()).select("row", "ipv4")
    for length, keys in index.ipv4.items():
        shifted = (pl.col("ipv4") // (1 << (32 - length))).cast(pl.UInt32)
        joined = ipv4.select("row", key=shifted).join(keys, on="key")
        found.append(joined.select(_candidate_columns(_NETWORK, length)))
    ipv6 = frame.filter(pl.col("ipv6_high").is_not_null()).select("row", "ipv6_high", "ipv6_low")
    for length, keys in index.ipv6.items():
        shifted_keys = _ipv6_keys(length, high="ipv6_high", low="ipv6_low")
        joined = ipv6.select("row", *shifted_keys).join(keys, on=["key_high", "key_low"])
        found.append(joined.select(_candidate_columns(_NETWORK, length)))
    return pl.concat(found)


def _name_candidates(
    frame: pl.DataFrame, column: str, found_by: int, index: AssetIndex
) -> pl.DataFrame:
    # Walk up the labels: a name of four labels is looked for as its last 1, 2, 3 and 4 labels,
    # as far as assets of that many labels exist. Each distinct name is walked once.
    named = frame.filter(pl.col(column).is_not_null()).select("row", name=column)
    labels = named.select("name").unique().with_columns(labels=pl.col("name").str.split("."))
    found = [_no_candidates()]
    for count, keys in index.domains.items():
        suffixes = labels.filter(pl.col("labels").list.len() >= count).select(
            "name", key=pl.col("labels").list.tail(count).list.join(".")
        )
        holders = suffixes.join(keys, on="key").select("name", "slot")
        joined = named.join(holders, on="name")
        found.append(joined.select(_candidate_columns(found_by, count)))
    return pl.concat(found)


def _asn_candidates(frame: pl.DataFrame, index: AssetIndex) -> pl.DataFrame:
    numbered = frame.filter(pl.col("asn").is_not_null()).select("row", key="asn")
    return numbered.join(index.asns, on="key").select(_candidate_columns(_ASN, 0))


def _valid_candidates(
    candidates: pl.DataFrame, frame: pl.DataFrame, index: AssetIndex
) -> pl.DataFrame:
    observed_at, start, end = pl.col("observed_at"), pl.col("valid_from"), pl.col("valid_until")
    return (
        candidates.join(index.holders, on="slot")
        .join(frame.select("row", "observed_at", "finding_kind"), on="row")
        .filter(start.is_null() | (start <= observed_at), end.is_null() | (observed_at < end))
    )


def _strongest(candidates: pl.DataFrame, name_only_kinds: list[str]) -> pl.DataFrame:
    found_by, specificity = pl.col("found_by"), pl.col("specificity")
    organisation = pl.col("organisation_id")
    is_narrowest = specificity == specificity.max().over("row", "found_by")
    ruled = (
        candidates.with_columns(
            is_narrowest=is_narrowest,
            has_narrower=(found_by != _ASN).any().over("row"),
            is_name_only=pl.col("finding_kind").is_in(name_only_kinds),
        )
        # The most specific registered name wins; its parents are not even operators.
        .filter(~found_by.is_in([_DOMAIN, _EMAIL]) | pl.col("is_narrowest"))
        .with_columns(rule=_rule())
        .with_columns(is_owner=pl.col("rule").is_in([r.value for r in MatchRule if r.is_owner]))
    )
    is_held_twice = organisation.min().over(
        "row", "found_by", "specificity"
    ) != organisation.max().over("row", "found_by", "specificity")
    ranked = ruled.with_columns(
        relation=pl.when("is_owner").then(pl.lit("owner")).otherwise(pl.lit("operator")),
        is_shared=pl.col("is_owner") & is_held_twice,
        rule_rank=pl.col("rule").replace_strict(_RULE_ORDER, return_dtype=pl.UInt8),
    )
    order = ["row", "organisation_id", "rule_rank", "specificity", "asset_id"]
    strongest_first = ranked.sort(order, descending=[False, False, False, True, False])
    once = strongest_first.unique(["row", "organisation_id"], keep="first", maintain_order=True)
    return once.select(MATCH_SCHEMA.names)


def _rule() -> pl.Expr:
    found_by, is_name_only = pl.col("found_by"), pl.col("is_name_only")
    above = pl.col("has_narrower") | is_name_only
    return (
        pl.when(found_by == _DOMAIN)
        .then(pl.lit(MatchRule.DOMAIN.value))
        .when(found_by == _EMAIL)
        .then(pl.lit(MatchRule.EMAIL_DOMAIN.value))
        .when((found_by == _ASN) & above)
        .then(pl.lit(MatchRule.AS_NUMBER_ABOVE.value))
        .when(found_by == _ASN)
        .then(pl.lit(MatchRule.AS_NUMBER.value))
        .when(is_name_only)
        .then(pl.lit(MatchRule.HOST_OF_NAME.value))
        .when("is_narrowest")
        .then(pl.lit(MatchRule.LONGEST_PREFIX.value))
        .otherwise(pl.lit(MatchRule.COVERING_PREFIX.value))
    )
