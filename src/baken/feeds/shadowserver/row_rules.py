"""What a row says itself, as in its tags, and what that makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from baken.core.classification import RSIT_TYPES, AddressRole, Severity
from baken.feeds.shadowserver.tidying import Text

_SEPARATORS: Final = re.compile("[;,|]")
_ANY_BEFORE: Final = "*-"
_DOUBTS: Final = frozenset(
    {
        *("no", "not", "non", "none", "never", "without", "anti", "likely", "maybe", "possible"),
        *(
            "possibly",
            "potential",
            "potentially",
            "suspected",
            "probably",
            "formerly",
            "previously",
        ),
        *("former", "was", "test", "fake"),
    }
)
"""Words before an ending that take back what it says."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule of reports.toml, for one report type: rows with one of `values` are this."""

    column: str
    values: frozenset[str]
    """In lower case; "*-x" stands for every value that ends so, unless a word in it doubts it."""
    finding_kind: str
    rsit_type: str
    severity: Severity
    """At least."""
    address_role: AddressRole

    def is_met_by(self, told: str) -> bool:
        """Whether `told`, one value in lower case, is one of this rule."""
        if told in self.values:
            return True
        words = told.split("-")
        endings = (_ANY_BEFORE + "-".join(words[place:]) for place in range(1, len(words)))
        return _DOUBTS.isdisjoint(words) and not self.values.isdisjoint(endings)

    @property
    def rsit_taxonomy(self) -> str:
        """The class that the RSIT type belongs to."""
        return RSIT_TYPES[self.rsit_type]


def apply_rules(facts: pl.DataFrame, text: Text, *, rules: Sequence[RowRule]) -> pl.DataFrame:
    """`facts` with what the first rule for each row says; null where none says anything.

    The columns ``finding_kind``, ``rsit_taxonomy``, ``rsit_type`` and ``address_role`` come with
    it, unless no row is under a rule; ``severity`` is raised.
    """
    places = _places(text, rules=tuple(rules))
    if places is None:
        return facts
    told = {
        "finding_kind": [rule.finding_kind for rule in rules],
        "rsit_taxonomy": [rule.rsit_taxonomy for rule in rules],
        "rsit_type": [rule.rsit_type for rule in rules],
        "address_role": [rule.address_role.value for rule in rules],
    }
    floors = pl.Series([int(rule.severity) for rule in rules], dtype=pl.UInt8).gather(places)
    return facts.with_columns(
        pl.max_horizontal("severity", floors).alias("severity"),
        *(pl.Series(values).gather(places).alias(name) for name, values in told.items()),
    )


def _places(text: Text, *, rules: tuple[RowRule, ...]) -> pl.Series | None:
    """The place among `rules` of the first that a row is under; None when no row is under any."""
    found = []
    for column in dict.fromkeys(rule.column for rule in rules):
        if column in text.columns.columns:
            places = _places_by(text, column=column, rules=rules)
            found += [] if places is None else [places]
    if not found:
        return None
    return pl.select(pl.min_horizontal(found)).to_series()


def _places_by(text: Text, *, column: str, rules: tuple[RowRule, ...]) -> pl.Series | None:
    if (constant := text.constant.get(column)) is not None:
        place = _place(constant, column=column, rules=rules)
        if place is None:
            return None
        return pl.Series([place], dtype=pl.UInt32).new_from_index(0, text.height)
    values = text.columns[column]
    # Few values have anything of a rule in them; only those are taken apart, each once.
    is_likely = values.str.contains(_likely(rules, column=column))
    if not is_likely.any():
        return None
    distinct = values.filter(is_likely).unique()
    places = pl.Series(
        [_place(value, column=column, rules=rules) for value in distinct], dtype=pl.UInt32
    )
    if places.null_count() == len(places):
        return None
    return values.replace_strict(distinct, places, default=None, return_dtype=pl.UInt32)


def _place(value: str, *, column: str, rules: tuple[RowRule, ...]) -> int | None:
    told = {part.strip() for part in _SEPARATORS.split(value.lower())}
    return next(
        (
            place
            for place, rule in enumerate(rules)
            if rule.column == column and any(map(rule.is_met_by, told))
        ),
        None,
    )


@lru_cache(maxsize=64)
def _likely(rules: tuple[RowRule, ...], *, column: str) -> str:
    """A pattern that is in every value under one of `rules`."""
    values = {value for rule in rules if rule.column == column for value in rule.values}
    likely = {value.removeprefix(_ANY_BEFORE) for value in values}
    return "(?i)" + "|".join(re.escape(value) for value in sorted(likely))
