"""The table in a CSV file, with every cell as text.

Encoding and delimiter are recognised; a quote that is never closed costs one row, not the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from baken.constituency.sheets.outcome import ImportNote
from baken.constituency.sheets.tables import (
    SHAPES,
    RawRow,
    TableFile,
    TableRefusedError,
    column_name,
    table_of,
)

DELIMITERS: Final = (",", ";", "\t")


def read_csv(data: bytes, *, file: str) -> TableFile:
    """The one table in `data`, which is text of any encoding and delimiter known here.

    Raises `TableRefusedError` when `data` is no text, is empty, or has no header of ours.
    """
    text, notes = _decode(data, file=file)
    lines = list(io.StringIO(text, newline=""))
    delimiter = _delimiter_of(lines)
    rows = [row for row in _records(lines, delimiter) if any(map(str.strip, row.cells))]
    if not rows:
        raise TableRefusedError(
            "The file is empty.", remedy="Give a file with a header and rows.", reason="empty-file"
        )
    table, more_notes = table_of(rows, file=file, sheet="")
    return TableFile((table,), (*notes, *more_notes))


def _decode(data: bytes, *, file: str) -> tuple[str, tuple[ImportNote, ...]]:
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
            if "\0" in text:  # UTF-32 begins with the same two bytes
                raise _no_text()
            return text, ()
        if b"\0" in data:
            raise _no_text()
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if error.encoding.startswith("utf-16"):
            raise _no_text() from error
    note = ImportNote(file=file, text="The file is not UTF-8; it was read as Windows-1252.")
    try:
        return data.decode("cp1252"), (note,)
    except UnicodeDecodeError:
        note = ImportNote(file=file, text="The file is not UTF-8; it was read as Latin-1.")
        return data.decode("latin-1"), (note,)


def _no_text() -> TableRefusedError:
    return TableRefusedError(
        "The file is neither text nor an XLSX workbook.",
        remedy="Save it as CSV (UTF-8) or as XLSX, without a password.",
        reason="not-a-table",
    )


def _delimiter_of(lines: Sequence[str]) -> str:
    """The delimiter that makes most known columns of the first line that is not empty."""
    first = next((line for line in lines if line.strip(" ,;\t\r\n")), "")
    known = {column for shape in SHAPES.values() for column in shape.known}

    def known_columns(delimiter: str) -> int:
        cells, _ = _record_at([first], 0, delimiter)
        return len(known.intersection(map(column_name, cells)))

    return max(DELIMITERS, key=known_columns)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[RawRow]:
    """All rows, the empty ones too.

    A quote that is never closed would swallow what follows. So a record over several lines counts
    only when it is well formed; else its first line alone is at fault, and reading goes on with
    the next.
    """
    position = number = 0
    while position < len(lines):
        number += 1
        cells, used = _record_at(lines, position, delimiter)
        if used == 0:
            line = lines[position].rstrip("\r\n")
            fault = "cell-too-long" if len(line) > csv.field_size_limit() else "unclosed-quote"
            yield RawRow(number, [line], fault=fault)
        else:
            yield RawRow(number, cells)
        position += used or 1


def _record_at(lines: Sequence[str], position: int, delimiter: str) -> tuple[list[str], int]:
    """The cells of the record that begins at `position`, and its lines; 0 lines when broken."""
    # The line added at the end shows whether a quote was still open there.
    following = (lines[index] for index in range(position, len(lines)))
    reader = csv.reader(chain(following, ["\n"]), delimiter=delimiter)
    try:
        cells = next(reader)
        if reader.line_num == 1:
            return cells, 1
        record = lines[position : position + reader.line_num]
        return next(csv.reader(record, delimiter=delimiter, strict=True)), reader.line_num
    except csv.Error:  # a quote not closed, or a cell of more than 128 KiB
        return [], 0
