"""The tables in an XLSX workbook, one a sheet, with every cell as text.

A workbook is a ZIP archive of XML, so a small file may ask for any amount of memory. It is unpacked
here within limits, and the reader gets only what was counted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from python_calamine import CalamineWorkbook

from baken.constituency.sheets.outcome import ImportNote
from baken.constituency.sheets.tables import (
    RawRow,
    RawTable,
    TableFile,
    TableRefusedError,
    table_of,
)

MAX_UNPACKED_BYTES: Final = 100 << 20
MAX_CELLS: Final = 10_000_000
"""Of one sheet, from its first cell to its last: the reader makes room for them all."""
MAX_TEXT_BYTES: Final = 1 << 30
"""If every cell held the longest text: one text may be shared by any number of cells."""

_ROW_OR_CELL: Final = re.compile(rb"<(?:[\w.-]+:)?(row|c)(?=[\s/>])([^>]*)")
_PLACE: Final = re.compile(rb"""(?:^|\s)r\s*=\s*["']\s*([A-Za-z]{0,3})([0-9]{0,7})""")
_SHARED_TEXT: Final = re.compile(rb"<(?:[\w.-]+:)?si(?=[\s/>])")
_BOUNDED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compressions that `zipfile` unpacks no further than it is asked to."""
_ARCHIVE: Final = b"PK\x03\x04"
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"

Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(data: bytes) -> bool:
    """Whether `data` begins like a workbook, of today's kind or the old or encrypted one."""
    return data.startswith((_ARCHIVE, _OLD_WORKBOOK))


def read_workbook(data: bytes, *, file: str) -> TableFile:
    """The tables in `data`, an XLSX workbook.

    Sheets without a header of ours are noted and left out. Raises `TableRefusedError` when no
    sheet has one, when the workbook is damaged, or when it is larger than the limits.
    """
    if data.startswith(_OLD_WORKBOOK):
        raise TableRefusedError(
            "The workbook is of the old kind (.xls) or has a password.",
            remedy="Save it as an Excel workbook (.xlsx) without a password.",
            reason="not-a-table",
        )
    tables: list[RawTable] = []
    notes: list[ImportNote] = []
    refusals: list[TableRefusedError] = []
    for sheet, rows in _sheets_of(_unpacked(data)):
        try:
            table, table_notes = table_of(rows, file=file, sheet=sheet)
        except TableRefusedError as refusal:
            if refusal.reason != "wrong-header":
                raise
            refusals.append(refusal)
            text = "The sheet was left out: its header is that of no table."
            notes.append(ImportNote(file=file, sheet=sheet, text=text))
        else:
            tables.append(table)
            notes.extend(table_notes)
    if not tables:
        raise refusals[0] if refusals else _empty()
    return TableFile(tuple(tables), tuple(notes))


def cell_text(value: Cell) -> str:
    """A cell as the text that a person would have typed: no ``.0``, dates in ISO 8601."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case _:
            return str(value)


def _sheets_of(archive: bytes) -> Iterator[tuple[str, list[RawRow]]]:
    """Each sheet that is not empty, with its rows; columns right of the header are cut off."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(archive))
        for name in workbook.sheet_names:
            rows = [
                RawRow(number, [cell_text(cell) for cell in cells])
                for number, cells in enumerate(workbook.get_sheet_by_name(name).iter_rows(), 1)
                if any(cell != "" for cell in cells)
            ]
            if rows:
                yield name, _cut_to_header(rows)
    except BaseException as error:
        # The reader is native code; its panics are no `Exception`.
        if isinstance(error, GeneratorExit | KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise _damaged(error) from error


def _cut_to_header(rows: list[RawRow]) -> list[RawRow]:
    width = max((i for i, cell in enumerate(rows[0].cells, 1) if cell.strip()), default=0)
    cut = (RawRow(row.number, row.cells[:width]) for row in rows)
    return [row for row in cut if any(map(str.strip, row.cells))]


def _unpacked(data: bytes) -> bytes:
    """The XML of the workbook in an archive without compression, counted against the limits."""
    packed = io.BytesIO()
    room = MAX_UNPACKED_BYTES
    cells = longest_text = 0
    try:
        with (
            zipfile.ZipFile(io.BytesIO(data)) as source,
            zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target,
        ):
            for member in source.infolist():
                if not member.filename.lower().endswith((".xml", ".rels")):
                    continue
                if member.compress_type not in _BOUNDED:
                    raise zipfile.BadZipFile(f"{member.filename} is compressed as no XLSX is")
                with source.open(member) as stream:
                    content = stream.read(room + 1)
                room -= len(content)
                if room < 0:
                    raise _too_large(f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB")
                cells += _count_cells(content)
                longest_text = max(longest_text, *map(len, _SHARED_TEXT.split(content)[1:]), 0)
                target.writestr(member.filename, content)
    except TableRefusedError:
        raise
    except Exception as error:  # zipfile has no common error for damage
        raise _damaged(error) from error
    if cells * longest_text > MAX_TEXT_BYTES:
        raise _too_large(f"has {cells:,} cells that share texts of {longest_text:,} bytes")
    return packed.getvalue()


def _count_cells(xml: bytes) -> int:
    """The cells that `xml` writes out.

    Raises `TableRefusedError` when the rectangle from A1 that holds them all is too large.
    """
    count = row = column = deepest = widest = 0
    for tag, attributes in map(re.Match.groups, _ROW_OR_CELL.finditer(xml)):
        place = _PLACE.search(attributes)
        if tag == b"row":
            row = int(place[2] or 0) if place else row + 1
            column = 0
        else:
            count += 1
            column = _column_number(place[1]) if place else column + 1
            row = int(place[2] or 0) if place else row
        deepest, widest = max(deepest, row), max(widest, column)
    if deepest * widest > MAX_CELLS:
        raise _too_large(f"has a sheet of {deepest:,} rows by {widest:,} columns")
    return count


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _too_large(what: str) -> TableRefusedError:
    return TableRefusedError(
        f"The workbook {what}.",
        remedy="Delete rows and columns that only look empty, or save each sheet as CSV.",
        reason="too-large",
    )


def _damaged(error: BaseException) -> TableRefusedError:
    return TableRefusedError(
        f"The workbook is damaged ({str(error)[:200] or type(error).__name__}).",
        remedy="Open it in a spreadsheet program and save it again as .xlsx.",
        reason="damaged-workbook",
    )


def _empty() -> TableRefusedError:
    return TableRefusedError(
        "The workbook is empty.",
        remedy="Give a sheet with a header and rows.",
        reason="empty-file",
    )
