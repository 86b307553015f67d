"""Importing a constituency: what is taken over, what is refused, and what is said about it."""

from __future__ import annotations

import csv
import random
import re
import tempfile
import threading
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.db import connection, connections
from hypothesis import given, settings
from hypothesis import strategies as st

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.services import (
    ImportOutcome,
    ImportProblem,
    OverlapRelation,
    TableCounts,
    dry_run_import,
    import_constituency,
)

pytestmark = pytest.mark.django_db

ORGANISATIONS = "reference,name,sector\nhaven,Havenbedrijf,haven\nzorg,Zorggroep,zorg\n"
CONTACTS = (
    "organisation,name,role,email,phone,language,channel\n"
    "haven,Meldpunt,security,Meldpunt@Haven.Example.NL,070 123 45 67,nl,mail\n"
    "zorg,,general,,+31 70 123 45 68,en,phone\n"
)
ASSETS = (
    "organisation,asset,valid_from,valid_until\n"
    "haven,192.0.2.0/24,2026-01-01,2027-01-01\n"
    "haven,AS64496,,\n"
    "zorg,zorg.example.nl,2026-01-01T12:00:00+01:00,\n"
    "zorg,2001:db8::/48,,\n"
)


def take(*paths: Path) -> ImportOutcome:
    return import_constituency(paths, allow_documentation=True)


def write(folder: Path, **tables: str) -> list[Path]:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return [folder / f"{name}.csv" for name in tables]


def take_assets(folder: Path, *rows: str) -> ImportOutcome:
    text = "organisation,asset,valid_from,valid_until\n" + "".join(f"{row}\n" for row in rows)
    return take(*write(folder, organisations=ORGANISATIONS, assets=text))


def take_contacts(folder: Path, header: str, *rows: str) -> ImportOutcome:
    text = "".join(f"{row}\n" for row in (header, *rows))
    return take(*write(folder, organisations=ORGANISATIONS, contacts=text))


