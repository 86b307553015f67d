"""What a spreadsheet does to a cell is named as a fault of that cell; nothing is lost unseen."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.services import ImportOutcome, ImportProblem, import_constituency

pytestmark = pytest.mark.django_db(transaction=True)

ORGANISATIONS = [["reference", "name"], ["haven", "Havenbedrijf"]]
CONTACTS = ["organisation", "role", "email", "phone"]
ASSETS = ["organisation", "asset", "valid_from", "valid_until"]


def take(*paths: Path) -> ImportOutcome:
    return import_constituency(paths, allow_documentation=True)


def only_problem(outcome: ImportOutcome) -> ImportProblem:
    assert len(outcome.problems) == 1, outcome.problems
    return outcome.problems[0]


class Book:
    """A workbook that is being written, with the organisation haven in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
        self.add("Organisaties", ORGANISATIONS)

    def add(self, name: str, rows: list[list[Any]]) -> Any:
        sheet = self._book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        return sheet

    def take(self) -> ImportOutcome:
        self._book.close()
        return take(self.path)


def change(path: Path, old: bytes, new: bytes) -> None:
    """Change what the sheets of a workbook say."""
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, content in members.items():
            book.writestr(name, content.replace(old, new))


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "alles.xlsx")


class TestFormulas:
    def test_without_a_stored_result_is_named_with_its_cell(self, book: Book) -> None:
        sheet = book.add("Contacten", [CONTACTS, ["haven", "security", None, "070 123 45 67"]])
        sheet.write_formula("C2", '=LOWER("DESK@HAVEN.EXAMPLE.NL")', None, "")
        outcome = book.take()
        problem = only_problem(outcome)
        assert (problem.sheet, problem.row, problem.column) == ("Contacten", 2, "email")
        assert problem.reason == "missing-result"
        assert problem.value == '=LOWER("DESK@HAVEN.EXAMPLE.NL")'
        assert "C2" in problem.explanation
        assert "save it" in problem.remedy
        assert not Contact.objects.exists(), "a contact without its mail address is not taken"

    def test_of_an_end_too(self, book: Book) -> None:
        sheet = book.add("Middelen", [ASSETS, ["haven", "203.0.113.0/24"]])
        sheet.write_formula("D2", "=DATE(2026,1,1)", None, "")
        problem = only_problem(book.take())
        assert (problem.column, problem.reason) == ("valid_until", "missing-result")
        assert not Asset.objects.exists()

    def test_as_another_program_writes_it(self) -> None:
        outcome = take(Path(__file__).parent.parent / "faults/formula_without_cached_value.xlsx")
        assert [(one.row, one.column, one.reason) for one in outcome.problems] == [
            (2, "email", "missing-result"),
            (2, "valid_until", "missing-result"),
        ]

    def test_in_a_column_that_is_not_ours_does_no_harm(self, book: Book) -> None:
        sheet = book.add("Middelen", [["organisation", "asset", "check"], ["haven", "AS64496"]])
        sheet.write_formula("C2", "=A2", None, "")
        assert book.take().problems == ()

    def test_a_row_with_nothing_else_is_not_taken_for_empty(self, book: Book) -> None:
        sheet = book.add("Middelen", [["organisation", "asset"]])
        sheet.write_formula("A2", "=Organisaties!A2", None, "")
        sheet.write_formula("B2", "=1", None, "")
        assert {one.reason for one in book.take().problems} == {"missing-result"}

    @pytest.mark.parametrize("result", ["desk@haven.example.nl", "DESK@HAVEN.EXAMPLE.NL"])
    def test_with_a_stored_result_counts_as_that(self, book: Book, result: str) -> None:
        sheet = book.add("Contacten", [CONTACTS, ["haven", "security"]])
        sheet.write_formula("C2", '=A2&"x"', None, result)
        assert book.take().problems == ()
        assert Route.objects.get().address.lower() == "desk@haven.example.nl"

    def test_whose_result_is_an_empty_text_is_empty(self, book: Book) -> None:
        sheet = book.add("Middelen", [ASSETS, ["haven", "AS64496"]])
        sheet.write_formula("D2", '=IF(A2="","x","")', None, "a text")
        book.take()
        Asset.objects.all().delete()
        change(book.path, b"<v>a text</v>", b"<v></v>")
        assert take(book.path).problems == ()
        assert Asset.objects.get().valid_until is None

    def test_that_are_too_many_refuse_the_file(self, book: Book) -> None:
        sheet = book.add("Middelen", [ASSETS])
        for row in range(2, 10_100):
            sheet.write_formula(f"B{row}", "=1", None, "")
        assert only_problem(book.take()).reason == "missing-results"


