"""A contact that ended gets nothing, in whatever way a sheet says that it ended."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baken.constituency.models import Contact, Route
from baken.constituency.services import (
    ImportOutcome,
    TableCounts,
    export_constituency,
    import_constituency,
)
from baken.jobs.sending import plan
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import Ingest, hand_over, report_text

pytestmark = pytest.mark.django_db(transaction=True)
with_haven = pytest.mark.usefixtures("planned")

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()
NEXT_YEAR = YESTERDAY + timedelta(days=365)
FIRST, SECOND = "desk@haven.example.nl", "it@haven.example.nl"
CONTACTS = (
    f"organisation,name,role,email\nhaven,Meldpunt,security,{FIRST}\nhaven,IT,technical,{SECOND}\n"
)


def take(folder: Path, **tables: str) -> ImportOutcome:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return import_constituency(
        [folder / f"{name}.csv" for name in tables], allow_documentation=True
    )


@pytest.fixture
def planned(tmp_path: Path, ingest: Ingest, sending: Settings) -> Settings:
    """A warning waits for the first of two contacts."""
    outcome = take(
        tmp_path,
        organisations="reference,name\nhaven,Stichting haven\n",
        contacts=CONTACTS,
        assets="organisation,asset\nhaven,192.0.2.0/24\n",
    )
    assert outcome.problems == ()
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    assert Notification.objects.get().addressee.address == FIRST
    return sending


ENDS = {
    "the table contacts says until when": {
        "contacts": f"organisation,name,role,email,valid_until\n"
        f"haven,Meldpunt,security,{FIRST},{YESTERDAY}\n"
    },
    "the table routes says until when": {
        "routes": f"organisation,role,name,channel,address,valid_until\n"
        f"haven,security,Meldpunt,mail,{FIRST},{YESTERDAY}\n"
    },
    "the table routes says that it ended": {
        "routes": f"organisation,role,name,channel,address,state\n"
        f"haven,security,Meldpunt,mail,{FIRST},ended\n"
    },
    "without role and name": {
        "routes": f"organisation,channel,address,state\nhaven,mail,{FIRST},ended\n"
    },
    "under another role": {
        "routes": f"organisation,role,channel,address,state\nhaven,general,mail,{FIRST},ended\n"
    },
    "under another name": {
        "routes": f"organisation,role,name,channel,address,valid_until\n"
        f"haven,security,Desk,mail,{FIRST},{YESTERDAY}\n"
    },
    "by what contacts says of it": {
        "routes": f"organisation,role,contact,channel,address,state\n"
        f"haven,security,{FIRST},mail,{FIRST},ended\n"
    },
    "in other letters": {
        "routes": "organisation,channel,address,state\nhaven,mail,Desk@Haven.Example.NL,ended\n"
    },
}


@pytest.mark.parametrize("how", ENDS)
def test_what_waits_for_it_is_not_sent_and_another_is_told(
    planned: Settings, server: FolderMailServer, tmp_path: Path, how: str
) -> None:
    outcome = take(tmp_path, **ENDS[how])
    assert outcome.problems == ()
    hand_over(planned)
    assert server.messages() == []
    assert Notification.objects.get().state_reason == "its route has ended"
    plan(settings=planned)
    hand_over(planned)
    assert [mail["To"] for mail in server.messages()] == [f"IT <{SECOND}>"]
    assert Contact.objects.count() == 2, "no contact is made only to be ended"


@with_haven
def test_a_shared_address_ends_for_all_unless_the_row_says_for_whom(tmp_path: Path) -> None:
    more = f"haven,Nacht,general,{FIRST}\n"
    take(tmp_path, contacts=CONTACTS + more)
    header = "organisation,role,name,channel,address,state\n"
    one = take(tmp_path, routes=f"{header}haven,general,Nacht,mail,{FIRST},ended\n")
    assert one.routes == TableCounts(updated=1)
    assert [route.contact.name for route in Route.objects.filter(state="ended")] == ["Nacht"]
    all_of_them = take(tmp_path, routes=f"{header}haven,,,mail,{FIRST},ended\n")
    assert all_of_them.routes == TableCounts(updated=1), "a row counts once"
    assert Route.objects.filter(address=FIRST, state="ended").count() == 2
    assert take(tmp_path, routes=f"{header}haven,,,mail,{FIRST},ended\n").routes == TableCounts(
        unchanged=1
    )


@with_haven
def test_an_address_that_nobody_has_ends_as_a_contact_of_its_own(tmp_path: Path) -> None:
    routes = "organisation,channel,address,state\nhaven,mail,x@haven.example.nl,ended\n"
    assert take(tmp_path, routes=routes).routes == TableCounts(created=1)


@with_haven
class TestTheTableContacts:
    HEADER = "organisation,name,role,email,phone,inside,valid_until\n"

    def test_says_of_both_addresses_until_when_and_whether_inside(self, tmp_path: Path) -> None:
        row = f"haven,Nieuw,general,new@haven.example.nl,070 123 45 67,yes,{NEXT_YEAR}\n"
        outcome = take(tmp_path, contacts=self.HEADER + row)
        assert outcome.contacts == TableCounts(created=1)
        made = Route.objects.filter(contact__name="Nieuw")
        assert {(route.is_inside, str(route.valid_until.date())) for route in made} == {
            (True, str(NEXT_YEAR))
        }
        again = take(tmp_path, contacts=self.HEADER + row)
        assert again.contacts == TableCounts(unchanged=1)

    def test_changes_and_empties_them(self, tmp_path: Path) -> None:
        row = f"haven,Meldpunt,security,{FIRST},,{{}},{{}}\n"
        assert take(
            tmp_path, contacts=self.HEADER + row.format("nee", YESTERDAY)
        ).contacts == TableCounts(updated=1)
        route = Route.objects.get(address=FIRST)
        assert (route.is_inside, route.valid_until is not None) == (False, True)
        assert take(tmp_path, contacts=CONTACTS).contacts == TableCounts(unchanged=2)
        route.refresh_from_db()
        assert route.is_inside is False, "columns that are not there leave what stands"
        assert take(tmp_path, contacts=self.HEADER + row.format("", "")).contacts == TableCounts(
            updated=1
        )
        route.refresh_from_db()
        assert (route.is_inside, route.valid_until) == (None, None)

    def test_leaves_to_the_table_routes_what_that_says(self, tmp_path: Path) -> None:
        tables = {
            "contacts": f"{self.HEADER}haven,Meldpunt,security,{FIRST},,,\n",
            "routes": "organisation,role,name,channel,address,inside,valid_until\n"
            f"haven,security,Meldpunt,mail,{FIRST},no,{NEXT_YEAR}\n",
        }
        take(tmp_path, **tables)
        assert Route.objects.get(address=FIRST).is_inside is False
        again = take(tmp_path, **tables)
        assert (again.contacts, again.routes) == (
            TableCounts(unchanged=1),
            TableCounts(unchanged=1),
        )

    def test_refuses_two_rows_that_say_different_things(self, tmp_path: Path) -> None:
        row = f"haven,Meldpunt,security,{FIRST},,{{}},\n"
        outcome = take(tmp_path, contacts=self.HEADER + row.format("yes") + row.format("no"))
        (problem,) = outcome.problems
        assert (problem.row, problem.column) == (3, "inside")

    def test_names_whom_it_does_not_name_any_more(self, tmp_path: Path) -> None:
        outcome = take(
            tmp_path,
            contacts="organisation,name,role,email\nhaven,Meldpunt,security,new@haven.example.nl\n",
        )
        (note,) = outcome.notes
        assert FIRST in note.text
        assert SECOND in note.text
        assert "valid_until" in note.text
        assert take(tmp_path, contacts=CONTACTS).notes[0].text.count("@") == 1, "the new one"

    def test_an_ended_one_is_not_named(self, tmp_path: Path) -> None:
        take(tmp_path, **ENDS["the table contacts says until when"])
        text = f"organisation,name,role,email\nhaven,IT,technical,{SECOND}\n"
        assert take(tmp_path, contacts=text).notes == ()


@with_haven
def test_ends_and_insides_are_exported_and_come_in_again(tmp_path: Path) -> None:
    take(tmp_path, **ENDS["the table contacts says until when"])
    exported = export_constituency(tmp_path / "out")
    with (tmp_path / "out/routes.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["valid_until"] for row in csv.DictReader(file)] == [str(YESTERDAY)]
    again = import_constituency(exported.files, allow_documentation=True)
    assert (again.contacts, again.routes) == (TableCounts(unchanged=2), TableCounts(unchanged=1))
