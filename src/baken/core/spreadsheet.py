"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

from typing import Final

# What OWASP lists for CSV injection, with the full-width forms that some spreadsheets also take.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take `text` for a formula, apostrophes in front left aside."""
    return text.lstrip("'").startswith(_FORMULA_STARTS)


def guard_formula(text: str) -> str:
    """`text` for a cell of a CSV file: an apostrophe goes before what would start a formula."""
    return f"'{text}" if is_formula(text) else text


def unguard_formula(text: str) -> str:
    """What `guard_formula` was given.

    Only an apostrophe before a formula is taken off: ``'s-Hertogenbosch`` keeps its own.
    """
    return text[1:] if text.startswith("'") and is_formula(text) else text