class TestWhatASpreadsheetMakesOfIt:
    @pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!"])
    def test_an_error_is_named(self, book: Book, error: str) -> None:
        sheet = book.add("Contacten", [CONTACTS, ["haven", "security", "a@example.nl"]])
        sheet.write_formula("D2", "=VLOOKUP(1,A1:B2,2)", None, error)
        problem = only_problem(book.take())
        assert (problem.column, problem.value, problem.reason) == ("phone", error, "error-value")
        assert "D2" in problem.explanation

    def test_a_name_that_became_a_date(self, book: Book) -> None:
        book.add("Middelen", [ASSETS, ["haven", datetime(2026, 3, 1)]])  # noqa: DTZ001 - has no zone
        problem = only_problem(book.take())
        assert (problem.column, problem.reason) == ("asset", "became-a-date")

    def test_a_reference_that_became_a_date(self, tmp_path: Path) -> None:
        path = tmp_path / "o.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "d mmm"}) as written:
            sheet = written.add_worksheet("o")
            sheet.write_row(0, 0, ["reference", "name"])
            sheet.write_row(1, 0, [date(2026, 5, 12), "Haven"])
        assert only_problem(take(path)).reason == "became-a-date"
        assert not Organisation.objects.exists()

    def test_a_date_where_one_is_asked_for_is_a_date(self, book: Book) -> None:
        book.add("Middelen", [ASSETS, ["haven", "AS64496", date(2026, 1, 1), date(2027, 1, 1)]])
        assert book.take().problems == ()

    def test_a_truth_that_was_typed_as_a_name(self, book: Book) -> None:
        book.add("Contacten", [["organisation", "name", "email"], ["haven", True, "a@example.nl"]])
        assert only_problem(book.take()).reason == "became-a-truth-value"

    def test_a_number_with_more_digits_than_a_spreadsheet_keeps(self, book: Book) -> None:
        book.add("Contacten", [CONTACTS, ["haven", "general", None, 12345678901234567890]])
        assert only_problem(book.take()).reason == "rounded-number"

    def test_cells_that_are_merged(self, book: Book) -> None:
        rows = [ASSETS, ["haven", "AS64496"], ["haven", "AS64497"]]
        sheet = book.add("Middelen", rows)
        sheet.merge_range("D2:D3", "2027-01-01")
        problem = only_problem(book.take())
        assert (problem.row, problem.column, problem.reason) == (3, "valid_until", "merged-cell")
        assert "D3" in problem.explanation
        assert Asset.objects.get().asn == 64496

    def test_merged_cells_beside_the_table_do_no_harm(self, book: Book) -> None:
        sheet = book.add("Middelen", [["organisation", "asset"], ["haven", "AS64496"]])
        sheet.merge_range("F2:G9", "note")
        assert book.take().problems == ()

    def test_too_many_merged_cells_are_called_that(self, book: Book) -> None:
        sheet = book.add("Middelen", [ASSETS, ["haven", "AS64496"], ["haven", "AS64497"]])
        sheet.merge_range("D2:D3", "2027-01-01")
        assert book.take().problems
        many = b'<mergeCell ref="A1:D900000"/>' * 3
        change(book.path, b'<mergeCell ref="D2:D3"/>', many)
        problem = only_problem(take(book.path))
        assert problem.reason == "too-large"
        assert "damaged" not in problem.explanation

    def test_a_link_that_leads_to_another_address(self, book: Book) -> None:
        sheet = book.add("Contacten", [CONTACTS, ["haven", "security"]])
        sheet.write_url("C2", "mailto:old@haven.example.nl", None, "new@haven.example.nl")
        problem = only_problem(book.take())
        assert (problem.column, problem.reason) == ("email", "link-differs")
        assert problem.value == "new@haven.example.nl"
        assert "old@haven.example.nl" in problem.explanation
        assert "C2" in problem.explanation

    @pytest.mark.parametrize(
        "link", ["mailto:New@haven.example.nl", "mailto:new@haven.example.nl?subject=x"]
    )
    def test_a_link_that_leads_to_the_same_address(self, book: Book, link: str) -> None:
        sheet = book.add("Contacten", [CONTACTS, ["haven", "security"]])
        sheet.write_url("C2", link, None, "new@haven.example.nl")
        assert book.take().problems == ()

    @pytest.mark.parametrize(
        ("link", "reasons"),
        [
            ("http://example.nl/", []),
            ("https://www.example.nl:8443/page?a=b", []),
            ("http://example.com/", ["link-differs"]),
        ],
    )
    def test_a_domain_and_where_it_leads(self, book: Book, link: str, reasons: list[str]) -> None:
        sheet = book.add("Middelen", [ASSETS, ["haven"]])
        sheet.write_url("B2", link, None, "example.nl")
        assert [one.reason for one in book.take().problems] == reasons

    def test_hidden_rows_columns_and_sheets_are_read_and_said(self, book: Book) -> None:
        sheet = book.add("Middelen", [ASSETS, ["haven", "AS64496"], ["haven", "AS64497"]])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column("C:D", None, None, {"hidden": True})
        sheet.hide()
        outcome = book.take()
        assert outcome.problems == ()
        assert Asset.objects.count() == 2
        texts = [note.text for note in outcome.notes if note.sheet == "Middelen"]
        assert any("sheet is hidden" in text for text in texts)
        assert any("hidden rows" in text for text in texts)
        assert any("hidden columns" in text for text in texts)

    def test_cells_of_spaces_are_empty(self, book: Book) -> None:
        book.add("Middelen", [ASSETS, ["haven", " AS64496\u00a0", "  ", "\u00a0"], [" ", " "]])
        assert book.take().problems == ()
        assert Asset.objects.get().valid_until is None


