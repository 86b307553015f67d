"""Text from others, made harmless before it is shown, sent or kept; text of ours, checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from baken.core.errors import TextRefusedError

LINE_ENDING_CATEGORIES: Final = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's control characters (line ends in headers, escape sequences on a terminal) and the line
and paragraph separators, which are line ends to ``str.splitlines``."""
INVISIBLE_CATEGORIES: Final = frozenset({"Cf", "Cs"})
"""Characters that hide in text or turn its direction, and lone surrogates, which no UTF-8 holds."""
JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but Persian and Indic names need them."""


def is_harmful(character: str) -> bool:
    """Whether `character` can break a line, steer a terminal, hide, or turn text around."""
    if " " <= character <= "~":
        return False
    category = unicodedata.category(character)
    return category in LINE_ENDING_CATEGORIES or (
        category in INVISIBLE_CATEGORIES and character not in JOINERS
    )


def one_line(text: str, *, limit: int | None = None) -> str:
    """`text` on one line of at most `limit` characters, runs of white space as one space."""
    # Whatever is printable to Python is harmless, and one look at all of it is quick.
    kept = text if text.isprintable() else "".join(map(_on_one_line, text))
    return " ".join(kept.split())[:limit].rstrip()


def many_lines(text: str) -> str:
    r"""`text` with ``\n`` as its only line end and, besides tabs, no harmful characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if lines.replace("\n", "").replace("\t", "").isprintable():
        return lines
    return "".join(
        character for character in lines if character in "\n\t" or not is_harmful(character)
    )


def check_line(text: str, *, name: str, longest: int) -> None:
    """Raises `TextRefusedError` unless `text` is one filled line of at most `longest`."""
    if not text.strip():
        raise TextRefusedError(f"The {name} is empty.", remedy="Say it in a few words.")
    if len(text) > longest:
        raise TextRefusedError(
            f"The {name} has {len(text)} characters; {longest} fit.", remedy="Shorten it."
        )
    if any(map(is_harmful, text)):
        raise TextRefusedError(
            f"The {name} holds a line end or an invisible character.",
            remedy="Write it on one line.",
        )


def _on_one_line(character: str) -> str:
    if not is_harmful(character):
        return character
    return " " if unicodedata.category(character) in LINE_ENDING_CATEGORIES else ""


def as_array(values: Iterable[int | str]) -> str:
    """Numbers or short keys as PostgreSQL writes an array: ``{1,2}``.

    A driver converts a list element by element, which for a hundred thousand takes most of a
    second. Keys must be of letters, digits and hyphens: nothing is quoted.
    """
    return f"{{{','.join(map(str, values))}}}"
