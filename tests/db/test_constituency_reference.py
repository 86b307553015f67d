"""The documents about constituency files say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baken.constituency.services import Table, import_constituency
from baken.constituency.sheets.tables import SHAPES

REPOSITORY = Path(__file__).parents[2]
REFERENCE = (REPOSITORY / "docs/reference/constituency-files.md").read_text()
HOW_TO = (REPOSITORY / "docs/howto/import-a-constituency.md").read_text()
SOURCES = [
    *(REPOSITORY / "src/baken/constituency").glob("**/*.py"),
    REPOSITORY / "src/baken/core/asset.py",
]


def test_every_reason_of_the_code_is_in_the_reference_and_no_other() -> None:
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", REFERENCE, re.MULTILINE))
    code = "".join(source.read_text() for source in SOURCES)
    given = set(re.findall(r'reason="([a-z-]+)"|RefusedError\(\s*"([a-z-]+)"', code))
    plain = {one or other for one, other in given}
    quoted = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', code))
    assert plain <= listed
    assert listed <= quoted


@pytest.mark.parametrize("table", Table)
def test_every_column_is_in_the_reference(table: Table) -> None:
    section = REFERENCE.split(f"### {table}\n")[1].split("\n#")[0]
    listed = re.findall(r"^\| (?:\*\*)?([a-z_]+)(?:\*\*)? \|", section, re.MULTILINE)
    assert [name for name in listed if name != "column"] == list(SHAPES[table].known)


@pytest.mark.django_db
def test_the_tables_of_the_how_to_are_imported_whole(tmp_path: Path) -> None:
    for name, text in re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", HOW_TO, re.DOTALL):
        (tmp_path / name).write_text(text)
    outcome = import_constituency([tmp_path], allow_documentation=True)
    assert outcome.problems == ()
    assert [outcome.organisations.created, outcome.contacts.created] == [2, 2]
    assert outcome.assets.created == 3
