"""A Shadowserver report, opened: its description, and its rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from baken.core.errors import ReportRefusedError
from baken.core.observation import ParsedBatch, ReportInfo
from baken.feeds.reading import LineBlock, OverlongLine, ReadLimits, line_blocks
from baken.feeds.shadowserver.columns import (
    MAX_COLUMNS,
    ReportColumns,
    find_columns,
    read_header,
)
from baken.feeds.shadowserver.faults import in_file_order, overlong_row, rejected_row
from baken.feeds.shadowserver.frame import TextFrame, read_plain, read_repaired
from baken.feeds.shadowserver.observations import Origin, observe
from baken.feeds.shadowserver.records import Records, is_plain, plain_records, repaired_records
from baken.feeds.shadowserver.report_table import ReportTable
from baken.pipeline.ahead import worked_ahead

_THREADS: Final = 3
"""How many blocks are worked on at a time. Polars shares out the cores; more would cost memory."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What came of a block; `rest`, the beginning of a record, belongs before the next one."""

    block: LineBlock
    batch: ParsedBatch
    rest: bytes
    rest_line: int


class ShadowserverReport:
    """One report file."""

    def __init__(
        self, *, info: ReportInfo, path: Path, limits: ReadLimits, table: ReportTable
    ) -> None:
        self.info = info
        self._path = path
        self._limits = limits
        self._old_names = table.old_names
        self._origin = Origin(
            source=info.source,
            report_name=info.report_type,
            tlp=table.terms.label,
            report_type=table.report_type(info.report_type),
            not_after=limits.not_after,
        )

    def batches(self) -> Generator[ParsedBatch, None, None]:
        """The rows, a batch for each block of text; the first batch carries all warnings.

        Blocks are read ahead in threads, which end with the iterator.
        """
        with closing(line_blocks(self._path, limits=self._limits)) as blocks:
            header, block = _split_header(blocks)
            if any(one.line < block.first_line for one in block.overlong):
                raise ReportRefusedError(
                    f"The first line of {self._path} is longer than "
                    f"{self._limits.max_line_bytes:,} bytes; that is no header.",
                    remedy="Check that this file is a Shadowserver report in CSV.",
                )
            if not header:
                raise ReportRefusedError(
                    f"{self._path} is empty: it has not even a header.",
                    remedy="Fetch it anew; the transfer may have failed.",
                )
            columns = self._columns(header)
            warnings = self._warnings(columns)
            read = partial(self._read, columns=columns)
            with closing(_pieces(block, blocks, read=read)) as pieces:
                for batch in _in_one(pieces, read=read):
                    yield replace(batch, warnings=warnings)
                    warnings = ()

    def _columns(self, header: str) -> ReportColumns:
        names = read_header(header)
        if len(names) > MAX_COLUMNS:
            raise ReportRefusedError(
                f"The first line of {self._path} has {len(names):,} fields; that is no header.",
                remedy="Check that this file is a Shadowserver report in CSV.",
            )
        columns = find_columns(
            names, report_type=self._origin.report_type, old_names=self._old_names
        )
        if len(columns.missing) > 1:
            raise ReportRefusedError(
                f"{self._path} is no report: it lacks {_listed(columns.missing)}.",
                remedy="Check that this is a Shadowserver report in CSV and not an error page.",
            )
        if columns.repeated:
            raise ReportRefusedError(
                f"{self._path} has {_listed(columns.repeated)} more than once: which of them is "
                "right, nobody can say.",
                remedy="Fetch it anew, or remove the wrong one.",
            )
        return columns

    def _warnings(self, columns: ReportColumns) -> tuple[str, ...]:
        warnings = []
        if not self.info.is_known_type:
            warnings.append(
                f"The report type {self.info.report_type} is unknown; its rows are kept as "
                f"{self._origin.report_type.finding_kind}."
            )
        if columns.missing:
            warnings.append(
                f"The file lacks {_listed(columns.missing)}, which a report of type "
                f"{self.info.report_type} should have."
            )
        return tuple(warnings)

    def _read(self, block: LineBlock, *, columns: ReportColumns) -> _Piece:
        frame, records = self._frame(block, columns=columns)
        observations, quarantined = observe(frame, columns=columns, origin=self._origin)
        quarantined += [rejected_row(record) for record in frame.rejected]
        quarantined += [overlong_row(line) for line in block.overlong]
        batch = ParsedBatch(observations=observations, quarantined=in_file_order(quarantined))
        return _Piece(block=block, batch=batch, rest=records.rest, rest_line=records.rest_line)

    def _frame(self, block: LineBlock, *, columns: ReportColumns) -> tuple[TextFrame, Records]:
        width, wanted = columns.width, columns.positions
        if is_plain(block.data):
            records = plain_records(block.data, first_line=block.first_line)
            if frame := read_plain(records, width=width, wanted=wanted):
                return frame, records
        records = repaired_records(
            block.data,
            first_line=block.first_line,
            width=width,
            is_last=block.is_last,
            max_bytes=self._limits.max_line_bytes,
        )
        return read_repaired(records, width=width, wanted=wanted), records


def _listed(names: Sequence[str]) -> str:
    columns = ", ".join(names)
    return f"the column {columns}" if len(names) == 1 else f"the columns {columns}"


def _split_header(blocks: Iterator[LineBlock]) -> tuple[str, LineBlock]:
    """The first line that is not empty, and the block it stands in without what it begins with.

    Lines before it that were too long stand among those of the block.
    """
    overlong: tuple[OverlongLine, ...] = ()
    while True:
        block = next(blocks)
        overlong += block.overlong
        data = block.data.lstrip(b"\n")
        skipped = len(block.data) - len(data)
        header, _, rest = data.partition(b"\n")
        if header or block.is_last:
            return header.decode(), replace(
                block, data=rest, first_line=block.first_line + skipped + 1, overlong=overlong
            )


def _pieces(
    first: LineBlock, others: Iterator[LineBlock], *, read: Callable[[LineBlock], _Piece]
) -> Generator[_Piece, None, None]:
    """What `read` makes of each block; in threads, unless there is but one."""
    if first.is_last:
        yield read(first)
    else:
        yield from worked_ahead(chain([first], others), read, threads=_THREADS)


def _in_one(
    pieces: Iterator[_Piece], *, read: Callable[[LineBlock], _Piece]
) -> Iterator[ParsedBatch]:
    """The batches of `pieces`, each of which was read as if no record went on from the one before.

    Seldom one did; then the block is read again, with the beginning of that record before it.
    """
    rest, rest_line = b"", 0
    for piece in pieces:
        if rest:
            block = replace(piece.block, data=rest + piece.block.data, first_line=rest_line)
            piece = read(block)
        rest, rest_line = piece.rest, piece.rest_line
        yield piece.batch
