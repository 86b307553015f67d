"""Routes come in and go out as a table of their own, and nothing that they say is lost."""

from __future__ import annotations

import csv
import string
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from baken.constituency.models import Contact, Organisation, Route
from baken.constituency.selectors import routes_of
from baken.constituency.services import (
    ExportedConstituency,
    ImportOutcome,
    ImportProblem,
    TableCounts,
    dry_run_import,
    export_constituency,
    import_constituency,
)
from small_world import add_contact

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ORGANISATIONS = "reference,name\nhaven,Havenbedrijf\nzorg,Zorggroep\n"
CONTACTS = (
    "organisation,name,role,email,phone\n"
    "haven,Meldpunt,security,meldpunt@haven.example.nl,070 123 45 67\n"
    "zorg,Desk,general,,070 123 45 68\n"
)
HEADER = "organisation,role,name,channel,address,scope,inside,valid_until"


def write(folder: Path, **tables: str) -> list[Path]:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return [folder / f"{name}.csv" for name in tables]


def take(*paths: Path) -> ImportOutcome:
    return import_constituency(paths, allow_documentation=True)


def take_routes(folder: Path, *rows: str, header: str = HEADER) -> ImportOutcome:
    """Import the two organisations and their contacts, with these rows of routes."""
    routes = "".join(f"{row}\n" for row in (header, *rows))
    return take(*write(folder, organisations=ORGANISATIONS, contacts=CONTACTS, routes=routes))


def only_problem(outcome: ImportOutcome) -> ImportProblem:
    assert len(outcome.problems) == 1, outcome.problems
    return outcome.problems[0]


def said(*names: str) -> list[tuple[Any, ...]]:
    """These attributes of all routes, in the order in which they are tried."""
    return list(Route.objects.order_by("contact", "id").values_list(*names))


