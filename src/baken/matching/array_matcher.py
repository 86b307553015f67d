"""The matcher on one machine: table look-ups over whole columns, in as many threads as processors.

The rules are those of docs/explanation/matching.md. What a row's address, names and AS number find
is looked up one source at a time; only rows that several sources speak of are sorted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from baken.core.finding_kinds import NAME_ONLY_KINDS
from baken.matching import HINT_SCHEMA, MATCH_SCHEMA, MATCHED_COLUMNS, RULES, MatchRule
from baken.matching.asset_index import AssetIndex
from baken.matching.holdings import IS_NARROWEST, IS_SHARED, Found, join_found, runs
from baken.matching.name_table import Texts

Bools: TypeAlias = npt.NDArray[np.bool_]
Int64s: TypeAlias = npt.NDArray[np.int64]
UInt8s: TypeAlias = npt.NDArray[np.uint8]
UInt32s: TypeAlias = npt.NDArray[np.uint32]
UInt64s: TypeAlias = npt.NDArray[np.uint64]

_PIECE_ROWS: Final = 1 << 17
"""How many rows are matched at once, so that intermediate results stay in the processor's cache."""
_IS_OWNER: Final = np.array([rule.is_owner for rule in RULES])

_RULES: Final = pa.array([rule.value for rule in RULES])
_WHO_IN_A_ROW: Final = ["row", "organisation_id"]
_RELATIONS: Final = pa.array(["operator", "owner"])


class _Source(IntEnum):
    """What an asset was found by."""

    PART = 0  # of a network that the row names
    NETWORK = 1
    DOMAIN = 2
    EMAIL = 3
    ASN = 4


class _Standing(IntEnum):
    """What an address or AS number can make of its holder."""

    MACHINE = 0
    """The owner: the row is about a machine."""
    ABOVE = 1
    """An operator: the row is about a named site or, for an AS number, something narrower holds it.
    """
    SITE = 2
    """The owner of an address at which a site is that has no name."""


def _ranks(*rules: MatchRule) -> list[int]:
    return [RULES.index(rule) for rule in (*rules, rules[-1])]  # four, so that a shift finds them


_AT_ADDRESS: Final = _ranks(
    MatchRule.LONGEST_PREFIX, MatchRule.HOST_OF_NAME, MatchRule.SITE_ON_ADDRESS
)
_AROUND_ADDRESS: Final = _ranks(
    MatchRule.COVERING_PREFIX, MatchRule.HOST_OF_NAME, MatchRule.COVERING_PREFIX
)
_IN_NETWORK: Final = _ranks(
    MatchRule.PART_OF_NETWORK, MatchRule.HOST_OF_NAME, MatchRule.SITE_ON_ADDRESS
)
_OF_NUMBER: Final = _ranks(
    MatchRule.AS_NUMBER, MatchRule.AS_NUMBER_ABOVE, MatchRule.SITE_ON_ADDRESS
)
# By source, by whether nothing narrower was found in it, by standing.
_RULE_OF: Final = np.array(
    [
        _IN_NETWORK * 2,
        _AROUND_ADDRESS + _AT_ADDRESS,
        [RULES.index(MatchRule.DOMAIN)] * 8,
        [RULES.index(MatchRule.EMAIL_DOMAIN)] * 8,
        _OF_NUMBER * 2,
    ],
    dtype=np.uint8,
)
_STANDING_BITS: Final = np.uint8(2)


@dataclass(frozen=True, slots=True)
class _Ruled:
    """Matches before they are a table: rows with an asset and a rule."""

    rows: npt.NDArray[np.int64]
    slots: UInt32s
    rules: UInt8s
    is_shared: Bools


