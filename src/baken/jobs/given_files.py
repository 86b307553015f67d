"""Records a file to look things up in, once it is known that it can be read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from baken import lookups
from baken.core.given_file import FileContents, GivenFile, GivenFileKind
from baken.discovery.services import add_given_file


def record_given_file(
    path: Path,
    *,
    kind: GivenFileKind,
    name: str,
    permission: str,
    by: str,
    valid_until: datetime,
    now: datetime,
) -> FileContents | None:
    """Record the file as `add_given_file` does; what it holds, where a lookup says it beforehand.

    Raises `TextRefusedError` for one that such a lookup cannot read, which is then not recorded.
    """
    file = GivenFile(kind, path, name, now, valid_until, permission)
    looks = [
        one.look_over for one in lookups.LOOKUPS.values() if one.reads is kind and one.look_over
    ]
    contents = looks[0](file) if looks else None
    add_given_file(
        path,
        kind=kind,
        name=name,
        permission=permission,
        by=by,
        valid_until=valid_until,
        now=now,
    )
    return contents
