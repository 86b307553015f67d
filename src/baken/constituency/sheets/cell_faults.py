"""What a spreadsheet does to what somebody typed: known in a workbook, and by its look in CSV."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from baken.constituency.sheets.tables import CellFault
from baken.constituency.sheets.workbook_xml import ERROR_VALUE, MISSING_RESULT

BECAME_A_DATE: Final = "became-a-date"
BECAME_A_TRUTH_VALUE: Final = "became-a-truth-value"
ROUNDED_NUMBER: Final = "rounded-number"
MERGED_CELL: Final = "merged-cell"
LINK_DIFFERS: Final = "link-differs"

CELL_FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    MISSING_RESULT: (
        "holds a formula, and its result was not stored.",
        "Open the file in a spreadsheet program and save it, or write the value itself.",
    ),
    ERROR_VALUE: (
        "holds an error of the spreadsheet.",
        "Correct the formula, or write the value itself.",
    ),
    BECAME_A_DATE: (
        "holds a date: the spreadsheet made one of what was typed.",
        "Give the cell the format Text, and type it again.",
    ),
    BECAME_A_TRUTH_VALUE: (
        "holds a truth value: the spreadsheet made one of what was typed.",
        "Give the cell the format Text, and type it again.",
    ),
    ROUNDED_NUMBER: (
        "holds a number that the spreadsheet rounded.",
        "Give the cell the format Text, and type the number again.",
    ),
    MERGED_CELL: (
        "is merged with another, which alone holds a value.",
        "Unmerge the cells, and fill in each.",
    ),
    LINK_DIFFERS: (
        "shows one address, and its link leads to another: {detail}.",
        "Remove the link, and write the address that is right.",
    ),
}
"""By reason, what is wrong (after the cell) and what to do."""

ROW_FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "unclosed-quote": (
        "A cell begins with a quotation mark that is not closed.",
        'Close it at the end of the cell, and write a mark within a cell twice: "".',
    ),
    "cell-too-long": (
        "A cell is longer than any text of a constituency.",
        "Shorten it, or close the quotation mark with which it begins.",
    ),
    "another-header": (
        "The row is the header of another table.",
        "Give each table a file or sheet of its own.",
    ),
    "too-many-cells": (
        "The row has more cells than the header has columns.",
        "Put a cell that holds the delimiter between quotation marks.",
    ),
}
"""By reason, why the cells of a row cannot be told apart, and what to do."""

TAKEN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    BECAME_A_DATE: ("valid_from", "valid_until"),
    BECAME_A_TRUTH_VALUE: ("inside",),
}
"""The columns that ask for what is a fault elsewhere."""

_MOST_DIGITS: Final = 10**15
"""A spreadsheet keeps fifteen digits of a number."""
_ROUNDED: Final = re.compile(r"^[+-]?[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]{1,3}$")
# In English and Dutch; a row of signs is what stands there when the column is too narrow.
_ERRORS: Final = re.compile(
    r"^#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!"
    r"|N/B|VERW!|WAARDE!|NAAM\?|DEEL/0!|GETAL!|LEEG!|OVERLOOP!|#{2,})$"
)


def fault_of_value(value: object) -> CellFault | None:
    """What the type of a workbook's cell says was made of what was typed."""
    match value:
        case bool():
            return CellFault(BECAME_A_TRUTH_VALUE)
        case int() | float() if abs(value) >= _MOST_DIGITS:
            return CellFault(ROUNDED_NUMBER)
        case datetime() | date() | time() | timedelta():
            return CellFault(BECAME_A_DATE)
        case _:
            return None


def fault_in_text(text: str, *, is_free: bool) -> CellFault | None:
    """What the look of a text says; a text that is `is_free`, a name, may look like a number."""
    if _ERRORS.match(text):
        return CellFault(ERROR_VALUE)
    if not is_free and _ROUNDED.match(text):
        return CellFault(ROUNDED_NUMBER)
    return None


def fault_of_link(text: str, target: str) -> CellFault | None:
    """Whether a cell that shows a mail address or a host name links to another one."""
    shown = text.strip().lower()
    scheme, _, rest = target.partition(":")
    if scheme.lower() == "mailto" and "@" in shown:
        leads_to = rest.partition("?")[0].strip().lower()
    elif scheme.lower() in ("http", "https") and _NAME.match(shown):
        leads_to = _without_www(_HOST.sub("", rest.lower()).partition("/")[0])
        shown = _without_www(shown.removeprefix("*."))
    else:
        return None
    return None if leads_to == shown else CellFault(LINK_DIFFERS, leads_to)


_NAME: Final = re.compile(r"^[^\s/@:]+\.[^\s/@:]+$")
_HOST: Final = re.compile(r"^//(?:[^/@]*@)?|[?#:].*$")


def _without_www(host: str) -> str:
    return host.removeprefix("www.")