class TestWhatIsTakenOver:
    def test_a_further_address_of_a_contact(self, tmp_path: Path) -> None:
        outcome = take_routes(
            tmp_path,
            "haven,security,Meldpunt,mail,Nacht@Haven.Example.NL,owner,yes,2027-01-01",
            "haven,security,Meldpunt,webhook,https://haven.example.nl/hook,network,nee,",
            "zorg,general,Desk,letter,Postbus 1 te Utrecht,,,",
        )
        assert outcome.problems == ()
        assert outcome.routes == TableCounts(created=3)
        assert outcome.contacts == TableCounts(created=2)
        assert said("channel", "address", "scope", "is_inside", "valid_until") == [
            ("mail", "meldpunt@haven.example.nl", "owner", None, None),
            ("phone", "+31701234567", "owner", None, None),
            ("mail", "Nacht@haven.example.nl", "owner", True, datetime(2027, 1, 1, tzinfo=UTC)),
            ("webhook", "https://haven.example.nl/hook", "network", False, None),
            ("phone", "+31701234568", "owner", None, None),
            ("letter", "Postbus 1 te Utrecht", "owner", None, None),
        ]

    def test_a_contact_is_made_where_there_is_none(self, tmp_path: Path) -> None:
        outcome = take_routes(
            tmp_path,
            "haven,technical,Wacht,webhook,https://haven.example.nl/hook,,,",
            "haven,technical,Wacht,mail,wacht@haven.example.nl,,,",
        )
        assert outcome.routes == TableCounts(created=2)
        made = Contact.objects.get(name="Wacht")
        assert (made.role, made.language, made.channel) == ("technical", "nl", "webhook")
        assert made.routes.count() == 2

    def test_a_contact_that_is_made_has_the_time_zone_of_its_row(self, tmp_path: Path) -> None:
        header = "organisation,role,name,channel,address,time_zone"
        row = "haven,technical,Wacht,mail,wacht@haven.example.nl,{}"
        take_routes(tmp_path, row.format("asia/singapore"), header=header)
        assert Contact.objects.get(name="Wacht").time_zone == "Asia/Singapore"
        take_routes(tmp_path, row.format(""), header=header)
        assert Contact.objects.get(name="Wacht").time_zone == "Asia/Singapore", "it is known"

    def test_the_same_import_again_changes_nothing(self, tmp_path: Path) -> None:
        rows = [
            "haven,security,Meldpunt,mail,nacht@haven.example.nl,,,",
            "zorg,general,Desk,mail,desk@zorg.example.nl,,,",  # contacts knows it without mail
            "zorg,technical,Wacht,mail,wacht@zorg.example.nl,,,",
        ]
        take_routes(tmp_path, *rows)
        before = said("contact", "channel", "address")
        again = take_routes(tmp_path, *rows)
        assert again.contacts == TableCounts(unchanged=2)
        assert again.routes == TableCounts(unchanged=3)
        assert said("contact", "channel", "address") == before

    def test_a_changed_end_ends_a_route_and_nothing_is_deleted(self, tmp_path: Path) -> None:
        row = "haven,security,Meldpunt,mail,meldpunt@haven.example.nl,,,{}"
        other = "zorg,general,Desk,letter,Postbus 1,,,"
        assert take_routes(tmp_path, row.format(""), other).routes == TableCounts(
            created=1, unchanged=1
        )
        ended = take_routes(tmp_path, row.format("2026-06-30"))
        assert ended.routes == TableCounts(updated=1)
        assert Route.objects.count() == 4
        haven = Organisation.objects.get(reference="haven")
        open_now = {
            route.channel: route.is_open(NOW) for route in routes_of([haven.pk], now=NOW)[haven.pk]
        }
        assert open_now == {"mail": False, "phone": True}

    def test_a_column_that_is_missing_leaves_what_stands(self, tmp_path: Path) -> None:
        full = "haven,security,Meldpunt,mail,nacht@haven.example.nl,host,no,2027-01-01"
        take_routes(tmp_path, full)
        less = take_routes(
            tmp_path,
            "haven,security,Meldpunt,mail,nacht@haven.example.nl",
            header="organisation,role,name,channel,address",
        )
        assert less.routes == TableCounts(unchanged=1)
        emptied = take_routes(tmp_path, "haven,security,Meldpunt,mail,nacht@haven.example.nl,,,")
        assert emptied.routes == TableCounts(updated=1)
        assert said("scope", "is_inside", "valid_until")[2] == ("owner", None, None)

    def test_a_dry_run_says_the_same_and_writes_nothing(self, tmp_path: Path) -> None:
        row = "haven,technical,Wacht,mail,wacht@haven.example.nl,,,"
        text = f"{HEADER}\n{row}\n"
        paths = write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS, routes=text)
        tried = dry_run_import(paths, allow_documentation=True)
        assert (Contact.objects.count(), Route.objects.count()) == (0, 0)
        assert tried == take(*paths)

    def test_two_contacts_of_one_name_are_told_apart_by_what_contacts_says(
        self, tmp_path: Path
    ) -> None:
        contacts = (
            "organisation,role,email,phone\n"
            "haven,general,a@haven.example.nl,\nhaven,general,a@haven.example.nl,070 123 45 67\n"
        )
        text = (
            "organisation,contact,channel,address\n"
            "haven,a@haven.example.nl +31 70 123 45 67,letter,Postbus 1\n"
            "haven,a@haven.example.nl,letter,Postbus 2\n"
            "haven,none,letter,Postbus 3\n"
        )
        paths = write(tmp_path, organisations=ORGANISATIONS, contacts=contacts, routes=text)
        assert take(*paths).problems == ()
        letters = Route.objects.filter(channel="letter").order_by("address")
        by_address = [
            sorted(letter.contact.routes.values_list("channel", flat=True)) for letter in letters
        ]
        assert by_address == [["letter", "mail", "phone"], ["letter", "mail"], ["letter"]]
        assert take(*paths).routes == TableCounts(unchanged=3)

    def test_a_channel_of_the_house_checks_its_own_addresses(self, tmp_path: Path) -> None:
        def pigeon(text: str) -> str:
            if not text.startswith("loft "):
                raise ValueError("No loft has that name.")
            return text.lower()

        rows = f"{HEADER}\nhaven,,,pigeon,loft NINE,,,\nhaven,,,pigeon,attic,,,\n"
        outcome = import_constituency(
            write(tmp_path, organisations=ORGANISATIONS, routes=rows),
            allow_documentation=True,
            address_readers={"pigeon": pigeon},
        )
        problem = only_problem(outcome)
        assert (problem.column, problem.reason) == ("address", "bad-address")
        assert problem.explanation == "No loft has that name."
        assert said("channel", "address") == [("pigeon", "loft nine")]

    def test_a_workbook_may_have_a_sheet_of_them(self, tmp_path: Path) -> None:
        path = tmp_path / "all.xlsx"
        with xlsxwriter.Workbook(path) as book:
            for name, rows in {
                "organisations": [["reference", "name"], ["haven", "Havenbedrijf"]],
                "routes": [
                    ["Organisation", "Channel", "Address", "Inside", "Valid until", "Confidence"],
                    ["haven", "phone", 31701234567, False, "2027-01-01", 80],
                ],
            }.items():
                sheet = book.add_worksheet(name)
                for number, row in enumerate(rows):
                    sheet.write_row(number, 0, row)
        outcome = take(path)
        assert outcome.problems == ()
        assert said("channel", "address", "is_inside", "valid_until", "confidence") == [
            ("phone", "+31701234567", False, datetime(2027, 1, 1, tzinfo=UTC), 80)
        ]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("row", "column", "reason"),
        [
            ("nobody,,,mail,a@example.nl,,,", "organisation", "unknown-organisation"),
            (",,,mail,a@example.nl,,,", "organisation", "empty"),
            ("haven,,,,a@example.nl,,,", "channel", "empty"),
            ("haven,,,pigeon,a@example.nl,,,", "channel", "unknown-choice"),
            ("haven,,,mail,,,,", "address", "empty"),
            ("haven,,,mail,nobody,,,", "address", "bad-email"),
            ("haven,,,phone,112233,,,", "address", "bad-phone"),
            (f"haven,,,letter,{'x' * 501},,,", "address", "too-long"),
            ("haven,chef,,mail,a@example.nl,,,", "role", "unknown-choice"),
            ("haven,,,mail,a@example.nl,everybody,,", "scope", "unknown-choice"),
            ("haven,,,mail,a@example.nl,,perhaps,", "inside", "unknown-choice"),
            ("haven,,,mail,a@example.nl,,,tomorrow", "valid_until", "bad-date"),
        ],
    )
    def test_a_row_that_cannot_be_taken(
        self, tmp_path: Path, row: str, column: str, reason: str
    ) -> None:
        outcome = take_routes(tmp_path, row, "haven,,,mail,good@example.nl,,,")
        problem = only_problem(outcome)
        assert (problem.row, problem.column, problem.reason) == (2, column, reason)
        assert outcome.routes == TableCounts(created=1, refused=1)

    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("confidence", "101", "bad-number"),
            ("confidence", "much", "bad-number"),
            ("state", "asleep", "unknown-choice"),
            ("preferred_channel", "pigeon", "unknown-choice"),
            ("language", "fr", "unknown-choice"),
            ("time_zone", "CEST", "unknown-time-zone"),
            ("source", "x" * 65, "too-long"),
            ("contact", "nobody@haven.example.nl", "unknown-contact"),
            ("contact", "Jan", "bad-phone"),
        ],
    )
    def test_a_cell_of_the_other_columns(
        self, tmp_path: Path, column: str, value: str, reason: str
    ) -> None:
        header = f"organisation,channel,address,{column}"
        outcome = take_routes(tmp_path, f"haven,mail,a@example.nl,{value}", header=header)
        problem = only_problem(outcome)
        assert (problem.column, problem.reason) == (column, reason)
        assert outcome.routes == TableCounts(refused=1)

    def test_a_name_that_two_contacts_have(self, tmp_path: Path) -> None:
        haven = Organisation.objects.create(reference="haven", name="Havenbedrijf")
        add_contact(haven, email="a@example.nl", role="general")
        add_contact(haven, email="b@example.nl", role="general")
        routes = f"{HEADER}\nhaven,general,,letter,Postbus 1,,,\n"
        problem = only_problem(take(*write(tmp_path, routes=routes)))
        assert (problem.column, problem.reason) == ("contact", "ambiguous-contact")

    def test_two_rows_about_one_route_that_say_different_things(self, tmp_path: Path) -> None:
        rows = [
            "haven,,,mail,a@example.nl,owner,yes,",
            "haven,general,,mail,a@example.nl,,ja,",
            "haven,,,mail,a@example.nl,host,,",
        ]
        outcome = take_routes(tmp_path, *rows)
        assert only_problem(outcome).reason == "contradicts-earlier-row"
        assert outcome.routes == TableCounts(created=1, unchanged=1, refused=1)


