"""Who holds what: the assets at each node of an index, and above it, the narrowest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Int64s: TypeAlias = npt.NDArray[np.int64]
UInt32s: TypeAlias = npt.NDArray[np.uint32]
UInt8s: TypeAlias = npt.NDArray[np.uint8]
Bools: TypeAlias = npt.NDArray[np.bool_]

ALWAYS_FROM: Final = np.iinfo(np.int64).min
ALWAYS_UNTIL: Final = np.iinfo(np.int64).max
"""An asset without a first or last moment counts from and until these (microseconds)."""

IS_NARROWEST: Final = 1
IS_SHARED: Final = 2
"""Marks of a holding: nothing valid is narrower; another organisation holds the same."""


_MARK_BITS: Final = np.uint32(2)
_MARKS: Final = np.uint32(3)
_MINUTE: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class Holders:
    """The assets, one a *slot*, in the order of their ids."""

    ids: Int64s
    """Two numbers a slot: the organisation's id and the asset's."""
    organisation_ranks: UInt32s
    """The organisation's place among all in order of id: small enough to sort by."""
    valid_from: Int64s
    valid_until: Int64s

    def ids_of(self, slots: UInt32s) -> Int64s:
        """Organisation and asset of each of `slots`, as rows."""
        return np.take(self.ids.view(np.complex128), slots).view(np.int64).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Found:
    """Holdings of rows, sorted by row: which assets were found for it, and what they are there."""

    rows: Int64s
    slots: UInt32s
    marks: UInt8s


