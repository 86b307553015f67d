"""An organisation's telephone and postal address, out of an extract of its register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import xlsxwriter

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import (
    FoundChannel,
    LookupAnswer,
    Outcome,
    Refusal,
    Subject,
    SubjectKind,
)
from baken.lookups import LOOKUPS
from baken.lookups.legal_forms import NameKey, name_key
from baken.outside import Outside
from given_files import GIVEN_AT, given_file

NOW: Final = GIVEN_AT + timedelta(days=2)
HEADER: Final = "number,country,name,trade_names,legal_form,address,phone,domain"
BAKERY: Final = (
    "12345678,NL,Bakkerij Voorbeeld B.V.,De Broodplank,,Dorpsstraat 1|1234 AB Voorbeeldstad,"
    "020 794 0001,https://www.bakkerij.example/winkel"
)
OF_KEY: Final = {
    "register-extract": SubjectKind.HOLDER,
    "register-extract-number": SubjectKind.REGISTER_NUMBER,
    "register-extract-domain": SubjectKind.DOMAIN,
}


@pytest.fixture
def outside(nobody_outside: Outside) -> Outside:
    return nobody_outside


def extract(folder: Path, *rows: str, name: str = "register", days: int = 60) -> GivenFile:
    text = "\n".join([HEADER, *rows])
    return given_file(folder, GivenFileKind.REGISTER_EXTRACT, text, name=name, days=days)


def answer(
    files: Sequence[GivenFile], value: str, *, outside: Outside, key: str = "register-extract"
) -> LookupAnswer:
    lookup = LOOKUPS[key].open(files)
    [found] = lookup.ask([Subject(OF_KEY[key], value)], outside=outside, now=NOW)
    return found


def ways(found: LookupAnswer) -> list[tuple[FoundChannel, str]]:
    return [(route.channel, route.address) for route in found.routes]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("register-extract", "BAKKERIJ VOORBEELD BV"),
        ("register-extract", "Bakkerij  Voorbeeld, b.v."),
        ("register-extract", "de broodplank"),
        ("register-extract-number", "NL:12345678"),
        ("register-extract-domain", "bakkerij.example"),
    ],
)
def test_it_is_found_by_name_number_and_domain(
    tmp_path: Path, outside: Outside, key: str, value: str
) -> None:
    found = answer([extract(tmp_path, BAKERY)], value, outside=outside, key=key)
    assert ways(found) == [
        (FoundChannel.PHONE, "+31207940001"),
        (
            FoundChannel.LETTER,
            "Bakkerij Voorbeeld B.V.\nDorpsstraat 1\n1234 AB Voorbeeldstad\nNL",
        ),
    ]
    assert [holder.name for holder in found.holders] == ["Bakkerij Voorbeeld B.V."]
    assert found.source == "register of 2026-11-01"


@pytest.mark.parametrize(
    "value",
    [
        "Bakkerij Voorbeeld N.V.",
        "Bakkerij Voorbeeld Holding B.V.",
        "Bakkerij Voorbeelden B.V.",
        "Voorbeeld B.V.",
        "B.V.",
    ],
)
def test_a_name_that_is_only_alike_leads_to_nobody(
    tmp_path: Path, outside: Outside, value: str
) -> None:
    found = answer([extract(tmp_path, BAKERY)], value, outside=outside)
    assert found.outcome is Outcome.NONE
    assert not found.refused


def test_two_organisations_of_one_name_give_no_route_and_the_reason(
    tmp_path: Path, outside: Outside
) -> None:
    other = "12345679,NL,Bakkerij Voorbeeld BV,,,Markt 1|1234 AB Voorbeeldstad,+31 20 794 0002,"
    found = answer([extract(tmp_path, BAKERY, other)], "Bakkerij Voorbeeld B.V.", outside=outside)
    assert (found.outcome, found.routes) == (Outcome.NONE, ())
    assert [one.why for one in found.refused] == [Refusal.SEVERAL_ENTRIES]
    assert "2 organisations" in found.note


def test_a_legal_form_tells_two_of_one_name_apart(tmp_path: Path, outside: Outside) -> None:
    other = "12345679,NL,Bakkerij Voorbeeld,,N.V.,Markt 1|1234 AB Voorbeeldstad,+31 20 794 0002,"
    file = extract(tmp_path, BAKERY, other)
    found = answer([file], "Bakkerij Voorbeeld NV", outside=outside)
    assert ways(found)[0] == (FoundChannel.PHONE, "+31207940002")
    found = answer([file], "Bakkerij Voorbeeld", outside=outside)
    assert [one.why for one in found.refused] == [Refusal.SEVERAL_ENTRIES]


@pytest.mark.parametrize(
    ("row", "is_person"),
    [
        ("1000001,NL,Jan Voorbeeld,,Eenmanszaak,Markt 1|1234 AB X,+31 20 794 0001,", True),
        ("1000001,NL,Jan Voorbeeld,,,Markt 1|1234 AB X,+31 20 794 0001,", True),
        ("1000001,NL,Webwinkel24,Jan Voorbeeld,Eenmanszaak,Markt 1|1234 AB X,,", True),
        ("1000001,NL,Webwinkel24,,Eenmanszaak,Markt 1|1234 AB X,+31 20 794 0001,", False),
        ("1000001,NL,Jan Voorbeeld,,B.V.,Markt 1|1234 AB X,+31 20 794 0001,", False),
        ("1000001,NL,Jan Voorbeeld B.V.,,,Markt 1|1234 AB X,+31 20 794 0001,", False),
    ],
)
def test_of_a_private_person_neither_name_nor_route_is_given(
    tmp_path: Path, outside: Outside, row: str, is_person: bool
) -> None:
    file = extract(tmp_path, row)
    found = answer([file], "NL:1000001", outside=outside, key="register-extract-number")
    assert [holder.is_person for holder in found.holders] == [is_person]
    assert bool(found.routes) is not is_person
    assert ("Voorbeeld" in repr(found)) is (not is_person and "Voorbeeld" in row)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("12345678,NL", "Its name is empty."),
        (",NL,Voorbeeld B.V.", "Its number is empty."),
        ("geen,NL,Voorbeeld B.V.", "This is no number of a register."),
        ("12345678,NLD,Voorbeeld B.V.", "The country of the register is not two letters."),
        ("12345678,NL,REDACTED FOR PRIVACY", "Its name is none."),
        ("12345678,NL,Voorbeeld B.V.,,,,,geen domein", "Its domain is none."),
        ('12345678,NL,"Voorbeeld B.V.', "Its quotation marks do not fit."),
        ("12345678,NL,Voorbeeld B.V.,,,,,,,te veel", "It has 10 cells, and the header 8."),
        ("12345670,NL,Nog een B.V.", "Its number stands on line 2, too."),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_others_are_read(
    tmp_path: Path, row: str, why: str
) -> None:
    first = "12345670,NL,Eerste B.V.,,,Markt 1|1234 AB X,+31 20 794 0001,"
    last = "12345671,NL,Laatste B.V.,,,Markt 1|1234 AB X,+31 20 794 0001,"
    look_over = LOOKUPS["register-extract"].look_over
    assert look_over is not None
    contents = look_over(extract(tmp_path, first, row, last))
    assert (contents.entries, contents.skipped) == (2, 1)
    assert [(one.line, one.why) for one in contents.first_skipped] == [(3, why)]


def test_a_line_in_another_encoding_costs_that_line_alone(tmp_path: Path) -> None:
    rows = f"{HEADER}\n1234567,NL,Caf\u00e9 B.V.\n1234568,NL,Lunch B.V.\n".encode("cp1252")
    file = given_file(tmp_path, GivenFileKind.REGISTER_EXTRACT, rows)
    look_over = LOOKUPS["register-extract"].look_over
    assert look_over is not None
    contents = look_over(file)
    assert (contents.entries, contents.skipped) == (1, 1)
    assert contents.first_skipped[0].why == "It is not UTF-8."


def test_a_workbook_is_read_as_a_csv_file_is(tmp_path: Path, outside: Outside) -> None:
    path = tmp_path / "register.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER.split(","))
        address = "Dorpsstraat 1\n1234 AB Voorbeeldstad"
        row = [12345678, "NL", "Bakkerij Voorbeeld B.V.", "", "", address, "020 794 0001", ""]
        sheet.write_row(1, 0, row)
    file = GivenFile(
        GivenFileKind.REGISTER_EXTRACT, path, "workbook", GIVEN_AT,
        GIVEN_AT + timedelta(days=60), "Made up for a test.",
    )  # fmt: skip
    found = answer([file], "NL:12345678", outside=outside, key="register-extract-number")
    assert [channel for channel, _ in ways(found)] == [FoundChannel.PHONE, FoundChannel.LETTER]


@pytest.mark.parametrize(
    "text", ["", "name,phone\nVoorbeeld,1", f"{HEADER},name\n", "PK\x03\x04 no workbook"]
)
def test_a_file_without_the_columns_is_refused_whole(tmp_path: Path, text: str) -> None:
    file = given_file(tmp_path, GivenFileKind.REGISTER_EXTRACT, text)
    with pytest.raises(TextRefusedError, match="register extract given"):
        LOOKUPS["register-extract"].open([file])


def test_what_cannot_be_called_or_written_to_is_refused_with_its_reason(
    tmp_path: Path, outside: Outside
) -> None:
    row = "12345678,NL,Voorbeeld B.V.,,,Markt 1,0900 1234,"
    found = answer([extract(tmp_path, row)], "Voorbeeld B.V.", outside=outside)
    assert not found.routes
    assert {one.why for one in found.refused} == {Refusal.COSTLY_NUMBER, Refusal.NOT_READABLE}


def test_of_an_entry_in_two_files_the_one_that_was_given_last_counts(
    tmp_path: Path, outside: Outside
) -> None:
    old = extract(tmp_path, BAKERY, name="old")
    row = BAKERY.replace("020 794 0001", "020 794 0009")
    text = f"{HEADER}\n{row}"
    later = GIVEN_AT + timedelta(days=1)
    new = given_file(
        tmp_path, GivenFileKind.REGISTER_EXTRACT, text, name="new", given_at=later, days=60
    )
    found = answer([new, old], "Bakkerij Voorbeeld B.V.", outside=outside)
    assert ways(found)[0] == (FoundChannel.PHONE, "+31207940009")
    expired = extract(tmp_path, row, name="expired", days=1)
    assert answer([expired], "Bakkerij Voorbeeld", outside=outside).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("name", "base", "form"),
    [
        ("Voorbeeld B.V.", "voorbeeld", "bv"),
        ("VOORBEELD B. V.", "voorbeeld", "bv"),
        ("N.V. Voorbeeld", "voorbeeld", "nv"),
        ("Voorbeeld & Zn. V.O.F.", "voorbeeld & zn", "vof"),
        ("Beispiel GmbH & Co. KG", "beispiel", "gmbh-co-kg"),
        ("Stichting Voorbeeld", "stichting voorbeeld", ""),
        ("Exemple S.A.", "exemple", "sa"),
        ("Café ’t Hoekje", "café 't hoekje", ""),
        ("B.V.", "bv", ""),
        ("", "", ""),
    ],
)
def test_a_legal_form_is_the_same_however_it_is_written(name: str, base: str, form: str) -> None:
    assert name_key(name) == NameKey(base, form)