def only_problem(outcome: ImportOutcome) -> ImportProblem:
    assert len(outcome.problems) == 1, outcome.problems
    return outcome.problems[0]


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        as_date = book.add_format({"num_format": "d-m-yyyy"})
        as_time = book.add_format({"num_format": "d-m-yyyy hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for position, value in enumerate(row):
                    if isinstance(value, datetime):
                        sheet.write_datetime(number, position, value, as_time)
                    elif isinstance(value, date):
                        sheet.write_datetime(number, position, value, as_date)
                    elif isinstance(value, str):
                        sheet.write_string(number, position, value)
                    elif value is not None:
                        sheet.write(number, position, value)
    return path


class TestWhatIsTakenOver:
    def test_three_files_make_organisations_contacts_and_assets(self, tmp_path: Path) -> None:
        outcome = take(
            *write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS, assets=ASSETS)
        )

        assert not outcome.problems
        assert outcome.organisations == TableCounts(created=2)
        assert outcome.contacts == TableCounts(created=2)
        assert outcome.assets == TableCounts(created=4)
        haven = Organisation.objects.get(reference="haven")
        assert (haven.name, haven.sector, haven.standing) == ("Havenbedrijf", "haven", "registered")
        contact = haven.contacts.get()
        assert list(contact.routes.values_list("channel", "address")) == [
            ("mail", "Meldpunt@haven.example.nl"), ("phone", "+31701234567"),
        ]  # fmt: skip
        assert set(haven.assets.values_list("kind", "value", "asn")) == {
            ("network", "192.0.2.0/24", None),
            ("asn", "AS64496", 64496),
        }
        name = Asset.objects.get(kind="domain")
        assert name.valid_from == datetime(2026, 1, 1, 11, tzinfo=UTC)

    def test_tables_may_come_in_any_order(self, tmp_path: Path) -> None:
        files = write(tmp_path, assets=ASSETS, contacts=CONTACTS, organisations=ORGANISATIONS)
        assert not take(*files).problems

    def test_an_organisation_may_be_known_from_before(self, tmp_path: Path) -> None:
        take(*write(tmp_path, organisations=ORGANISATIONS))
        assert take(*write(tmp_path, assets=ASSETS)).assets.created == 4

    def test_a_folder_stands_for_the_tables_in_it(self, tmp_path: Path) -> None:
        write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS, assets=ASSETS)
        (tmp_path / "readme.txt").write_text("not a table")
        assert take(tmp_path).assets.created == 4

    def test_a_file_is_known_by_its_header_not_by_its_name(self, tmp_path: Path) -> None:
        file = tmp_path / "Kopie van lijst (2).txt"
        file.write_text("E-Mail,ORGANISATION,Phone\n")
        assert [one.tables for one in take(file).files] == [("contacts",)]

    def test_what_a_contact_does_not_say_gets_the_usual_value(self, tmp_path: Path) -> None:
        files = write(
            tmp_path,
            organisations=ORGANISATIONS,
            contacts="organisation,email,phone\nhaven,info@example.nl,\nzorg,,0701234567\n",
        )
        import_constituency(files, allow_documentation=True, default_language="en")
        chosen = Contact.objects.order_by("id").values_list("role", "language", "channel")
        assert list(chosen) == [("general", "en", "mail"), ("general", "en", "phone")]

    def test_a_new_organisation_has_the_rhythm_that_its_row_says(self, tmp_path: Path) -> None:
        text = "reference,name,rhythm\nhaven,Havenbedrijf,daily\nzorg,Zorggroep,\n"
        assert take(*write(tmp_path, organisations=text)).organisations == TableCounts(created=2)
        assert dict(Organisation.objects.values_list("reference", "rhythm")) == {
            "haven": "daily",
            "zorg": "",
        }
        again = take(*write(tmp_path, organisations=text))
        assert again.organisations == TableCounts(unchanged=2)

    def test_a_contact_may_have_a_time_zone_in_any_letters(self, tmp_path: Path) -> None:
        header, row = "organisation,email,time_zone", "haven,a@example.nl,{}"
        for cell, kept in (
            ("america/CURACAO", "America/Curacao"),
            ("UTC", "UTC"),
            ("Europe/London", "Europe/London"),
            ("", ""),
        ):
            assert take_contacts(tmp_path, header, row.format(cell)).problems == ()
            assert Contact.objects.get().time_zone == kept

    def test_a_sheet_without_time_zones_leaves_them(self, tmp_path: Path) -> None:
        take_contacts(tmp_path, "organisation,email,time_zone", "haven,a@example.nl,Asia/Singapore")
        outcome = take_contacts(tmp_path, "organisation,email", "haven,a@example.nl")
        assert outcome.contacts == TableCounts(unchanged=1)
        assert Contact.objects.get().time_zone == "Asia/Singapore"

    def test_extra_columns_are_ignored_and_named(self, tmp_path: Path) -> None:
        file = tmp_path / "o.csv"
        file.write_text("reference,KvK-nummer,name\nhaven,0,Haven\n")
        outcome = take(file)
        assert outcome.organisations.created == 1
        assert [note.text for note in outcome.notes] == [
            "Columns that are not known were ignored: KvK-nummer. "
            "Known, and not in the file: sector, rhythm."
        ]

    def test_a_discovered_organisation_that_signs_up_becomes_registered(
        self, tmp_path: Path
    ) -> None:
        Organisation.objects.create(reference="haven", name="?", standing="discovered")
        outcome = take(*write(tmp_path, organisations=ORGANISATIONS))
        assert outcome.organisations == TableCounts(created=1, updated=1)
        haven = Organisation.objects.get(reference="haven")
        assert (haven.standing, haven.sector) == ("registered", "haven")

    def test_nothing_is_added_to_a_discovered_organisation(self, tmp_path: Path) -> None:
        Organisation.objects.create(reference="haven", name="?", standing="discovered")
        file = tmp_path / "a.csv"
        file.write_text("organisation,asset\nhaven,192.0.2.0/24\n")
        assert only_problem(take(file)).reason == "unknown-organisation"


