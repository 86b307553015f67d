"""Files that nobody means to hand in: each is refused with a word, and the others go on."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from baken.constituency.models import Organisation
from baken.constituency.services import ImportOutcome, import_constituency
from small_world import Command, report_text

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "reference,name\nhaven,Havenbedrijf\n"


def take(*paths: Path) -> ImportOutcome:
    """Import `paths`, and a good file after them, which is taken whatever they are."""
    good = paths[0].parent / "good-one.csv"
    good.write_text(GOOD)
    outcome = import_constituency([*paths, good], allow_documentation=True)
    assert Organisation.objects.filter(reference="haven").exists()
    return outcome


def reason_of_only_problem(outcome: ImportOutcome) -> str:
    assert len(outcome.problems) == 1, outcome.problems
    return outcome.problems[0].reason


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert reason_of_only_problem(take(tmp_path / "pipe.csv")) == "unreadable"


def test_a_pipe_in_a_folder_does_not_stop_what_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "sheets"
    folder.mkdir()
    os.mkfifo(folder / "a.csv")
    (folder / "b.csv").write_text("reference,name\nbakkerij,Bakkerij\n")
    assert reason_of_only_problem(take(folder)) == "unreadable"
    assert Organisation.objects.filter(reference="bakkerij").exists()


def test_a_device_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    assert reason_of_only_problem(take(tmp_path / "zero.csv")) == "unreadable"


def test_a_name_that_is_too_long_for_a_file_is_refused(tmp_path: Path) -> None:
    outcome = take(tmp_path / ("n" * 300 + ".csv"))
    assert reason_of_only_problem(outcome) == "unreadable"
    assert "File name too long" in outcome.problems[0].explanation


@pytest.mark.parametrize("place", ["B4294967295", "ZZZZZZ2", "ZZZZZZ99999999"])
def test_a_cell_that_lies_too_far_away_asks_for_no_memory(tmp_path: Path, place: str) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["reference", "name"])
        sheet.write_row(1, 0, ["bakkerij", "Bakkerij"])
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, content in members.items():
            book.writestr(name, content.replace(b'r="B2"', f'r="{place}"'.encode()))
    assert reason_of_only_problem(take(path)) == "too-large"


def test_utf_32_is_called_no_text(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(GOOD.encode("utf-32"))
    assert reason_of_only_problem(take(path)) == "not-a-table"


def test_a_cell_of_a_megabyte_is_called_too_long(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(f"reference,name\nbakkerij,{'x' * 1_000_000}\n")
    assert reason_of_only_problem(take(path)) == "cell-too-long"


def test_of_many_unknown_columns_a_few_are_named(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    names = ",".join(f"column{number}" for number in range(10_000))
    path.write_text(f"reference,name,{names}\nbakkerij,Bakkerij\n")
    outcome = take(path)
    assert not outcome.problems
    assert "column19 and 9,980 more" in outcome.notes[0].text
    assert len(outcome.notes[0].text) < 1_000


def test_a_report_whose_name_is_too_long_does_not_stop_the_others(
    baken: Command, tmp_path: Path
) -> None:
    good = tmp_path / "2026-11-22-scan_rdp-good.csv"
    good.write_text(report_text("192.0.2.7"))
    done = baken("ingest", tmp_path / ("n" * 300 + ".csv"), good)
    assert done.exit_code == 1
    assert "File name too long" in done.out
    assert "[report-refused]" in done.out
    assert f"{good.name}: 1 row read" in done.out


def test_a_name_of_a_report_steers_no_terminal_and_may_be_no_utf_8(
    baken: Command, tmp_path: Path
) -> None:
    steers = tmp_path / "2026-11-22-scan_rdp-\x1b[31m.csv"
    steers.write_text(report_text("192.0.2.7"))
    latin = Path(os.fsdecode(os.fsencode(tmp_path) + b"/2026-11-22-scan_rdp-caf\xe9.csv"))
    latin.write_text(report_text("192.0.2.8"))
    done = baken("ingest", steers, latin)
    assert done.exit_code == 0, done.err
    assert "scan_rdp-\\x1b[31m.csv: 1 row read" in done.out
    assert "scan_rdp-caf\\udce9.csv: 1 row read" in done.out
