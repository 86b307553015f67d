"""What is stored of systems that nobody known owns: how many, where, and which were seen last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from baken.cases.services import FoundUnknown, UnknownRows, group_systems
from baken.constituency.selectors import names_of
from baken.core.text import one_line
from baken.core.unknown_system import CountryBy, GroupBy, UnknownSystem, read_unknown_systems
from baken.explaining.words import Words

_LONGEST_SYSTEM: Final = 120


@dataclass(frozen=True, slots=True)
class SystemGroup:
    """The unknown systems of one network, domain or country."""

    value: str | None
    """None: those of which it is not known."""
    is_hint: bool
    """Whether only names that nobody asked for say so."""
    systems: int
    sightings: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class GroupedSystems:
    """The unknown systems by network, domain or country."""

    by: GroupBy
    first: Sequence[SystemGroup]
    """Those with the most systems."""
    groups: int
    """How many there are in all."""
    is_delegated: bool = False
    """Of countries: whether the registries' statistics say them."""


@dataclass(frozen=True, slots=True)
class ExplainedUnknown:
    """The unknown systems under one occasion."""

    occasion: str
    title: str
    files: int
    rows_held: int
    rows: UnknownRows
    systems: int
    systems_red: int
    """How many are TLP:RED; they are not listed."""
    grouped: Sequence[GroupedSystems]
    newest: Sequence[UnknownSystem]
    operators: Mapping[int, str]
    """What the operators of those are called, by their id."""
    problems: Sequence[str]
    """Of each file that could not be read: what is wrong with it, and what to do."""


def explain_unknown(
    found: FoundUnknown,
    *,
    occasion: str,
    title: str,
    files: int,
    rows_held: int,
    by: Sequence[GroupBy],
    newest: int,
    groups: int,
) -> ExplainedUnknown:
    """What was `found` under the occasion of that key in `files` that hold `rows_held` rows.

    Grouped `by` each of these, of which so many `groups` are told, with so many of the `newest`.
    """
    shown = found.systems.slice(0, newest)
    return ExplainedUnknown(
        occasion=occasion,
        title=title,
        files=files,
        rows_held=rows_held,
        rows=found.rows,
        systems=found.systems.num_rows,
        systems_red=found.red.num_rows,
        grouped=[_grouped(found.systems, one, first=groups) for one in by],
        newest=list(read_unknown_systems(shown)),
        operators={key: name for key, (_, name) in operators_of(shown).items()},
        problems=[f"{problem.message} {problem.remedy}" for problem in found.problems],
    )


def operators_of(systems: pa.Table) -> dict[int, tuple[str, str]]:
    """Reference and name of every operator in `systems` (`UNKNOWN_SYSTEM_SCHEMA`), by its id."""
    return names_of(pc.unique(pc.list_flatten(systems["operators"])).to_pylist())


def system_groups(groups: pa.Table) -> Iterator[SystemGroup]:
    """The rows of `groups` (`UNKNOWN_GROUP_SCHEMA`) as values, as they are asked."""
    for batch in groups.to_batches(max_chunksize=_AT_ONCE):
        yield from (SystemGroup(**row) for row in batch.to_pylist())


_AT_ONCE: Final = 10_000


def unknown_lines(done: ExplainedUnknown, words: Words) -> Iterator[str]:
    """What came of it, in lines for a person."""
    yield from done.problems
    yield words.say("lookback.occasion", key=done.occasion, title=done.title)
    yield words.say(
        "unknown.rows",
        selected=done.rows.selected,
        held=done.rows_held,
        files=words.counted("file", done.files),
        owned=done.rows.owned,
        unknown=done.rows.unknown,
        systems=words.counted("system", done.systems),
    )
    yield from _apart(done, words)
    if not done.rows.selected:
        yield words.say("lookback.empty")
    elif not done.systems:
        yield words.say("unknown.none", key=done.occasion)
    else:
        for grouped in done.grouped:
            yield from _group_lines(grouped, words)
        yield from _newest_lines(done, words)
        yield words.say("unknown.nobody_asked")


def _apart(done: ExplainedUnknown, words: Words) -> Iterator[str]:
    """The rows that are counted and not listed, each kind with its reason."""
    if done.rows.attacker:
        yield words.say("unknown.attacker", rows=words.counted("row", done.rows.attacker))
    if done.rows.role_unknown:
        yield words.say("unknown.role_unknown", rows=words.counted("row", done.rows.role_unknown))
    if done.rows.red:
        yield words.say(
            "unknown.red",
            rows=words.counted("row", done.rows.red),
            systems=words.counted("system", done.systems_red),
        )


def _group_lines(grouped: GroupedSystems, words: Words) -> Iterator[str]:
    yield words.say("unknown.countries_delegated" if grouped.is_delegated else _TITLES[grouped.by])
    for one in grouped.first:
        value = words.say(_NOT_SAID[grouped.by]) if one.value is None else one.value
        if one.is_hint:
            value = words.say("unknown.by_hint", value=value)
        yield words.say(
            "unknown.group",
            value=value,
            systems=words.counted("system", one.systems),
            at=one.last_seen_at,
        )
    if grouped.groups > len(grouped.first):
        yield words.say("unknown.more", count=grouped.groups - len(grouped.first))


def _newest_lines(done: ExplainedUnknown, words: Words) -> Iterator[str]:
    if not done.newest:
        return
    yield words.say("unknown.newest")
    for one in done.newest:
        yield words.say(
            "unknown.system",
            system=one_line(one.system, limit=_LONGEST_SYSTEM),
            kind=one.finding_kind,
            rows=words.counted("row", one.sightings),
            at=one.last_seen_at,
        )
        held_by = [done.operators[key] for key in one.operators if key in done.operators]
        if held_by:
            yield words.say("unknown.operator", names=", ".join(held_by))
    if done.systems > len(done.newest):
        yield words.say("unknown.more", count=done.systems - len(done.newest))


_TITLES: Final = {
    GroupBy.NETWORK: "unknown.networks",
    GroupBy.DOMAIN: "unknown.domains",
    GroupBy.COUNTRY: "unknown.countries",
}
_NOT_SAID: Final = {
    GroupBy.NETWORK: "unknown.no_network",
    GroupBy.DOMAIN: "unknown.no_domain",
    GroupBy.COUNTRY: "unknown.no_country",
}


def _grouped(systems: pa.Table, by: GroupBy, *, first: int) -> GroupedSystems:
    groups = group_systems(systems, by)
    is_delegated = by is GroupBy.COUNTRY and bool(
        pc.any(pc.equal(systems["country_by"], CountryBy.DELEGATED.value)).as_py()
    )
    return GroupedSystems(
        by, list(system_groups(groups.slice(0, first))), groups.num_rows, is_delegated
    )