class TestWhatIsDoneTwice:
    def test_the_same_import_again_changes_nothing(self, tmp_path: Path) -> None:
        files = write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS, assets=ASSETS)
        take(*files)
        before = snapshot()
        outcome = take(*files)
        assert outcome.organisations == TableCounts(unchanged=2)
        assert outcome.contacts == TableCounts(unchanged=2)
        assert outcome.assets == TableCounts(unchanged=4)
        assert snapshot() == before

    def test_what_differs_is_updated_and_the_rest_left(self, tmp_path: Path) -> None:
        take(*write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS, assets=ASSETS))
        outcome = take(
            *write(
                tmp_path,
                organisations=ORGANISATIONS.replace("Zorggroep", "Zorg Noord"),
                contacts=CONTACTS.replace(",nl,mail", ",en,portal"),
                assets=ASSETS.replace("2027-01-01", "2026-07-01"),
            )
        )
        assert outcome.organisations == TableCounts(updated=1, unchanged=1)
        assert outcome.contacts == TableCounts(updated=1, unchanged=1)
        assert outcome.assets == TableCounts(updated=1, unchanged=3)
        assert Organisation.objects.get(reference="zorg").name == "Zorg Noord"
        contact = Contact.objects.get(role="security")
        assert (contact.language, contact.channel) == ("en", "portal")
        network = Asset.objects.get(value="192.0.2.0/24")
        assert network.valid_until == datetime(2026, 7, 1, tzinfo=UTC)

    def test_an_emptied_cell_empties_but_a_missing_column_leaves(self, tmp_path: Path) -> None:
        take(*write(tmp_path, organisations=ORGANISATIONS, assets=ASSETS))
        take(
            *write(
                tmp_path,
                organisations="reference,name\nhaven,Havenbedrijf\n",
                assets="organisation,asset,valid_from,valid_until\nhaven,192.0.2.0/24,2026-01-01,\n",
            )
        )
        assert Organisation.objects.get(reference="haven").sector == "haven"
        assert Asset.objects.get(value="192.0.2.0/24").valid_until is None

    def test_rows_that_vanish_from_the_file_stay(self, tmp_path: Path) -> None:
        take(*write(tmp_path, organisations=ORGANISATIONS, assets=ASSETS))
        take(*write(tmp_path, assets="organisation,asset\nhaven,AS64496\n"))
        assert Asset.objects.count() == 4

    def test_a_row_that_stands_twice_counts_as_unchanged(self, tmp_path: Path) -> None:
        outcome = take_assets(tmp_path, "haven,192.0.2.0/24,,", "haven, 192.0.2.0/24 ,,")
        assert outcome.assets == TableCounts(created=1, unchanged=1)

    def test_two_rows_that_contradict_each_other_are_not_settled_by_the_last(
        self, tmp_path: Path
    ) -> None:
        outcome = take_assets(
            tmp_path, "haven,192.0.2.0/24,,2027-01-01", "haven,192.0.2.0/24,,2028-01-01"
        )
        assert outcome.assets == TableCounts(created=1, refused=1)
        problem = only_problem(outcome)
        assert (problem.row, problem.reason) == (3, "contradicts-earlier-row")
        assert f"{tmp_path / 'assets.csv'}, row 2" in problem.explanation

    def test_what_one_file_leaves_out_another_may_say(self, tmp_path: Path) -> None:
        first, second = tmp_path / "1.csv", tmp_path / "2.csv"
        first.write_text("reference,name\nhaven,Haven\n")
        second.write_text(ORGANISATIONS.replace("Havenbedrijf", "Haven"))
        outcome = take(first, second)
        assert outcome.organisations == TableCounts(created=2, unchanged=1)
        assert Organisation.objects.get(reference="haven").sector == "haven"

    @pytest.mark.django_db(transaction=True)
    def test_two_imports_at_once_make_one_set_of_rows(self, tmp_path: Path) -> None:
        files = write(tmp_path, organisations=ORGANISATIONS, contacts=CONTACTS, assets=ASSETS)
        both = threading.Barrier(2)
        outcomes: list[ImportOutcome] = []

        def one() -> None:
            both.wait()
            try:
                outcomes.append(take(*files))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcome.assets.created for outcome in outcomes) == [0, 4]
        assert sorted(outcome.assets.unchanged for outcome in outcomes) == [0, 4]
        assert (Organisation.objects.count(), Asset.objects.count()) == (2, 4)


class TestDryRun:
    def test_says_what_the_import_will_say_and_writes_nothing(self, tmp_path: Path) -> None:
        take_assets(tmp_path, "zorg,192.0.2.0/25,,", "zorg,AS64500,,")
        before = snapshot()
        broken = tmp_path / "broken.csv"
        broken.write_text("nothing of ours\n")
        files = [
            broken,
            *write(
                tmp_path,
                organisations=ORGANISATIONS.replace("Havenbedrijf", "Haven"),
                contacts=CONTACTS + "nobody,,,a@example.nl,,,\n",
                assets=ASSETS + "haven,10.0.0.0/8,,\n",
            ),
        ]

        dry_run = dry_run_import(files, allow_documentation=True)

        assert snapshot() == before
        assert dry_run == take(*files)
        assert dry_run.assets == TableCounts(created=4, refused=1)
        assert dry_run.overlaps.count == 1
        assert snapshot() != before


def snapshot() -> list[Any]:
    return [list(model.objects.order_by("id").values()) for model in (Organisation, Contact, Asset)]


