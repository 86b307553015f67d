"""What an import did, or would do: counts, problems, overlaps and notes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from baken.constituency.overlaps import Overlaps


class Table(StrEnum):
    """The four tables of a constituency."""

    ORGANISATIONS = "organisations"
    CONTACTS = "contacts"
    ASSETS = "assets"
    ROUTES = "routes"


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One cell, row or file that was refused, and what would be right."""

    file: str
    row: int | None
    """As a spreadsheet counts: the first row is 1. None when it is about the file as a whole."""
    column: str
    """The column at fault; empty when the row or file as a whole is."""
    value: str
    """What stood there, cut to 200 characters."""
    reason: str
    """A stable kebab-case key; docs/reference/constituency-files.md lists them all."""
    explanation: str
    remedy: str
    sheet: str = ""
    """The sheet of the workbook; empty for CSV."""

    @property
    def place(self) -> str:
        """File, sheet, row and column in one line for a person."""
        parts = [self.file, f"sheet {self.sheet}" if self.sheet else ""]
        parts += [f"row {self.row}" if self.row else "", self.column]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Something worth knowing; no row was refused for it."""

    file: str
    text: str
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class TableCounts:
    """What became of the rows of one table; each row counts once."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """The rows that were read, empty ones left out."""
        return self.created + self.updated + self.unchanged + self.refused


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file of the import: what was found in it."""

    file: str
    rows: int = 0
    """Rows of all its tables, without headers and empty rows."""
    tables: tuple[Table, ...] = ()
    refusal: ImportProblem | None = None
    """Why the file could not be read at all; also in the outcome's problems."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did, or what a dry run found that it would do."""

    files: tuple[ImportedFile, ...]
    organisations: TableCounts
    contacts: TableCounts
    assets: TableCounts
    routes: TableCounts
    problems: tuple[ImportProblem, ...]
    """Files refused first, then rows, in the order of the files. A row may have several."""
    overlaps: Overlaps
    notes: tuple[ImportNote, ...]
