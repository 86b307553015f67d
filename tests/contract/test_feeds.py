"""What every feed promises, whatever its bytes look like.

A new feed adds a specimen of its own report to `SPECIMENS`; the rest runs over `FEEDS`.
"""

from __future__ import annotations

import gc
import gzip
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baken.core.classification import RSIT_TYPES, Severity, Tlp
from baken.core.errors import ReportRefusedError
from baken.core.observation import (
    OBSERVATION_SCHEMA,
    AffectedRole,
    ParsedBatch,
    QuarantinedRow,
)
from baken.feeds import FEEDS, Feed, ReadLimits

SPECIMENS: Final[Mapping[str, tuple[str, bytes, bytes]]] = {
    # The feed's key: a file name, a head of the file, and one row that can be read.
    "shadowserver": (
        "2026-11-22-scan_rdp-example.csv",
        b"timestamp,ip,port,hostname,tag\n",
        b"2026-11-22 00:00:00,192.0.2.1,3389,www.example.nl,rdp\n",
    ),
}

TINY: Final = ReadLimits(chunk_bytes=48)
SMALL: Final = ReadLimits(chunk_bytes=300)
HUGE: Final = ReadLimits(chunk_bytes=256 * 1024 * 1024)
PATIENT = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=sorted(FEEDS))
def feed(request: pytest.FixtureRequest) -> Feed:
    return FEEDS[request.param]


@pytest.fixture
def specimen(feed: Feed) -> tuple[str, bytes, bytes]:
    return SPECIMENS[feed.key]


def batches_of(feed: Feed, path: Path, limits: ReadLimits = HUGE) -> list[ParsedBatch]:
    return list(feed.open_report(path, limits=limits).batches())


def everything(batches: list[ParsedBatch]) -> tuple[list[dict[str, Any]], list[QuarantinedRow]]:
    rows = [row for batch in batches for row in batch.observations.to_pylist()]
    quarantined = [row for batch in batches for row in batch.quarantined]
    return rows, quarantined


def assert_is_sound(batches: list[ParsedBatch]) -> None:
    for batch in batches:
        assert batch.observations.schema.equals(OBSERVATION_SCHEMA)
        batch.observations.validate(full=True)
        assert batch.rows_read == batch.observations.num_rows + len(batch.quarantined)
        for row in batch.observations.to_pylist():
            assert RSIT_TYPES[row["rsit_type"]] == row["rsit_taxonomy"]
            Severity(row["severity"])
            Tlp(row["tlp"])
            AffectedRole(row["affected_role"])
            assert (row["ipv6_high"] is None) == (row["ipv6_low"] is None)
            assert row["ipv4"] is None or row["ipv6_high"] is None
            assert all(value for _, value in row["evidence"])
        for fault in batch.quarantined:
            assert fault.line >= 1
            assert fault.reason
            assert fault.explanation
            assert len(fault.value) <= 200
    warnings = [warning for batch in batches for warning in batch.warnings]
    assert len(warnings) == len(set(warnings))


def test_the_key_in_the_table_is_the_feeds_own(feed: Feed) -> None:
    assert FEEDS[feed.key] is feed


def test_a_good_row_is_an_observation(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path
) -> None:
    name, head, row = specimen
    path = tmp_path / name
    path.write_bytes(head + row)
    rows, quarantined = everything(batches_of(feed, path))

    assert len(rows) == 1
    assert rows[0]["source"] == feed.key
    assert quarantined == []


def test_a_report_may_be_read_twice(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path
) -> None:
    name, head, row = specimen
    path = tmp_path / name
    path.write_bytes(head + row)
    report = feed.open_report(path)

    assert everything(list(report.batches())) == everything(list(report.batches()))


@PATIENT
@given(noise=st.binary(max_size=400), has_head=st.booleans())
def test_arbitrary_bytes_are_read_or_refused(
    feed: Feed,
    specimen: tuple[str, bytes, bytes],
    tmp_path: Path,
    noise: bytes,
    has_head: bool,
) -> None:
    name, head, _ = specimen
    path = tmp_path / name
    path.write_bytes((head if has_head else b"") + noise)
    try:
        batches = batches_of(feed, path, SMALL)
    except ReportRefusedError:
        return
    assert_is_sound(batches)


@PATIENT
@given(position=st.integers(min_value=0, max_value=400), value=st.integers(0, 255))
def test_a_damaged_package_is_read_or_refused(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path, position: int, value: int
) -> None:
    name, head, row = specimen
    packed = bytearray(gzip.compress(head + row * 20))
    packed[position % len(packed)] = value
    path = tmp_path / f"{name}.gz"
    path.write_bytes(packed)
    try:
        batches = batches_of(feed, path)
    except ReportRefusedError:
        return
    assert_is_sound(batches)


