"""What every feed promises, whatever its bytes look like: lines of text, or one document.

A new feed adds a sample of its own reports to `SAMPLES`; the rest runs over `FEEDS`, and over a
made-up feed of JSON documents. What only reports in lines of text promise is in
test_feeds_of_lines.py.
"""

from __future__ import annotations

import gc
import gzip
import re
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest
from feed_reports import (
    BRIEF,
    HUGE,
    PATIENT,
    SMALL,
    TINY,
    assert_is_sound,
    batches_of,
    everything,
    threads_besides,
)
from feed_samples import SAMPLES, ReportSample, Row
from hypothesis import given
from hypothesis import strategies as st

import baken.feeds
from baken.core.classification import Tlp
from baken.core.errors import ReportRefusedError, ReportTooLargeError
from baken.feeds import FEEDS, Confidence, Feed, ReadLimits
from baken.jobs.feed_choice import is_report_name, recognising_feed
from made_up_feed import KEY, MadeUpFeed

EVERY_FEED: Final[Mapping[str, Feed]] = MappingProxyType({**FEEDS, KEY: MadeUpFeed()})
ROWS = st.lists(st.sampled_from(["good", "bad"]), min_size=1, max_size=40)


@pytest.fixture(params=sorted(EVERY_FEED))
def feed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Feed:
    monkeypatch.setattr(baken.feeds, "FEEDS", EVERY_FEED)
    return EVERY_FEED[request.param]


@pytest.fixture
def sample(feed: Feed) -> ReportSample:
    return SAMPLES[feed.key]


def test_the_key_in_the_table_is_the_feeds_own(feed: Feed) -> None:
    assert baken.feeds.FEEDS[feed.key] is feed


def test_a_good_row_is_an_observation(feed: Feed, sample: ReportSample, tmp_path: Path) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"]))
    rows, quarantined = everything(batches_of(feed, path))

    assert len(rows) == 1
    assert rows[0]["source"] == feed.key
    assert quarantined == []


