"""Records into columns of text, with Polars; only the columns that are wanted."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from baken.feeds.octets import has_control_characters
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
    is_printable: bool
    """Whether there is nothing but printable ASCII in it."""
    has_controls: bool
    """Whether control characters may stand in it."""


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
    parts = list(_parts(rows, first=0, width=width, wanted=wanted))
    bad = {first for first, frame in parts if frame is None}
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
    nothing = pl.DataFrame(schema={**dict.fromkeys(wanted, pl.String), "is whole": pl.Boolean})
    frame = pl.concat([nothing, *(frame for _, frame in parts if frame is not None)])
    return _checked(frame, kept, extra=rejected, width=width)


def _read(text: bytes, *, rows: int, width: int, wanted: Mapping[str, int]) -> pl.DataFrame | None:
    marked = text.replace(b"\n", b"," + _END + b"\n")
    try:
        try:
            frame = _scan(marked, width=width, wanted=wanted, has_header=False)
        except pl.exceptions.SchemaError:
            # Without a header, the first line must have as many fields as there are columns.
            header = ",".join(_names(width)).encode() + b"\n"
            frame = _scan(header + marked, width=width, wanted=wanted, has_header=True)
    except pl.exceptions.ComputeError:
        return None
    return frame if frame.height == rows else None


def _scan(
    marked: bytes, *, width: int, wanted: Mapping[str, int], has_header: bool
) -> pl.DataFrame:
    names = _names(width)
    named = [pl.col(names[position]).alias(name) for name, position in wanted.items()]
    records = pl.scan_csv(
        marked,
        has_header=has_header,
        schema=dict.fromkeys(names, pl.String),
        empty_string_is_null=False,
        truncate_ragged_lines=True,
        raise_if_empty=False,
    )
    is_whole = pl.col(names[width]) == _END.decode()
    return records.select(*named, is_whole.alias("is whole")).collect()


def _names(width: int) -> list[str]:
    return [f"f{position}" for position in range(width + 1)]


def _has_empty_lines(frame: pl.DataFrame, text: bytes, *, width: int) -> bool:
    # In a file of one column an empty line looks like a whole record.
    if width > 1 and frame["is whole"].all():
        return False
    return text.startswith(b"\n") or b"\n\n" in text


def _checked(
    frame: pl.DataFrame, records: Records, *, extra: list[RejectedRecord], width: int
) -> TextFrame:
    """`frame` without the rows that have too few or too many fields."""
    columns = frame.clone()
    is_whole = columns.drop_in_place("is whole")
    lines = _line_numbers(records.lines)
    rejected = [*records.rejected, *extra]
    if not is_whole.all():
        columns, lines = columns.filter(is_whole), lines.filter(is_whole)
        rejected += _ragged(records, is_whole=is_whole, width=width)
    has_controls = has_control_characters(records.text, line_ends=len(records.lines))
    return TextFrame(
        columns=columns,
        lines=lines,
        rejected=rejected,
        is_printable=not has_controls and records.text.isascii(),
        has_controls=has_controls,
    )


def _ragged(records: Records, *, is_whole: pl.Series, width: int) -> Iterator[RejectedRecord]:
    """The records that are not whole."""
    rows = records.text.split(b"\n")[:-1]
    for index in (~is_whole).arg_true().to_list():
        is_truncated = (
            records.is_cut_off
            and index == len(rows) - 1
            and _field_count(rows[index]) < width  # a cut can only take fields away
        )
        yield RejectedRecord(
            line=records.lines[index],
            text=rows[index],
            reason="truncated-row" if is_truncated else "wrong-field-count",
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


def _parts(
    rows: list[bytes], *, first: int, width: int, wanted: Mapping[str, int]
) -> Iterator[tuple[int, pl.DataFrame | None]]:
    """`rows` in few parts that can be read, found by halving: the first row's position, the frame.

    None stands for a row that cannot be read. Parts stay apart, for a stray quote in the last line
    of one may find its fellow in the next.
    """
    text = b"".join(row + b"\n" for row in rows)
    frame = _read(text, rows=len(rows), width=width, wanted=wanted)
    if frame is not None or len(rows) == 1:
        yield first, frame
        return
    half = len(rows) // 2
    yield from _parts(rows[:half], first=first, width=width, wanted=wanted)
    yield from _parts(rows[half:], first=first + half, width=width, wanted=wanted)
