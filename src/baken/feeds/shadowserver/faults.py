"""Why a row cannot be an observation, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from baken.core.asset import WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX
from baken.core.observation import IN_FUTURE, QuarantinedRow
from baken.feeds.reading import OverlongLine
from baken.feeds.shadowserver.columns import TIMESTAMP, ReportColumns
from baken.feeds.shadowserver.moments import parse_times
from baken.feeds.shadowserver.records import RejectedRecord

MAX_VALUE_CHARACTERS: Final = 200

_NAMES: Final = ("host_name", "hinted_name", "email_domain")

_EXPLANATIONS: Final = {
    "bad-time": "This is not a time in UTC, after 1990 and not in the future; right would be "
    "2026-01-31 23:59:59.",
    IN_FUTURE: "This time is more than a day ahead of our clock, and nothing can be seen before it "
    "happens.",
    "bad-address": "This is not an IP address; right would be 192.0.2.1 or 2001:db8::1.",
    "bad-network": (
        "This is a network without a usable length, or one too wide to concern anybody (wider than "
        f"/{WIDEST_IPV4_PREFIX}, in IPv6 /{WIDEST_IPV6_PREFIX}); right would be 192.0.2.0/24."
    ),
    "no-affected-system": (
        "The row has no address, no usable host name and no e-mail address, so it concerns nobody."
    ),
    "truncated-row": "The file ends in the middle of this row; fetch it anew.",
    "wrong-field-count": "The row has not as many fields as the header has columns.",
    "unterminated-quote": "A quote is opened and never closed.",
    "bad-quoting": 'Quotes stand where none can; right would be "a ""quoted"" word".',
    "line-too-long": "The line is longer than max_line_bytes allows.",
}


def quarantined_rows(
    text: pl.DataFrame, facts: pl.DataFrame, *, columns: ReportColumns
) -> tuple[list[QuarantinedRow], pl.Series | None]:
    """The rows of `text` that `facts` shows to be unusable, and which rows are good (None: all)."""
    if not facts["observed_at"].null_count() and not facts["ipv4"].null_count():
        return [], None
    has_no_address = pl.all_horizontal(pl.col("ipv4", "ipv6_high").is_null())
    is_bad = facts.select(
        time=pl.col("observed_at").is_null(),
        address=has_no_address & (text[columns.parts.address].str.strip_chars() != "")
        if columns.parts.address
        else False,
        nobody=has_no_address & pl.all_horizontal(pl.col(_NAMES).is_null()),
    )
    is_good = ~is_bad.select(pl.any_horizontal(pl.all())).to_series()
    if is_good.all():
        return [], None
    bad = pl.DataFrame(
        {
            "line": facts["line"],
            "time": _shown(text, columns.parts.timestamp),
            "address": _shown(text, columns.parts.address),
            "has_bad_time": is_bad["time"],
            "has_bad_address": is_bad["address"],
        }
    ).filter(~is_good)
    is_in_future = parse_times(bad["time"]).is_not_null().alias("is_in_future")
    found = []
    for line, time, address, has_bad_time, has_bad_address, is_time in bad.with_columns(
        is_in_future
    ).iter_rows():
        if has_bad_time:
            reason = IN_FUTURE if is_time else "bad-time"
            found.append(_bad_time(time, line=line, columns=columns, reason=reason))
        elif has_bad_address:
            found.append(_bad_address(address, line=line, columns=columns))
        else:
            found.append(_nobody(line=line, columns=columns))
    return found, is_good


def _shown(text: pl.DataFrame, column: str) -> pl.Series:
    return text[column] if column else pl.repeat("", text.height, dtype=pl.String, eager=True)


def rejected_row(record: RejectedRecord) -> QuarantinedRow:
    """A record that could not be taken apart."""
    return _row(line=record.line, value=_text(record.text), reason=record.reason)


def overlong_row(line: OverlongLine) -> QuarantinedRow:
    """A line over the limit."""
    return _row(line=line.line, value=_text(line.start), reason="line-too-long")


def _bad_time(value: str, *, line: int, columns: ReportColumns, reason: str) -> QuarantinedRow:
    if not columns.parts.timestamp:
        return _missing_column(TIMESTAMP, line=line)
    return _row(line=line, column=TIMESTAMP, value=value, reason=reason)


def _bad_address(value: str, *, line: int, columns: ReportColumns) -> QuarantinedRow:
    address, slash, _ = value.strip().partition("/")
    is_network = bool(slash) and (":" in address or address.count(".") == 3)
    reason = "bad-network" if is_network else "bad-address"
    return _row(line=line, column=columns.parts.address, value=value, reason=reason)


def _nobody(*, line: int, columns: ReportColumns) -> QuarantinedRow:
    if columns.expected_address and not columns.parts.address:
        return _missing_column(columns.expected_address, line=line)
    return _row(line=line, reason="no-affected-system")


def _missing_column(column: str, *, line: int) -> QuarantinedRow:
    return QuarantinedRow(
        line=line,
        column=column,
        value="",
        reason="missing-column",
        explanation=f"The file has no column {column}, which this report type needs.",
    )


def _row(*, line: int, reason: str, column: str = "", value: str = "") -> QuarantinedRow:
    return QuarantinedRow(
        line=line,
        column=column,
        value=value[:MAX_VALUE_CHARACTERS],
        reason=reason,
        explanation=_EXPLANATIONS[reason],
    )


def _text(data: bytes) -> str:
    return data[: 4 * MAX_VALUE_CHARACTERS].decode(errors="replace")


def in_file_order(rows: Sequence[QuarantinedRow]) -> list[QuarantinedRow]:
    """`rows` by their line."""
    return sorted(rows, key=lambda row: row.line)
