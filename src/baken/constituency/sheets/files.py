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
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise TableRefusedError(
                f"The file has {size >> 20} MB; at most {MAX_FILE_BYTES >> 20} MB are read.",
                remedy="Split it into several files; their rows may refer to each other.",
                reason="too-large",
            )
        return path.read_bytes()
    except OSError as error:
        raise TableRefusedError(
            f"The file cannot be read: {error.strerror or error}.",
            remedy="Check its name and that you may read it.",
            reason="unreadable",
        ) from error
