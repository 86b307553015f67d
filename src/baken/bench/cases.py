"""Matches to cases in PostgreSQL, and cases to notifications: how long each takes."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.bench.database import register
from baken.cases.services import (
    REFRESH_CASES,
    AcceptedReport,
    CaseCounts,
    accept_report,
    cases_of_sightings,
    copy_text,
    find_sightings,
)
from baken.core.classification import Severity, Tlp
from baken.core.observation import ParsedBatch, ReportInfo
from baken.core.policy import Policy
from baken.intake.services import ReportFile, begin_batch
from baken.matching import ReportMatcher
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.occasions.services import ensure_standing_occasions
from baken.outbox.services import plan_notifications
from baken.pipeline.ahead import worked_ahead
from baken.specimen.nation import NOW, Nation, found_nation, observe_nation
from baken.store import S3Access, open_store

_SEED: Final = 1
_BATCH_ROWS: Final = 100_000
_SHARES: Final = {"ipv4": 0.95, "ipv6": 0.08, "host_name": 0.55, "asn": 0.98}
_EVIDENCE_COLUMNS: Final = 10


class ReportInMemory:
    """A report whose rows are at hand, so that reading a file is not measured."""

    def __init__(self, batches: Sequence[pa.RecordBatch]) -> None:
        self.info = ReportInfo("shadowserver", "scan_rdp", is_known_type=True, report_date=None)
        self._batches = batches

    def batches(self) -> Generator[ParsedBatch, None, None]:
        """See `baken.core.observation.Report`."""
        for batch in self._batches:
            yield ParsedBatch(observations=batch, quarantined=[])


def measure_cases(*, matches: int) -> Measurement:
    """Make cases of about `matches` matches, and refresh them a day later; in an empty database.

    From observations with their matches in memory to the commit. Reading, matching and the store
    are measured by themselves.
    """
    nation = found_nation(assets=max(1_000, matches // 20), seed=_SEED)
    organisations = register(nation.assets)
    matcher = ArrayMatcher(build_index(nation.assets, as_of=NOW))
    batches, found = observed_matches(nation, matcher, matches=matches)
    matched = [(batch, matcher.match(batch)) for batch in batches]
    with timed() as opening:
        opened = make_cases(matched, name="today")
    next_day = [(_a_day_later(batch), found_there) for batch, found_there in matched]
    with timed() as refreshing:
        refreshed = make_cases(next_day, name="tomorrow")
    return Measurement(
        measured=f"matches in memory to new cases of {organisations:,} organisations, committed; "
        "refreshed: the same a day later",
        rows=found,
        seconds=opening.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={
            "observations": sum(batch.num_rows for batch in batches),
            "cases_opened": opened.opened,
            "cases_refreshed": refreshed.seen_again,
            "refresh_seconds": round(refreshing.seconds, 3),
            "refresh_rows_per_second": round(found / refreshing.seconds),
        },
    )


def make_cases(matched: Sequence[tuple[pa.RecordBatch, pa.Table]], *, name: str) -> CaseCounts:
    """Write the cases of observations and their matches, as of one report called `name`."""
    with transaction.atomic():
        batch = begin_batch(_report_file(name), now=NOW)

        def sightings(piece: tuple[pa.RecordBatch, pa.Table]) -> bytes:
            return copy_text(find_sightings(*piece))

        with closing(worked_ahead(iter(matched), sightings, threads=1)) as ahead:
            return cases_of_sightings(batch.pk, ahead, now=NOW, refresh=REFRESH_CASES)


def measure_plan(*, organisations: int) -> Measurement:
    """Plan what is told to about `organisations` organisations, in an empty database.

    Each has some nine open cases. What is timed is `plan_notifications`.
    """
    nation = found_nation(assets=organisations * 21 // 10, seed=_SEED)
    register(nation.assets)
    matcher = ArrayMatcher(build_index(nation.assets, as_of=NOW))
    batches, _ = observed_matches(nation, matcher, matches=organisations * 12)
    ensure_standing_occasions(feed="shadowserver", tlp=Tlp.AMBER)
    _accept(batches, matcher, name="today")
    policy = Policy(minimum_severity=Severity.MEDIUM)
    with timed() as watch:
        plan = plan_notifications(policy=policy, feed_tlp=Tlp.AMBER, now=NOW)
    return Measurement(
        measured="notifications planned and committed, from open cases",
        rows=plan.notifications,
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={"cases": plan.cases, "kept_back": len(plan.unreachable)},
    )


def observed_matches(
    nation: Nation, matcher: ReportMatcher, *, matches: int
) -> tuple[list[pa.RecordBatch], int]:
    """Observations that make at least so many matches, and how many they make."""
    batches: list[pa.RecordBatch] = []
    found = 0
    while found < matches:
        wanted = matches - found
        if found:  # as many rows as make the rest, by what the rows so far made
            wanted = ceil(wanted * sum(batch.num_rows for batch in batches) / found)
        batch = observe_nation(
            nation,
            rows=min(_BATCH_ROWS, wanted),
            shares=_SHARES,
            seed=_SEED + len(batches),
            evidence=_EVIDENCE_COLUMNS,
        )
        batches.append(batch)
        found += matcher.match(batch).num_rows
    return batches, found


def _accept(
    batches: Sequence[pa.RecordBatch], matcher: ReportMatcher, *, name: str
) -> AcceptedReport:
    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder:
        store = open_store(Path(folder).as_uri(), s3=S3Access(), owner="0" * 8)
        return accept_report(
            ReportInMemory(batches),
            _report_file(name),
            matcher=matcher,
            store=store,
            now=NOW,
            progress=lambda _: None,
        )


def _report_file(name: str) -> ReportFile:
    return ReportFile(
        feed="shadowserver",
        report_type="scan_rdp",
        file_name=name,
        content_sha256=name,
        report_date=None,
    )


def _a_day_later(batch: pa.RecordBatch) -> pa.RecordBatch:
    later = pc.add(batch["observed_at"], pa.scalar(timedelta(days=1)))
    place = batch.schema.get_field_index("observed_at")
    return batch.set_column(place, batch.schema.field(place), later.cast(batch.schema[place].type))