class TestHowItIsRecognised:
    def test_contacts_with_a_column_for_their_postal_address_are_contacts(
        self, tmp_path: Path
    ) -> None:
        contacts = "organisation,email,channel,address\nhaven,a@example.nl,mail,Kade 1\n"
        outcome = take(*write(tmp_path, organisations=ORGANISATIONS, contacts=contacts))
        assert outcome.problems == ()
        assert outcome.contacts == TableCounts(created=1)
        assert outcome.routes == TableCounts()

    def test_assets_with_columns_of_somebody_are_assets(self, tmp_path: Path) -> None:
        assets = "organisation,asset,channel,address\nhaven,192.0.2.0/24,cable,Kade 1\n"
        outcome = take(*write(tmp_path, organisations=ORGANISATIONS, assets=assets))
        assert outcome.problems == ()
        assert outcome.assets == TableCounts(created=1)


class TestExport:
    def test_what_contacts_holds_needs_no_table_of_routes(self, tmp_path: Path) -> None:
        (tmp_path / "routes.csv").write_text("of an earlier export")
        take(*write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS))
        exported = export_constituency(tmp_path)
        assert exported.routes == 0
        assert sorted(path.name for path in tmp_path.glob("*.csv")) == [
            "assets.csv",
            "contacts.csv",
            "organisations.csv",
        ]
        book = export_constituency(tmp_path / "all.xlsx").files[0]
        names = CalamineWorkbook.from_path(str(book)).sheet_names
        assert names == ["organisations", "contacts", "assets"]

    def test_all_routes_of_a_contact_of_which_one_is_odd(self, tmp_path: Path) -> None:
        take_routes(tmp_path, "haven,security,Meldpunt,webhook,https://haven.example.nl,,no,")
        exported = export_constituency(tmp_path / "out")
        assert (exported.contacts, exported.routes) == (2, 3)
        with exported.files[3].open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0][:9] == [
            "organisation", "role", "name", "contact", "channel", "address", "scope", "inside",
            "valid_until",
        ]  # fmt: skip
        known_by = "meldpunt@haven.example.nl +31701234567"
        mine = ["haven", "security", "Meldpunt", known_by]
        assert [row[:8] for row in rows[1:]] == [
            [*mine, "mail", "meldpunt@haven.example.nl", "owner", ""],
            [*mine, "phone", "'+31701234567", "owner", ""],
            [*mine, "webhook", "https://haven.example.nl", "owner", "no"],
        ]

    def test_a_contact_that_contacts_cannot_hold_stands_in_routes_alone(
        self, tmp_path: Path
    ) -> None:
        take_routes(tmp_path, "haven,management,Directie,letter,Postbus 1,,,")
        exported = export_constituency(tmp_path / "out")
        assert (exported.contacts, exported.routes) == (2, 1)
        assert export_constituency(tmp_path / "all.xlsx").routes == 1
        Organisation.objects.all().delete()
        assert take(*exported.files).problems == ()
        assert Contact.objects.get(name="Directie").routes.get().address == "Postbus 1"


WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=5)
NAMES = st.sampled_from(["", "Desk", "none", "=1+1", "'s Desk"])
ADDRESSES = st.one_of(
    st.tuples(st.just("mail"), WORDS.map(lambda word: f"{word}@example.nl")),
    st.tuples(st.just("phone"), st.integers(0, 99).map(lambda number: f"+3120{number:07}")),
    st.tuples(st.just("webhook"), WORDS.map(lambda word: f"https://example.nl/{word}")),
    st.tuples(st.just("letter"), WORDS),
)
ROUTES = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(["owner", "owner", "host", "network", "name"]),
        "is_inside": st.none() | st.booleans(),
        "valid_until": st.none()
        | st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1)),  # noqa: DTZ001 - it takes naive bounds
        "confidence": st.sampled_from([100, 100, 0, 80]),
        "state": st.sampled_from(Route.State.values),
        "source": st.sampled_from(["import", "import", "import-routes", "security-txt"]),
    }
)
PLAIN_ROUTES = st.just(dict[str, Any]())
CONTACTS_WITH_ROUTES = st.tuples(
    NAMES,
    st.sampled_from(["general", "security"]),
    st.sampled_from(["mail", "phone", "webhook", "portal"]),
    st.sampled_from(["nl", "en"]),
    st.sampled_from(["", "Europe/London", "America/Curacao"]),
    st.lists(
        st.tuples(ADDRESSES, PLAIN_ROUTES | ROUTES),
        min_size=1,
        max_size=4,
        unique_by=lambda one: one[0],
    ),
)


