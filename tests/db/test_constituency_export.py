"""Exporting a constituency gives back what import takes."""

from __future__ import annotations

import csv
import string
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.services import (
    ExportedConstituency,
    TableCounts,
    export_constituency,
    import_constituency,
)
from baken.core.asset import AssetKind, parse_asset
from baken.core.errors import OutputRefusedError
from baken.core.spreadsheet import guard_formula
from small_world import add_contact

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = datetime(2026, 7, 1, 12, 30, 15, 250000, tzinfo=UTC)


def make_organisation(reference: str = "haven", **attributes: Any) -> Organisation:
    return Organisation.objects.create(
        reference=reference, **{"name": "Havenbedrijf", "sector": "haven", **attributes}
    )


def hold(organisation: Organisation, text: str, **period: datetime | None) -> Asset:
    asset = parse_asset(text, allow_documentation=True)
    return Asset.objects.create(
        organisation=organisation,
        kind=asset.kind.value,
        value=asset.value,
        network=asset.network,
        asn=asset.asn,
        domain=asset.domain,
        **period,
    )


def rows_in(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as source:
        return list(csv.reader(source))


def bytes_of(exported: ExportedConstituency) -> list[bytes]:
    return [file.read_bytes() for file in exported.files]


def facts() -> list[list[dict[str, Any]]]:
    """Everything that is known, without the ids and the times of writing."""
    found = []
    owners: dict[type[Model], list[str]] = {
        Organisation: [],
        Contact: ["organisation__reference"],
        Route: ["contact__organisation__reference", "contact__name", "contact__role"],
        Asset: ["organisation__reference"],
    }
    for model, owner in owners.items():
        rows = model._default_manager.order_by("id")
        left_out = ("id", "created_at", "found_at", "organisation", "contact")
        names = [one.name for one in rows.model._meta.concrete_fields if one.name not in left_out]
        found.append(list(rows.values(*owner, *names)))
    return found


def test_a_folder_gets_three_tables_that_a_spreadsheet_opens(tmp_path: Path) -> None:
    haven = make_organisation()
    add_contact(haven, email="a@example.nl", phone="+31701234567")
    hold(haven, "192.0.2.0/24", valid_until=datetime(2027, 1, 1, tzinfo=UTC))
    hold(haven, "example.nl", valid_from=MOMENT)
    hold(haven, "AS64496")

    exported = export_constituency(tmp_path / "new" / "folder")

    assert (exported.organisations, exported.contacts, exported.assets) == (1, 1, 3)
    organisations, contacts, assets = exported.files
    assert organisations.read_bytes() == (
        b"\xef\xbb\xbfreference,name,sector,rhythm\r\nhaven,Havenbedrijf,haven,\r\n"
    )
    assert rows_in(contacts) == [
        ["organisation", "name", "role", "email", "phone", "language", "time_zone", "channel"],
        ["haven", "", "general", "a@example.nl", "'+31701234567", "nl", "", "mail"],
    ]
    assert rows_in(assets)[1:] == [
        ["haven", "AS64496", "", ""],
        ["haven", "example.nl", "2026-07-01T12:30:15.250000Z", ""],
        ["haven", "192.0.2.0/24", "", "2027-01-01"],
    ]
    assert sorted(file.name for file in organisations.parent.iterdir()) == [
        "assets.csv",
        "contacts.csv",
        "organisations.csv",
    ]


def test_an_empty_constituency_is_exported_and_imported(tmp_path: Path) -> None:
    exported = export_constituency(tmp_path)
    outcome = import_constituency([tmp_path], allow_documentation=False)
    assert exported.organisations == 0
    assert not outcome.problems
    assert [file.rows for file in outcome.files] == [0, 0, 0]


def test_discovered_organisations_are_left_out(tmp_path: Path) -> None:
    stranger = make_organisation("stranger", standing="discovered", sector="")
    add_contact(stranger, email="a@example.nl")
    hold(stranger, "192.0.2.0/24")
    exported = export_constituency(tmp_path)
    assert (exported.organisations, exported.contacts, exported.assets) == (0, 0, 0)


@pytest.mark.parametrize("name", ["=1+1", "+31", "-2", "@SUM(A1)", "'=1+1", "''-x", "＝1"])
def test_no_cell_of_a_csv_file_starts_a_formula(tmp_path: Path, name: str) -> None:
    make_organisation(name=name)
    exported = export_constituency(tmp_path)
    cell = rows_in(exported.files[0])[1][1]
    assert cell == f"'{name}"
    outcome = import_constituency(exported.files, allow_documentation=False)
    assert outcome.organisations == TableCounts(unchanged=1)


def test_a_workbook_holds_text_and_no_formula(tmp_path: Path) -> None:
    haven = make_organisation(name="=HYPERLINK(1)")
    add_contact(haven, phone="+31701234567", channel="phone")
    hold(haven, "192.0.2.0/24", valid_from=datetime(2026, 7, 1, tzinfo=UTC))

    exported = export_constituency(tmp_path / "all.xlsx")

    book = CalamineWorkbook.from_path(str(exported.files[0]))
    assert book.sheet_names == ["organisations", "contacts", "assets"]
    cells = [book.get_sheet_by_name(name).to_python()[1] for name in book.sheet_names]
    assert cells == [
        ["haven", "=HYPERLINK(1)", "haven", ""],
        ["haven", "", "general", "", "+31701234567", "nl", "", "phone"],
        ["haven", "192.0.2.0/24", "2026-07-01", ""],
    ]
    outcome = import_constituency(exported.files, allow_documentation=True)
    assert outcome.organisations == TableCounts(unchanged=1)
    assert outcome.contacts == TableCounts(unchanged=1)
    assert outcome.assets == TableCounts(unchanged=1)


def test_more_rows_than_a_sheet_holds_go_to_a_further_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baken.constituency.sheets.exporting.ROWS_PER_SHEET", 2)
    for number in range(5):
        make_organisation(f"o{number}")
    exported = export_constituency(tmp_path / "all.xlsx")
    Organisation.objects.all().delete()
    outcome = import_constituency(exported.files, allow_documentation=False)
    assert outcome.organisations == TableCounts(created=5)
    assert [table.value for table in outcome.files[0].tables][:3] == ["organisations"] * 3


def test_an_export_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_organisation()
    exported = export_constituency(tmp_path)
    before = bytes_of(exported)

    def disk_full(_: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("baken.constituency.sheets.exporting.guard_formula", disk_full)
    with pytest.raises(OutputRefusedError, match="No space"):
        export_constituency(tmp_path)
    assert bytes_of(exported) == before
    assert len(list(tmp_path.iterdir())) == 3


def test_others_write_while_an_export_does_and_it_shows_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_organisation("one")
    written = threading.Event()

    def write() -> None:
        make_organisation("two")
        written.set()
        connection.close()

    def slowly(text: str) -> str:
        if not written.is_set():
            threading.Thread(target=write).start()
            assert written.wait(10), "an export holds nobody up"
        return guard_formula(text)

    monkeypatch.setattr("baken.constituency.sheets.exporting.guard_formula", slowly)
    assert export_constituency(tmp_path).organisations == 1


def test_who_is_asked_first_stays_so(tmp_path: Path) -> None:
    haven = make_organisation()
    for address in ("z@example.nl", "a@example.nl"):
        add_contact(haven, email=address)
    exported = export_constituency(tmp_path)
    Organisation.objects.all().delete()
    import_constituency(exported.files, allow_documentation=False)
    addresses = Route.objects.order_by("contact").values_list("address", flat=True)
    assert list(addresses) == ["z@example.nl", "a@example.nl"]


# What import lets in: one line, no control or format characters, no spaces at the ends.
LINES = (
    st.text(
        st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]) | st.sampled_from("=+-@'"),
        max_size=20,
    )
    .map(str.strip)
    .map(lambda text: text.strip("\u00a0 "))
)
FILLED_LINES = LINES.filter(bool)
WORDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=10)
EMAILS = st.builds(lambda word: f"{word}@example.nl", WORDS)
PHONES = st.integers(0, 9_999_999).map(lambda number: f"+3120{number:07}")
CONTACTS = st.tuples(
    LINES,
    st.sampled_from(Contact.Role.values),
    st.one_of(
        st.tuples(EMAILS, st.just("") | PHONES, st.sampled_from(["mail", "portal"])),
        st.tuples(st.just(""), PHONES, st.sampled_from(["phone", "letter", "webhook"])),
    ),
    st.sampled_from(["nl", "en"]),
    st.sampled_from(["", "Europe/London", "America/Curacao"]),
)
ASSETS = st.tuples(
    st.one_of(
        st.integers(0, 255).map(lambda number: f"198.51.100.{number}"),
        st.integers(0, 65535).map(lambda number: f"2001:db8:{number:x}::/48"),
        st.integers(64496, 64511).map(lambda number: f"AS{number}"),
        WORDS.map(lambda word: f"{word}.example.nl"),
    ),
    st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1)),  # noqa: DTZ001 - it takes naive bounds
    st.none() | st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(9999)),
)
CONSTITUENCIES = st.dictionaries(
    FILLED_LINES,
    st.tuples(FILLED_LINES, LINES, st.lists(CONTACTS, max_size=3), st.lists(ASSETS, max_size=4)),
    max_size=4,
)