class ArrayMatcher:
    """Matches batches against one state of the constituency."""

    def __init__(
        self, index: AssetIndex, *, name_only_kinds: Iterable[str] = NAME_ONLY_KINDS
    ) -> None:
        self._index = index
        self._name_only_kinds = pa.array(sorted(name_only_kinds), pa.string())
        # What is looked up are whole columns, outside Python's lock.
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="match")

    def match(self, observations: pa.RecordBatch) -> pa.Table:
        """See `baken.matching.Matcher.match`."""
        wanted = observations.select(list(MATCHED_COLUMNS))
        firsts = range(0, observations.num_rows, _PIECE_ROWS)
        # One piece needs no thread.
        run = self._threads.map if len(firsts) > 1 else map
        parts = run(lambda first: self._match_from(wanted, first), firsts)
        return pa.Table.from_batches(parts, schema=MATCH_SCHEMA)

    def hinted(self, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """See `baken.matching.ReportMatcher.hinted`."""
        firsts = range(0, observations.num_rows, _PIECE_ROWS)
        run = self._threads.map if len(firsts) > 1 else map
        wanted = observations.select(["observed_at", "hinted_name"])
        parts = list(run(lambda first: self._hinted_from(wanted, first), firsts))
        found = pa.Table.from_batches(parts, schema=HINT_SCHEMA)
        if not found.num_rows:
            return found
        # Most rows are hinted at by nobody: what is joined is small.
        is_hinted = np.zeros(observations.num_rows, dtype=np.bool_)
        is_hinted[found["row"].to_numpy()] = True
        is_owner = pc.equal(matches["relation"].cast(pa.string()), "owner")
        is_asked_for = pc.and_(is_owner, pa.array(is_hinted[matches["row"].to_numpy()]))
        owners = matches.select(_WHO_IN_A_ROW).filter(is_asked_for)
        rest = found.join(owners, keys=_WHO_IN_A_ROW, join_type="left anti")
        return rest.sort_by([(name, "ascending") for name in _WHO_IN_A_ROW]).cast(HINT_SCHEMA)

    def _hinted_from(self, observations: pa.RecordBatch, first: int) -> pa.RecordBatch:
        piece = observations.slice(first, _PIECE_ROWS)
        nodes = self._name_nodes(piece["hinted_name"])
        if nodes is None:
            return pa.RecordBatch.from_pylist([], schema=HINT_SCHEMA)
        seen_at = piece["observed_at"].cast(pa.int64()).to_numpy()
        held, _ = self._index.domains.find(nodes, seen_at=seen_at, holders=self._index.holders)
        held = _narrowest_only(held)
        ids = self._index.holders.ids_of(held.slots)
        columns = [(held.rows + first).astype(np.uint32), ids[:, 0], ids[:, 1]]
        arrays = [pa.array(np.ascontiguousarray(column)) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=HINT_SCHEMA)

    def _match_from(self, observations: pa.RecordBatch, first: int) -> pa.RecordBatch:
        ruled = self._match_piece(observations.slice(first, _PIECE_ROWS))
        ids = self._index.holders.ids_of(ruled.slots)
        rules = pa.array(ruled.rules.view(np.int8))
        relations = pa.array(np.take(_IS_OWNER, ruled.rules).view(np.int8))
        return pa.RecordBatch.from_arrays(
            [
                pa.array((ruled.rows + first).astype(np.uint32)),
                pa.array(np.ascontiguousarray(ids[:, 0])),
                pa.array(np.ascontiguousarray(ids[:, 1])),
                pa.DictionaryArray.from_arrays(relations, _RELATIONS, safe=False),
                pa.DictionaryArray.from_arrays(rules, _RULES, safe=False),
                pa.array(ruled.is_shared),
            ],
            schema=MATCH_SCHEMA,
        )

    def _match_piece(self, piece: pa.RecordBatch) -> _Ruled:
        index = self._index
        seen_at = piece["observed_at"].cast(pa.int64()).to_numpy()
        found: dict[_Source, Found] = {}
        is_sorted = True
        networks = self._network_nodes(piece)
        if networks is not None and piece["network_bits"].null_count < piece.num_rows:
            networks, parts = self._named_networks(piece, networks, seen_at=seen_at)
            if parts.rows.size:
                found[_Source.PART] = parts
                is_sorted = False
        for source, nodes, holdings in (
            (_Source.NETWORK, networks, index.networks),
            (_Source.DOMAIN, self._name_nodes(piece["host_name"]), index.domains),
            (_Source.EMAIL, self._name_nodes(piece["email_domain"]), index.domains),
            (_Source.ASN, self._asn_nodes(piece["asn"]), index.numbers),
        ):
            if nodes is None:
                continue
            held, has_order = holdings.find(nodes, seen_at=seen_at, holders=index.holders)
            if source in (_Source.DOMAIN, _Source.EMAIL):
                held = _narrowest_only(held)
            if held.rows.size:
                found[source] = held
                is_sorted &= has_order
        ruled = _join_ruled(list(_rule(found, self._standings(piece), rows=piece.num_rows)))
        if is_sorted and len(found) < 2:
            return ruled
        return _strongest_of_each(ruled, self._index.holders.organisation_ranks)

    def _network_nodes(self, piece: pa.RecordBatch) -> UInt32s | None:
        ipv4, high, low = piece["ipv4"], piece["ipv6_high"], piece["ipv6_low"]
        if ipv4.null_count == 0:
            return self._index.ipv4.nodes_of([ipv4.to_numpy()])
        if ipv4.null_count == len(ipv4) == high.null_count:
            return None
        if high.null_count == 0:
            return self._index.ipv6.nodes_of([high.to_numpy(), low.to_numpy()])
        nodes = np.zeros(piece.num_rows, dtype=np.uint32)
        rows = _present(ipv4)
        nodes[rows] = self._index.ipv4.nodes_of([_values(ipv4, np.uint32)[rows]])
        rows = _present(high)
        words = [_values(column, np.uint64)[rows] for column in (high, low)]
        nodes[rows] = self._index.ipv6.nodes_of(words)
        return nodes

    def _named_networks(
        self, piece: pa.RecordBatch, nodes: UInt32s, *, seen_at: Int64s
    ) -> tuple[UInt32s, Found]:
        """The nodes with those around the whole of each named network, and what lies inside them.

        `nodes` are those of the networks' first addresses. What lies inside comes row by row, the
        narrowest and then the asset with the lowest id first.
        """
        nodes = nodes.copy()
        named = piece["network_bits"]
        inside = []
        for order, kind, names in (
            (self._index.ipv4_order, np.uint32, ["ipv4"]),
            (self._index.ipv6_order, np.uint64, ["ipv6_high", "ipv6_low"]),
        ):
            rows = _present(pc.if_else(piece[names[0]].is_valid(), named, None))
            bits = _values(named, np.uint8)[rows]
            nodes[rows] = order.around(nodes[rows], bits=bits)
            words = [_values(piece[name], kind)[rows] for name in names]
            firsts, counts = order.inside(words, bits=bits)
            parts, part_rows = runs(firsts, counts), np.repeat(rows, counts)
            held = self._index.networks.own(
                parts, seen_at=np.take(seen_at, part_rows), holders=self._index.holders
            )
            lengths = order.lengths_of(parts)[held.rows].astype(np.int64)
            held_rows = part_rows[held.rows]
            by_length = np.lexsort((held.slots, -lengths, held_rows))
            inside.append(Found(held_rows[by_length], held.slots[by_length], held.marks[by_length]))
        return nodes, join_found(inside)

    def _name_nodes(self, names: pa.Array) -> UInt32s | None:
        missing = names.null_count
        if missing == len(names) or not len(self._index.names.names):
            return None
        if not missing:
            return self._index.names.nodes_of(Texts.from_array(names))
        nodes = np.zeros(len(names), dtype=np.uint32)
        nodes[_present(names)] = self._index.names.nodes_of(Texts.from_array(names.drop_null()))
        return nodes

    def _asn_nodes(self, column: pa.Array) -> UInt32s | None:
        if column.null_count == len(column) or not self._index.numbers.chain_slots.size:
            return None
        nodes = self._index.asns.nodes_of([_values(column, np.uint32)])
        if column.null_count:
            nodes *= column.is_valid().to_numpy(zero_copy_only=False)
        return nodes

    def _standings(self, piece: pa.RecordBatch) -> UInt8s | None:
        """Each row's `_Standing`; None when all are about machines."""
        is_name_only = pc.is_in(piece["finding_kind"], self._name_only_kinds)
        if not pc.any(is_name_only).as_py():
            return None
        standings: UInt8s = is_name_only.to_numpy(zero_copy_only=False).view(np.uint8)
        # Only a name that the source asked for says that a site has somebody to answer for it.
        has_no_name = piece["host_name"].is_null().to_numpy(zero_copy_only=False)
        # One where the kind is name-only: `ABOVE`. Twice that without a name: `SITE`.
        standings <<= has_no_name.view(np.uint8)
        return standings


def _rule(found: dict[_Source, Found], standings: UInt8s | None, *, rows: int) -> Iterable[_Ruled]:
    """What was found, source by source, with the rule that makes it a match."""
    of_number = np.zeros(rows, dtype=np.uint8) if standings is None else standings.copy()
    for source, held in found.items():
        is_narrowest = held.marks & IS_NARROWEST
        if source is _Source.ASN:
            standing = np.take(of_number, held.rows)
        elif standings is not None:
            standing = np.take(standings, held.rows)
        else:
            standing = np.zeros(held.rows.size, dtype=np.uint8)
        rules = np.take(_RULE_OF[source], is_narrowest << _STANDING_BITS | standing)
        is_shared = (held.marks & IS_SHARED).astype(np.bool_) & np.take(_IS_OWNER, rules)
        # A part of a named network leaves the rest of it to the AS number.
        if source is not _Source.PART and _Source.ASN in found:
            of_number[held.rows] = _Standing.ABOVE
        yield _Ruled(held.rows, held.slots, rules, is_shared)


def _narrowest_only(held: Found) -> Found:
    # The most specific registered name wins; its parents are not even operators.
    is_narrowest = (held.marks & IS_NARROWEST).astype(np.bool_)
    if is_narrowest.all():
        return held
    return Found(held.rows[is_narrowest], held.slots[is_narrowest], held.marks[is_narrowest])


def _strongest_of_each(ruled: _Ruled, organisation_ranks: UInt32s) -> _Ruled:
    """The strongest of each row and organisation, sorted by row and organisation."""
    count = ruled.rows.size
    place_bits = max(count - 1, 0).bit_length()
    organisation_bits = int(organisation_ranks.size).bit_length()
    rule_bits = (len(RULES) - 1).bit_length()
    if ruled.rows.size and (
        int(ruled.rows.max()).bit_length() + organisation_bits + rule_bits + place_bits > 64
    ):
        return _strongest_of_halves(ruled, organisation_ranks)
    # Packed into one number each, rows sort several times quicker than by several columns.
    keys = ruled.rows.astype(np.uint64) << np.uint64(organisation_bits)
    keys |= np.take(organisation_ranks, ruled.slots)
    keys = keys << np.uint64(rule_bits) | ruled.rules
    keys = np.sort(keys << np.uint64(place_bits) | np.arange(count, dtype=np.uint64))
    pairs = keys >> np.uint64(place_bits + rule_bits)
    is_first = np.ones(count, dtype=np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=is_first[1:])
    kept = (keys[is_first] & np.uint64((1 << place_bits) - 1)).astype(np.int64)
    return _Ruled(ruled.rows[kept], ruled.slots[kept], ruled.rules[kept], ruled.is_shared[kept])


def _strongest_of_halves(ruled: _Ruled, organisation_ranks: UInt32s) -> _Ruled:
    """For very many matches at once: the lower rows, then the higher ones."""
    middle = int(np.median(ruled.rows))
    if middle == int(ruled.rows.max()):
        middle -= 1
    halves = []
    for is_in in (ruled.rows <= middle, ruled.rows > middle):
        base = int(ruled.rows[is_in].min())
        half = _Ruled(
            ruled.rows[is_in] - base,
            ruled.slots[is_in],
            ruled.rules[is_in],
            ruled.is_shared[is_in],
        )
        done = _strongest_of_each(half, organisation_ranks)
        halves.append(_Ruled(done.rows + base, done.slots, done.rules, done.is_shared))
    return _join_ruled(halves)


def _join_ruled(parts: list[_Ruled]) -> _Ruled:
    if len(parts) == 1:
        return parts[0]
    nothing = _Ruled(
        rows=np.zeros(0, dtype=np.int64),
        slots=np.zeros(0, dtype=np.uint32),
        rules=np.zeros(0, dtype=np.uint8),
        is_shared=np.zeros(0, dtype=np.bool_),
    )
    every = [nothing, *parts]
    return _Ruled(
        rows=np.concatenate([part.rows for part in every]),
        slots=np.concatenate([part.slots for part in every]),
        rules=np.concatenate([part.rules for part in every]),
        is_shared=np.concatenate([part.is_shared for part in every]),
    )


def _present(column: pa.Array) -> npt.NDArray[np.int64]:
    return np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))


def _values(column: pa.Array, kind: type[np.generic]) -> npt.NDArray[np.unsignedinteger]:
    """The values of a column of numbers as they lie in memory; where it is null, anything."""
    values = np.frombuffer(column.buffers()[1], dtype=kind)
    return values[column.offset : column.offset + len(column)]
