"""The words: one table a language, filled in with facts; a missing key or fact is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from baken.core.language import Language

_ONE: Final = "one"
_MANY: Final = "many"


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language, by dotted key: ``case.seen_once``."""

    language: Language
    sentences: Mapping[str, str]

    def say(self, key: str, /, **facts: object) -> str:
        """The sentence `key`, with `facts` in their places.

        Whole numbers and times are written as the language writes them. Raises ``KeyError`` when
        there is no such sentence, or a fact that it needs is not given.
        """
        written = {name: self._written(fact) for name, fact in facts.items()}
        return self.sentences[key].format_map(written)

    def counted(self, noun: str, count: int) -> str:
        """`count` of what `noun` names, in the singular or the plural."""
        return self.say(f"nouns.{noun}.{_ONE if count == 1 else _MANY}", count=count)

    def name(self, family: str, key: str) -> str:
        """What is called `key` within `family`; the key itself where an adapter brought it."""
        return self.sentences.get(f"{family}.{key}", key)

    def has(self, key: str) -> bool:
        """Whether there is a sentence `key`."""
        return key in self.sentences

    def _written(self, fact: object) -> str:
        if isinstance(fact, int) and not isinstance(fact, bool):
            return f"{fact:,}".replace(",", self.sentences["numbers.thousands"])
        if isinstance(fact, datetime):
            return f"{fact:%Y-%m-%d %H:%M}"
        if isinstance(fact, date):
            return f"{fact:%Y-%m-%d}"
        return str(fact)


@cache
def words_in(language: Language) -> Words:
    """The words of `language`."""
    return words_of(__name__, language)


def words_of(package: str, language: Language) -> Words:
    """The words of `language` that stand in `package`, in a file of that name."""
    text = files(package).joinpath(f"{language.value}.toml").read_text(encoding="utf-8")
    return Words(language, dict(_flat(tomllib.loads(text))))


def _flat(table: Mapping[str, Any], *, above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, above=f"{above}{key}.")
        else:
            yield f"{above}{key}", value