def test_a_row_keeps_to_what_the_feed_says_of_itself(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"]))
    report = feed.open_report(path)
    ((row,), _) = everything(list(report.batches()))

    assert row["finding_kind"] in feed.finding_kinds()
    assert Tlp(row["tlp"]).rank >= feed.terms.label.rank
    assert row["report_type"] == report.info.report_type
    hints = feed.name_hints(report.info.report_type)
    assert all(hint.column for hint in hints)
    assert len({hint.column for hint in hints}) == len(hints)
    hinted = [value for column, value in row["evidence"] if column in {h.column for h in hints}]
    assert row["host_name"] is None or row["host_name"] not in hinted


def test_what_a_feed_says_of_itself_can_be_used(feed: Feed) -> None:
    kebab = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
    assert kebab.fullmatch(feed.key)
    assert feed.finding_kinds()
    assert all(kebab.fullmatch(kind) for kind in feed.finding_kinds())
    assert feed.file_endings
    assert all(ending.startswith(".") and ending.islower() for ending in feed.file_endings)
    assert feed.expected_every is None or feed.expected_every > timedelta(0)
    for health in feed.health(today=date(2026, 11, 27)):
        assert health.text
        assert health.is_well or health.remedy


def test_its_own_report_is_recognised_by_it_and_by_no_other_as_surely(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"]))
    packed = tmp_path / f"{sample.file_name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))

    assert recognising_feed(path) is feed
    assert recognising_feed(packed) is feed
    assert is_report_name(path.name)


@BRIEF
@given(noise=st.binary(max_size=400), has_opening=st.booleans())
def test_arbitrary_bytes_are_recognised_or_not_and_raise_nothing(
    feed: Feed, sample: ReportSample, tmp_path: Path, noise: bytes, has_opening: bool
) -> None:
    for name in (sample.file_name, "unnamed", "report.gz", "report.zip"):
        path = tmp_path / name
        path.write_bytes((sample.opening if has_opening else b"") + noise)
        assert feed.recognises(path) in Confidence


def test_a_report_may_be_read_twice(feed: Feed, sample: ReportSample, tmp_path: Path) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"]))
    report = feed.open_report(path)

    assert everything(list(report.batches())) == everything(list(report.batches()))


def test_a_report_without_rows_is_one_all_the_same(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report([]))

    assert everything(batches_of(feed, path)) == ([], [])


def test_an_empty_file_is_refused(feed: Feed, sample: ReportSample, tmp_path: Path) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(b"")

    with pytest.raises(ReportRefusedError):
        batches_of(feed, path)


def test_what_is_no_file_is_refused(feed: Feed, sample: ReportSample, tmp_path: Path) -> None:
    for path in (tmp_path / sample.file_name, tmp_path):
        with pytest.raises(ReportRefusedError):
            feed.open_report(path)


@PATIENT
@given(noise=st.binary(max_size=400), has_opening=st.booleans())
def test_arbitrary_bytes_are_read_or_refused(
    feed: Feed, sample: ReportSample, tmp_path: Path, noise: bytes, has_opening: bool
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes((sample.opening if has_opening else b"") + noise)
    try:
        batches = batches_of(feed, path, SMALL)
    except ReportRefusedError:
        return
    assert_is_sound(batches)


@BRIEF
@given(position=st.integers(min_value=0, max_value=4000), value=st.integers(0, 255))
def test_a_damaged_byte_is_read_or_refused(
    feed: Feed, sample: ReportSample, tmp_path: Path, position: int, value: int
) -> None:
    content = bytearray(sample.report(["good"] * 20))
    content[position % len(content)] = value
    path = tmp_path / sample.file_name
    path.write_bytes(content)
    try:
        batches = batches_of(feed, path)
    except ReportRefusedError:
        return
    assert_is_sound(batches)


@PATIENT
@given(position=st.integers(min_value=0, max_value=400), value=st.integers(0, 255))
def test_a_damaged_package_is_read_or_refused(
    feed: Feed, sample: ReportSample, tmp_path: Path, position: int, value: int
) -> None:
    packed = bytearray(gzip.compress(sample.report(["good"] * 20)))
    packed[position % len(packed)] = value
    path = tmp_path / f"{sample.file_name}.gz"
    path.write_bytes(packed)
    try:
        batches = batches_of(feed, path)
    except ReportRefusedError:
        return
    assert_is_sound(batches)


def test_a_bomb_is_refused(feed: Feed, sample: ReportSample, tmp_path: Path) -> None:
    path = tmp_path / f"{sample.file_name}.gz"
    path.write_bytes(gzip.compress(sample.opening + b"0" * 2_000_000))

    with pytest.raises(ReportTooLargeError):
        batches_of(feed, path, ReadLimits(ratio_checked_after_bytes=1_000_000))


@BRIEF
@given(rows=ROWS)
def test_where_a_report_is_cut_into_batches_makes_no_difference(
    feed: Feed, sample: ReportSample, tmp_path: Path, rows: list[Row]
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(rows))

    whole = batches_of(feed, path, HUGE)
    assert_is_sound(whole)
    for limits in (TINY, SMALL):
        assert everything(batches_of(feed, path, limits)) == everything(whole)


@PATIENT
@given(kinds=ROWS)
def test_every_row_is_an_observation_or_quarantined(
    feed: Feed, sample: ReportSample, tmp_path: Path, kinds: list[Row]
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(kinds))
    rows, quarantined = everything(batches_of(feed, path, SMALL))

    assert [found["line"] for found in rows] == [
        sample.first + index for index, kind in enumerate(kinds) if kind == "good"
    ]
    assert [found.line for found in quarantined] == [
        sample.first + index for index, kind in enumerate(kinds) if kind == "bad"
    ]


def test_batches_that_nobody_asks_for_any_more_leave_no_thread(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"] * 200))
    known = threading.enumerate()
    batches = feed.open_report(path, limits=TINY).batches()

    next(batches)
    del batches

    assert threads_besides(known) == []


def test_an_interrupt_between_two_batches_leaves_no_thread(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"] * 200))
    known = threading.enumerate()

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        for _ in feed.open_report(path, limits=TINY).batches():
            raise KeyboardInterrupt
    gc.collect()

    assert threads_besides(known) == []


def test_a_package_that_breaks_off_is_refused_in_the_end(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / f"{sample.file_name}.gz"
    path.write_bytes(gzip.compress(sample.report(["good"] * 5000))[:-20])
    known = threading.enumerate()

    with pytest.raises(ReportRefusedError, match="damaged"):
        batches_of(feed, path, SMALL)

    assert threads_besides(known) == []


def test_a_report_that_is_cut_off_is_not_taken_for_a_whole_one(
    feed: Feed, sample: ReportSample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.report(["good"] * 101)[:-30])
    try:
        rows, quarantined = everything(batches_of(feed, path, SMALL))
    except ReportRefusedError:
        return

    assert len(rows) == 100
    assert len(quarantined) == 1
