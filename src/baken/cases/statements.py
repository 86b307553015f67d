"""The SQL of cases, by name: set-based statements that the ORM has no words for.

Each is a file in ``sql/`` that can be pasted into psql as it stands, after ``\\set`` for its
variables. Here the variables of psql (``:batch``, ``:'now'``) become parameters that are bound.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

# Not the second colon of a cast, nor a time in a comment.
_VARIABLE: Final = re.compile(r"(?<![:\w]):(?:'(\w+)'|([a-z_]+))")
_COMMENT: Final = re.compile(r"(?m)^\s*--.*\n")


def _statement(name: str) -> str:
    text = (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return _VARIABLE.sub(
        lambda found: f"%({found[1] or found[2]})s", _COMMENT.sub("", text).replace("%", "%%")
    )


LOCK_CASES: Final = _statement("lock_cases")
CREATE_STAGE: Final = _statement("create_stage")
COPY_INTO_STAGE: Final = _statement("copy_into_stage")
SUM_STAGE: Final = _statement("sum_stage")
HOLD_ORGANISATIONS: Final = _statement("hold_organisations")
OPEN_CASES: Final = _statement("open_cases")
REFRESH_CASES: Final = _statement("refresh_cases")
WIDEN_CASES: Final = _statement("widen_cases")
MARK_GONE: Final = _statement("mark_gone")
RECORD_TOLD: Final = _statement("record_told")
RESTORE_TOLD: Final = _statement("restore_told")
LIST_SYSTEMS: Final = _statement("list_systems")
CREATE_REMATCHED: Final = _statement("create_rematched")
COPY_REMATCHED: Final = _statement("copy_rematched")
STAGE_REMATCHED: Final = _statement("stage_rematched")
MOVE_CASES: Final = _statement("move_cases")
RELEASE_CASES: Final = _statement("release_cases")
NAME_BATCHES: Final = _statement("name_batches")
