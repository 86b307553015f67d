"""Postal addresses: two to six lines that fit the window of an envelope.

Kept on one line, with semicolons between the lines of the envelope, so that every face can show it.
Where there are none, commas stand between them, as people write an address on one line.
"""

from __future__ import annotations

import re
import textwrap
from typing import Final

from baken.core.text import is_harmful

_BETWEEN: Final = re.compile(r"[;|\n]")
_FEWEST_LINES: Final = 2
MOST_LINES: Final = 6
"""Of the address zone of DIN 5008; more do not show in the window."""
LONGEST_LINE: Final = 42
"""In characters; a longer one runs out of the window, so it is broken between its words."""


def postal_lines(address: str) -> list[str]:
    """The lines of `address` as somebody wrote them."""
    parts = _BETWEEN.split(address)
    if len(parts) == 1:
        parts = address.split(",")
    return [" ".join(part.split()) for part in parts if part.strip()]


def window_lines(address: str) -> list[str]:
    """The lines of `address` as they stand in the window: a long one is broken between words."""
    return [
        part
        for line in postal_lines(address)
        for part in textwrap.wrap(line, LONGEST_LINE, break_on_hyphens=False)
    ]


def postal_address_fault(address: str) -> str:
    """Why `address` cannot stand on an envelope; empty when it can."""
    written = postal_lines(address)
    shown = window_lines(address)
    if len(written) < _FEWEST_LINES or len(shown) > MOST_LINES:
        return (
            f"A postal address has {_FEWEST_LINES} to {MOST_LINES} lines of at most {LONGEST_LINE} "
            f"characters, with semicolons between them; this has {len(shown)}."
        )
    if any(len(word) > LONGEST_LINE for line in written for word in line.split()):
        return f"A word of a postal address has at most {LONGEST_LINE} characters."
    if any(is_harmful(character) for line in written for character in line):
        return "A postal address holds no invisible characters."
    if not any(character.isdecimal() for line in written for character in line):
        return "A postal address has a number: of a house, a box or a postcode."
    return ""


def normal_postal_address(address: str) -> str:
    """A valid address as it is kept: its lines with a semicolon and a space between them."""
    return "; ".join(postal_lines(address))


def addressed_to(name: str, address: str) -> str:
    """`address` as it is kept, with `name` as its first line unless a line of it says that."""
    lines = postal_lines(address)
    if _bare(name) not in map(_bare, lines):
        lines = [" ".join(name.replace(";", ",").split()), *lines]
    return "; ".join(lines)


def is_addressed(address: str) -> bool:
    """Whether `address` begins with a name, and not with a street or a box and its number."""
    first, *_ = [*postal_lines(address), ""]
    return bool(first) and not any(character.isdecimal() for character in first)


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
