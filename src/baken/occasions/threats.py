"""A threat as a person writes it down in TOML: read whole, with all its faults named at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from baken.core.classification import Level, Severity, Tlp
from baken.core.errors import OccasionError, TextRefusedError
from baken.core.pap import Pap
from baken.core.text import check_line, many_lines, one_line

LONGEST_KEY: Final = 80
LONGEST_TITLE: Final = 200

_SHORTEST_PRODUCT: Final = 3  # a shorter text is found in anything
_LONGEST_PRODUCT: Final = 100

_SLUG: Final = re.compile(rf"(?=.{{1,{LONGEST_KEY}}}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")  # as CVE's own schema has it

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Threat:
    """One threat: how it is rated, what is said about it, and which cases it covers."""

    key: str
    title: str
    likelihood: Level
    impact: Level
    tlp: Tlp
    advice_nl: str
    advice_en: str
    finding_kinds: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    feeds: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    title_en: str = ""
    """Its title in English; empty where `title` serves in both languages."""
    pap: Pap = Pap.CLEAR
    """Who may notice what we ask about the systems that it covers."""


def read_threat(text: str, *, finding_kinds: Collection[str], feeds: Collection[str]) -> Threat:
    """The threat that the TOML `text` describes; `finding_kinds` and `feeds` are those there are.

    Raises `OccasionError` with every fault in it.
    """
    try:
        whole = _Table(tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as error:
        raise _refused([f"it is no TOML: {error}"]) from error
    advice, selection = whole.table("advice"), whole.table("selection")
    threat = Threat(
        key=whole.text("key", _slug),
        title=whole.text("title", _title),
        title_en=whole.text("title_en", _title) if "title_en" in whole.values else "",
        likelihood=whole.choice("likelihood", _LEVELS),
        impact=whole.choice("impact", _LEVELS),
        tlp=whole.choice("tlp", _LABELS),
        pap=whole.choice("pap", _PAP_LABELS) if "pap" in whole.values else Pap.CLEAR,
        advice_nl=advice.text("nl", _advice),
        advice_en=advice.text("en", _advice),
        finding_kinds=selection.many("finding_kinds", {kind: kind for kind in finding_kinds}.get),
        cves=selection.many("cves", _cve),
        severities=selection.many("severities", _SEVERITIES.get),
        feeds=selection.many("feeds", {feed: feed for feed in feeds}.get),
        products=selection.many("products", _product),
    )
    faults = [*whole.all_faults(), *advice.all_faults(), *selection.all_faults()]
    named = {key for key, value in selection.values.items() if value}
    if not {"finding_kinds", "cves", "products"} & named:
        faults.append("selection names no finding_kinds, cves or products, so it would cover all")
    if faults:
        raise _refused(faults)
    return threat


_LEVELS: Final = {level.key: level for level in Level}
_LABELS: Final = {label.value: label for label in Tlp}
_PAP_LABELS: Final = {label.value: label for label in Pap}
_SEVERITIES: Final = {severity.key: severity for severity in Severity}


@dataclass(slots=True)
class _Table:
    """One table of the file, and what is wrong in it."""

    values: Mapping[str, Any]
    name: str
    faults: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def all_faults(self) -> list[str]:
        """What was found, and the keys that nobody asked for."""
        strange = sorted(self.values.keys() - self.known)
        return [*self.faults, *(f"{self._path(key)} is no key of an occasion" for key in strange)]

    def table(self, key: str) -> _Table:
        found = self._value(key, dict)
        return _Table({} if found is None else found, key)

    def text(self, key: str, read: Callable[[str], str]) -> str:
        found = self._value(key, str)
        if found is None:
            return ""
        try:
            return read(found)
        except ValueError as error:
            self.faults.append(f"{self._path(key)} {error}")
            return ""

    def choice(self, key: str, choices: Mapping[str, _Value]) -> _Value:
        found = self._value(key, str)
        if found is not None and found not in choices:
            self.faults.append(f"{self._path(key)} is {found!r}, none of {', '.join(choices)}")
        # Of a key that is wrong any value will do: the fault keeps it from being used.
        return choices.get(found or "", next(iter(choices.values())))

    def many(self, key: str, read: Callable[[str], _Value | None]) -> tuple[_Value, ...]:
        if key not in self.values:
            self.known.add(key)
            return ()
        found: list[Any] = self._value(key, list) or []
        taken: dict[_Value, None] = {}
        for item in found:
            value = read(item) if isinstance(item, str) else None
            if value is None:
                self.faults.append(f"{self._path(key)} holds {item!r}, which is not known")
            else:
                taken[value] = None
        return tuple(taken)

    def _value(self, key: str, kind: type) -> Any:
        self.known.add(key)
        found = self.values.get(key)
        if found is None:
            self.faults.append(f"{self._path(key)} is missing")
        elif not isinstance(found, kind):
            self.faults.append(f"{self._path(key)} must be {_KINDS[kind]}")
            return None
        return found

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


_KINDS: Final[Mapping[type, str]] = {str: "text", list: "a list of texts", dict: "a table"}


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise ValueError(
            f"is {one_line(text, limit=80)!r}; it must be small letters and digits with hyphens "
            f"between, at most {LONGEST_KEY}"
        )
    return text


def _title(text: str) -> str:
    try:
        check_line(text, name="title", longest=LONGEST_TITLE)
    except TextRefusedError as error:
        raise ValueError(f"does not fit: {error.message}".rstrip(".")) from error
    return text.strip()


def _advice(text: str) -> str:
    if many_lines(text) != text:
        raise ValueError("holds a control character or an invisible one")
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


def _cve(text: str) -> str | None:
    return text.upper() if _CVE.fullmatch(text.upper()) else None


def _product(text: str) -> str | None:
    is_line = one_line(text) == text
    return text if is_line and _SHORTEST_PRODUCT <= len(text) <= _LONGEST_PRODUCT else None


def _refused(faults: Iterable[str]) -> OccasionError:
    return OccasionError(
        f"This is not an occasion: {'; '.join(faults)}.",
        remedy="Correct the file; docs/howto/warn-about-a-threat.md shows a whole one.",
    )
