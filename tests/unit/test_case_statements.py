"""The statements of cases: what runs is the files, and the files are what the columns say."""

from __future__ import annotations

from pathlib import Path

import pytest

import baken.cases
from baken.cases import statements
from baken.cases.columns import COLUMNS, SIGHTING_COLUMNS, Taken
from baken.cases.statement_text import WRITTEN, statement_text

FOLDER = Path(baken.cases.__file__).parent / "sql"


@pytest.mark.parametrize("name", WRITTEN)
def test_the_files_are_what_the_columns_say(name: str) -> None:
    written = (FOLDER / f"{name}.sql").read_text()
    assert written == statement_text(name), "write it with python -m baken.cases.statement_text"


def test_every_file_runs_as_it_stands_with_its_variables_bound() -> None:
    for path in FOLDER.glob("*.sql"):
        statement = getattr(statements, path.stem.upper())
        assert "--" not in statement
        assert ":'" not in statement
        assert "{" not in statement, "no templates are left in it"
    assert "last_seen_at < least(d.until, %(now)s::timestamptz)" in statements.MARK_GONE
    assert "%(batch)s AS batch_id" in statements.OPEN_CASES
    assert ":'now'" in (FOLDER / "mark_gone.sql").read_text()


def test_stage_copy_and_insert_bear_every_column_once_in_order() -> None:
    copied = statements.COPY_INTO_STAGE.partition("(")[2].partition(")")[0]
    assert tuple(name.strip() for name in copied.split(",")) == SIGHTING_COLUMNS
    for column in COLUMNS:
        assert statements.CREATE_STAGE.count(f" {column.name} {column.type},") == 1, column.name
    inserted = statements.OPEN_CASES.partition("occasions_case (")[2].partition(")")[0]
    names = [name.strip() for name in inserted.split(",")]
    of_case = {column.name for column in COLUMNS if column.taken is not Taken.STAGE}
    assert set(names) == of_case | {"state", "asset_value", "batch_id", "details_more"}
    assert len(names) == len(set(names))
