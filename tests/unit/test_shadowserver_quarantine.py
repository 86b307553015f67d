"""Rows of a Shadowserver report that cannot be read: each with its line and reason."""

from __future__ import annotations

import pytest

from baken.core.errors import ReportRefusedError
from baken.feeds import ReadLimits
from shadowserver_reports import HEADER, ROW, Read, row, table


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.0.2", "bad-address"),
        ("192.0.2.256", "bad-address"),
        ("192.0.02.1", "bad-address"),
        ("192.0.2.1.5", "bad-address"),
        ("+1.2.3.4", "bad-address"),
        ("1", "bad-address"),
        ("2001:db8::1::2", "bad-address"),
        ("fe80::1%eth0", "bad-address"),
        ("www.example.nl", "bad-address"),
        *(
            (f"192.0.2.0/{length}", "bad-network")
            for length in ("", "0", "7", "33", "024", "+24", "x")
        ),
        *(
            (f"2001:db8::/{length}", "bad-network")
            for length in ("", "0", "15", "129", "1e1", "/64")
        ),
        *(("::ffff:192.0.2.0/96", "bad-network"), ("192.0.02.0/24", "bad-network")),
        *(("192.0.2.0/0.0.0.255", "bad-network"), ("192.0.2.0/255.0.255.0", "bad-network")),
        *(("2001:db8::/255.255.255.0", "bad-network"), ("192.0.2.0-192.0.2.7", "bad-address")),
        *(
            ("www.example.nl/24", "bad-address"),
            ("192.0.2/24", "bad-address"),
            ("/24", "bad-address"),
        ),
    ],
)
def test_a_row_with_a_bad_address_is_quarantined(read: Read, address: str, reason: str) -> None:
    outcome = read(table(row(ip=address), ROW))

    fault = outcome.only_fault
    assert (fault.line, fault.column, fault.value, fault.reason) == (2, "ip", address, reason)
    assert outcome.only_row["line"] == 3


@pytest.mark.parametrize(
    "time",
    ["", "yesterday", "2026-02-30 00:00:00", "2026-11-22 25:00:00", "1970-01-01 00:00:00",
     "2026-11-22", "2026-1-2 3:4:5", "9999-01-01 00:00:00", "1763769600"],
)  # fmt: skip
def test_a_row_with_a_bad_time_is_quarantined(read: Read, time: str) -> None:
    fault = read(table(row(timestamp=time))).only_fault

    assert (fault.column, fault.value, fault.reason) == ("timestamp", time, "bad-time")


def test_a_row_that_concerns_nobody_is_quarantined(read: Read) -> None:
    assert read(table(row(ip="", hostname=""))).reasons == [(2, "no-affected-system")]


def test_a_row_known_only_by_name_is_kept(read: Read) -> None:
    assert read(table(row(ip=""))).only_row["hinted_name"] == "www.example.nl"


def test_rows_with_too_few_or_too_many_fields_are_quarantined(read: Read) -> None:
    outcome = read(table(ROW.rpartition(",")[0], ROW, ROW + ",more", ROW + ",", "alone"))

    assert outcome.reasons == [(n, "wrong-field-count") for n in (2, 4, 5, 6)]
    assert outcome.only_row["line"] == 3


@pytest.mark.parametrize("kept", [1, 30, len(ROW) - 3])
def test_a_row_that_the_end_of_the_file_cuts_off_is_truncated(read: Read, kept: int) -> None:
    outcome = read(table(ROW) + ROW[:kept])

    assert outcome.reasons == [(3, "truncated-row")]
    assert len(outcome.rows) == 1


def test_a_quote_that_the_end_of_the_file_leaves_open_is_truncated(read: Read) -> None:
    assert read(table(ROW) + ROW[:-5] + '"RD').reasons == [(3, "truncated-row")]


def test_a_stray_quote_costs_its_own_line_only(read: Read) -> None:
    outcome = read(table(ROW, row(tag='"open'), ROW, ROW, row(tag='"fine"'), ROW))

    assert outcome.reasons == [(3, "unterminated-quote")]
    assert [found["line"] for found in outcome.rows] == [2, 4, 5, 6, 7]


def test_a_row_with_senseless_quotes_is_quarantined(read: Read) -> None:
    outcome = read(table(ROW, row(tag='"a"b'), ROW))

    assert outcome.reasons == [(3, "bad-quoting")]
    assert len(outcome.rows) == 2


def test_lines_that_a_stray_quote_joins_are_read_one_by_one(read: Read) -> None:
    # The end of the first line is within quotes, but no column that is read stands there.
    header = HEADER + ",region"
    lines = [f'{row(tag=tag)},"NL' for tag in ("5", '5"')]
    outcome = read(table(*lines, f"{ROW},NL", header=header))

    assert outcome.reasons == [(2, "unterminated-quote"), (3, "wrong-field-count")]
    assert outcome.only_row["line"] == 4


def test_a_line_beyond_all_measure_is_quarantined(read: Read) -> None:
    outcome = read(
        table(ROW, row(tag="x" * 5000), ROW), limits=ReadLimits(max_line_bytes=1000, chunk_bytes=64)
    )

    assert outcome.reasons == [(3, "line-too-long")]
    assert [found["line"] for found in outcome.rows] == [2, 4]


@pytest.mark.parametrize("missing", ["timestamp", "ip"])
def test_a_file_without_a_needed_column_is_quarantined_row_by_row(read: Read, missing: str) -> None:
    header = HEADER.replace(missing, "other").replace("hostname", "another")
    outcome = read(table(ROW, ROW, header=header))

    assert [(fault.column, fault.reason) for fault in outcome.quarantined] == [
        (missing, "missing-column")
    ] * 2
    (warning,) = outcome.warnings
    assert missing in warning


def test_a_quarantined_value_is_cut_and_explained(read: Read) -> None:
    fault = read(table(row(ip="9" * 999))).only_fault

    assert len(fault.value) == 200
    assert "192.0.2.1" in fault.explanation


def test_a_first_line_with_thousands_of_fields_is_no_report(read: Read) -> None:
    with pytest.raises(ReportRefusedError):
        read("," * 5000)