class TestRefusals:
    def test_one_bad_row_leaves_the_others(self, tmp_path: Path) -> None:
        outcome = take_assets(
            tmp_path, "haven,192.0.2.0/24,,", "haven,10.0.0.0/8,,", "zorg,AS64496,,"
        )
        assert outcome.assets == TableCounts(created=2, refused=1)
        assert outcome.assets.rows == 3
        problem = only_problem(outcome)
        assert problem.file == str(tmp_path / "assets.csv")
        assert (problem.row, problem.column, problem.value) == (3, "asset", "10.0.0.0/8")
        assert problem.reason == "special-range"
        assert "RFC 1918" in problem.explanation
        assert problem.remedy
        assert problem.place == f"{tmp_path / 'assets.csv'}, row 3, asset"

    @pytest.mark.parametrize(
        ("asset", "reason"),
        [
            ("10.1.0.0/16", "special-range"),
            ("172.16.0.0/12", "special-range"),
            ("192.168.1.1", "special-range"),
            ("127.0.0.1", "special-range"),
            ("169.254.0.0/16", "special-range"),
            ("100.64.0.0/10", "special-range"),
            ("224.0.0.0/8", "special-range"),
            ("240.0.0.0/8", "special-range"),
            ("::1", "special-range"),
            ("fe80::/64", "special-range"),
            ("fc00::/16", "special-range"),
            ("8.0.0.0/7", "prefix-too-wide"),
            ("0.0.0.0/0", "prefix-too-wide"),
            ("2001::/15", "host-bits-set"),
            ("2000::/12", "prefix-too-wide"),
            ("198.51.100.7/24", "host-bits-set"),
            ("198.51.100.300", "bad-network"),
            ("198.51.100.0-198.51.100.255", "bad-network"),
            ("nl", "public-suffix"),
            ("co.uk", "public-suffix"),
            ("https://example.nl/", "bad-domain"),
            ("-example.nl", "bad-domain"),
            ("AS0", "reserved-asn"),
            ("AS23456", "reserved-asn"),
            ("AS64512", "reserved-asn"),
            ("AS4200000000", "reserved-asn"),
            ("AS99999999999", "bad-asn"),
            ("64512", "reserved-asn"),
            ("", "empty"),
            ("9" * 5000, "too-long"),
        ],
    )
    def test_an_asset_that_nobody_may_register_is_refused_with_the_rule(
        self, tmp_path: Path, asset: str, reason: str
    ) -> None:
        outcome = take_assets(tmp_path, f"haven,{asset},,", "haven,192.0.2.0/24,,")
        assert only_problem(outcome).reason == reason
        assert outcome.assets == TableCounts(created=1, refused=1)

    @pytest.mark.parametrize(
        ("asset", "reason"),
        [
            ("192.0.2.0/24", "documentation-range"),
            ("198.18.0.0/16", "documentation-range"),
            ("2001:db8:1::/48", "documentation-range"),
            ("AS64496", "documentation-asn"),
        ],
    )
    def test_documentation_is_refused_unless_allowed(
        self, tmp_path: Path, asset: str, reason: str
    ) -> None:
        files = write(
            tmp_path, organisations=ORGANISATIONS, assets=f"organisation,asset\nhaven,{asset}\n"
        )
        outcome = import_constituency(files, allow_documentation=False)
        assert only_problem(outcome).reason == reason
        assert not take(*files).problems

    @pytest.mark.parametrize(
        ("row", "column", "reason"),
        [
            (",Naam,", "reference", "empty"),
            ("haven,,", "name", "empty"),
            (f"haven,{'x' * 201},", "name", "too-long"),
            (f"{'x' * 65},Naam,", "reference", "too-long"),
            (f"haven,Naam,{'x' * 65}", "sector", "too-long"),
            ('haven,"Haven\r\nBcc: x@example.nl",', "name", "control-character"),
            ("haven,Haven\x07,", "name", "control-character"),
            ("haven,\u202eneva\u202cH,", "name", "control-character"),
            ("haven,Haven,zorg,en nog een", "", "too-many-cells"),
        ],
    )
    def test_an_organisation_that_cannot_be_kept_is_refused(
        self, tmp_path: Path, row: str, column: str, reason: str
    ) -> None:
        outcome = take(*write(tmp_path, o=f"reference,name,sector\n{row}\ngoed,Goed,\n"))
        problem = only_problem(outcome)
        assert (problem.row, problem.column, problem.reason) == (2, column, reason)
        assert outcome.organisations == TableCounts(created=1, refused=1)

    @pytest.mark.parametrize(
        ("row", "column", "reason"),
        [
            ("haven,,,no address,,,", "email", "bad-email"),
            ("haven,,,a@b@example.nl,,,", "email", "bad-email"),
            ("haven,,,Jan <a@example.nl>,,,", "email", "bad-email"),
            ("haven,,,a@localhost,,,", "email", "bad-email"),
            ("haven,,,a@[192.0.2.1],,,", "email", "bad-email"),
            ('haven,,,"""a b""@example.nl",,,', "email", "bad-email"),
            ('haven,,,"a@example.nl\nBcc: b@example.nl",,,', "email", "control-character"),
            ('haven,"Jan\nBcc: b@example.nl",,a@example.nl,,,', "name", "control-character"),
            ("haven,,,,12,,", "phone", "bad-phone"),
            ("haven,,,,070 123,,", "phone", "bad-phone"),
            ("haven,,,,secret,,", "phone", "bad-phone"),
            ("haven,,,,070 123 45 67 ext. 12,,", "phone", "phone-extension"),
            ("haven,,,,,,", "email", "unreachable"),
            ("haven,,,,070 123 45 67,,mail", "channel", "channel-impossible"),
            ("haven,,,a@example.nl,,,phone", "channel", "channel-impossible"),
            ("haven,,boss,a@example.nl,,,", "role", "unknown-choice"),
            ("haven,,,a@example.nl,,fr,", "language", "unknown-choice"),
            ("haven,,,a@example.nl,,,fax", "channel", "unknown-choice"),
            ("nobody,,,a@example.nl,,,", "organisation", "unknown-organisation"),
            (",,,a@example.nl,,,", "organisation", "empty"),
        ],
    )
    def test_a_contact_that_cannot_be_reached_as_written_is_refused(
        self, tmp_path: Path, row: str, column: str, reason: str
    ) -> None:
        outcome = take_contacts(
            tmp_path, "organisation,name,role,email,phone,language,channel", row,
            "zorg,,,ok@example.nl,,,",
        )  # fmt: skip
        problem = only_problem(outcome)
        assert (problem.row, problem.column, problem.reason) == (2, column, reason)
        assert outcome.contacts == TableCounts(created=1, refused=1)

    @pytest.mark.parametrize(
        ("cell", "remedy"),
        [
            ("CEST", "Write its IANA name, such as Europe/Amsterdam"),
            ("+02:00", "or leave it empty for the zone of the service."),
            ("Europe", "Write its IANA name"),
            ("../../etc/passwd", "Write its IANA name"),
            ("localtime", "Write its IANA name"),
            ("london", "Perhaps you mean Europe/London."),
            ("America/New York", "Perhaps you mean America/New_York."),
        ],
    )
    def test_a_time_zone_that_nobody_knows_is_refused_with_what_to_write(
        self, tmp_path: Path, cell: str, remedy: str
    ) -> None:
        outcome = take_contacts(
            tmp_path, "organisation,email,time_zone", f"haven,a@example.nl,{cell}"
        )
        problem = only_problem(outcome)
        assert (problem.column, problem.reason) == ("time_zone", "unknown-time-zone")
        assert remedy in problem.remedy
        assert outcome.contacts == TableCounts(refused=1)

    @pytest.mark.parametrize(
        ("period", "column", "reason"),
        [
            ("1-7-2026,", "valid_from", "bad-date"),
            ("2026-02-30,", "valid_from", "bad-date"),
            ("46023,", "valid_from", "bad-date"),
            (",0001-01-01T00:00:00+01:00", "valid_until", "bad-date"),
            ("2026-07-01,2026-07-01", "valid_until", "validity-reversed"),
            ("2026-07-01T00:00:00+02:00,2026-06-30", "valid_until", "validity-reversed"),
        ],
    )
    def test_a_period_that_is_none_is_refused(
        self, tmp_path: Path, period: str, column: str, reason: str
    ) -> None:
        problem = only_problem(take_assets(tmp_path, f"haven,192.0.2.0/24,{period}"))
        assert (problem.column, problem.reason) == (column, reason)

    def test_a_row_says_all_that_is_wrong_with_it_and_counts_once(self, tmp_path: Path) -> None:
        outcome = take_contacts(
            tmp_path, "organisation,email,phone,language", "haven,not an address,12,xx"
        )
        assert [one.column for one in outcome.problems] == ["email", "phone", "language"]
        assert outcome.contacts == TableCounts(refused=1)

    def test_assets_of_a_refused_organisation_are_refused_too(self, tmp_path: Path) -> None:
        outcome = take(
            *write(
                tmp_path,
                assets="organisation,asset\nhaven,AS64496\n",
                organisations="reference,name\nhaven,\n",
            )
        )
        assert [one.reason for one in outcome.problems] == ["empty", "unknown-organisation"]
        assert outcome.assets == TableCounts(refused=1)

    def test_a_quote_that_is_never_closed_takes_no_other_row_with_it(self, tmp_path: Path) -> None:
        text = 'reference,name\na,"Alfa\nb,Beta\nc,"Gamma ""C"""\nd,"Delta\n'
        outcome = take(*write(tmp_path, o=text))
        assert [(one.row, one.reason) for one in outcome.problems] == [
            (2, "unclosed-quote"),
            (5, "unclosed-quote"),
        ]
        names = Organisation.objects.order_by("reference").values_list("name", flat=True)
        assert list(names) == ["Beta", 'Gamma "C"']

    def test_a_long_value_is_cut_in_the_report(self, tmp_path: Path) -> None:
        problem = only_problem(take_assets(tmp_path, f"haven,{'x' * 250}.example.nl,,"))
        assert len(problem.value) == 200


