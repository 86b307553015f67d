"""Import of a constituency: files to organisations, contacts and assets, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from django.db import connection, transaction

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.overlaps import overlaps_of
from baken.constituency.sheets.outcome import ImportOutcome, TableCounts
from baken.constituency.sheets.reading import GatheredRows, Reading, read_constituency_files
from baken.constituency.sheets.rows import (
    AssetRow,
    ContactRow,
    OrganisationRow,
    RowReader,
    problem_at,
)
from baken.constituency.sheets.tables import ROUTE_COLUMNS
from baken.constituency.writing import insert_rows, update_rows
from baken.core.language import Language

# Other writers wait until the import is done; readers and foreign keys do not. So two imports of
# the same files at once make one set of rows.
_LOCK: Final = """
LOCK TABLE constituency_organisation, constituency_contact, constituency_asset
IN SHARE ROW EXCLUSIVE MODE
"""

Row = TypeVar("Row", OrganisationRow, ContactRow, AssetRow)
OwnedRow = TypeVar("OwnedRow", ContactRow, AssetRow)
Model = TypeVar("Model", Organisation, Contact, Asset)


def import_constituency(
    paths: Sequence[Path], *, allow_documentation: bool, default_language: Language = Language.NL
) -> ImportOutcome:
    """Take over the organisations, contacts and assets in `paths`: CSV, XLSX, or folders of them.

    A bad row or file keeps out nothing but itself. One transaction: when the database fails,
    nothing was taken over. Nothing is ever deleted; an asset ends by its ``valid_until``.

    Safe to run twice: an organisation is known by its reference; a contact by organisation, role,
    mail address and telephone number; an asset by organisation, kind, value and ``valid_from``.
    What is known is updated where it differs. `default_language` is that of contacts without one.
    """
    reading = _read(paths, allow_documentation, default_language)
    with transaction.atomic():
        return _take_over(reading)


def dry_run_import(
    paths: Sequence[Path], *, allow_documentation: bool, default_language: Language = Language.NL
) -> ImportOutcome:
    """What `import_constituency` would do and say; nothing has changed afterwards."""
    reading = _read(paths, allow_documentation, default_language)
    with transaction.atomic():
        outcome = _take_over(reading)
        transaction.set_rollback(True)
    return outcome


def _read(paths: Sequence[Path], allow_documentation: bool, default_language: Language) -> Reading:
    reader = RowReader(allow_documentation=allow_documentation, default_language=default_language)
    return read_constituency_files(paths, reader=reader)


@dataclass(frozen=True, slots=True)
class _Difference(Generic[Model]):
    """What the rows of one table change in the database."""

    created: list[Model]
    updated: list[Model]
    unchanged: int

    def counts(self, rows: GatheredRows[Any]) -> TableCounts:
        """The same in numbers, with the rows that did not come this far."""
        return TableCounts(
            created=len(self.created),
            updated=len(self.updated),
            unchanged=self.unchanged + rows.repeated,
            refused=rows.refused,
        )


def _take_over(reading: Reading) -> ImportOutcome:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    organisations = _take_over_organisations(reading.organisations)
    owners = _owners(reading)
    contacts = _take_over_contacts(_owned(reading, reading.contacts, owners), owners)
    assets = _take_over_assets(_owned(reading, reading.assets, owners), owners)
    imported = [asset.pk for asset in (*assets.created, *assets.updated)]
    return ImportOutcome(
        files=tuple(reading.files),
        organisations=organisations.counts(reading.organisations),
        contacts=contacts.counts(reading.contacts),
        assets=assets.counts(reading.assets),
        problems=reading.problems_in_order(),
        overlaps=overlaps_of(imported),
        notes=tuple(reading.notes),
    )


def _take_over_organisations(
    rows: GatheredRows[OrganisationRow],
) -> _Difference[Organisation]:
    known = Organisation.objects.filter(reference__in=rows.by_key)
    difference = _difference(
        rows.by_key.values(),
        {organisation.reference: organisation for organisation in known},
        lambda row: Organisation(
            reference=row.reference, name=row.name, sector=row.sector, standing=row.standing
        ),
    )
    insert_rows(Organisation, difference.created)
    update_rows(Organisation, difference.updated, OrganisationRow.attributes)
    return difference


def _take_over_contacts(
    rows: Sequence[ContactRow], owners: Mapping[str, int]
) -> _Difference[Contact]:
    references = {owners[row.organisation]: row.organisation for row in rows}
    known = Contact.objects.filter(organisation__in=references)
    cells = _cells_of_routes(references)
    created: list[ContactRow] = []

    def make(row: ContactRow) -> Contact:
        created.append(row)
        return Contact(
            organisation_id=owners[row.organisation],
            name=row.name,
            role=row.role,
            language=row.language,
            channel=row.channel,
        )

    difference = _difference(
        rows,
        {(references[c.organisation_id], c.role, *cells(c)): c for c in known},
        make,
    )
    insert_rows(Contact, difference.created)
    insert_rows(
        Route,
        [
            Route(contact_id=contact.pk, channel=channel, address=getattr(row, column))
            for contact, row in zip(difference.created, created, strict=True)
            for column, channel in ROUTE_COLUMNS.items()
            if getattr(row, column)
        ],
    )
    update_rows(Contact, difference.updated, ContactRow.attributes)
    return difference


def _cells_of_routes(organisation_ids: Iterable[int]) -> Callable[[Contact], tuple[str, ...]]:
    """What stands in the columns of `ROUTE_COLUMNS` for a contact: its first route of each."""
    routes = Route.objects.filter(
        contact__organisation__in=organisation_ids, channel__in=ROUTE_COLUMNS.values()
    )
    first: dict[tuple[int, str], str] = {}
    for contact_id, channel, address in routes.order_by("id").values_list(
        "contact_id", "channel", "address"
    ):
        first.setdefault((contact_id, channel), address)
    return lambda contact: tuple(
        first.get((contact.pk, channel), "") for channel in ROUTE_COLUMNS.values()
    )


def _take_over_assets(rows: Sequence[AssetRow], owners: Mapping[str, int]) -> _Difference[Asset]:
    references = {owners[row.organisation]: row.organisation for row in rows}
    known = Asset.objects.filter(organisation__in=references)
    difference = _difference(
        rows,
        {(references[a.organisation_id], a.kind, a.value, a.valid_from): a for a in known},
        lambda row: Asset(
            organisation_id=owners[row.organisation],
            kind=row.asset.kind.value,
            value=row.asset.value,
            network=row.asset.network,
            asn=row.asset.asn,
            domain=row.asset.domain,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        ),
    )
    insert_rows(Asset, difference.created)
    update_rows(Asset, difference.updated, AssetRow.attributes)
    return difference


def _difference(
    rows: Iterable[Row], known: Mapping[Any, Model], make: Callable[[Row], Model]
) -> _Difference[Model]:
    """Compare `rows` with the `known` rows of the database by key; changes `known` ones."""
    created: list[Model] = []
    updated: list[Model] = []
    unchanged = 0
    for row in rows:
        model = known.get(row.key)
        if model is None:
            created.append(make(row))
        elif _bring_up_to_date(model, row):
            updated.append(model)
        else:
            unchanged += 1
    return _Difference(created, updated, unchanged)


def _bring_up_to_date(model: Model, row: Row) -> bool:
    """Give `model` what `row` says; whether that was anything new."""
    news = [
        name
        for name in row.attributes
        if name in row.said and getattr(model, name) != getattr(row, name)
    ]
    for name in news:
        setattr(model, name, getattr(row, name))
    return bool(news)


def _owners(reading: Reading) -> dict[str, int]:
    """The registered organisations that contacts and assets name: reference to id."""
    references = {row.organisation for row in reading.contacts.by_key.values()}
    references |= {row.organisation for row in reading.assets.by_key.values()}
    found = Organisation.objects.filter(
        reference__in=references, standing=Organisation.Standing.REGISTERED
    )
    return dict(found.order_by().values_list("reference", "id"))


def _owned(
    reading: Reading, rows: GatheredRows[OwnedRow], owners: Mapping[str, int]
) -> list[OwnedRow]:
    """Those `rows` whose organisation is registered; the others are refused."""
    owned: list[OwnedRow] = []
    for row in rows.by_key.values():
        if row.organisation in owners:
            owned.append(row)
            continue
        rows.refused += 1
        problem = problem_at(
            row.place,
            "organisation",
            row.organisation,
            "unknown-organisation",
            f"No organisation with the reference {row.organisation!r} is registered, and no row "
            "that was taken says so.",
            "Add it to the table organisations, or correct the reference.",
        )
        reading.problems.append(problem)
    return owned