def cells_of(contact: Contact) -> tuple[str, str]:
    """What the table contacts has for `contact`; empty where it cannot hold it."""
    routes = contact.routes.filter(source="import").order_by("id")
    found = dict(reversed(routes.values_list("channel", "address")))
    cells = found.get("mail", ""), found.get("phone", "")
    is_possible = {"mail": cells[0], "phone": cells[1]}.get(contact.channel, "yes")
    return cells if is_possible else ("", "")


def make_constituency(constituency: dict[str, Any]) -> None:
    for reference, contacts in constituency.items():
        organisation = Organisation.objects.create(reference=reference, name=reference)
        keys: set[object] = set()
        for name, role, channel, language, zone, routes in contacts:
            contact = Contact.objects.create(
                organisation=organisation, name=name, role=role, channel=channel, language=language,
                time_zone=zone,
            )  # fmt: skip
            for (way, address), attributes in routes:
                Route.objects.create(contact=contact, channel=way, address=address, **attributes)
            cells = cells_of(contact)
            key = (role, cells if any(cells) else name)
            if key in keys:
                contact.delete()  # import takes the two for one
            keys.add(key)


def facts() -> list[tuple[Any, ...]]:
    """Each contact with its routes, those of each channel in their order; without ids and times of
    writing. In the table contacts a mail address stands before a telephone number."""
    names = (
        "channel", "address", "scope", "is_inside", "valid_until", "confidence", "state", "source",
    )  # fmt: skip
    return sorted(
        (
            contact.organisation.reference, contact.name, contact.role, contact.channel,
            contact.language, contact.time_zone,
            repr(list(contact.routes.order_by("channel", "id").values_list(*names))),
        )
        for contact in Contact.objects.select_related("organisation")
    )  # fmt: skip


def bytes_of(exported: ExportedConstituency) -> list[bytes]:
    return [file.read_bytes() for file in exported.files]


@pytest.mark.parametrize("name", ["folder", "all.xlsx"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    constituency=st.dictionaries(
        st.sampled_from(["haven", "zorg"]), st.lists(CONTACTS_WITH_ROUTES, max_size=4)
    )
)
def test_an_export_taken_into_an_empty_database_gives_the_same_export(
    name: str, constituency: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Organisation.objects.all().delete()
        make_constituency(constituency)
        before = facts()
        exported = export_constituency(Path(folder) / "first" / name)
        again = take(*exported.files)
        assert again.problems == ()
        assert (again.routes.created, again.routes.updated, again.contacts.created) == (0, 0, 0)
        Organisation.objects.all().delete()

        assert take(*exported.files).problems == ()

        assert facts() == before
        second = export_constituency(Path(folder) / "second" / name)
        if name == "folder":
            assert bytes_of(second) == bytes_of(exported)
        else:
            assert (second.contacts, second.routes) == (exported.contacts, exported.routes)
