"""One file of a constituency: read by what its first bytes say it is, CSV or XLSX."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from baken.constituency.sheets.csv_file import read_csv
from baken.constituency.sheets.tables import TableFile, TableRefusedError
from baken.constituency.sheets.workbook import is_workbook, read_workbook

MAX_FILE_BYTES: Final = 256 << 20


def read_table_file(path: Path) -> TableFile:
    """The tables in the CSV or XLSX file at `path`, told by its first bytes, not its name.

    Raises `TableRefusedError` when it cannot be read, is too large, or has no header of ours.
    """
    data = _bytes_of(path)
    if is_workbook(data):
        return read_workbook(data, file=str(path))
    return read_csv(data, file=str(path))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # To read a pipe or a device may wait for ever, or never end.
            raise TableRefusedError(
                "It is no ordinary file.", remedy="Name a file.", reason="unreadable"
            )
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)  # no size that is said before is relied upon
    except OSError as error:
        raise TableRefusedError(
            f"The file cannot be read: {error.strerror or error}.",
            remedy="Check its name and that you may read it.",
            reason="unreadable",
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise TableRefusedError(
            f"The file has more than {MAX_FILE_BYTES >> 20} MB; no more are read.",
            remedy="Split it into several files; their rows may refer to each other.",
            reason="too-large",
        )
    return data
