"""All files of one import, read and judged before the database is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from baken.constituency.sheets.files import read_table_file
from baken.constituency.sheets.outcome import ImportedFile, ImportNote, ImportProblem, Table
from baken.constituency.sheets.rows import (
    AssetRow,
    ContactRow,
    OrganisationRow,
    RouteRow,
    RowReader,
    problem_at,
)
from baken.constituency.sheets.tables import RawTable, TableRefusedError

_KINDS: Final = tuple(Table)
"""Organisations first: rows of the other tables are about those."""
_BEFORE_ALL: Final = (-1, 0)

Row = TypeVar("Row", OrganisationRow, ContactRow, AssetRow, RouteRow)


@dataclass(slots=True)
class GatheredRows(Generic[Row]):
    """The checked rows of one table from all files, one a key, in the order read."""

    by_key: dict[Any, Row] = field(default_factory=dict)
    repeated: int = 0
    """Rows that say again what an earlier one said."""
    refused: int = 0

    def add(self, row: Row) -> ImportProblem | None:
        """Take `row` in; the problem when an earlier row of its key says something else."""
        first = self.by_key.setdefault(row.key, row)
        if first is row:
            return None
        compared = (*row.attributes, *getattr(row, "of_routes", ()))
        for name in compared:
            if name in first.said & row.said and getattr(first, name) != getattr(row, name):
                self.refused += 1
                return _contradiction(first, row, name)
        news = {name: getattr(row, name) for name in compared if name not in first.said}
        self.by_key[row.key] = replace(first, said=first.said | row.said, **news)
        self.repeated += 1
        return None


@dataclass(slots=True)
class Reading:
    """What the files hold."""

    files: list[ImportedFile] = field(default_factory=list)
    organisations: GatheredRows[OrganisationRow] = field(default_factory=GatheredRows)
    contacts: GatheredRows[ContactRow] = field(default_factory=GatheredRows)
    assets: GatheredRows[AssetRow] = field(default_factory=GatheredRows)
    routes: GatheredRows[RouteRow] = field(default_factory=GatheredRows)
    problems: list[ImportProblem] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)
    places: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """File and sheet of each table to the number of its kind, and its own in the order read."""

    def rows_of(self, table: Table) -> GatheredRows[Any]:
        """The rows of `table`."""
        match table:
            case Table.ORGANISATIONS:
                return self.organisations
            case Table.CONTACTS:
                return self.contacts
            case Table.ASSETS:
                return self.assets
            case Table.ROUTES:
                return self.routes

    def problems_in_order(self) -> tuple[ImportProblem, ...]:
        """Refused files first, then rows in the order of tables, files, sheets and rows.

        A row that was refused comes before those that were refused because it was.
        """

        def order(problem: ImportProblem) -> tuple[tuple[int, int], int]:
            place = self.places.get((problem.file, problem.sheet), _BEFORE_ALL)
            return place, problem.row or 0

        return tuple(sorted(self.problems, key=order))


def read_constituency_files(paths: Sequence[Path], *, reader: RowReader) -> Reading:
    """The rows in `paths`; a folder stands for the CSV and XLSX files directly in it.

    A file that cannot be read is among the problems, and the others are still read.
    """
    reading = Reading()
    for path in _files_of(paths):
        try:
            content = read_table_file(path)
        except TableRefusedError as refusal:
            _refuse_file(reading, path, refusal)
            continue
        for table in content.tables:
            _gather(reading, table, reader)
        reading.notes.extend(content.notes)
        rows = sum(len(table.rows) for table in content.tables)
        kinds = tuple(table.table for table in content.tables)
        reading.files.append(ImportedFile(file=str(path), rows=rows, tables=kinds))
    return reading


def _files_of(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else []
        except OSError:  # reading it as a file says what is wrong with it
            inside = []
        files += [file for file in inside if file.suffix.lower() in (".csv", ".xlsx")] or [path]
    return files


def _refuse_file(reading: Reading, path: Path, refusal: TableRefusedError) -> None:
    problem = ImportProblem(
        file=str(path),
        row=None,
        column="",
        value="",
        reason=refusal.reason,
        explanation=refusal.message,
        remedy=refusal.remedy,
    )
    reading.files.append(ImportedFile(file=str(path), refusal=problem))
    reading.problems.append(problem)


def _gather(reading: Reading, table: RawTable, reader: RowReader) -> None:
    place = (_KINDS.index(table.table), len(reading.places))
    reading.places.setdefault((table.file, table.sheet), place)
    for row in reader.read(table):
        problem: ImportProblem | None = None
        match row:
            case OrganisationRow():
                problem = reading.organisations.add(row)
            case ContactRow():
                problem = reading.contacts.add(row)
            case AssetRow():
                problem = reading.assets.add(row)
            case RouteRow():
                problem = reading.routes.add(row)
            case problems:
                reading.rows_of(table.table).refused += 1
                reading.problems.extend(problems)
        if problem:
            reading.problems.append(problem)


def _contradiction(first: Row, later: Row, column: str) -> ImportProblem:
    value = getattr(later, column)
    column = "inside" if column == "is_inside" else column
    return problem_at(
        later.place,
        column,
        "" if value is None else str(value),
        "contradicts-earlier-row",
        f"{first.place}, is about the same and has another {column}.",
        "Keep the row that is right.",
    )
