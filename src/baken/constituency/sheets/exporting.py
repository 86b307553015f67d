"""Export of the constituency: what import takes, as CSV files or one XLSX workbook."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

import xlsxwriter
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Collate
from xlsxwriter.exceptions import FileCreateError

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.sheets.outcome import Table
from baken.constituency.sheets.tables import (
    NOT_IN_CONTACTS,
    ROUTE_COLUMNS,
    SHAPES,
    SOURCE_OF_CONTACTS,
)
from baken.core.errors import OutputRefusedError
from baken.core.routes import Scope
from baken.core.spreadsheet import guard_formula, is_formula

ROWS_PER_SHEET: Final = 1_048_575
"""What fits a sheet beside its header; further rows go to a further sheet."""

# An import between two of the reads would leave contacts without their organisation. A snapshot
# shows all tables as they stood at one moment, and nobody waits while files are written.
_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class CsvWriter(Protocol):
    """What `csv.writer` gives; the standard library has no public name for it."""

    def writerow(self, row: Iterable[Any], /) -> Any: ...


@dataclass(frozen=True, slots=True)
class ExportedConstituency:
    """What was written, and where."""

    files: tuple[Path, ...]
    organisations: int
    contacts: int
    assets: int
    routes: int = 0
    """Rows of the table routes, which is written only when the table contacts does not hold all."""


def export_constituency(path: Path) -> ExportedConstituency:
    """Write all registered organisations, their contacts, assets and routes.

    To a workbook when `path` ends in ``.xlsx``, else as ``organisations.csv``, ``contacts.csv`` and
    ``assets.csv`` in the folder `path`, which is made when needed. Routes for which the table
    contacts has no room are also written to ``routes.csv``; without any, there is no such file. A
    file that stands there is replaced once the new one is complete. The same constituency gives the
    same bytes of CSV; importing them into an empty database gives the same constituency, but for
    contacts without any route, which are left out. Raises `OutputRefusedError` when the disk
    refuses.
    """
    export = _export_workbook if path.suffix.lower() == ".xlsx" else _export_folder
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            return export(path)
    except (OSError, FileCreateError) as error:
        raise OutputRefusedError(
            f"{path} cannot be written: {error}.",
            remedy="Name a folder or file that you may write to, with room on its disk.",
        ) from error


def _export_folder(folder: Path) -> ExportedConstituency:
    folder.mkdir(parents=True, exist_ok=True)
    files = {table: folder / f"{table}.csv" for table in _tables()}
    counts = {}
    for table, file in files.items():
        with _replacing(file) as part, part.open("w", encoding="utf-8-sig", newline="") as out:
            counts[table] = _write_csv(csv.writer(out), table)
    if Table.ROUTES not in files:
        (folder / f"{Table.ROUTES}.csv").unlink(missing_ok=True)  # of an earlier export
    return _exported(files.values(), counts)


def _export_workbook(path: Path) -> ExportedConstituency:
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = {}
    with (
        _replacing(path) as part,
        xlsxwriter.Workbook(part, {"constant_memory": True}) as workbook,
    ):
        for table in _tables():
            counts[table] = _write_sheets(workbook, table)
    return _exported([path], counts)


def _exported(files: Iterable[Path], counts: dict[Table, int]) -> ExportedConstituency:
    return ExportedConstituency(
        files=tuple(files),
        organisations=counts[Table.ORGANISATIONS],
        contacts=counts[Table.CONTACTS],
        assets=counts[Table.ASSETS],
        routes=counts.get(Table.ROUTES, 0),
    )


def _tables() -> list[Table]:
    """The tables that are written: all, but routes only when it holds anything."""
    return [table for table in Table if table is not Table.ROUTES or _routes_to_tell().exists()]


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """A path to write to beside `file`; it replaces `file` when all went well."""
    part = file.with_name(f".{file.name}.part")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _write_csv(writer: CsvWriter, table: Table) -> int:
    writer.writerow(SHAPES[table].columns)
    count = 0
    for row in _rows_of(table):
        writer.writerow([guard_formula(cell) for cell in row])
        count += 1
    return count


def _write_sheets(workbook: xlsxwriter.Workbook, table: Table) -> int:
    """Write `table` as text cells: a spreadsheet neither computes nor rounds any of them."""
    as_text = workbook.add_format({"num_format": "@"})
    # What Excel itself does for an apostrophe that was typed: the cell stays text when edited.
    guarded = workbook.add_format({"num_format": "@", "quote_prefix": True})
    bold = workbook.add_format({"bold": True, "num_format": "@"})
    columns = SHAPES[table].columns
    rows = _rows_of(table)
    count = part = 0
    while True:
        part += 1
        sheet = workbook.add_worksheet(table if part == 1 else f"{table} {part}")
        sheet.set_column(0, len(columns) - 1, 28, as_text)
        sheet.freeze_panes(1, 0)
        for position, name in enumerate(columns):
            sheet.write_string(0, position, name, bold)
        number = 0
        for number, row in enumerate(islice(rows, ROWS_PER_SHEET), 1):
            for position, cell in enumerate(row):
                # An apostrophe that is really there is doubled, as import takes one off.
                text = guard_formula(cell) if cell.startswith("'") else cell
                if text:
                    style = guarded if is_formula(text) else as_text
                    sheet.write_string(number, position, text, style)
        count += number
        if number < ROWS_PER_SHEET:
            return count


def _rows_of(table: Table) -> Iterator[Sequence[str]]:
    """The cells of each row; in an order that does not depend on the server's language."""
    registered = Organisation.Standing.REGISTERED
    match table:
        case Table.ORGANISATIONS:
            organisations = Organisation.objects.filter(standing=registered)
            yield from (
                organisations.order_by(Collate("reference", "C"))
                .values_list("reference", "name", "sector", "rhythm")
                .iterator()
            )
        case Table.CONTACTS:
            # Import keeps the order, and with it who is asked first among those of one role.
            yield from (
                _contacts_in_their_table()
                .order_by(Collate("organisation__reference", "C"), "id")
                .values_list(
                    "organisation__reference", "name", "role", "email", "phone", "language",
                    "time_zone", "channel",
                )
                .iterator()
            )  # fmt: skip
        case Table.ASSETS:
            assets = Asset.objects.filter(organisation__standing=registered)
            for reference, value, valid_from, valid_until in (
                assets.order_by(
                    Collate("organisation__reference", "C"), "kind", Collate("value", "C"),
                    "valid_from",
                )
                .values_list("organisation__reference", "value", "valid_from", "valid_until")
                .iterator()
            ):  # fmt: skip
                yield reference, value, _moment_text(valid_from), _moment_text(valid_until)
        case Table.ROUTES:
            yield from map(_route_cells, _routes_to_tell().iterator())


