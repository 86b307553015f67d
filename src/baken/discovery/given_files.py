"""Files that others gave us to look things up in: recorded with the permission to use them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from baken.core.errors import NotFoundError, TextRefusedError
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.text import check_line
from baken.discovery.models import GivenFileRecord

_LONGEST_NAME: Final = 120
_LONGEST_PERMISSION: Final = 500
_LONGEST_PERSON: Final = 200
_ZIP: Final = b"PK\x03\x04"
_SPREADSHEETS: Final = frozenset({GivenFileKind.REGISTER_EXTRACT})
"""Kinds that may be a spreadsheet, which is a ZIP archive itself."""


def add_given_file(
    path: Path,
    *,
    kind: GivenFileKind,
    name: str,
    permission: str,
    by: str,
    valid_until: datetime,
    now: datetime,
) -> GivenFileRecord:
    """Record that we may look things up in the file at `path` until `valid_until`.

    The file stays where it is; when it changes there it is not used before it is recorded again. An
    earlier file of the same kind and name is withdrawn. Raises `TextRefusedError`.
    """
    check_line(name, name="name of the file", longest=_LONGEST_NAME)
    check_line(permission, name="permission", longest=_LONGEST_PERMISSION)
    check_line(by, name="name of who records it", longest=_LONGEST_PERSON)
    if valid_until <= now:
        raise TextRefusedError(
            f"The file would be out of date already: {valid_until:%Y-%m-%d} is over.",
            remedy="Give a day to come until which its permission and its content hold.",
        )
    sha256 = _sha256(path)
    if kind not in _SPREADSHEETS:
        _refuse_archive(path)
    with transaction.atomic():
        earlier = GivenFileRecord.objects.filter(kind=kind.value, name=name, withdrawn_at=None)
        earlier.update(withdrawn_at=now)
        return GivenFileRecord.objects.create(
            kind=kind.value,
            path=str(path.resolve()),
            sha256=sha256,
            name=name,
            permission=permission,
            given_at=now,
            given_by=by,
            valid_until=valid_until,
        )


def withdraw_given_file(kind: GivenFileKind, name: str, *, now: datetime) -> None:
    """Use the file no longer; it stays recorded that it was used. Raises `NotFoundError`."""
    mine = GivenFileRecord.objects.filter(kind=kind.value, name=name, withdrawn_at=None)
    if not mine.update(withdrawn_at=now):
        raise NotFoundError(
            f"No file of the kind {kind.value} called {name!r} is in use.",
            remedy="See baken given-file list.",
        )


def listed_given_files() -> list[GivenFileRecord]:
    """All that were ever recorded, the newest of a name first."""
    return list(GivenFileRecord.objects.all())


def given_files(
    *, now: datetime, kinds: Collection[GivenFileKind] = tuple(GivenFileKind)
) -> list[GivenFile]:
    """Those of `kinds` that may be used at `now`.

    Raises `TextRefusedError` for one that is not there any more, or holds something else than what
    was recorded: a permission is for what was given.
    """
    found = []
    for row in GivenFileRecord.objects.filter(
        kind__in=[kind.value for kind in kinds], withdrawn_at=None, valid_until__gt=now
    ):
        path = Path(row.path)
        if _sha256(path) != row.sha256:
            raise TextRefusedError(
                f"{path} holds something else than when it was recorded as {row.name!r}.",
                remedy="Record it again with baken given-file add, or withdraw it.",
            )
        found.append(
            GivenFile(
                kind=GivenFileKind(row.kind),
                path=path,
                name=row.name,
                given_at=row.given_at,
                valid_until=row.valid_until,
                permission=row.permission,
            )
        )
    return found


def _refuse_archive(path: Path) -> None:
    """Raises `TextRefusedError` for a ZIP archive: which file of it would be meant is unsaid."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) == _ZIP:
            raise TextRefusedError(
                f"{path} is a ZIP archive.",
                remedy="Unpack it with unzip, and record the file that is in it.",
            )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TextRefusedError(
            f"{path} cannot be read: {error.strerror or error}.",
            remedy="Give a file that this account may read, or withdraw it with "
            "baken given-file withdraw.",
        ) from error
