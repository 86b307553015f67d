"""Import of a constituency: from files to the database, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from django.db import connection, transaction

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.overlaps import overlaps_of
from baken.constituency.sheets.contact_routes import (
    cells_of_routes,
    take_over_routes,
    unnamed_contacts,
    with_changed_routes,
)
from baken.constituency.sheets.differences import Difference, difference_between
from baken.constituency.sheets.outcome import ImportOutcome
from baken.constituency.sheets.reading import GatheredRows, Reading, read_constituency_files
from baken.constituency.sheets.rows import (
    AssetRow,
    ContactRow,
    OrganisationRow,
    RouteRow,
    RowReader,
    problem_at,
)
from baken.constituency.sheets.tables import ROUTE_COLUMNS, SOURCE_OF_CONTACTS
from baken.constituency.writing import insert_rows, update_rows
from baken.core.language import Language

# Other writers wait until the import is done; readers and foreign keys do not. So two imports of
# the same files at once make one set of rows.
_LOCK: Final = """
LOCK TABLE constituency_organisation, constituency_contact, constituency_asset, constituency_route
IN SHARE ROW EXCLUSIVE MODE
"""

OwnedRow = TypeVar("OwnedRow", ContactRow, AssetRow, RouteRow)
AddressReaders = Mapping[str, Callable[[str], str]]
"""By channel, what gives an address as it is kept, or raises ``ValueError`` with its fault."""


def import_constituency(
    paths: Sequence[Path],
    *,
    allow_documentation: bool,
    default_language: Language = Language.NL,
    address_readers: AddressReaders | None = None,
) -> ImportOutcome:
    """Take over the organisations, contacts, assets and routes in `paths`.

    These are CSV or XLSX files, or folders of them. Only the bad row or file is refused. One
    transaction: when the database fails, nothing is imported. Nothing is ever deleted; an asset or
    a route ends by its ``valid_until``.

    Safe to run twice: an organisation is known by its reference; a contact by organisation, role,
    and the mail address and telephone number that the table contacts gave it; an asset by
    organisation, kind, value and ``valid_from``; a route by contact, channel and address. What is
    known is updated where it differs. The key of a contact lies in two tables, where no constraint
    reaches: that imports wait for each other (the lock on the tables) is all that keeps it unique.

    `default_language` is that of contacts without one. Channels in `address_readers` are known
    besides those of `Channel`, and their addresses are checked.
    """
    reading = _read(paths, allow_documentation, default_language, address_readers)
    with transaction.atomic():
        return _take_over(reading)


def dry_run_import(
    paths: Sequence[Path],
    *,
    allow_documentation: bool,
    default_language: Language = Language.NL,
    address_readers: AddressReaders | None = None,
) -> ImportOutcome:
    """What `import_constituency` would do and report; changes nothing."""
    reading = _read(paths, allow_documentation, default_language, address_readers)
    with transaction.atomic():
        outcome = _take_over(reading)
        transaction.set_rollback(True)
    return outcome


def _read(
    paths: Sequence[Path],
    allow_documentation: bool,
    default_language: Language,
    address_readers: AddressReaders | None,
) -> Reading:
    reader = RowReader(
        allow_documentation=allow_documentation,
        default_language=default_language,
        address_readers=address_readers or {},
    )
    return read_constituency_files(paths, reader=reader)


def _take_over(reading: Reading) -> ImportOutcome:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    organisations = _take_over_organisations(reading.organisations)
    owners = _owners(reading)
    contacts, of_contacts, said_of_routes = _take_over_contacts(
        _owned(reading, reading.contacts, owners), owners
    )
    assets = _take_over_assets(_owned(reading, reading.assets, owners), owners)
    routes = take_over_routes(
        _owned(reading, reading.routes, owners), owners, of_contacts=of_contacts
    )
    contacts = with_changed_routes(contacts, said_of_routes, named=routes.keys)
    reading.notes += unnamed_contacts(reading.contacts.by_key.values(), owners)
    reading.routes.refused += len(routes.problems)
    reading.problems += routes.problems
    imported = [asset.pk for asset in (*assets.created, *assets.updated)]
    return ImportOutcome(
        files=tuple(reading.files),
        organisations=organisations.counts(reading.organisations),
        contacts=contacts.counts(reading.contacts),
        assets=assets.counts(reading.assets),
        routes=routes.difference.counts(reading.routes),
        problems=reading.problems_in_order(),
        overlaps=overlaps_of(imported),
        notes=tuple(reading.notes),
    )


def _take_over_organisations(
    rows: GatheredRows[OrganisationRow],
) -> Difference[Organisation]:
    known = Organisation.objects.filter(reference__in=rows.by_key)
    difference = difference_between(
        rows.by_key.values(),
        {organisation.reference: organisation for organisation in known},
        lambda row: Organisation(
            reference=row.reference,
            name=row.name,
            sector=row.sector,
            rhythm=row.rhythm,
            standing=row.standing,
        ),
    )
    insert_rows(Organisation, difference.created)
    update_rows(Organisation, difference.updated, OrganisationRow.attributes)
    return difference


def _take_over_contacts(
    rows: Sequence[ContactRow], owners: Mapping[str, int]
) -> tuple[Difference[Contact], list[Route], list[tuple[Contact, ContactRow]]]:
    """Write the contacts; gives the routes of new ones too, and which row each known one has.

    The table routes may say more about both.
    """
    references = {owners[row.organisation]: row.organisation for row in rows}
    known = Contact.objects.filter(organisation__in=references)
    cells = cells_of_routes(references)
    created: list[ContactRow] = []

    def make(row: ContactRow) -> Contact:
        created.append(row)
        return Contact(
            organisation_id=owners[row.organisation],
            name=row.name,
            role=row.role,
            language=row.language,
            time_zone=row.time_zone,
            channel=row.channel,
        )

    by_key = {(references[c.organisation_id], c.role, *cells(c)): c for c in known}
    difference = difference_between(rows, by_key, make)
    insert_rows(Contact, difference.created)
    update_rows(Contact, difference.updated, ContactRow.attributes)
    routes = [
        Route(
            contact_id=contact.pk,
            channel=channel,
            address=getattr(row, column),
            source=SOURCE_OF_CONTACTS,
            is_inside=row.is_inside,
            valid_until=row.valid_until,
        )
        for contact, row in zip(difference.created, created, strict=True)
        for column, channel in ROUTE_COLUMNS.items()
        if getattr(row, column)
    ]
    return difference, routes, [(by_key[row.key], row) for row in rows if row.key in by_key]


def _take_over_assets(rows: Sequence[AssetRow], owners: Mapping[str, int]) -> Difference[Asset]:
    references = {owners[row.organisation]: row.organisation for row in rows}
    known = Asset.objects.filter(organisation__in=references)
    difference = difference_between(
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


def _owners(reading: Reading) -> dict[str, int]:
    """The registered organisations that the other tables name: reference to id."""
    references = {row.organisation for row in reading.contacts.by_key.values()}
    references |= {row.organisation for row in reading.assets.by_key.values()}
    references |= {row.organisation for row in reading.routes.by_key.values()}
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