@dataclass(frozen=True, slots=True)
class Holdings:
    """For each node the assets that hold it; node 0 holds nothing.

    Most rows are seen at a time when a node's holders are what they are at one moment, the index's
    own. For those the answer stands ready; only for the others is the chain looked through. What is
    read together lies together: reading from memory is what takes the time.
    """

    chain_starts: Int64s
    """Where each node's chain begins; one more than nodes, so that the next start ends it."""
    chain_slots: UInt32s
    """The assets at the node, then those at the node above it, and so on up."""
    chain_depths: UInt8s
    """How many nodes above."""
    ready: UInt32s
    """Four numbers a node: where its answer begins in `answers`, how long it is, and the minutes
    since 1970 from which and until which it stands."""
    answers: UInt32s
    """One asset an organisation, in order of organisation: its slot, and in the last two bits its
    marks."""

    def find(self, nodes: UInt32s, *, seen_at: Int64s, holders: Holders) -> tuple[Found, bool]:
        """What holds each row's node when it was seen (microseconds since 1970).

        One holding a row and organisation, the narrowest. Also says whether what was found is
        sorted by row and organisation.
        """
        rows = np.flatnonzero(nodes)
        held = np.take(nodes, rows)
        ready = _take_quads(self.ready, held)
        minutes = np.take(seen_at, rows) // _MINUTE
        is_ready = (ready[:, 2] <= minutes) & (minutes < ready[:, 3])
        if is_ready.all():
            return self._ready(rows, ready), True
        is_dated = ~is_ready
        dated = self._dated(rows[is_dated], held[is_dated], seen_at, holders)
        parts = [self._ready(rows[is_ready], ready[is_ready]), dated]
        return join_found(parts), False

    def _ready(self, rows: Int64s, ready: UInt32s) -> Found:
        counts = ready[:, 1].astype(np.int64)
        answers = np.take(self.answers, runs(ready[:, 0], counts))
        return Found(
            rows=np.repeat(rows, counts),
            slots=answers >> _MARK_BITS,
            marks=(answers & _MARKS).astype(np.uint8),
        )

    def _dated(self, rows: Int64s, nodes: UInt32s, seen_at: Int64s, holders: Holders) -> Found:
        firsts = np.take(self.chain_starts, nodes)
        counts = np.take(self.chain_starts[1:], nodes) - firsts
        entries = runs(firsts, counts)
        slots = np.take(self.chain_slots, entries)
        found_rows = np.repeat(rows, counts)
        at = np.take(seen_at, found_rows)
        is_valid = np.take(holders.valid_from, slots) <= at
        is_valid &= at < np.take(holders.valid_until, slots)
        return narrowest_of_each(
            found_rows[is_valid],
            slots[is_valid],
            np.take(self.chain_depths, entries)[is_valid],
            holders=holders,
        )

    def own(self, nodes: Int64s, *, seen_at: Int64s, holders: Holders) -> Found:
        """What holds exactly each of `nodes` at the moment beside it, and nothing above it.

        One holding a node and organisation; a row of the answer is a position in `nodes`.
        """
        firsts = np.take(self.chain_starts, nodes)
        counts = np.take(self.chain_starts[1:], nodes) - firsts
        entries = runs(firsts, counts)
        slots = np.take(self.chain_slots, entries)
        places = np.repeat(np.arange(nodes.size), counts)
        at = np.take(seen_at, places)
        kept = np.take(self.chain_depths, entries) == 0
        kept &= np.take(holders.valid_from, slots) <= at
        kept &= at < np.take(holders.valid_until, slots)
        depths = np.zeros(np.count_nonzero(kept), dtype=np.uint8)
        return narrowest_of_each(places[kept], slots[kept], depths, holders=holders)

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What this is made of, by names that begin with `name`."""
        return {f"{name}.{field}": getattr(self, field) for field in self.__slots__}

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Holdings:
        """The holdings that gave `arrays`."""
        return cls(**{field: arrays[f"{name}.{field}"] for field in cls.__slots__})  # type: ignore[arg-type]


def gather_holdings(
    parents: UInt32s, *, nodes: UInt32s, slots: UInt32s, holders: Holders, as_of: int
) -> Holdings:
    """The holdings of a tree of nodes.

    `parents` has one entry a node, and 0 at node 0; `nodes` and `slots` say which asset stands
    where, in order of slot. `as_of` (microseconds) is the moment for which answers are made ready.
    """
    order = np.argsort(nodes, kind="stable")
    own_slots = slots[order]
    own_starts = _starts(nodes, count=parents.size)
    chain_nodes, chain_slots, chain_depths = _chains(parents, own_starts, own_slots)
    start, end = holders.valid_from[chain_slots], holders.valid_until[chain_slots]
    is_valid = (start <= as_of) & (as_of < end)
    ready = narrowest_of_each(
        chain_nodes[is_valid], chain_slots[is_valid], chain_depths[is_valid], holders=holders
    )
    ready_starts = _starts(ready.rows, count=parents.size)
    since, until = _minutes_around(chain_nodes, start, end, as_of=as_of, count=parents.size)
    quads = np.stack([ready_starts[:-1], np.diff(ready_starts), since, until], axis=1)
    return Holdings(
        chain_starts=_starts(chain_nodes, count=parents.size),
        chain_slots=chain_slots,
        chain_depths=chain_depths,
        ready=quads.astype(np.uint32).ravel(),
        answers=ready.slots << _MARK_BITS | ready.marks,
    )


def narrowest_of_each(rows: Int64s, slots: UInt32s, depths: UInt8s, *, holders: Holders) -> Found:
    """Of each row and organisation the first of what was found, sorted by row and organisation.

    `rows` are sorted, and within a row what is narrower, and then what has the lower id, is first.
    """
    if not rows.size:
        return Found(rows=rows, slots=slots, marks=np.zeros(0, dtype=np.uint8))
    is_start = np.empty(rows.size, dtype=np.bool_)
    is_start[0] = True
    np.not_equal(rows[1:], rows[:-1], out=is_start[1:])
    starts = np.flatnonzero(is_start)
    group = np.cumsum(is_start) - 1
    is_narrowest = depths == depths[starts][group]
    ranks = holders.organisation_ranks[slots]
    lowest = np.minimum.reduceat(np.where(is_narrowest, ranks, np.uint32(2**32 - 1)), starts)
    highest = np.maximum.reduceat(np.where(is_narrowest, ranks, np.uint32(0)), starts)
    is_shared = is_narrowest & (lowest != highest)[group]
    marks = is_narrowest * np.uint8(IS_NARROWEST) | is_shared * np.uint8(IS_SHARED)
    # Sorting is stable: the first of each organisation stays the narrowest.
    order = np.lexsort((ranks, rows))
    rows, ranks = rows[order], ranks[order]
    is_first = np.ones(rows.size, dtype=np.bool_)
    is_first[1:] = (rows[1:] != rows[:-1]) | (ranks[1:] != ranks[:-1])
    kept = order[is_first]
    return Found(rows=rows[is_first], slots=slots[kept], marks=marks[kept].astype(np.uint8))


def join_found(parts: list[Found]) -> Found:
    """All of `parts`, one after the other."""
    return Found(
        rows=np.concatenate([part.rows for part in parts]),
        slots=np.concatenate([part.slots for part in parts]),
        marks=np.concatenate([part.marks for part in parts]),
    )


def _take_quads(quads: UInt32s, nodes: UInt32s) -> UInt32s:
    """The four numbers of each node, as rows; read as one value of 16 bytes each."""
    return np.take(quads.view(np.complex128), nodes).view(np.uint32).reshape(-1, 4)


def runs(firsts: npt.NDArray[np.integer], counts: Int64s) -> Int64s:
    """``counts[i]`` numbers from ``firsts[i]`` on, for each *i*."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    if total == counts.size and (counts == 1).all():
        return firsts.astype(np.int64)
    return np.arange(total) + np.repeat(firsts - ends + counts, counts)