class TestFilesAsTheyCome:
    def test_semicolons_of_a_dutch_spreadsheet(self, tmp_path: Path) -> None:
        file = tmp_path / "o.csv"
        file.write_bytes(b"\xef\xbb\xbfreference;name;sector\r\nhaven;Haven, Kade & Co;haven\r\n")
        assert not take(file).problems
        assert Organisation.objects.get().name == "Haven, Kade & Co"

    def test_latin_1_is_read_and_noted(self, tmp_path: Path) -> None:
        file = tmp_path / "o.csv"
        file.write_bytes("reference,name\nhaven,Coöperatie Zuidlaren\n".encode("latin-1"))
        outcome = take(file)
        assert Organisation.objects.get().name == "Coöperatie Zuidlaren"
        assert "not UTF-8" in outcome.notes[0].text

    def test_utf_16_with_tabs_as_unicode_text_is_saved(self, tmp_path: Path) -> None:
        file = tmp_path / "o.txt"
        file.write_bytes("reference\tname\r\nhaven\tCoöperatie\r\n".encode("utf-16"))
        assert not take(file).problems
        assert Organisation.objects.get().name == "Coöperatie"

    def test_empty_rows_are_skipped_and_rows_keep_their_numbers(self, tmp_path: Path) -> None:
        text = 'reference,name\r\n\r\n,,\r\n"haven","Haven ""Zuid"""\r\n  ,\r\nzorg,\r\n'
        outcome = take(*write(tmp_path, o=text))
        assert outcome.organisations == TableCounts(created=1, refused=1)
        assert only_problem(outcome).row == 6
        assert Organisation.objects.get().name == 'Haven "Zuid"'

    def test_a_cell_of_several_lines_in_an_extra_column_does_no_harm(self, tmp_path: Path) -> None:
        text = 'reference,name,remark\nhaven,Haven,"line\nline"\nzorg,,\n'
        outcome = take(*write(tmp_path, o=text))
        assert outcome.organisations.created == 1
        assert only_problem(outcome).row == 3

    def test_a_formula_in_a_name_is_a_name(self, tmp_path: Path) -> None:
        text = "reference,name\na,=1+1\nb,'=1+1\nc,'s-Gravendeel\nd,''+x\n"
        assert not take(*write(tmp_path, o=text)).problems
        names = Organisation.objects.order_by("reference").values_list("name", flat=True)
        assert list(names) == ["=1+1", "=1+1", "'s-Gravendeel", "'+x"]

    def test_a_workbook_with_three_sheets_its_numbers_and_dates(self, tmp_path: Path) -> None:
        half_past_twelve = datetime(2026, 12, 31, 12, 30, tzinfo=UTC).replace(tzinfo=None)
        book = workbook(
            tmp_path / "alles.xlsx",
            Uitleg=[["Vul de drie bladen in."]],
            Bedrijven=[["Reference", "Name"], [1001, "Havenbedrijf"], [], ["1002", "Zorg"]],
            Contacten=[
                ["organisation", "phone", "email", "role"],
                [1001, 31701234567, None, "security"],
                [1002, 701234568.0, "a@example.nl", None],
            ],
            Middelen=[
                ["organisation", "asset", "valid from", "valid until"],
                [1001, 64496, date(2026, 7, 1), half_past_twelve],
                [1002, "example.nl", "2026-07-01", None],
            ],
        )
        outcome = take(book)
        assert outcome.problems == ()
        assert [note.sheet for note in outcome.notes] == ["Uitleg"]
        assert outcome.files[0].rows == 6
        phones = Route.objects.filter(channel="phone").order_by("contact__organisation__reference")
        phones = phones.values_list("address", flat=True)
        assert list(phones) == ["+31701234567", "+31701234568"]
        asn = Asset.objects.get(asn=64496)
        assert asn.organisation.reference == "1001"
        assert asn.valid_from == datetime(2026, 7, 1, tzinfo=UTC)
        assert asn.valid_until == datetime(2026, 12, 31, 12, 30, tzinfo=UTC)

    def test_a_problem_in_a_workbook_names_sheet_and_row(self, tmp_path: Path) -> None:
        book = workbook(
            tmp_path / "b.xlsx",
            Middelen=[[], ["organisation", "asset"], [], ["haven", "10.0.0.0/8"]],
            Bedrijven=[["reference", "name"], ["haven", "Haven"]],
        )
        problem = only_problem(take(book))
        assert (problem.sheet, problem.row) == ("Middelen", 4)
        assert problem.place == f"{book}, sheet Middelen, row 4, asset"


