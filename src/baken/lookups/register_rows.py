"""The rows of a register extract: a CSV file or a workbook, each row an entry or told apart.

One line of the file is one row: an entry cannot break a line, so that one bad quotation mark costs
one row and not the rest of the file. What a column means stands in docs/reference/lookups.md.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from python_calamine import CalamineWorkbook

from baken.core.asset import is_public_suffix, normalise_domain, registrable_domain
from baken.core.errors import TextRefusedError
from baken.core.given_file import SkippedRow
from baken.core.register_number import normal_register_number
from baken.core.spreadsheet import unguard_formula
from baken.core.text import one_line
from baken.lookups.legal_forms import NameKey, is_form_of_one_person, legal_form_of, name_key
from baken.lookups.persons import has_form_of_persons_name, is_said_to_be_private
from baken.lookups.placeholders import refusal_of
from baken.lookups.table_rows import rows_of

REQUIRED: Final = ("number", "country", "name")
OPTIONAL: Final = ("trade_names", "legal_form", "address", "phone", "domain")

_MOST_UNPACKED: Final = 512 << 20
"""Bytes of a workbook, which is a ZIP archive: a small file may unpack to any size."""
_LONGEST_NAME: Final = 200
_MOST_NAMES: Final = 20
_MOST_LINES: Final = 8
_BETWEEN: Final = re.compile(r"\||\r\n|\r|\n")
_REMEDY: Final = (
    "Give a CSV file in UTF-8, or an .xlsx file, whose first row names the columns: number, "
    "country and name, and where there are any trade_names, legal_form, address, phone and domain."
)


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One organisation, as the register has it."""

    number: str
    """`baken.core.register_number`."""
    country: str
    name: str
    """Its own name; the routes lead to it by this one."""
    names: tuple[NameKey, ...]
    """All names by which it is known, each once."""
    address: tuple[str, ...]
    """The lines of its postal address; empty when there is none."""
    phone: str
    """As written."""
    domain: str
    """The registered domain; empty when there is none."""
    is_person: bool
    """Whether it looks like a private person, whose routes are not used."""


def read_register(path: Path, *, name: str) -> Iterator[RegisterEntry | SkippedRow]:
    """The entries in the file at `path`, and the rows that are none.

    A later row with the number of an earlier one is none. Raises `TextRefusedError`, naming the
    file `name`, for what cannot be read as a table with the columns that it must have.
    """
    rows = _workbook_rows(path, name) if path.suffix.lower() == ".xlsx" else _csv_rows(path, name)
    first_at: dict[str, int] = {}
    columns: Sequence[str] = ()
    for line, cells in rows:
        if isinstance(cells, str):
            yield SkippedRow(line, cells)
        elif not columns:
            columns = _columns(cells, name)
        elif any(cell.strip() for cell in cells):
            read = _read(columns, cells)
            if isinstance(read, str):
                yield SkippedRow(line, read)
            elif read.number in first_at:
                yield SkippedRow(line, f"Its number stands on line {first_at[read.number]}, too.")
            else:
                first_at[read.number] = line
                yield read
    if not columns:
        raise _refused(name, "holds no row")


def _csv_rows(path: Path, name: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each line with its number: its cells, or why they cannot be told apart."""
    try:
        yield from rows_of(path)
    except OSError as error:
        raise _refused(name, f"cannot be opened: {error.strerror or error}") from error


def _workbook_rows(path: Path, name: str) -> Iterator[tuple[int, list[str] | str]]:
    """The rows of the first sheet with their numbers."""
    try:
        with zipfile.ZipFile(path) as members:
            unpacked = sum(member.file_size for member in members.infolist())
        if unpacked > _MOST_UNPACKED:
            raise _refused(name, f"holds more than {_MOST_UNPACKED >> 20} MiB; give it as CSV")
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        rows = [[_cell(value) for value in row] for row in sheet.iter_rows()]
    except TextRefusedError:
        raise
    except BaseException as error:
        # The reader is native code; its panics are no `Exception`.
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise _refused(name, "cannot be read as a workbook") from error
    yield from enumerate(rows, start=1)


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _columns(cells: Sequence[str], name: str) -> Sequence[str]:
    columns = [cell.strip().lower() for cell in cells]
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise _refused(name, f"has no column {', '.join(missing)}")
    twice = [one for one in REQUIRED + OPTIONAL if columns.count(one) > 1]
    if twice:
        raise _refused(name, f"has the column {', '.join(twice)} twice")
    return columns


def _read(columns: Sequence[str], cells: Sequence[str]) -> RegisterEntry | str:
    """The entry in `cells`, or why it is none."""
    if len(cells) != len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return f"It has {len(cells)} cells, and the header {len(columns)}."
    row = {
        column: unguard_formula(cell.strip()) for column, cell in zip(columns, cells, strict=False)
    }
    for column in REQUIRED:
        if not row.get(column):
            return f"Its {column} is empty."
    try:
        number = normal_register_number(row["number"], country=row["country"])
    except ValueError as error:
        return str(error)
    own_name = one_line(row["name"])
    if len(own_name) > _LONGEST_NAME or refusal_of(own_name) is not None:
        return "Its name is none."
    domain = _domain(row.get("domain", ""))
    if domain is None:
        return "Its domain is none."
    form = legal_form_of(row.get("legal_form", "")) or name_key(own_name).form
    return RegisterEntry(
        number=number,
        country=number.partition(":")[0],
        name=own_name,
        names=_names(own_name, row.get("trade_names", ""), form=form),
        address=tuple(_lines(row.get("address", ""))[:_MOST_LINES]),
        phone=one_line(row.get("phone", ""), limit=100),
        domain=domain,
        is_person=_is_person(own_name, row, form=form),
    )


def _names(own: str, others: str, *, form: str) -> tuple[NameKey, ...]:
    """All names as they are compared; one without a legal form has that of the row."""
    keys = [name_key(one) for one in (own, *_lines(others)[:_MOST_NAMES])]
    filled = [NameKey(key.base, key.form or form) for key in keys if key.base]
    return tuple(dict.fromkeys(filled))


def _is_person(name: str, row: Mapping[str, str], *, form: str) -> bool:
    """Whether the entry looks like one person: by its name, unless its legal form says otherwise.

    Who trades alone may still have a name that is no person's: "Webwinkel24".
    """
    names = (name, *_lines(row.get("trade_names", "")))
    if any(map(is_said_to_be_private, names)):
        return True
    if form and not is_form_of_one_person(form):
        return False
    return any(map(has_form_of_persons_name, names))


def _lines(text: str) -> list[str]:
    return [line for part in _BETWEEN.split(text) if (line := one_line(part, limit=200))]


def _domain(text: str) -> str | None:
    """The registered domain in `text`; empty where it says there is none, None for another text."""
    if not text or refusal_of(text) is not None:
        return ""
    plain = text.lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    try:
        domain = registrable_domain(normalise_domain(plain))
    except ValueError:
        return None
    return domain if domain and not is_public_suffix(domain) else None


def _refused(name: str, why: str) -> TextRefusedError:
    return TextRefusedError(f"The register extract {name} {why}.", remedy=_REMEDY)