def addresses_of(contact: Contact) -> tuple[str, str]:
    addresses = dict(contact.routes.values_list("channel", "address"))
    return addresses.get("mail", ""), addresses.get("phone", "")


def make_constituency(constituency: dict[str, Any]) -> None:
    for reference, (name, sector, contacts, assets) in constituency.items():
        organisation = make_organisation(reference, name=name, sector=sector)
        for contact_name, role, (email, phone, channel), language, zone in contacts:
            known = {(role, *addresses_of(one)) for one in organisation.contacts.filter(role=role)}
            if (role, email, phone) not in known:
                add_contact(
                    organisation,
                    role=role,
                    email=email,
                    phone=phone,
                    name=contact_name,
                    channel=channel,
                    language=language,
                    time_zone=zone,
                )
        for text, start, duration in assets:
            known = {"value": parse_asset(text, allow_documentation=True).value}
            if not organisation.assets.filter(**known, valid_from=start).exists():
                end = start + duration if start and duration and start.year < 9900 else None
                hold(organisation, text, valid_from=start, valid_until=end)


@pytest.mark.parametrize("name", ["folder", "all.xlsx"])
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(constituency=CONSTITUENCIES)
def test_an_export_taken_into_an_empty_database_gives_the_same_export(
    name: str, constituency: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Organisation.objects.all().delete()
        make_constituency(constituency)
        before = facts()
        path = Path(folder)
        exported = export_constituency(path / "first" / name)
        Organisation.objects.all().delete()

        outcome = import_constituency(exported.files, allow_documentation=True)

        assert outcome.problems == ()
        assert [sorted(map(repr, rows)) for rows in facts()] == [
            sorted(map(repr, rows)) for rows in before
        ]
        again = export_constituency(path / "second" / name)
        if name == "folder":
            assert bytes_of(again) == bytes_of(exported)


def test_kinds_of_the_table_are_those_of_the_core() -> None:
    assert set(Asset.Kind.values) == {kind.value for kind in AssetKind}
