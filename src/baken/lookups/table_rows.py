"""The rows of a table of text, one a line: with commas, semicolons or tabs, in UTF-8.

A cell cannot break a line, so that one bad quotation mark costs one row and not the rest of a file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_LONGEST_LINE: Final = 20_000


def rows_of(path: Path) -> Iterator[tuple[int, list[str] | str]]:
    """Each line with its number: its cells, or why they cannot be told apart.

    The first line says what is between cells. Raises ``OSError``.
    """
    delimiter = ""
    with path.open("rb") as file:
        for number, raw in enumerate(_lines_of(file), start=1):
            if number == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
                delimiter = _delimiter(raw)
            yield number, _cells(raw, delimiter)


def _lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines without their ends; of a longer one, one byte more than may be read."""
    while raw := file.readline(_LONGEST_LINE + 2):
        line = raw.rstrip(b"\r\n")
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(_LONGEST_LINE)
        yield line


def _cells(line: bytes, delimiter: str) -> list[str] | str:
    if len(line) > _LONGEST_LINE:
        return f"It is longer than {_LONGEST_LINE:,} bytes."
    try:
        [cells] = csv.reader([line.decode()], delimiter=delimiter, strict=True)
    except UnicodeDecodeError:
        return "It is not UTF-8."
    except csv.Error:
        return "Its quotation marks do not fit."
    return cells


def _delimiter(header: bytes) -> str:
    return max((";", ",", "\t"), key=lambda sign: header.count(sign.encode()))
