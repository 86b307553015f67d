"""Records from lines: which lines of a CSV block hold a record, one record a line in the end.

Nearly every block is plain (one well-formed record a line) and passes untouched. In the others
only the suspicious lines are looked at one by one: those where quotes do not pair up, or are
escaped with a backslash. What comes out is RFC 4180 with one line a record. The result does not
depend on where the blocks are cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from baken.feeds.octets import count_octet

# After the closing quote a field must end; possessive, so that a hostile line costs linear time.
_RFC_FIELD: Final = re.compile(rb'"((?:[^"]|"")*+)"(?=[,\n]|\Z)|(?!")[^,\n]*+')
_BACKSLASH_FIELD: Final = re.compile(
    rb'"((?:[^"\\]|\\.|"")*+)"(?=[,\n]|\Z)|(?!")[^,\n]*+', re.DOTALL
)
_BACKSLASHED_QUOTE: Final = re.compile(rb'\\"|""')


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that cannot be taken apart into its fields."""

    line: int
    text: bytes
    reason: str
    """``unterminated-quote``, ``bad-quoting``, ``wrong-field-count`` or ``truncated-row``."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records, one a line; each line is ended by ``\\n``."""

    text: bytes
    lines: Sequence[int]
    """The line of the file on which each record begins."""
    is_cut_off: bool = False
    """Whether the last record ends with the file, without a line end: it may be truncated."""
    rejected: Sequence[RejectedRecord] = ()
    rest: bytes = b""
    """The beginning of a record that goes on in the next block."""
    rest_line: int = 0


def is_plain(data: bytes) -> bool:
    """Whether each line of `data` is likely one record; reading it shows whether that is so."""
    # A lone backslash is far quicker to look for than one before a quote, and rare enough.
    has_backslashed_quote = b"\\" in data and b'\\"' in data
    return count_octet(data, b'"') % 2 == 0 and not has_backslashed_quote


def plain_records(data: bytes, *, first_line: int) -> Records:
    """Every line of `data` as a record."""
    is_cut_off = bool(data) and not data.endswith(b"\n")
    text = data + b"\n" if is_cut_off else data
    return Records(
        text=text,
        lines=range(first_line, first_line + count_octet(text, b"\n")),
        is_cut_off=is_cut_off,
    )


def repaired_records(
    data: bytes, *, first_line: int, width: int, is_last: bool, max_bytes: int
) -> Records:
    """The records of `data`, those of several lines or with backslashed quotes rewritten.

    A suspicious line is read strictly first, then with backslash escapes; the reading that gives
    `width` fields counts. When neither does, that line alone is rejected, so that one stray quote
    does not swallow what follows. `max_bytes` is how long a record may be.
    """
    reader = _Reader(data=data, width=width, is_last=is_last, max_bytes=max_bytes)
    reader.run(first_line=first_line)
    is_cut_off = is_last and bool(data) and not data.endswith(b"\n")
    return Records(
        text=b"".join(f + b"\n" for f in reader.kept),
        lines=reader.lines,
        # Only a record that reaches the end of the file can be cut off there.
        is_cut_off=is_cut_off and reader.kept_the_last_line,
        rejected=reader.rejected,
        rest=reader.rest,
        rest_line=reader.rest_line,
    )


class _Open(Enum):
    """A quoted field whose end is not within what may be looked at."""

    OPEN = "open"


