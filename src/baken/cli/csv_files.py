"""Lists as CSV: for spreadsheets, whatever their cells say, and whole or not at all."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from baken.cli.output import counted, say
from baken.core.errors import OutputRefusedError
from baken.core.spreadsheet import guard_formula
from baken.core.text import one_line

LONGEST_CELL: Final = 2000
_STDOUT: Final = "-"


def write_csv(file: str, lines: Iterable[list[Any]], *, columns: Sequence[str]) -> None:
    """Write a header of `columns` and `lines` to `file`, and say how many; ``-`` prints them."""
    if file == _STDOUT:
        _write_lines(sys.stdout, lines, columns=columns)
        return
    with _replacing(Path(file)) as out:
        count = _write_lines(out, lines, columns=columns)
    say(f"{counted(count, 'line')} written to {file}.")


def _write_lines(out: TextIO, lines: Iterable[list[Any]], *, columns: Sequence[str]) -> int:
    """Write a header and `lines`; gives how many there were."""
    writer = csv.writer(out)
    writer.writerow(columns)
    count = 0
    for line in lines:
        writer.writerow([guard_formula(_cell(value)) for value in line])
        count += 1
    return count


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return one_line(str(value), limit=LONGEST_CELL)


@contextmanager
def _replacing(file: Path) -> Iterator[TextIO]:
    """What is written here replaces `file` when all of it was. Raises `OutputRefusedError`."""
    part = file.with_name(f".{file.name}.part")
    try:
        try:
            with part.open("w", encoding="utf-8-sig", newline="") as out:
                yield out
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputRefusedError(
            f"{file} cannot be written: {error.strerror or error}.",
            remedy="Name a file that you may write to, with room on its disk.",
        ) from error
