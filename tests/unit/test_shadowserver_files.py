"""Shadowserver report files: what their names say, and odd ones that can be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baken.core.errors import ReportRefusedError
from baken.feeds import FEEDS, ReadLimits
from shadowserver_reports import HEADER, ROW, Read, row, table

# ── The name of the file ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "report_type", "date"),
    [
        ("2026-11-22-scan_rdp-example-asn.csv", "scan_rdp", "2026-11-22"),
        ("2026-11-22-scan_http_proxy-nl.csv", "scan_http_proxy", "2026-11-22"),
        ("2026-11-22-scan_http-nl.csv", "scan_http", "2026-11-22"),
        ("2026-11-22-scan_rdp.csv", "scan_rdp", "2026-11-22"),
        ("scan_rdp.csv", "scan_rdp", None),
        ("SCAN_RDP.CSV", "scan_rdp", None),
        ("2026-13-45-scan_rdp-x.csv", "scan_rdp", None),
    ],
)
def test_type_and_date_come_from_the_file_name(
    tmp_path: Path, name: str, report_type: str, date: str | None
) -> None:
    (tmp_path / name).write_text(table(ROW))
    info = FEEDS["shadowserver"].open_report(tmp_path / name).info

    assert (info.report_type, info.report_date, info.is_known_type) == (report_type, date, True)


def test_a_type_given_by_hand_goes_before_the_file_name(read: Read) -> None:
    outcome = read(table(ROW), name="scan_rdp.csv", report_type="scan_vnc")

    assert outcome.only_row["finding_kind"] == "open-vnc"


def test_an_unknown_type_is_kept_whole_with_one_warning(read: Read) -> None:
    header = "timestamp,src_ip,novelty,password,geo"
    rows = [f"2026-11-22 00:00:00,192.0.2.{n},CVE-2026-0001,secret,NL" for n in range(1, 50)]
    outcome = read(
        table(*rows, header=header),
        name="2026-11-22-scan_tomorrow-x.csv",
        limits=ReadLimits(chunk_bytes=200),
    )

    assert len(outcome.rows) == 49
    assert outcome.rows[0]["report_type"] == "scan_tomorrow"
    assert outcome.rows[0]["finding_kind"] == "other-finding"
    assert outcome.rows[0]["evidence"] == [("novelty", "CVE-2026-0001")]
    (warning,) = outcome.warnings
    assert "scan_tomorrow is unknown" in warning


# ── Odd but readable ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"\xef\xbb\xbf" * 3 + text,
        lambda text: b"\n\xef\xbb\xbf" + text,
        lambda text: text.replace(b"timestamp", b"timestamp\xc2\xa0", 1),
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.rstrip(b"\n"),
        lambda text: b"\n\n" + text + b"\n\n",
    ],
    ids=[
        "byte order mark",
        "several of them",
        "one after an empty line",
        "hard space",
        "CRLF",
        "CR",
        "no last line end",
        "empty lines",
    ],
)
def test_the_way_a_file_is_written_makes_no_difference(
    read: Read, rewritten: Callable[[bytes], bytes]
) -> None:
    plain = table(ROW, row(ip="192.0.2.8"))
    expected = [{**found, "line": 0} for found in read(plain).rows]
    outcome = read(rewritten(plain.encode()))

    assert [{**found, "line": 0} for found in outcome.rows] == expected
    assert outcome.quarantined == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a, b"', "a, b"),
        ('"say ""hi"""', 'say "hi"'),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"say \"\"hi\"\", twice"', 'say ""hi"", twice'),
        (r'"C:\temp\"', "C:\\temp\\"),
        ('"two\nlines"', "two lines"),
        ('"two\r\nlines, ""quoted"""', 'two lines, "quoted"'),
        ('5" disk', '5" disk'),
        ("a\x00b\x1b[31m\tc", "a b [31m c"),
        ("right\u202eleft", "right left"),
        ('"  padded  "', "padded"),
        ("Übersicht", "Übersicht"),
    ],
)
def test_a_value_is_read_however_it_is_quoted(read: Read, written: str, value: str) -> None:
    outcome = read(table(row(ip="192.0.2.1"), row(rdp_protocol=written), row(ip="192.0.2.3")))

    assert outcome.quarantined == []
    assert [dict(found["evidence"])["rdp_protocol"] for found in outcome.rows] == [
        "RDP",
        value,
        "RDP",
    ]


def test_latin_1_is_read_beside_utf_8(read: Read) -> None:
    lines = [row(rdp_protocol="Zürich").encode("latin-1"), row(rdp_protocol="Zürich").encode()]
    outcome = read(b"\n".join([HEADER.encode(), *lines]) + b"\n")

    assert [dict(found["evidence"])["rdp_protocol"] for found in outcome.rows] == ["Zürich"] * 2


def test_lines_are_numbered_as_they_stand_in_the_file(read: Read) -> None:
    outcome = read(
        table(ROW, row(rdp_protocol='"two\nlines"'), "", row(ip="nonsense"), row(ip="192.0.2.9"))
    )

    assert [found["line"] for found in outcome.rows] == [2, 3, 7]
    assert outcome.reasons == [(6, "bad-address")]


