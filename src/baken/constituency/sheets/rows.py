"""The rows of constituency files judged: checked values, or problems with what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from baken.constituency.models import Channel, Contact, Organisation, Route
from baken.constituency.sheets import cells
from baken.constituency.sheets.cell_faults import CELL_FAULTS, ROW_FAULTS, TAKEN_BY, fault_in_text
from baken.constituency.sheets.outcome import ImportProblem, Table
from baken.constituency.sheets.tables import (
    NOT_IN_CONTACTS,
    SOURCE_OF_ROUTES,
    CellFault,
    RawRow,
    RawTable,
)
from baken.constituency.sheets.workbook_xml import column_letters
from baken.core.asset import Asset
from baken.core.language import Language
from baken.core.rhythm import RoundInterval
from baken.core.routes import Scope

VALUE_SHOWN: Final = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        return f"{self.file}{sheet}, row {self.row}"


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """A row of the table organisations, checked."""

    place: Place
    said: frozenset[str]
    """The columns that the file has; values of the others do not change."""
    reference: str
    name: str
    sector: str
    rhythm: str
    standing: str = Organisation.Standing.REGISTERED.value
    """An organisation in a file has signed up, also when it was discovered before."""

    attributes: ClassVar[tuple[str, ...]] = ("name", "sector", "rhythm", "standing")
    """What a later import may change; the other columns are the key."""

    @property
    def key(self) -> str:
        """What makes it the same organisation."""
        return self.reference


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A row of the table contacts, checked."""

    place: Place
    said: frozenset[str]
    organisation: str
    name: str
    role: str
    email: str
    phone: str
    language: str
    time_zone: str
    channel: str
    is_inside: bool | None
    valid_until: datetime | None

    attributes: ClassVar[tuple[str, ...]] = ("name", "language", "time_zone", "channel")
    of_routes: ClassVar[tuple[str, ...]] = ("is_inside", "valid_until")
    """What it says of the routes to both addresses, where the table routes says nothing of them."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same contact."""
        return self.organisation, self.role, self.email, self.phone


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A row of the table assets, checked."""

    place: Place
    said: frozenset[str]
    organisation: str
    asset: Asset
    valid_from: datetime | None
    valid_until: datetime | None

    attributes: ClassVar[tuple[str, ...]] = ("valid_until",)

    @property
    def key(self) -> tuple[str, str, str, datetime | None]:
        """What makes it the same asset."""
        return self.organisation, self.asset.kind.value, self.asset.value, self.valid_from


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A row of the table routes, checked."""

    place: Place
    said: frozenset[str]
    organisation: str
    role: str
    name: str
    contact: tuple[str, str] | None
    """Mail address and telephone number that the table contacts has for the contact; both empty
    for one that is not in it, and None where role and name are to say which it is."""
    channel: str
    address: str
    scope: str
    is_inside: bool | None
    valid_until: datetime | None
    confidence: int
    state: str
    source: str
    """Like the three below, it only counts when its route or contact is made."""
    language: str
    time_zone: str
    preferred_channel: str

    attributes: ClassVar[tuple[str, ...]] = (
        "scope", "is_inside", "valid_until", "confidence", "state",
    )  # fmt: skip

    @property
    def ends(self) -> bool:
        """Whether it says that the route is used no more, or until when."""
        return self.valid_until is not None or self.state == Route.State.ENDED

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same route."""
        is_by_name = self.contact is None or not any(self.contact)
        who = (self.role, self.contact, self.name if is_by_name else "")
        return self.organisation, *who, self.channel, self.address


CheckedRow = OrganisationRow | ContactRow | AssetRow | RouteRow


class RowReader:
    """Reads the rows of tables with one set of rules."""

    def __init__(
        self,
        *,
        allow_documentation: bool,
        default_language: Language,
        address_readers: Mapping[str, Callable[[str], str]],
    ) -> None:
        self._reference = cells.required(cells.line_of_text(longest=64))
        self._organisation_name = cells.required(cells.line_of_text(longest=200))
        self._contact_name = cells.line_of_text(longest=200)
        self._sector = cells.line_of_text(longest=64)
        self._rhythm = cells.choice([*RoundInterval], empty_means="the rhythm of the service")
        self._role = cells.choice(Contact.Role.values, default=Contact.Role.GENERAL)
        self._language = cells.choice([*Language], default=default_language)
        channels = list(dict.fromkeys([*Channel.values, *address_readers]))
        self._channels = {
            default: cells.choice(channels, default=default)
            for default in (Channel.MAIL, Channel.PHONE)
        }
        self._channel = cells.choice(channels)
        self._addresses = {
            **{channel: cells.address_reader(read) for channel, read in address_readers.items()},
            Channel.MAIL.value: cells.read_email,
            Channel.PHONE.value: cells.read_phone,
        }
        self._address = cells.line_of_text(longest=cells.LONGEST_ADDRESS)
        self._scope = cells.choice([*Scope], default=Scope.OWNER)
        self._state = cells.choice(Route.State.values, default=Route.State.ACTIVE)
        self._source = cells.line_of_text(longest=64)
        self._asset = cells.asset_reader(allow_documentation=allow_documentation)

    def read(self, table: RawTable) -> Iterator[CheckedRow | list[ImportProblem]]:
        """Each row of `table`: checked, or else what is wrong with it."""
        judges: dict[Table, Callable[[_Row, frozenset[str]], CheckedRow | None]] = {
            Table.ORGANISATIONS: self._judge_organisation,
            Table.CONTACTS: self._judge_contact,
            Table.ASSETS: self._judge_asset,
            Table.ROUTES: self._judge_route,
        }
        judge = judges[table.table]
        said = frozenset(table.positions)
        for raw in table.rows:
            row = _Row(table, raw)
            if raw.fault:
                row.refuse_whole(raw.fault)
            checked = None if raw.fault else judge(row, said)
            yield row.problems if checked is None or row.problems else checked

    def _judge_organisation(self, row: _Row, said: frozenset[str]) -> OrganisationRow:
        return OrganisationRow(
            place=row.place,
            said=said | {"standing"},
            reference=row.read("reference", self._reference, ""),
            name=row.read("name", self._organisation_name, ""),
            sector=row.read("sector", self._sector, ""),
            rhythm=row.read("rhythm", self._rhythm, ""),
        )

    def _judge_contact(self, row: _Row, said: frozenset[str]) -> ContactRow:
        email = row.read("email", cells.read_email, "")
        phone = row.read("phone", cells.read_phone, "")
        usual = Channel.MAIL if email else Channel.PHONE
        checked = ContactRow(
            place=row.place,
            said=_said_of_inside(said),
            organisation=row.read("organisation", self._reference, ""),
            name=row.read("name", self._contact_name, ""),
            role=row.read("role", self._role, ""),
            email=email,
            phone=phone,
            language=row.read("language", self._language, ""),
            time_zone=row.read("time_zone", cells.read_time_zone, ""),
            channel=row.read("channel", self._channels[usual], ""),
            is_inside=row.read("inside", cells.read_yes_or_no, None),
            valid_until=row.read("valid_until", cells.read_moment, None),
        )
        if not row.problems:
            _judge_reach(row, checked)
        return checked

    def _judge_asset(self, row: _Row, said: frozenset[str]) -> AssetRow | None:
        organisation = row.read("organisation", self._reference, "")
        asset = row.read("asset", self._asset, None)
        valid_from = row.read("valid_from", cells.read_moment, None)
        valid_until = row.read("valid_until", cells.read_moment, None)
        if valid_from and valid_until and valid_from >= valid_until:
            row.refuse(
                "valid_until",
                "validity-reversed",
                "The asset would end before it begins, or at once.",
                "Let valid_until be later than valid_from; the asset counts up to that moment.",
            )
        if asset is None:
            return None
        return AssetRow(row.place, said, organisation, asset, valid_from, valid_until)

    def _judge_route(self, row: _Row, said: frozenset[str]) -> RouteRow:
        channel = row.read("channel", cells.required(self._channel), "")
        read_address = self._addresses.get(channel, self._address)
        return RouteRow(
            place=row.place,
            said=_said_of_inside(said),
            organisation=row.read("organisation", self._reference, ""),
            role=row.read("role", self._role, ""),
            name=row.read("name", self._contact_name, ""),
            contact=row.read("contact", _which_contact, None),
            channel=channel,
            address=row.read("address", cells.required(read_address), ""),
            scope=row.read("scope", self._scope, ""),
            is_inside=row.read("inside", cells.read_yes_or_no, None),
            valid_until=row.read("valid_until", cells.read_moment, None),
            confidence=row.read("confidence", cells.read_percentage, 0),
            state=row.read("state", self._state, ""),
            source=row.read("source", self._source, "") or SOURCE_OF_ROUTES,
            language=row.read("language", self._language, ""),
            time_zone=row.read("time_zone", cells.read_time_zone, ""),
            preferred_channel=row.read("preferred_channel", self._channel, "") or channel,
        )


def _said_of_inside(said: frozenset[str]) -> frozenset[str]:
    return said | {"is_inside"} if "inside" in said else said


def _which_contact(text: str) -> tuple[str, str] | None:
    if text.lower() == NOT_IN_CONTACTS:
        return "", ""
    return cells.read_contact_cells(text) if text else None


class _Row:
    """One raw row, and what was found wrong with it."""

    def __init__(self, table: RawTable, raw: RawRow) -> None:
        self._table = table
        self._raw = raw
        self.problems: list[ImportProblem] = []

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self._table.file, self._table.sheet, self._raw.number)

    def read(self, column: str, parse: Callable[[str], T], instead: T) -> T:
        """The cell's value, or `instead` after the problem was written down."""
        fault = self._fault_of(column)
        if fault is not None:
            self.refuse(column, fault.reason, *self._words_for(fault, column))
            return instead
        try:
            return parse(self._table.text(self._raw, column))
        except cells.CellRefusedError as refusal:
            self.refuse(column, refusal.reason, refusal.explanation, refusal.remedy)
            return instead

    def _fault_of(self, column: str) -> CellFault | None:
        """What a spreadsheet made of the cell, unless the column asks for that."""
        fault = self._table.fault(self._raw, column) or fault_in_text(
            self._table.text(self._raw, column), is_free=column == "name"
        )
        if fault is None or column in TAKEN_BY.get(fault.reason, ()):
            return None
        return fault

    def _words_for(self, fault: CellFault, column: str) -> tuple[str, str]:
        explanation, remedy = CELL_FAULTS[fault.reason]
        letters = column_letters(self._table.positions[column] + 1)
        cell = f"Cell {letters}{self._raw.number}" if self._table.sheet else "The cell"
        return f"{cell} {explanation.format(detail=fault.detail)}", remedy

    def refuse(self, column: str, reason: str, explanation: str, remedy: str) -> None:
        """Write down that the cell of `column` is at fault."""
        value = self._table.text(self._raw, column)
        self.problems.append(problem_at(self.place, column, value, reason, explanation, remedy))

    def refuse_whole(self, fault: str) -> None:
        """Write down that the cells cannot be told apart."""
        explanation, remedy = ROW_FAULTS[fault]
        value = " ".join(self._raw.cells)
        self.problems.append(problem_at(self.place, "", value, fault, explanation, remedy))


def problem_at(
    place: Place, column: str, value: str, reason: str, explanation: str, remedy: str
) -> ImportProblem:
    """The problem with one cell of the row at `place`; no `column` means the row as a whole."""
    return ImportProblem(
        file=place.file,
        sheet=place.sheet,
        row=place.row,
        column=column,
        value=value[:VALUE_SHOWN],
        reason=reason,
        explanation=explanation,
        remedy=remedy,
    )


def _judge_reach(row: _Row, contact: ContactRow) -> None:
    if not contact.email and not contact.phone:
        row.refuse(
            "email",
            "unreachable",
            "The contact has neither a mail address nor a telephone number.",
            "Give at least one of the two.",
        )
    elif contact.channel == Channel.MAIL and not contact.email:
        row.refuse(
            "channel",
            "channel-impossible",
            "The contact wants mail and has no mail address.",
            "Give a mail address, or choose another channel.",
        )
    elif contact.channel == Channel.PHONE and not contact.phone:
        row.refuse(
            "channel",
            "channel-impossible",
            "The contact wants to be called and has no telephone number.",
            "Give a telephone number, or choose another channel.",
        )
