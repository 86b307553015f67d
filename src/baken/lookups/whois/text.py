"""The lines of a WHOIS answer, whatever encoding and layout its registry chose."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from baken.core.text import one_line

_MOST_LINES: Final = 2_000
_LONGEST_LINE: Final = 500
_COMMENT: Final = re.compile(r"\s*(?:[%#*;]|>>>|--\s*$)")
# "[Domain Name]  EXAMPLE.JP", and "a. [Domain Name]  EXAMPLE.CO.JP".
_BRACKETED: Final = re.compile(r"\s*(?:[a-z]\. ?)?\[([^\]]{1,60})\]\s*(.*)")
# "key: value", "key......: value"; a key is of few words.
_KEYED: Final = re.compile(r"\s*([A-Za-z][\w /()'-]{0,58}?)\.*\s*:(?:\s+(.*)|$)")
_TABBED: Final = re.compile(r"\s*([A-Za-z][\w /()'-]{0,58}?)\t+(\S.*)")
_QUERY: Final = re.compile(r"\[(?:Querying .*|whois\.[\w.-]+)\]")
_JAPANESE: Final = b"\x1b$"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty and no comment."""

    indent: int
    text: str
    """Without white space around it."""
    key: str = ""
    """In lower case; empty for a line without one."""
    value: str = ""
    """What stands behind the key."""


def decoded(answer: bytes) -> str:
    """`answer` as text: UTF-8, else what registries wrote before it. Nothing is lost by it."""
    if _JAPANESE in answer:
        try:
            return answer.decode("iso2022_jp")
        except UnicodeDecodeError:
            pass
    try:
        return answer.decode()
    except UnicodeDecodeError:
        # Every byte is a character there, so that what is ASCII stays readable.
        return answer.decode("cp1252", errors="replace")


def paragraphs_of(text: str) -> list[list[Line]]:
    """The lines of `text` by paragraph; comments are left out, as are lines beyond a number."""
    found: list[list[Line]] = [[]]
    for raw in text.splitlines()[:_MOST_LINES]:
        if not raw.strip():
            if found[-1]:
                found.append([])
        elif not _COMMENT.match(raw) and not _QUERY.fullmatch(raw.strip()):
            found[-1].append(_line(raw[:_LONGEST_LINE].expandtabs(8), raw[:_LONGEST_LINE]))
    return [one for one in found if one]


def all_lines(text: str) -> Iterator[str]:
    """Every line of `text`, comments too, in lower case without the signs before them."""
    for raw in text.splitlines()[:_MOST_LINES]:
        line = one_line(raw[:_LONGEST_LINE]).lower().lstrip("%#*;->< ")
        if line:
            yield line


def _line(expanded: str, raw: str) -> Line:
    indent = len(expanded) - len(expanded.lstrip())
    text = one_line(raw)
    found = _BRACKETED.fullmatch(raw) or _KEYED.fullmatch(raw) or _TABBED.fullmatch(raw)
    if found is None:
        return Line(indent, text)
    return Line(indent, text, one_line(found[1]).lower().rstrip("."), one_line(found[2] or ""))


def _words() -> Mapping[str, Mapping[str, Sequence[str]]]:
    text = (files("baken.lookups.whois") / "words.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    return MappingProxyType(table)


WORDS: Final = _words()
"""What ``words.toml`` holds."""
