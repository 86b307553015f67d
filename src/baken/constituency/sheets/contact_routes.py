"""The routes of an import: from checked rows to contacts and their routes in the database.

The table contacts has room for one mail address and one telephone number of a contact: the first
routes of these channels that it made. By them that table recognises the contact, whatever routes
the table routes or a lookup adds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.db.models.functions import Now

from baken.constituency.models import Channel, Contact, Route
from baken.constituency.sheets.differences import Difference, bring_up_to_date
from baken.constituency.sheets.outcome import ImportNote, ImportProblem
from baken.constituency.sheets.rows import ContactRow, RouteRow, problem_at
from baken.constituency.sheets.tables import (
    NOT_IN_CONTACTS,
    ROUTE_COLUMNS,
    SOURCE_OF_CONTACTS,
)
from baken.constituency.writing import insert_rows, update_rows

Cells = tuple[str, str]
"""What the columns of `ROUTE_COLUMNS` hold for a contact."""


_SHOWN: Final = 5
_NOTES: Final = 20

RouteKey = tuple[int, str, str]
"""Contact, channel and address."""


@dataclass(frozen=True, slots=True)
class TakenRoutes:
    """What became of the rows of the table routes."""

    difference: Difference[Route]
    problems: list[ImportProblem]
    """One for each row whose contact cannot be identified."""
    keys: frozenset[RouteKey]
    """The routes that the rows name."""


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
    found: list[tuple[RouteRow, Sequence[Contact]]] = []
    for row in rows:
        mine = contacts.of(row, organisation_id=owners[row.organisation])
        if isinstance(mine, ImportProblem):
            problems.append(mine)
        else:
            found.append((row, mine))
    insert_rows(Contact, contacts.made)
    keys = frozenset(
        (contact.pk, row.channel, row.address) for row, mine in found for contact in mine
    )
    return TakenRoutes(_write(found, of_contacts), problems, keys)


def with_changed_routes(
    contacts: Difference[Contact],
    said: Iterable[tuple[Contact, ContactRow]],
    *,
    named: Collection[RouteKey],
) -> Difference[Contact]:
    """Write what the table contacts says of the routes of known contacts, but for those `named`.

    Gives the difference in contacts, in which one counts as updated when its routes were.
    """
    rows = {contact.pk: row for contact, row in said if row.said & set(row.of_routes)}
    stored = Route.objects.filter(
        contact__in=rows, channel__in=ROUTE_COLUMNS.values(), source=SOURCE_OF_CONTACTS
    )
    changed: list[Route] = []
    for route in stored.select_related("contact"):
        row = rows[route.contact_id]
        if route.address not in (row.email, row.phone) or _key(route) in named:
            continue
        news = [name for name in row.of_routes if name in row.said]
        if any(getattr(route, name) != getattr(row, name) for name in news):
            for name in news:
                setattr(route, name, getattr(row, name))
            changed.append(route)
    update_rows(Route, changed, ContactRow.of_routes)
    known = {contact.pk for contact in (*contacts.created, *contacts.updated)}
    more = {route.contact_id: route.contact for route in changed if route.contact_id not in known}
    return Difference(
        contacts.created, [*contacts.updated, *more.values()], contacts.unchanged - len(more)
    )


def unnamed_contacts(rows: Collection[ContactRow], owners: Mapping[str, int]) -> list[ImportNote]:
    """Notes on contacts of the organisations in `rows` that `rows` do not name, and that are used.

    They stay: a file need not hold all contacts. But who left, or has another address, is told
    until somebody says that it ended.
    """
    first = {row.organisation: row.place.file for row in reversed(list(rows))}
    references = {owners[name]: name for name in first if name in owners}
    cells = cells_of_routes(references)
    named = {row.key for row in rows}
    left: dict[str, list[str]] = {}
    used = Route.objects.filter(source=SOURCE_OF_CONTACTS, state=Route.State.ACTIVE)
    used = used.filter(Q(valid_until=None) | Q(valid_until__gt=Now()))
    known = Contact.objects.filter(organisation__in=references, routes__in=used).distinct()
    for contact in known.order_by("organisation", "id"):
        reference, mine = references[contact.organisation_id], cells(contact)
        if any(mine) and (reference, contact.role, *mine) not in named:
            left.setdefault(reference, []).append(" ".join(filter(None, mine)))
    return [
        ImportNote(
            file=first[reference],
            text=f"{reference} has contacts that the files do not name, and that are still told: "
            f"{', '.join(addresses[:_SHOWN])}{' …' if len(addresses) > _SHOWN else ''}."
            " End one that left with valid_until.",
        )
        for reference, addresses in list(left.items())[:_NOTES]
    ]


class _Contacts:
    """The contacts of some organisations, as the rows of the table routes name them."""

    def __init__(self, organisation_ids: Collection[int], of_contacts: Iterable[Route]) -> None:
        self.made: list[Contact] = []
        self._by_cells: dict[tuple[int, str, Cells], Contact] = {}
        self._by_name: dict[tuple[int, str, str], list[tuple[Contact, bool]]] = {}
        self._by_address: dict[tuple[int, str, str], list[Contact]] = {}
        cells = cells_of_routes(organisation_ids, of_contacts)
        by_id: dict[int, Contact] = {}
        for one in Contact.objects.filter(organisation__in=organisation_ids).order_by("id"):
            by_id[one.pk] = one
            self._by_cells.setdefault((one.organisation_id, one.role, cells(one)), one)
            self._add(one, is_in_contacts=any(cells(one)))
        stored = Route.objects.filter(contact__in=by_id).order_by("contact", "id")
        for route in (*stored, *of_contacts):
            holder = by_id.get(route.contact_id)
            if holder is None:  # of an organisation of which the table routes says nothing
                continue
            key = holder.organisation_id, route.channel, route.address.lower()
            self._by_address.setdefault(key, []).append(holder)

    def of(self, row: RouteRow, *, organisation_id: int) -> Sequence[Contact] | ImportProblem:
        """The contacts that `row` is about, made if needed; or why they cannot be identified.

        It is one. But an address that ends, of which the row does not say whose it is, ends for all
        of the organisation who have it.
        """
        key = organisation_id, row.channel, row.address.lower()
        if row.ends and row.contact is None and (holders := self._by_address.get(key)):
            is_whose = [one for one in holders if (one.role, one.name) == (row.role, row.name)]
            return is_whose or holders
        found = self._one_of(row, organisation_id=organisation_id)
        return found if isinstance(found, ImportProblem) else [found]

    def _one_of(self, row: RouteRow, *, organisation_id: int) -> Contact | ImportProblem:
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
            time_zone=row.time_zone,
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
    found: Sequence[tuple[RouteRow, Sequence[Contact]]], of_contacts: Sequence[Route]
) -> Difference[Route]:
    stored = Route.objects.filter(contact__in={one.pk for _, mine in found for one in mine})
    known = {_key(route): route for route in stored}
    waiting = {_key(route): route for route in of_contacts}
    alike = {_in_small_letters(key): key for key in (*known, *waiting)}
    in_order: list[Route] = []
    created: list[Route] = []
    changed: list[Route] = []
    updated: list[Route] = []
    unchanged = 0
    for row, mine in found:
        newly_changed: list[Route] = []
        is_new = False
        for contact in mine:
            key = contact.pk, row.channel, row.address
            if row.ends:  # in whatever letters it is written
                key = alike.get(_in_small_letters(key), key)
            if key in waiting:
                known[key] = waiting.pop(key)
                in_order.append(known[key])
            if key not in known:
                known[key] = _route(row, contact)
                in_order.append(known[key])
                created.append(known[key])
                is_new = True
            elif bring_up_to_date(known[key], row):
                newly_changed.append(known[key])
        changed += newly_changed
        updated += newly_changed[:1]  # a row counts once
        unchanged += not newly_changed and not is_new
    insert_rows(Route, [*waiting.values(), *in_order])
    update_rows(Route, changed, RouteRow.attributes)
    return Difference(created, updated, unchanged)


def _in_small_letters(key: RouteKey) -> RouteKey:
    contact_id, channel, address = key
    return contact_id, channel, address.lower()


def _key(route: Route) -> RouteKey:
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
