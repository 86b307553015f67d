"""Whom an occasion would warn, of all that is stored: how many, who, and why not the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa

from baken.cases.services import LookedBack
from baken.constituency.selectors import names_of
from baken.core.rules import Rule
from baken.explaining.rules import would_be_silent
from baken.explaining.words import Words

_NAMES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class SeenOrganisation:
    """An organisation that would be warned."""

    reference: str
    name: str
    rows: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ExplainedLookback:
    """What came of looking back for one occasion."""

    occasion: str
    title: str
    is_released: bool
    """Whether it may warn: a standing occasion, or a threat that two people released."""
    is_closed: bool
    """Whether it was ended, and warns nobody any more."""
    files: int
    rows_held: int
    rows_selected: int
    rows_matched: int
    to_warn: int
    """Organisations that would be warned."""
    told_before: int
    """How many of them were told under the occasion before."""
    first: Sequence[SeenOrganisation]
    """Those in which most was seen."""
    silent: Mapping[Rule, int]
    """How many would not, by the rule that says why."""
    systems_unknown: int
    """Systems that nobody known owns."""
    problems: Sequence[str]
    """Of each file that could not be read: what is wrong with it, and what to do."""


def explain_lookback(
    found: LookedBack,
    preview: pa.Table,
    *,
    occasion: str,
    title: str,
    is_released: bool,
    is_closed: bool,
    files: int,
    rows_held: int,
) -> ExplainedLookback:
    """What was `found` for the occasion of that key in `files` that hold `rows_held` rows.

    `preview` is what would become of each organisation, as `baken.outbox.services.PREVIEW_SCHEMA`.
    """
    telling = preview.filter(preview["tells"])
    shown = telling.slice(0, _NAMES_SHOWN).to_pylist()
    names = names_of([one["organisation_id"] for one in shown])
    return ExplainedLookback(
        occasion=occasion,
        title=title,
        is_released=is_released,
        is_closed=is_closed,
        files=files,
        rows_held=rows_held,
        rows_selected=found.rows,
        rows_matched=found.rows_matched,
        to_warn=telling.num_rows,
        told_before=telling["is_told"].to_pylist().count(True),
        first=[
            SeenOrganisation(*names[one["organisation_id"]], one["rows"], one["last_seen_at"])
            for one in shown
            if one["organisation_id"] in names
        ],
        silent=_silent(preview),
        systems_unknown=found.systems_unknown,
        problems=[f"{problem.message} {problem.remedy}" for problem in found.problems],
    )


def lookback_lines(done: ExplainedLookback, words: Words) -> Iterator[str]:
    """What came of it, in lines for a person."""
    yield from done.problems
    yield words.say("lookback.occasion", key=done.occasion, title=done.title)
    if done.is_closed:
        yield words.say("lookback.closed", key=done.occasion)
    yield words.say(
        "lookback.rows",
        selected=done.rows_selected,
        held=done.rows_held,
        files=words.counted("file", done.files),
        matched=done.rows_matched,
        unmatched=done.rows_selected - done.rows_matched,
    )
    yield words.say(
        "lookback.warned",
        organisations=words.counted("organisation", done.to_warn),
        told=done.told_before,
    )
    for one in done.first:
        yield words.say(
            "lookback.organisation",
            name=one.name,
            reference=one.reference,
            rows=words.counted("row", one.rows),
            at=one.last_seen_at,
        )
    if done.to_warn > len(done.first):
        yield words.say("lookback.more", count=done.to_warn - len(done.first))
    for rule, organisations in done.silent.items():
        yield would_be_silent(rule, organisations, words)
    if done.systems_unknown:
        systems = words.counted("system", done.systems_unknown)
        yield words.say("lookback.unknown", systems=systems, key=done.occasion)
    if not done.files:
        yield words.say("lookback.empty")
    elif done.to_warn:
        step = "lookback.next" if done.is_released else "lookback.release_first"
        yield words.say(step, key=done.occasion)


def _silent(preview: pa.Table) -> dict[Rule, int]:
    """By rule, in the order of the rules."""
    counts = Counter(preview["rule"].to_pylist())
    return {rule: counts[rule] for rule in Rule if not rule.tells and counts[rule]}
