"""Text from others, made harmless before it is shown, sent or kept."""

from __future__ import annotations

import unicodedata
from typing import Final

_HARMFUL: Final = {
    "Cc",  # control characters: line ends in headers, escape sequences on a terminal
    "Cs",  # lone surrogates: no UTF-8 can hold them
    "Zl",
    "Zp",  # line and paragraph separators: line ends to ``str.splitlines``
}
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str, *, limit: int) -> str:
    """`text` on one line of at most `limit` characters, runs of white space as one space."""
    kept = "".join(
        " " if unicodedata.category(character) in _HARMFUL else character
        for character in text
        if character not in _REORDERING
    )
    return " ".join(kept.split())[:limit].rstrip()


def many_lines(text: str) -> str:
    """`text` with ``\\n`` as its only line end and, besides tabs, no control characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in lines
        if character in "\n\t"
        or (unicodedata.category(character) not in _HARMFUL and character not in _REORDERING)
    )