def _contacts_in_their_table() -> QuerySet[Any, Any]:
    """The contacts that the table contacts can hold, with what its columns say of each.

    As `baken.constituency.sheets.contact_routes.cells_of_routes` knows them again.
    """
    contacts = Contact.objects.filter(organisation__standing=Organisation.Standing.REGISTERED)
    return (
        contacts.annotate(
            email=_cell_of(ROUTE_COLUMNS["email"]), phone=_cell_of(ROUTE_COLUMNS["phone"])
        )
        .exclude(email="", phone="")
        .exclude(channel=ROUTE_COLUMNS["email"], email="")
        .exclude(channel=ROUTE_COLUMNS["phone"], phone="")
    )


def _routes_to_tell() -> QuerySet[Route, Any]:
    """All routes of the contacts of which the table contacts does not tell all, in their order.

    First those of contacts that stand in it: import makes these first.
    """
    same = Route.objects.filter(contact=OuterRef("contact"), channel=OuterRef("channel"))
    earlier = same.filter(source=SOURCE_OF_CONTACTS, id__lt=OuterRef("id"))
    is_plain = Q(
        channel__in=ROUTE_COLUMNS.values(), source=SOURCE_OF_CONTACTS, scope=Scope.OWNER,
        is_inside=None, valid_until=None, confidence=100, state=Route.State.ACTIVE,
    )  # fmt: skip
    odd = Route.objects.filter(~is_plain | Q(Exists(earlier)), contact=OuterRef("contact"))
    in_table = _contacts_in_their_table()
    routes = Route.objects.filter(
        contact__organisation__standing=Organisation.Standing.REGISTERED
    ).annotate(
        is_in_contacts=Exists(in_table.filter(pk=OuterRef("contact"))),
        email=Subquery(in_table.filter(pk=OuterRef("contact")).values("email")),
        phone=Subquery(in_table.filter(pk=OuterRef("contact")).values("phone")),
        reference=F("contact__organisation__reference"),
    )
    return (
        routes.filter(Q(is_in_contacts=False) | Q(Exists(odd)))
        .select_related("contact")
        .order_by(Collate("reference", "C"), "-is_in_contacts", "contact", "id")
    )


def _route_cells(route: Any) -> Sequence[str]:
    contact: Contact = route.contact
    cells = f"{route.email} {route.phone}".strip() if route.is_in_contacts else NOT_IN_CONTACTS
    return (
        route.reference, contact.role, contact.name, cells, route.channel, route.address,
        route.scope, _yes_or_no(route.is_inside), _moment_text(route.valid_until),
        str(route.confidence), route.state, route.source, contact.language,
        contact.time_zone, contact.channel,
    )  # fmt: skip


def _yes_or_no(said: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[said]


def _cell_of(channel: str) -> Coalesce:
    """The address of the first route of `channel` that the table contacts made; empty without."""
    routes = Route.objects.filter(
        contact=OuterRef("pk"), channel=channel, source=SOURCE_OF_CONTACTS
    ).order_by("id")
    return Coalesce(Subquery(routes.values("address")[:1]), Value(""))


def _moment_text(moment: datetime | None) -> str:
    """A date when it is midnight UTC, else date and time; empty for none."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    if utc.time() == time.min:
        return utc.date().isoformat()
    return f"{utc.replace(tzinfo=None).isoformat()}Z"