def _starts(nodes: npt.NDArray[np.integer], *, count: int) -> Int64s:
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(nodes, minlength=count), out=starts[1:])
    return starts


def _chains(
    parents: UInt32s, own_starts: Int64s, own_slots: UInt32s
) -> tuple[Int64s, UInt32s, UInt8s]:
    """Node, slot and depth of every holding, by node and from the node upwards."""
    below = np.arange(1, parents.size)
    above = below.astype(np.uint32)
    nodes, slots, depths = [], [], []
    depth = 0
    while below.size:
        counts = own_starts[above + np.uint32(1)] - own_starts[above]
        entries = runs(own_starts[above], counts)
        nodes.append(np.repeat(below, counts))
        slots.append(own_slots[entries])
        depths.append(np.full(entries.size, depth, dtype=np.uint8))
        above = parents[above]
        is_left = above > 0
        below, above, depth = below[is_left], above[is_left], depth + 1
    all_nodes = np.concatenate([*nodes, np.zeros(0, dtype=np.int64)])
    order = np.argsort(all_nodes, kind="stable")
    return (
        all_nodes[order],
        np.concatenate([*slots, np.zeros(0, dtype=np.uint32)])[order],
        np.concatenate([*depths, np.zeros(0, dtype=np.uint8)])[order],
    )


def _minutes_around(
    nodes: Int64s, start: Int64s, end: Int64s, *, as_of: int, count: int
) -> tuple[Int64s, Int64s]:
    """From and until which minute nothing in each node's chain begins or ends, around `as_of`.

    Rounded inwards: what is seen in the minute of a change is looked up in the chain.
    """
    since = np.zeros(count, dtype=np.int64)
    until = np.full(count, np.iinfo(np.uint32).max, dtype=np.int64)
    for moments in (start, end):
        is_past = moments <= as_of
        minutes = np.clip(moments // _MINUTE, -1, np.iinfo(np.uint32).max)
        np.maximum.at(since, nodes[is_past], minutes[is_past] + 1)
        np.minimum.at(until, nodes[~is_past], minutes[~is_past])
    return since, until