class TestFilesThatAreNone:
    @pytest.fixture
    def good(self, tmp_path: Path) -> Path:
        file = tmp_path / "good.csv"
        file.write_text(ORGANISATIONS)
        return file

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty-file"),
            (b"\r\n \r\n", "empty-file"),
            (b"naam,plaats\nx,y\n", "wrong-header"),
            (b"organisation,name\nx,y\n", "wrong-header"),
            (b"organisation,asset,email\nx,y,z\n", "ambiguous-header"),
            (b"reference,name,Name\nx,y,z\n", "repeated-column"),
            (b"%PDF-1.7\n\0\0\0", "not-a-table"),
            (b"\xff\xfea", "not-a-table"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not-a-table"),
            (b"PK\x03\x04 and then nothing", "damaged-workbook"),
        ],
    )
    def test_a_file_that_is_no_table_is_refused_and_the_others_taken(
        self, tmp_path: Path, good: Path, content: bytes, reason: str
    ) -> None:
        bad = tmp_path / "bad.csv"
        bad.write_bytes(content)
        outcome = take(bad, good)
        assert outcome.organisations == TableCounts(created=2)
        problem = only_problem(outcome)
        assert (problem.file, problem.row, problem.reason) == (str(bad), None, reason)
        assert problem.explanation
        assert problem.remedy
        assert [one.refusal for one in outcome.files] == [problem, None]

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path, good: Path) -> None:
        outcome = take(tmp_path / "missing.csv", good)
        assert only_problem(outcome).reason == "unreadable"
        assert outcome.organisations.created == 2

    def test_a_folder_without_tables_is_refused(self, tmp_path: Path, good: Path) -> None:
        (tmp_path / "empty").mkdir()
        assert only_problem(take(tmp_path / "empty", good)).reason == "unreadable"

    def test_a_workbook_that_is_cut_off_is_refused(self, tmp_path: Path, good: Path) -> None:
        book = workbook(tmp_path / "b.xlsx", a=[["reference", "name"], ["x", "y"]])
        book.write_bytes(book.read_bytes()[:-200])
        assert only_problem(take(book, good)).reason == "damaged-workbook"

    def test_a_zip_that_is_no_workbook_is_refused(self, tmp_path: Path, good: Path) -> None:
        book = tmp_path / "b.xlsx"
        with zipfile.ZipFile(book, "w") as archive:
            archive.writestr("organisations.csv", ORGANISATIONS)
        assert only_problem(take(book, good)).reason == "damaged-workbook"

    def test_a_workbook_without_a_table_is_refused(self, tmp_path: Path, good: Path) -> None:
        book = workbook(tmp_path / "b.xlsx", a=[["hello"]], b=[])
        assert only_problem(take(book, good)).reason == "wrong-header"

    def test_a_workbook_that_unpacks_to_too_much_is_refused(
        self, tmp_path: Path, good: Path
    ) -> None:
        book = workbook(tmp_path / "b.xlsx", a=[["reference", "name"], ["x", "y"]])
        with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet9.xml", b" " * (101 << 20))
        assert book.stat().st_size < 1 << 20
        assert only_problem(take(book, good)).reason == "too-large"

    def test_a_sheet_with_one_cell_far_away_is_refused_before_room_is_made(
        self, tmp_path: Path, good: Path
    ) -> None:
        rows: list[list[Any]] = [["reference", "name"], ["x", "y"]]
        book = tmp_path / "b.xlsx"
        with xlsxwriter.Workbook(book) as file:
            sheet = file.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            sheet.write(1_048_575, 16_383, "far")
        assert only_problem(take(book, good)).reason == "too-large"

    def test_a_long_text_shared_by_many_cells_is_refused(self, tmp_path: Path, good: Path) -> None:
        text = "x" * 32_000
        rows = [["reference", "name"], *([str(number), text] for number in range(40_000))]
        book = workbook(tmp_path / "b.xlsx", a=rows)
        assert only_problem(take(book, good)).reason == "too-large"


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(
        [b"", b"reference,name\n", b"\xff\xfe", b"PK\x03\x04", b"organisation;asset\n"]
    ),
    rest=st.binary(max_size=200) | st.text(',;"\r\n\tab', max_size=60).map(str.encode),
)
def test_whatever_a_file_holds_each_row_is_taken_or_refused(start: bytes, rest: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any"
        file.write_bytes(start + rest)
        outcome = dry_run_import([file], allow_documentation=False)
    taken = (outcome.organisations, outcome.contacts, outcome.assets)
    assert sum(counts.rows for counts in taken) == outcome.files[0].rows
    has_refused = any(counts.refused for counts in taken) or outcome.files[0].refusal is not None
    assert has_refused is bool(outcome.problems)


def test_a_workbook_with_bytes_changed_is_read_or_refused(tmp_path: Path) -> None:
    book = workbook(tmp_path / "b.xlsx", a=[["reference", "name"], ["x", "y"]])
    whole = book.read_bytes()
    dice = random.Random(7)
    for _ in range(200):
        changed = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        book.write_bytes(changed)
        outcome = dry_run_import([book], allow_documentation=False)
        assert outcome.organisations.created == 1 or outcome.problems


class TestOverlaps:
    def test_an_overlap_with_another_organisation_is_allowed_and_said(self, tmp_path: Path) -> None:
        outcome = take_assets(
            tmp_path,
            "haven,192.0.2.0/24,,",
            "zorg,192.0.2.128/25,,",
            "haven,198.51.100.0/24,,",
            "zorg,198.51.100.0/24,,",
            "haven,AS64496,,",
            "zorg,AS64496,,",
            "haven,example.nl,,",
            "zorg,www.shop.example.nl,,",
            "haven,notexample.nl,,",
            "zorg,2001:db8::/32,,",
            "haven,2001:db8:1::/48,,",
        )
        assert outcome.assets == TableCounts(created=11)
        assert outcome.overlaps.count == 5
        said = {(one.asset, one.relation, one.other_asset) for one in outcome.overlaps.first}
        assert said == {
            ("192.0.2.0/24", OverlapRelation.COVERS, "192.0.2.128/25"),
            ("198.51.100.0/24", OverlapRelation.SAME, "198.51.100.0/24"),
            ("AS64496", OverlapRelation.SAME, "AS64496"),
            ("example.nl", OverlapRelation.COVERS, "www.shop.example.nl"),
            ("2001:db8::/32", OverlapRelation.COVERS, "2001:db8:1::/48"),
        }

    def test_an_overlap_with_what_was_there_before_is_said_from_the_new_side(
        self, tmp_path: Path
    ) -> None:
        take_assets(tmp_path, "haven,192.0.2.0/24,,", "haven,example.nl,,", "haven,a.example.org,,")
        outcome = take_assets(
            tmp_path, "zorg,192.0.2.7,,", "zorg,a.example.nl,,", "zorg,example.org,,"
        )
        said = [(one.organisation, one.asset, one.relation) for one in outcome.overlaps.first]
        assert said == [
            ("zorg", "a.example.nl", OverlapRelation.WITHIN),
            ("zorg", "example.org", OverlapRelation.COVERS),
            ("zorg", "192.0.2.7/32", OverlapRelation.WITHIN),
        ]
        assert {one.other_organisation for one in outcome.overlaps.first} == {"haven"}

    def test_one_organisation_may_hold_a_part_of_its_own(self, tmp_path: Path) -> None:
        outcome = take_assets(tmp_path, "haven,192.0.2.0/24,,", "haven,192.0.2.0/25,,")
        assert outcome.overlaps.count == 0

    def test_who_held_it_before_does_not_overlap(self, tmp_path: Path) -> None:
        outcome = take_assets(
            tmp_path, "haven,192.0.2.0/24,,2026-07-01", "zorg,192.0.2.0/24,2026-07-01,"
        )
        assert outcome.overlaps.count == 0
        later = take_assets(tmp_path, "haven,192.0.2.0/24,,2026-08-01")
        assert later.overlaps.count == 1

    def test_all_are_counted_and_the_first_hundred_shown(self, tmp_path: Path) -> None:
        outcome = take_assets(
            tmp_path, "haven,198.18.0.0/16,,", *(f"zorg,198.18.1.{n},," for n in range(150))
        )
        assert outcome.overlaps.count == 150
        assert len(outcome.overlaps.first) == 100


class TestRealRegistrations:
    """What real registries hold is taken in bulk, and refused only with a reason that is true."""

    def test_the_prefixes_of_a_whole_country(self, tmp_path: Path, shared_data: Path) -> None:
        prefixes = [
            line
            for family in ("ipv4", "ipv6")
            for line in (shared_data / f"ip/nl/{family}-aggregated.txt").read_text().splitlines()
            if line and not line.startswith("#")
        ]
        file = tmp_path / "assets.csv"
        with file.open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["organisation", "asset"])
            rows.writerows(["haven", prefix] for prefix in prefixes)
        files = [*write(tmp_path, organisations=ORGANISATIONS), file]
        outcome = import_constituency(files, allow_documentation=False)
        assert outcome.assets.rows == len(prefixes)
        assert outcome.assets.created > 7_000
        for problem in outcome.problems:
            assert problem.reason in ("special-range", "prefix-too-wide")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM constituency_asset WHERE network && '10.0.0.0/8'"
                " OR network && '192.168.0.0/16' OR network && '2001:db8::/32'"
            )
            assert cursor.fetchone() == (0,)

    def test_the_domains_of_schools_and_governments(
        self, tmp_path: Path, shared_data: Path
    ) -> None:
        domains: list[str] = []
        for name in ("nl_education_onderwijs", "nl_government_domains"):
            with (shared_data / f"domains/{name}.csv").open(newline="") as source:
                domains += [row[0].strip() for row in list(csv.reader(source))[1:] if row]
        file = tmp_path / "assets.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out, delimiter=";")
            rows.writerow(["organisation", "asset"])
            rows.writerows(
                ["haven" if number % 2 else "zorg", domain] for number, domain in enumerate(domains)
            )
        files = [*write(tmp_path, organisations=ORGANISATIONS), file]
        outcome = import_constituency(files, allow_documentation=False)
        assert outcome.assets.rows == len(domains)
        assert outcome.assets.created > 8_000
        label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
        for problem in outcome.problems:
            is_name = re.fullmatch(rf"({label}\.)+{label}", problem.value.lower()) is not None
            assert problem.reason == ("public-suffix" if is_name else problem.reason), problem
