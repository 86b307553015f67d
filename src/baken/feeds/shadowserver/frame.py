"""Records into columns of text, with Polars; only the columns that are wanted."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from baken.feeds.shadowserver.records import Records, RejectedRecord

_END = b"\x01"
"""Written behind every record as one more field. Polars fills up a short record and cuts a long one
without a word; this field then stands elsewhere."""


@dataclass(frozen=True, slots=True)
class TextFrame:
    """The wanted columns as text (empty, never null) and the line of each row."""

    columns: pl.DataFrame
    lines: pl.Series
    rejected: Sequence[RejectedRecord]


def read_plain(records: Records, *, width: int, wanted: Mapping[str, int]) -> TextFrame | None:
    """The `wanted` columns (name to position); None when a line is not one record after all."""
    frame = _read(records.text, rows=len(records.lines), width=width, wanted=wanted)
    if frame is None or _has_empty_lines(frame, records.text, width=width):
        return None
    return _checked(frame, records, extra=[], width=width)


def read_repaired(records: Records, *, width: int, wanted: Mapping[str, int]) -> TextFrame:
    """The `wanted` columns; lines whose quoting makes no sense are rejected one by one."""
    if quick := read_plain(records, width=width, wanted=wanted):
        return quick
    rows = records.text.split(b"\n")[:-1]
    bad = set(_unreadable(rows, first=0, width=width, wanted=wanted))
    good = [index for index in range(len(rows)) if index not in bad]
    rejected = [
        RejectedRecord(line=records.lines[index], text=rows[index], reason="bad-quoting")
        for index in sorted(bad)
    ]
    kept = Records(
        text=b"".join(rows[index] + b"\n" for index in good),
        lines=[records.lines[index] for index in good],
        is_cut_off=records.is_cut_off and len(rows) - 1 not in bad,
        rejected=records.rejected,
    )
    frame = _read(kept.text, rows=len(good), width=width, wanted=wanted)
    if frame is None:  # pragma: no cover - each half was read before
        raise AssertionError("lines that can be read one by one cannot be read together")
    return _checked(frame, kept, extra=rejected, width=width)


def _read(text: bytes, *, rows: int, width: int, wanted: Mapping[str, int]) -> pl.DataFrame | None:
    header = ",".join(f"f{position}" for position in range(width + 1)).encode()
    try:
        frame = pl.read_csv(
            header + b"\n" + text.replace(b"\n", b"," + _END + b"\n"),
            columns=[*sorted(set(wanted.values())), width],
            infer_schema=False,
            empty_string_is_null=False,
            truncate_ragged_lines=True,
            raise_if_empty=False,
        )
    except pl.exceptions.ComputeError:
        return None
    if frame.height != rows:
        return None
    named = [pl.col(f"f{position}").alias(name) for name, position in wanted.items()]
    end = (pl.col(f"f{width}") == _END.decode()).alias("is whole")
    return frame.select(*named, end)


def _has_empty_lines(frame: pl.DataFrame, text: bytes, *, width: int) -> bool:
    # In a file of one column an empty line looks like a whole record.
    if width > 1 and frame["is whole"].all():
        return False
    return text.startswith(b"\n") or b"\n\n" in text


def _checked(
    frame: pl.DataFrame, records: Records, *, extra: list[RejectedRecord], width: int
) -> TextFrame:
    """`frame` without the rows that have too few or too many fields."""
    is_whole = frame["is whole"]
    columns = frame.drop("is whole")
    lines = _line_numbers(records.lines)
    rejected = [*records.rejected, *extra]
    if is_whole.all():
        return TextFrame(columns=columns, lines=lines, rejected=rejected)
    rows = records.text.split(b"\n")[:-1]
    for index in (~is_whole).arg_true().to_list():
        is_truncated = (
            records.is_cut_off
            and index == len(rows) - 1
            and _field_count(rows[index]) < width  # a cut can only take fields away
        )
        rejected.append(
            RejectedRecord(
                line=records.lines[index],
                text=rows[index],
                reason="truncated-row" if is_truncated else "wrong-field-count",
            )
        )
    return TextFrame(
        columns=columns.filter(is_whole), lines=lines.filter(is_whole), rejected=rejected
    )


def _field_count(row: bytes) -> int:
    try:
        return len(next(csv.reader([row.decode()])))
    except csv.Error:
        return 0


def _line_numbers(lines: Sequence[int]) -> pl.Series:
    if isinstance(lines, range):
        return pl.int_range(lines.start, lines.stop, dtype=pl.Int64, eager=True)
    return pl.Series(lines, dtype=pl.Int64)


def _unreadable(
    rows: list[bytes], *, first: int, width: int, wanted: Mapping[str, int]
) -> list[int]:
    """The positions of the rows that Polars cannot read, found by halving."""
    text = b"".join(row + b"\n" for row in rows)
    if _read(text, rows=len(rows), width=width, wanted=wanted) is not None:
        return []
    if len(rows) == 1:
        return [first]
    half = len(rows) // 2
    return [
        *_unreadable(rows[:half], first=first, width=width, wanted=wanted),
        *_unreadable(rows[half:], first=first + half, width=width, wanted=wanted),
    ]
