"""The four tables of a constituency: their columns, and rows of text known by their header.

Nothing is judged here but whether rows are a table at all; `rows` judges what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from baken.constituency.sheets.outcome import ImportNote, Table
from baken.core.errors import ImportRefusedError
from baken.core.spreadsheet import unguard_formula
from baken.core.text import one_line


@dataclass(frozen=True, slots=True)
class TableShape:
    """The columns of a table, in the order in which export writes them."""

    columns: tuple[str, ...]
    required: frozenset[str]
    also: tuple[str, ...] = ()
    """Further columns that import knows; export writes them in the table routes."""
    one_of: frozenset[str] = frozenset()
    """At least one of these must be there too; empty asks for none."""
    none_of: frozenset[str] = frozenset()
    """With one of these it is another table, in which the rest are columns of somebody's own."""

    @property
    def known(self) -> tuple[str, ...]:
        """All columns that import knows."""
        return (*self.columns, *self.also)

    def fits(self, header: Sequence[str]) -> bool:
        """Whether `header` has the columns that this table must have."""
        return (
            self.required.issubset(header)
            and (not self.one_of or not self.one_of.isdisjoint(header))
            and self.none_of.isdisjoint(header)
        )


SHAPES: Final[Mapping[Table, TableShape]] = {
    Table.ORGANISATIONS: TableShape(
        ("reference", "name", "sector", "rhythm"), required=frozenset({"reference", "name"})
    ),
    Table.CONTACTS: TableShape(
        (
            "organisation", "name", "role", "email", "phone", "language", "time_zone", "channel",
        ),
        required=frozenset({"organisation"}),
        also=("inside", "valid_until"),
        one_of=frozenset({"email", "phone"}),
    ),
    Table.ASSETS: TableShape(
        ("organisation", "asset", "valid_from", "valid_until"),
        required=frozenset({"organisation", "asset"}),
    ),
    Table.ROUTES: TableShape(
        (
            "organisation", "role", "name", "contact", "channel", "address", "scope", "inside",
            "valid_until", "confidence", "state", "source", "language", "time_zone",
            "preferred_channel",
        ),
        required=frozenset({"organisation", "channel", "address"}),
        none_of=frozenset({"email", "phone", "asset"}),
    ),
}  # fmt: skip


ROUTE_COLUMNS: Final[Mapping[str, str]] = {"email": "mail", "phone": "phone"}
"""The columns of contacts that hold the address of a route, with its channel."""

SOURCE_OF_CONTACTS: Final = "import"
"""The source of the routes that the table contacts made: what stands in its columns again."""
SOURCE_OF_ROUTES: Final = "import-routes"
"""The source of those that the table routes made, where it names no other."""
NOT_IN_CONTACTS: Final = "none"
"""In the column contact of routes: a contact that only the table routes can hold."""


class TableRefusedError(ImportRefusedError):
    """A file that is no table of ours; `reason` is a stable kebab-case key."""

    def __init__(self, message: str, *, remedy: str, reason: str) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CellFault:
    """What a spreadsheet made of a cell; in some columns that is what is asked for."""

    reason: str
    """A stable kebab-case key."""
    detail: str = ""
    """What the explanation names besides the cell."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stood; `fault` says why its cells cannot be told apart."""

    number: int
    cells: Sequence[str]
    fault: str = ""
    faults: Mapping[int, CellFault] = field(default_factory=dict)
    """What a spreadsheet did to some of the cells, by their position."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of one table, unjudged."""

    table: Table
    file: str
    sheet: str
    positions: Mapping[str, int]
    """Where each known column stands."""
    rows: Sequence[RawRow]

    def fault(self, row: RawRow, column: str) -> CellFault | None:
        """What a spreadsheet did to the cell, if it did anything."""
        return row.faults.get(self.positions.get(column, -1))

    def text(self, row: RawRow, column: str) -> str:
        """The cell, trimmed and without the guard against formulas; empty where there is none."""
        position = self.positions.get(column)
        if position is None or position >= len(row.cells):
            return ""
        return unguard_formula(row.cells[position].strip(_AROUND))


_AROUND: Final = " \u00a0\ufeff"
"""What stands around the text of a cell and says nothing: also a mark of byte order, which stays
where files were put together."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """What one file holds."""

    tables: tuple[RawTable, ...]
    notes: tuple[ImportNote, ...]


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
    known = SHAPES[fitting[0]].known
    twice = sorted({name for name in header if name in known and header.count(name) > 1})
    if twice:
        raise TableRefusedError(
            f"The header names {', '.join(twice)} more than once.",
            remedy="Keep one column of each name.",
            reason="repeated-column",
        )
    ignored = [cell.strip() for cell in rows[0].cells if column_name(cell) not in (*known, "")]
    absent = [name for name in known if name not in header]
    text = f"Columns that are not known were ignored: {_some_of(ignored)}."
    if absent:
        text += f" Known, and not in the file: {', '.join(absent)}."
    notes = [ImportNote(file=file, sheet=sheet, text=text)] if ignored else []
    positions = {name: header.index(name) for name in known if name in header}
    body: list[RawRow] = []
    for row in rows[1:]:
        names = [column_name(cell) for cell in row.cells]
        if _without_end(names) == _without_end(header):
            again = f"The header stands there again, in row {row.number}, and was left out."
            notes.append(ImportNote(file=file, sheet=sheet, text=again))
        elif any(shape.fits(names) for shape in SHAPES.values()):
            body.append(replace(row, fault="another-header"))
        else:
            body.append(_checked_width(row, len(header)))
    return RawTable(fitting[0], file, sheet, positions, body), tuple(notes)


def _some_of(names: Sequence[str]) -> str:
    """The first of `names`, each cut, and how many more there are."""
    shown = ", ".join(one_line(name, limit=_LONGEST_SHOWN) for name in names[:_MOST_SHOWN])
    more = len(names) - _MOST_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


_MOST_SHOWN: Final = 20
_LONGEST_SHOWN: Final = 60


def column_name(cell: str) -> str:
    """The column that a header cell names: any case; spaces and hyphens for underscores."""
    name = "_".join(cell.strip(_AROUND).lower().replace("-", " ").split())
    return {"e_mail": "email"}.get(name, name)


def _without_end(names: Sequence[str]) -> Sequence[str]:
    """`names` without the empty ones at the end."""
    length = len(names)
    while length and not names[length - 1]:
        length -= 1
    return names[:length]


def _wrong_header(row: RawRow) -> TableRefusedError:
    seen = ", ".join(cell.strip() for cell in row.cells if cell.strip())
    shapes = "; ".join(f"{table}: {', '.join(SHAPES[table].known)}" for table in Table)
    return TableRefusedError(
        f"The header is that of no table: {seen[:200]!a}.",
        remedy=f"Let the first row name the columns of one of these tables. {shapes}.",
        reason="wrong-header",
    )


def _checked_width(row: RawRow, width: int) -> RawRow:
    if not any(cell.strip() for cell in row.cells[width:]):
        return row
    return replace(row, fault="too-many-cells")