class TestTheSameInCsv:
    def test_an_error_is_named(self, tmp_path: Path) -> None:
        for error in ("#N/A", "#REF!", "#N/B", "#VERW!", "#NAAM?", "########"):
            path = tmp_path / "o.csv"
            path.write_text(f"reference,name\nhaven,{error}\n")
            assert only_problem(take(path)).reason == "error-value", error

    @pytest.mark.parametrize("text", ["3.17E+10", '"3,17E+10"', "3.17e10", "1E+11"])
    def test_a_number_that_was_rounded(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "o.csv").write_text("reference,name\nhaven,Haven\n")
        (tmp_path / "c.csv").write_text(f"organisation,email,phone\nhaven,a@example.nl,{text}\n")
        problem = only_problem(take(tmp_path))
        assert (problem.column, problem.reason) == ("phone", "rounded-number")

    def test_a_name_may_look_like_one(self, tmp_path: Path) -> None:
        (tmp_path / "o.csv").write_text("reference,name\nhaven,1E+11\n#1,#1 Hosting\n")
        assert take(tmp_path / "o.csv").problems == ()

    def test_the_header_again_is_no_row(self, tmp_path: Path) -> None:
        (tmp_path / "o.csv").write_text(
            "reference,name\nhaven,Haven\n\ufeffReference,Name\nzorg,Zorg\n", encoding="utf-8-sig"
        )
        outcome = take(tmp_path / "o.csv")
        assert outcome.problems == ()
        assert list(Organisation.objects.values_list("reference", flat=True)) == ["haven", "zorg"]
        assert any("row 3" in note.text for note in outcome.notes)

    def test_the_header_of_another_table_is_refused_with_its_row(self, tmp_path: Path) -> None:
        text = "reference,name\nhaven,Haven\norganisation,asset\nhaven,AS64496\n"
        (tmp_path / "o.csv").write_text(text)
        outcome = take(tmp_path / "o.csv")
        assert (3, "another-header") in [(one.row, one.reason) for one in outcome.problems]
        assert not Organisation.objects.filter(reference="organisation").exists()

    def test_a_second_mark_of_byte_order_does_no_harm(self, tmp_path: Path) -> None:
        text = "\ufeff\ufeffreference,name\nhaven,Haven\n\ufeffzorg,Zorg\n"
        (tmp_path / "o.csv").write_text(text, encoding="utf-8")
        assert take(tmp_path / "o.csv").problems == ()
        assert Organisation.objects.filter(reference="zorg").exists()
