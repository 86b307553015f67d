"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutralise_cell(text: str) -> str:
    """`text` for a CSV or XLSX cell: what would start a formula gets an apostrophe in front.

    Follows the OWASP advice on CSV injection.
    """
    return f"'{text}" if text.startswith((*_FORMULA_STARTS, "'")) else text
