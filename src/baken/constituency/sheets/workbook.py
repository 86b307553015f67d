"""The tables in an XLSX workbook, one a sheet, with every cell as text.

A workbook is a ZIP archive of XML, so a small file may ask for any amount of memory. It is unpacked
here within limits, and the reader gets only what was counted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from baken.constituency.sheets.cell_faults import MERGED_CELL, fault_of_link, fault_of_value
from baken.constituency.sheets.outcome import ImportNote
from baken.constituency.sheets.tables import (
    CellFault,
    RawRow,
    RawTable,
    TableFile,
    TableRefusedError,
    table_of,
)
from baken.constituency.sheets.workbook_xml import (
    MOST_MARKS,
    SheetFacts,
    TooManyMarksError,
    column_number,
    facts_of_sheets,
    mark_cells,
    read_mark,
)

MAX_UNPACKED_BYTES: Final = 100 << 20
MAX_CELLS: Final = 10_000_000
"""Of one sheet, from its first cell to its last: the reader makes room for them all."""
MAX_TEXT_BYTES: Final = 1 << 30
"""If every cell held the longest text: one text may be shared by any number of cells."""

_ROW_OR_CELL: Final = re.compile(rb"<(?:[\w.-]+:)?(row|c)(?=[\s/>])([^>]*)")
_PLACE: Final = re.compile(rb"""(?:^|\s)r\s*=\s*["']\s*([A-Za-z]{0,12})([0-9]{0,12})""")
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
    for sheet, rows, notes_on_it in _sheets_of(_unpacked(data), file=file):
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
            notes.extend([*notes_on_it, *table_notes])
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


def _sheets_of(
    archive: bytes, *, file: str
) -> Iterator[tuple[str, list[RawRow], Sequence[ImportNote]]]:
    """Each sheet that is not empty, with its rows; columns right of the header are cut off."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(archive))
        with zipfile.ZipFile(io.BytesIO(archive)) as members:
            facts = facts_of_sheets(members)
        for about in workbook.sheets_metadata:
            sheet = workbook.get_sheet_by_name(about.name)
            mine = facts.get(about.name, SheetFacts())
            rows = [
                _raw_row(number, cells, links=mine.links)
                for number, cells in enumerate(sheet.iter_rows(), 1)
                if any(cell != "" for cell in cells)
            ]
            if rows:
                is_hidden = about.visible is not SheetVisibleEnum.Visible
                texts = _hidden_texts(mine, is_hidden=is_hidden)
                notes = [ImportNote(file=file, sheet=about.name, text=text) for text in texts]
                yield about.name, _without_merged(_cut_to_header(rows), sheet), notes
    except TableRefusedError:
        raise
    except BaseException as error:
        # The reader is native code; its panics are no `Exception`.
        if isinstance(error, GeneratorExit | KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise _damaged(error) from error


def _raw_row(number: int, cells: Sequence[Cell], *, links: Mapping[tuple[int, int], str]) -> RawRow:
    texts: list[str] = []
    faults: dict[int, CellFault] = {}
    for position, cell in enumerate(cells):
        text = cell_text(cell)
        fault = fault_of_value(cell)
        if isinstance(cell, str) and (mark := read_mark(cell)):
            text, fault = mark[1], CellFault(mark[0])
        elif links and (target := links.get((number, position + 1))):
            fault = fault_of_link(text, target)
        if fault is not None:
            faults[position] = fault
        texts.append(text)
    return RawRow(number, texts, faults=faults)


def _hidden_texts(facts: SheetFacts, *, is_hidden: bool) -> Iterator[str]:
    if is_hidden:
        yield "The sheet is hidden; it was read like the others."
    if facts.hidden_rows:
        yield f"It has hidden rows ({facts.hidden_rows:,}); they were read like the others."
    if facts.hidden_columns:
        yield "It has hidden columns; they were read like the others."


def _without_merged(rows: list[RawRow], sheet: CalamineSheet) -> list[RawRow]:
    """`rows` in which a cell that is merged into another says so."""
    width = len(rows[0].cells) if rows else 0
    merged = [
        area for area in sheet.merged_cell_ranges or () if area[0] != area[1] and area[0][1] < width
    ]
    if not merged:
        return rows
    places = {row.number: place for place, row in enumerate(rows)}
    covered: dict[int, dict[int, CellFault]] = {}
    cells = 0
    for (top, left), (bottom, right) in merged:
        last = min(right, width - 1)
        cells += (bottom - top + 1) * (last - left + 1)
        if cells > MAX_CELLS:
            raise _too_large("merges too many cells")
        for number in range(top + 1, bottom + 2):
            for position in range(left, last + 1):
                if number in places and (number, position) != (top + 1, left):
                    covered.setdefault(places[number], {})[position] = CellFault(MERGED_CELL)
    return [
        replace(row, faults={**row.faults, **covered[place]}) if place in covered else row
        for place, row in enumerate(rows)
    ]


def _cut_to_header(rows: list[RawRow]) -> list[RawRow]:
    width = max((i for i, cell in enumerate(rows[0].cells, 1) if cell.strip()), default=0)
    cut = (replace(row, cells=row.cells[:width]) for row in rows)
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
                if "worksheets/" in member.filename.lower():
                    content = mark_cells(content)
                longest_text = max(longest_text, *map(len, _SHARED_TEXT.split(content)[1:]), 0)
                target.writestr(member.filename, content)
    except TableRefusedError:
        raise
    except TooManyMarksError as error:
        raise TableRefusedError(
            f"The workbook has more than {MOST_MARKS:,} formulas without a stored result.",
            remedy="Open it in a spreadsheet program and save it again.",
            reason="missing-results",
        ) from error
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
            column = column_number(place[1].decode().upper()) if place else column + 1
            row = int(place[2] or 0) if place else row
        deepest, widest = max(deepest, row), max(widest, column)
    if deepest * widest > MAX_CELLS:
        raise _too_large(f"has a sheet of {deepest:,} rows by {widest:,} columns")
    return count


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
