"""The routes of an import: from checked rows to contacts and their routes in the database.

The table contacts has room for one mail address and one telephone number of a contact: the first
routes of these channels that it made. By them that table recognises the contact, whatever routes
the table routes or a lookup adds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from baken.constituency.models import Channel, Contact, Route
from baken.constituency.sheets.differences import Difference, bring_up_to_date
from baken.constituency.sheets.outcome import ImportProblem
from baken.constituency.sheets.rows import RouteRow, problem_at
from baken.constituency.sheets.tables import (
    NOT_IN_CONTACTS,
    ROUTE_COLUMNS,
    SOURCE_OF_CONTACTS,
)
from baken.constituency.writing import insert_rows, update_rows

Cells = tuple[str, str]
"""What the columns of `ROUTE_COLUMNS` hold for a contact."""


@dataclass(frozen=True, slots=True)
class TakenRoutes:
    """What became of the rows of the table routes."""

    difference: Difference[Route]
    problems: list[ImportProblem]
    """One for each row whose contact cannot be identified."""


def cells_of_routes(
    organisation_ids: Iterable[int], more: Iterable[Route] = ()
) -> Callable[[Contact], Cells]:
    """What the table contacts says of a contact of these organisations; `more` come last.

    All cells are empty for a contact that the table cannot hold.
    """
    stored = Route.objects.filter(
        contact__organisation__in=organisation_ids,
        channel__in=ROUTE_COLUMNS.values(),
        source=SOURCE_OF_CONTACTS,
    )
    first: dict[tuple[int, str], str] = {}
    for contact_id, channel, address in stored.order_by("id").values_list(
        "contact_id", "channel", "address"
    ):
        first.setdefault((contact_id, channel), address)
    for route in more:
        first.setdefault((route.contact_id, route.channel), route.address)

    def cells(contact: Contact) -> Cells:
        email, phone = (first.get((contact.pk, name), "") for name in ROUTE_COLUMNS.values())
        is_impossible = (contact.channel == Channel.MAIL and not email) or (
            contact.channel == Channel.PHONE and not phone
        )
        return ("", "") if is_impossible else (email, phone)

    return cells


def take_over_routes(
    rows: Sequence[RouteRow], owners: Mapping[str, int], *, of_contacts: Sequence[Route]
) -> TakenRoutes:
    """Write the routes in `rows`, and `of_contacts`, which the table contacts makes.

    A contact that does not exist yet is made. The routes of a new contact are tried in the order of
    the rows.
    """
    contacts = _Contacts({owners[row.organisation] for row in rows}, of_contacts)
    problems: list[ImportProblem] = []
    found: list[tuple[RouteRow, Contact]] = []
    for row in rows:
        contact = contacts.of(row, organisation_id=owners[row.organisation])
        if isinstance(contact, Contact):
            found.append((row, contact))
        else:
            problems.append(contact)
    insert_rows(Contact, contacts.made)
    return TakenRoutes(_write(found, of_contacts), problems)


class _Contacts:
    """The contacts of some organisations, as the rows of the table routes name them."""

    def __init__(self, organisation_ids: Collection[int], of_contacts: Iterable[Route]) -> None:
        self.made: list[Contact] = []
        self._by_cells: dict[tuple[int, str, Cells], Contact] = {}
        self._by_name: dict[tuple[int, str, str], list[tuple[Contact, bool]]] = {}
        cells = cells_of_routes(organisation_ids, of_contacts)
        for one in Contact.objects.filter(organisation__in=organisation_ids).order_by("id"):
            self._by_cells.setdefault((one.organisation_id, one.role, cells(one)), one)
            self._add(one, is_in_contacts=any(cells(one)))

    def of(self, row: RouteRow, *, organisation_id: int) -> Contact | ImportProblem:
        """The contact that `row` is about, made if needed; or why it cannot be identified."""
        if row.contact is not None and any(row.contact):
            found = self._by_cells.get((organisation_id, row.role, row.contact))
            return found or _unknown(row, row.contact)
        by_name = self._by_name.get((organisation_id, row.role, row.name), [])
        if row.contact is not None:
            by_name = [known for known in by_name if not known[1]][:1]
        if len(by_name) > 1:
            return _ambiguous(row)
        return by_name[0][0] if by_name else self._make(row, organisation_id)

    def _make(self, row: RouteRow, organisation_id: int) -> Contact:
        made = Contact(
            organisation_id=organisation_id,
            name=row.name,
            role=row.role,
            language=row.language,
            channel=row.preferred_channel,
        )
        self.made.append(made)
        self._add(made, is_in_contacts=False)
        return made

    def _add(self, contact: Contact, *, is_in_contacts: bool) -> None:
        key = (contact.organisation_id, contact.role, contact.name)
        self._by_name.setdefault(key, []).append((contact, is_in_contacts))


def _unknown(row: RouteRow, cells: Cells) -> ImportProblem:
    return problem_at(
        row.place,
        "contact",
        " ".join(filter(None, cells)),
        "unknown-contact",
        f"{row.organisation} has no {row.role} contact of which the table contacts says this.",
        "Correct it, or leave it empty and let role and name say which contact it is.",
    )


def _ambiguous(row: RouteRow) -> ImportProblem:
    return problem_at(
        row.place,
        "contact",
        "",
        "ambiguous-contact",
        f"{row.organisation} has several {row.role} contacts of the name {row.name!r}.",
        "Write the mail address and the telephone number that contacts has for it, with a space "
        f"between them, or {NOT_IN_CONTACTS} for one that is not there.",
    )


def _write(
    found: Sequence[tuple[RouteRow, Contact]], of_contacts: Sequence[Route]
) -> Difference[Route]:
    stored = Route.objects.filter(contact__in={contact.pk for _, contact in found})
    known = {_key(route): route for route in stored}
    waiting = {_key(route): route for route in of_contacts}
    in_order: list[Route] = []
    created: list[Route] = []
    updated: list[Route] = []
    unchanged = 0
    for row, contact in found:
        key = (contact.pk, row.channel, row.address)
        if key in waiting:
            known[key] = waiting.pop(key)
            in_order.append(known[key])
        if key not in known:
            known[key] = _route(row, contact)
            in_order.append(known[key])
            created.append(known[key])
        elif bring_up_to_date(known[key], row):
            updated.append(known[key])
        else:
            unchanged += 1
    insert_rows(Route, [*waiting.values(), *in_order])
    update_rows(Route, updated, RouteRow.attributes)
    return Difference(created, updated, unchanged)


def _key(route: Route) -> tuple[int, str, str]:
    return route.contact_id, route.channel, route.address


def _route(row: RouteRow, contact: Contact) -> Route:
    return Route(
        contact_id=contact.pk,
        channel=row.channel,
        address=row.address,
        scope=row.scope,
        is_inside=row.is_inside,
        source=row.source,
        confidence=row.confidence,
        valid_until=row.valid_until,
        state=row.state,
    )
