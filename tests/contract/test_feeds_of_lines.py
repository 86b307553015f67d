"""What feeds of text promise besides: one record a line, whatever stands in the lines."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Final

import pytest
from feed_reports import (
    HUGE,
    PATIENT,
    SMALL,
    TINY,
    assert_is_sound,
    batches_of,
    everything,
    threads_besides,
)
from feed_samples import SHADOWSERVER_HEAD, SHADOWSERVER_ROW
from hypothesis import given
from hypothesis import strategies as st

from baken.core.errors import ReportRefusedError
from baken.feeds import FEEDS, Confidence, Feed

SPECIMENS: Final = {
    # The feed's key: a file name, a head of the file, and one row that can be read.
    "shadowserver": ("2026-11-22-scan_rdp-example.csv", SHADOWSERVER_HEAD, SHADOWSERVER_ROW),
}


@pytest.fixture(params=sorted(SPECIMENS))
def feed(request: pytest.FixtureRequest) -> Feed:
    return FEEDS[request.param]


@pytest.fixture
def specimen(feed: Feed) -> tuple[str, bytes, bytes]:
    return SPECIMENS[feed.key]


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


def test_a_package_that_breaks_off_gives_what_came_before_and_is_then_refused(
    feed: Feed, specimen: tuple[str, bytes, bytes], tmp_path: Path
) -> None:
    name, head, row = specimen
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(head + row * 5000)[:-20])
    known = threading.enumerate()
    rows = 0

    with pytest.raises(ReportRefusedError, match="damaged"):  # noqa: PT012 - which batch raises is open
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


@pytest.mark.parametrize(
    ("name", "content", "confidence"),
    [
        ("2026-11-22-scan_rdp-nl.csv", b"", Confidence.LIKELY),
        ("scan_rdp.csv.gz", b"", Confidence.LIKELY),
        ("2026-11-22-scan_new-nl.csv", b"", Confidence.POSSIBLE),
        ("Report.CSV", b"", Confidence.POSSIBLE),
        ("download.zip", b"PK\x03\x04 and no more", Confidence.POSSIBLE),
        ("report.txt", b"\n" + SHADOWSERVER_HEAD, Confidence.POSSIBLE),
        ("report", gzip.compress(SHADOWSERVER_HEAD), Confidence.POSSIBLE),
        ("report", b'"timestamp","ip"', Confidence.POSSIBLE),
        ("scan_rdp.json", b"[]", Confidence.NONE),
        ("notes.txt", b"no report", Confidence.NONE),
    ],
)
def test_any_text_in_columns_may_be_shadowservers_and_a_known_name_makes_it_likely(
    tmp_path: Path, name: str, content: bytes, confidence: Confidence
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert FEEDS["shadowserver"].recognises(path) is confidence


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
        ("event4_honeypot_ddos", "wrong-field-count"): 3,  # http_agent is named but not there
        ("event4_honeypot_ddos_amp", "bad-address"): 1,  # five numbers
        ("scan_rdp", "wrong-field-count"): 2,  # jarm is named but not there
        ("scan_synfulknock", "wrong-field-count"): 1,  # the last row breaks off before sector
    }
