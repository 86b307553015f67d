"""The statements of cases run in psql as they stand, after ``\\set`` for their variables."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.db import connection

import baken.cases

pytestmark = pytest.mark.django_db(transaction=True)

FOLDER = Path(baken.cases.__file__).parent / "sql"
HEAD = r"""
\set ON_ERROR_STOP 1
\set batch 1
\set now '2026-11-27 00:00+00'
\set since '2026-11-01 00:00+00'
\set silence '3 days'
\set ids '{1}'
\set told_at '{2026-11-27 00:00+00}'
\set before_at '{NULL}'
\set before_severity '{NULL}'
\set before_news '{[]}'
BEGIN;
INSERT INTO constituency_organisation (id, reference, name, standing, sector)
VALUES (9, 'haven', 'Haven', 'registered', '');
INSERT INTO constituency_asset (id, organisation_id, kind, value, network)
VALUES (9, 9, 'network', '192.0.2.0/24', '192.0.2.0/24');
"""
SIGHTING = "\t".join(
    [
        "9", "open-rdp", "192.0.2.1:3389/tcp", "owner", "longest-prefix", "9", "f", "3",
        "2026-11-20 00:00+00", "2026-11-21 00:00+00", "2", "made-up", "made_up", "vulnerable",
        "vulnerable-system", "service", "vulnerable", "192.0.2.1", "3389", "tcp", r"\N", r"\N",
        r"\N", r"\N", "{CVE-2026-0001}", r"\N", "TLP:AMBER", "{}",
        '[{"name":"family","value":"mirai","first":"2026-11-20","last":"2026-11-21","sightings":2}]',
        '{"family=mirai"}', "t", "5",
    ]
)  # fmt: skip
MAKE_CASES = ("sum_stage", "refresh_cases", "hold_organisations", "open_cases")
AFTER = ("widen_cases", "record_told", "restore_told", "mark_gone")
REMATCH = ("move_cases", "release_cases", "create_stage", "stage_rematched", "name_batches")


def statement(name: str) -> str:
    return f"{(FOLDER / f'{name}.sql').read_text()};\n"


def test_every_statement_runs_in_psql() -> None:
    script = HEAD + statement("lock_cases") + statement("create_stage")
    script += f"{statement('copy_into_stage')}{SIGHTING}\n\\.\n"
    script += "".join(map(statement, (*MAKE_CASES, *AFTER)))
    script += statement("list_systems") + statement("create_rematched")
    script += statement("copy_rematched") + "1,9,owner,longest-prefix,9,false,7\n\\.\n"
    script += "DROP TABLE staged_sighting;\n" + "".join(map(statement, REMATCH))
    script += "SELECT 'case', system FROM occasions_case WHERE organisation_id = 9;\nROLLBACK;\n"
    used = {"lock_cases", "create_stage", "copy_into_stage", *MAKE_CASES, *AFTER, *REMATCH}
    used |= {"list_systems", "create_rematched", "copy_rematched"}
    assert {path.stem for path in FOLDER.glob("*.sql")} == used, "every file is tried"
    with connection.cursor() as cursor:  # the server's own, so that it is always there
        cursor.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        (programs,) = cursor.fetchone()
    place = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": place["HOST"], "PGPORT": place["PORT"] or "5432", "PGUSER": place["USER"],
        "PGPASSWORD": place["PASSWORD"], "PGDATABASE": place["NAME"],
    }  # fmt: skip
    done = subprocess.run(
        [Path(programs) / "psql", "-X", "--tuples-only", "--no-align", "-f", "-"],
        input=script, capture_output=True, text=True, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "case|192.0.2.1:3389/tcp" in done.stdout