@pytest.mark.parametrize(
    "untidy", ["", " padded ", "a\tb", "\u00a0é\u00a0", "x" * 600, "\u202e", "Zürich", "NL"]
)
def test_what_one_row_says_is_the_same_among_others(read: Read, untidy: str) -> None:
    alone = read(table(row(rdp_protocol=untidy, hostname=untidy, severity=untidy))).only_row
    among = read(table(ROW, row(rdp_protocol=untidy, hostname=untidy, severity=untidy), ROW))

    assert among.rows[1] == {**alone, "line": 3}
    assert [among.rows[0], {**among.rows[2], "line": 2}] == read(table(ROW)).rows * 2


def test_a_column_may_change_its_type_half_way(read: Read) -> None:
    numbers = [row(port=str(port), asn="1", ssl_version="2") for port in range(1, 50)]
    words = [row(port="ssh", asn="AS1", ssl_version="TLS 1.2"), row(ip="2001:db8::1")]
    outcome = read(table(*numbers, *words))

    assert [found["port"] for found in outcome.rows] == [*range(1, 50), None, 3389]
    assert outcome.rows[-1]["ipv4"] is None
    assert dict(outcome.rows[-2]["evidence"])["ssl_version"] == "TLS 1.2"


def test_evidence_keeps_apart_the_rows_that_have_different_columns(read: Read) -> None:
    names = [f"column_{number}" for number in range(70)]
    values = [["" if (row * number) % 3 else f"{row}é{number}" for number in range(70)]
              for row in range(1, 9)]  # fmt: skip
    rows = [",".join(["2026-11-22 00:00:00", "192.0.2.1", *cells]) for cells in values]
    outcome = read(table(*rows, header=",".join(["timestamp", "ip", *names])), name="new_type.csv")

    assert [dict(found["evidence"]) for found in outcome.rows] == [
        {name: value for name, value in zip(names, cells, strict=True) if value} for cells in values
    ]


def test_a_long_value_is_cut(read: Read) -> None:
    assert len(read(table(row(rdp_protocol="é" * 3000))).evidence["rdp_protocol"]) == 500


def test_a_column_under_its_old_name_is_found(read: Read) -> None:
    text = "timestamp,ip,host,size\n2026-11-22 00:00:00,192.0.2.1,www.example.nl,12\n"
    outcome = read(text, name="scan_chargen.csv")

    assert outcome.only_row["hinted_name"] == "www.example.nl"
    assert outcome.evidence["response_size"] == "12"


def test_an_old_file_without_severity_is_read_without_a_word(read: Read) -> None:
    outcome = read("timestamp,ip\n2026-11-22 00:00:00,192.0.2.1\n", name="scan_telnet.csv")

    assert outcome.only_row["severity"] == 2
    assert outcome.warnings == []


@pytest.mark.parametrize("text", ["", "\n\n", "<html>502 Bad gateway</html>\n", "rommel\n"])
def test_what_has_no_header_of_a_report_is_refused(read: Read, text: str) -> None:
    with pytest.raises(ReportRefusedError, match=r"is empty|is no report"):
        read(text)


@pytest.mark.parametrize("name", ["ip", "timestamp", "port", "hostname", "severity"])
def test_a_column_that_stands_twice_is_refused(read: Read, name: str) -> None:
    again = table(f"{ROW},203.0.113.9", header=f"{HEADER},{name.upper()}")
    with pytest.raises(ReportRefusedError, match=rf"the column {name} more than once"):
        read(again)


def test_a_column_that_decides_nothing_may_stand_twice(read: Read) -> None:
    again = table(f"{ROW},1,DE", header=f"{HEADER},geo,geo")

    assert read(again).only_row["hinted_name"] == read(table(ROW)).only_row["hinted_name"]


def test_a_first_line_that_is_too_long_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-22-scan_rdp-test.csv"
    path.write_text("\n" + "timestamp,ip,port" * 100 + "\n2026-11-22 00:00:00,192.0.2.1,3389\n")
    limits = ReadLimits(max_line_bytes=1000)
    with pytest.raises(ReportRefusedError, match=r"first line of .* is longer than 1,000 bytes"):
        list(FEEDS["shadowserver"].open_report(path, limits=limits).batches())


def test_a_row_of_the_future_is_quarantined(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-22-scan_rdp-test.csv"
    path.write_text(
        "timestamp,ip,port\n"
        "2026-11-22 00:00:00,192.0.2.1,3389\n"
        "2099-01-01 00:00:00,192.0.2.2,3389\n"
    )
    limits = ReadLimits(not_after=datetime(2026, 11, 24, tzinfo=UTC))
    (batch,) = FEEDS["shadowserver"].open_report(path, limits=limits).batches()
    assert batch.observations.num_rows == 1
    assert [(row.line, row.reason) for row in batch.quarantined] == [(3, "in-future")]


@pytest.mark.parametrize("header", [HEADER, "timestamp,ip,port"])
def test_a_file_with_only_a_header_gives_no_rows(read: Read, header: str) -> None:
    outcome = read(header)

    assert (outcome.rows, outcome.quarantined, outcome.warnings) == ([], [], [])


def test_a_column_whose_name_looks_like_a_pattern_is_a_column(read: Read) -> None:
    text = "timestamp,ip,^.*$,note\n2026-11-22 00:00:00,192.0.2.1,one,two\n"
    outcome = read(text, name="scan_wonder.csv")

    assert outcome.evidence == {".*$": "one", "note": "two"}