_PIECES = st.sampled_from(
    ['"', '""', '\\"', "\\", ",", "\n", "\r\n", "a", "é", "192.0.2.1", "2026-11-22 00:00:00", " "]
)


@PATIENT
@given(pieces=st.lists(st.one_of(_PIECES, st.just("good row")), max_size=60))
def test_where_the_file_is_cut_into_batches_makes_no_difference(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path, pieces: list[str]
) -> None:
    name, head, row = specimen
    body = b"".join(b"\n" + row if piece == "good row" else piece.encode() for piece in pieces)
    path = tmp_path / name
    path.write_bytes(head + body)

    whole = batches_of(feed, path, HUGE)
    assert_is_sound(whole)
    for limits in (TINY, SMALL):
        assert everything(batches_of(feed, path, limits)) == everything(whole)


@PATIENT
@given(faults=st.lists(st.sampled_from(["good", "short", "empty"]), min_size=1, max_size=40))
def test_every_row_is_an_observation_or_quarantined(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path, faults: list[str]
) -> None:
    name, head, row = specimen
    lines = {"good": row, "short": b"x\n", "empty": b"\n"}
    path = tmp_path / name
    path.write_bytes(head + b"".join(lines[fault] for fault in faults))
    rows, quarantined = everything(batches_of(feed, path, SMALL))

    first = 1 + head.count(b"\n")
    assert [found["line"] for found in rows] == [
        first + index for index, fault in enumerate(faults) if fault == "good"
    ]
    assert [found.line for found in quarantined] == [
        first + index for index, fault in enumerate(faults) if fault == "short"
    ]


def threads_besides(known: list[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in known]


def test_batches_that_nobody_asks_for_any_more_leave_no_thread(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path
) -> None:
    name, head, row = specimen
    path = tmp_path / name
    path.write_bytes(head + row * 200)
    known = threading.enumerate()
    batches = feed.open_report(path, limits=TINY).batches()

    next(batches)
    del batches

    assert threads_besides(known) == []


def test_an_interrupt_between_two_batches_leaves_no_thread(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path
) -> None:
    name, head, row = specimen
    path = tmp_path / name
    path.write_bytes(head + row * 200)
    known = threading.enumerate()

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        for _ in feed.open_report(path, limits=TINY).batches():
            raise KeyboardInterrupt
    gc.collect()

    assert threads_besides(known) == []


def test_a_package_that_breaks_off_gives_what_came_before_and_is_then_refused(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path
) -> None:
    name, head, row = specimen
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(head + row * 5000)[:-20])
    known = threading.enumerate()
    rows = 0

    with pytest.raises(ReportRefusedError, match="damaged"):  # noqa: PT012
        for batch in feed.open_report(path, limits=SMALL).batches():
            rows += batch.rows_read

    assert rows > 0
    assert threads_besides(known) == []


@pytest.mark.parametrize("kept", [1, 10, 30])
def test_a_file_that_is_cut_off_costs_its_last_row_only(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path, kept: int
) -> None:
    name, head, row = specimen
    path = tmp_path / name
    path.write_bytes(head + row * 100 + row[:kept])
    rows, quarantined = everything(batches_of(feed, path, SMALL))

    assert len(rows) == 100
    assert [(fault.line, fault.reason) for fault in quarantined] == [
        (101 + head.count(b"\n"), "truncated-row")
    ]


def test_every_real_sample_is_read(shared_data: Path) -> None:
    samples = sorted((shared_data / "shadowserver" / "samples").glob("*.csv"))
    assert len(samples) == 64
    reasons: dict[tuple[str, str], int] = {}
    for sample in samples:
        batches = batches_of(FEEDS["shadowserver"], sample)
        assert_is_sound(batches)
        rows, quarantined = everything(batches)
        lines = sample.read_bytes().rstrip(b"\n").count(b"\n")
        assert len(rows) + len(quarantined) == lines, sample.name
        for fault in quarantined:
            key = (sample.stem, fault.reason)
            reasons[key] = reasons.get(key, 0) + 1

    # Each looked at by hand, and true.
    assert reasons == {
        ("blocklist", "network-instead-of-address"): 1,
        ("event4_honeypot_ddos", "wrong-field-count"): 3,  # http_agent is named but not there
        ("event4_honeypot_ddos_amp", "bad-address"): 1,  # five numbers
        ("scan_rdp", "wrong-field-count"): 2,  # jarm is named but not there
        ("scan_synfulknock", "wrong-field-count"): 1,  # the last row breaks off before sector
    }