@dataclass(slots=True)
class _Reader:
    data: bytes
    width: int
    is_last: bool
    max_bytes: int
    kept: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    rest: bytes = b""
    rest_line: int = 0
    kept_the_last_line: bool = False

    def run(self, *, first_line: int) -> None:
        """Go through the data line by line."""
        data = self.data
        position, line = 0, first_line
        while position < len(data):
            end = _line_end(data, position)
            if end == position:  # an empty line is no record
                position, line = end + 1, line + 1
                continue
            if not _is_suspicious(data, position, end):
                self._keep(data[position:end], line=line, end=end)
                position, line = end + 1, line + 1
                continue
            record_end = self._read_suspicious(position, line_end=end, line=line)
            if record_end is None:
                self.rest, self.rest_line = data[position:], line
                return
            line += data.count(b"\n", position, record_end) + 1
            position = record_end + 1

    def _keep(self, record: bytes, *, line: int, end: int) -> None:
        self.kept.append(record)
        self.lines.append(line)
        self.kept_the_last_line = end == len(self.data)

    def _read_suspicious(self, start: int, *, line_end: int, line: int) -> int | None:
        """Where the record or the rejected line at `start` ends; None when that takes more data."""
        may_grow = not self.is_last and len(self.data) - start <= self.max_bytes
        outcomes = []
        for pattern in (_RFC_FIELD, _BACKSLASH_FIELD):
            outcome = self._fields(start, pattern=pattern)
            if isinstance(outcome, tuple) and len(outcome[0]) == self.width:
                fields, end = outcome
                self._keep(_canonical(fields, pattern=pattern), line=line, end=end)
                return end
            if outcome is _Open.OPEN and may_grow:
                return None
            outcomes.append(outcome)
        self.rejected.append(
            RejectedRecord(
                line=line,
                text=self.data[start:line_end],
                reason=self._reason(outcomes, start=start, line_end=line_end),
            )
        )
        return line_end

    def _fields(
        self, start: int, *, pattern: re.Pattern[bytes]
    ) -> tuple[list[bytes], int] | _Open | None:
        """The raw fields of the record at `start` and where it ends; None when malformed."""
        data = self.data
        limit = min(len(data), start + self.max_bytes)
        fields: list[bytes] = []
        position = start
        while True:
            match = pattern.match(data, position, limit)
            if match is None:
                is_quote_open = _closing_quote(data, position, limit, pattern=pattern) is None
                return _Open.OPEN if is_quote_open else None
            fields.append(match[0])
            position = match.end()
            if position == limit < len(data):
                return _Open.OPEN
            if position == len(data) or data[position] == 0x0A:
                return fields, position
            position += 1  # the comma

    def _reason(self, outcomes: Sequence[object], *, start: int, line_end: int) -> str:
        if self.is_last and line_end == len(self.data):
            return "truncated-row"
        if _Open.OPEN in outcomes or self.data.count(b'"', start, line_end) % 2 == 1:
            return "unterminated-quote"
        if any(isinstance(outcome, tuple) for outcome in outcomes):
            return "wrong-field-count"
        return "bad-quoting"


def _is_suspicious(data: bytes, start: int, end: int) -> bool:
    return data.count(b'"', start, end) % 2 == 1 or data.find(b'\\"', start, end) >= 0


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


_RFC_REST: Final = re.compile(rb'"(?:[^"]|"")*+"')
_BACKSLASH_REST: Final = re.compile(rb'"(?:[^"\\]|\\.|"")*+"', re.DOTALL)


def _closing_quote(
    data: bytes, start: int, limit: int, *, pattern: re.Pattern[bytes]
) -> re.Match[bytes] | None:
    rest = _RFC_REST if pattern is _RFC_FIELD else _BACKSLASH_REST
    return rest.match(data, start, limit)


def _canonical(fields: list[bytes], *, pattern: re.Pattern[bytes]) -> bytes:
    """The record as RFC 4180 on one line; a line end within a field becomes a space."""
    is_backslashed = pattern is _BACKSLASH_FIELD
    written = []
    for raw in fields:
        value = raw
        if raw.startswith(b'"'):
            value = raw[1:-1]
            value = (
                _BACKSLASHED_QUOTE.sub(b'"', value)
                if is_backslashed
                else value.replace(b'""', b'"')
            )
        value = value.replace(b"\n", b" ").replace(b'"', b'""')
        written.append(b'"' + value + b'"')
    return b",".join(written)
