"""The tables in a constituency file: CSV or XLSX bytes to rows of text, known by their header.

Nothing is judged here but whether a file is a table at all; see `baken.constituency.sheets.rows` for that.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from baken.constituency.sheets.outcome import ImportNote, Table
from baken.core.errors import ImportRefusedError
from baken.core.spreadsheet import unguard_formula

MAX_CSV_BYTES: Final = 256 << 20
DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class TableShape:
    """The columns of a table, in the order in which export writes them."""

    columns: tuple[str, ...]
    required: frozenset[str]
    one_of: frozenset[str] = frozenset()
    """At least one of these must be there too; empty asks for none."""

    def fits(self, header: Sequence[str]) -> bool:
        """Whether `header` has what this table cannot do without."""
        return self.required.issubset(header) and (
            not self.one_of or not self.one_of.isdisjoint(header)
        )


SHAPES: Final[Mapping[Table, TableShape]] = {
    Table.ORGANISATIONS: TableShape(
        ("reference", "name", "sector"), required=frozenset({"reference", "name"})
    ),
    Table.CONTACTS: TableShape(
        ("organisation", "name", "role", "email", "phone", "language", "channel"),
        required=frozenset({"organisation"}),
        one_of=frozenset({"email", "phone"}),
    ),
    Table.ASSETS: TableShape(
        ("organisation", "asset", "valid_from", "valid_until"),
        required=frozenset({"organisation", "asset"}),
    ),
}


class TableRefusedError(ImportRefusedError):
    """A file that is no table of ours; `reason` is a stable kebab-case key."""

    def __init__(self, message: str, *, remedy: str, reason: str) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stood; `fault` says why its cells cannot be told apart."""

    number: int
    cells: Sequence[str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of one table, unjudged."""

    table: Table
    file: str
    sheet: str
    positions: Mapping[str, int]
    """Where each known column stands."""
    rows: Sequence[RawRow]

    def text(self, row: RawRow, column: str) -> str:
        """The cell, trimmed and without the guard against formulas; empty where there is none."""
        position = self.positions.get(column)
        if position is None or position >= len(row.cells):
            return ""
        return unguard_formula(row.cells[position].strip(" \u00a0"))


@dataclass(frozen=True, slots=True)
class TableFile:
    """What one file holds."""

    tables: tuple[RawTable, ...]
    notes: tuple[ImportNote, ...]


def read_table_file(path: Path) -> TableFile:
    """The tables in the CSV or XLSX file at `path`, told by its first bytes, not its name.

    Raises `TableRefusedError` when it cannot be read, is too large, or has no header of ours.
    """
    from baken.constituency.sheets.workbook import is_workbook, read_workbook

    data = _bytes_of(path)
    if is_workbook(data):
        return read_workbook(data, file=str(path))
    return read_csv(data, file=str(path))


def read_csv(data: bytes, *, file: str) -> TableFile:
    """The one table in `data`; see `read_table_file`."""
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


def table_of(
    rows: Sequence[RawRow], *, file: str, sheet: str
) -> tuple[RawTable, tuple[ImportNote, ...]]:
    """The table whose header is the first of `rows`.

    Raises `TableRefusedError` when the header is of no table, of two, or names a column twice.
    """
    header = [column_name(cell) for cell in rows[0].cells]
    fitting = [table for table, shape in SHAPES.items() if shape.fits(header)]
    if not fitting:
        raise _wrong_header(rows[0])
    if len(fitting) > 1:
        raise TableRefusedError(
            f"The header fits two tables: {' and '.join(fitting)}.",
            remedy="Give each table a file or sheet of its own.",
            reason="ambiguous-header",
        )
    known = SHAPES[fitting[0]].columns
    twice = sorted({name for name in header if name in known and header.count(name) > 1})
    if twice:
        raise TableRefusedError(
            f"The header names {', '.join(twice)} more than once.",
            remedy="Keep one column of each name.",
            reason="repeated-column",
        )
    ignored = [cell.strip() for cell in rows[0].cells if column_name(cell) not in (*known, "")]
    text = f"Columns that are not known were ignored: {', '.join(ignored)}."
    notes = (ImportNote(file=file, sheet=sheet, text=text),) if ignored else ()
    positions = {name: header.index(name) for name in known if name in header}
    body = [_checked_width(row, len(header)) for row in rows[1:]]
    return RawTable(fitting[0], file, sheet, positions, body), notes


def column_name(cell: str) -> str:
    """The column that a header cell names: any case; spaces and hyphens for underscores."""
    name = "_".join(cell.strip().lower().replace("-", " ").split())
    return {"e_mail": "email"}.get(name, name)


def _wrong_header(row: RawRow) -> TableRefusedError:
    seen = ", ".join(cell.strip() for cell in row.cells if cell.strip())
    shapes = "; ".join(f"{table}: {', '.join(SHAPES[table].columns)}" for table in Table)
    return TableRefusedError(
        f"The header is that of no table: {seen[:200]!a}.",
        remedy=f"Let the first row name the columns of one of these tables. {shapes}.",
        reason="wrong-header",
    )


def _checked_width(row: RawRow, width: int) -> RawRow:
    if not any(cell.strip() for cell in row.cells[width:]):
        return row
    return RawRow(row.number, row.cells, fault="too-many-cells")


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_CSV_BYTES:
            raise TableRefusedError(
                f"The file has {size >> 20} MB; at most {MAX_CSV_BYTES >> 20} MB are read.",
                remedy="Split it into several files; their rows may refer to each other.",
                reason="too-large",
            )
        return path.read_bytes()
    except OSError as error:
        raise TableRefusedError(
            f"The file cannot be read: {error.strerror or error}.",
            remedy="Check its name and that you may read it.",
            reason="unreadable",
        ) from error


def _decode(data: bytes, *, file: str) -> tuple[str, tuple[ImportNote, ...]]:
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16"), ()
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
    known = {column for shape in SHAPES.values() for column in shape.columns}

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
            yield RawRow(number, [lines[position].rstrip("\r\n")], fault="unclosed-quote")
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
