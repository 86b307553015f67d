"""Matches to cases in PostgreSQL: how long they take to open, and to be seen again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.bench.database import register
from baken.core.observation import ParsedBatch, ReportInfo
from baken.intake.services import ReportFile
from baken.matching import Matcher
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.occasions.services import AcceptedReport, accept_report
from baken.specimen.nation import NOW, found_nation, observe_nation
from baken.store import ObservationStore, S3Access, open_store

_SEED: Final = 1
_BATCH_ROWS: Final = 100_000
_SHARES: Final = {"ipv4": 0.95, "ipv6": 0.08, "host_name": 0.55, "asn": 0.98}
_EVIDENCE_COLUMNS: Final = 10


class ReportInMemory:
    """A report whose rows are at hand, so that reading a file is not measured."""

    def __init__(self, batches: Sequence[pa.RecordBatch]) -> None:
        self.info = ReportInfo("shadowserver", "scan_rdp", is_known_type=True, report_date=None)
        self._batches = batches

    def batches(self) -> Iterator[ParsedBatch]:
        """See `baken.core.observation.Report`."""
        for batch in self._batches:
            yield ParsedBatch(observations=batch, quarantined=[])


def measure_cases(*, matches: int) -> dict[str, Measurement]:
    """Make cases of about `matches` matches, and refresh them a day later; in an empty database.

    What is timed is all of `accept_report`: matching, the store and the commit are in it.
    """
    nation = found_nation(assets=max(1_000, matches // 20), seed=_SEED)
    organisations = register(nation.assets)
    matcher = ArrayMatcher(build_index(nation.assets, as_of=NOW))
    batches: list[pa.RecordBatch] = []
    found = 0
    while found < matches:
        batch = observe_nation(
            nation, rows=_BATCH_ROWS, shares=_SHARES, seed=_SEED + len(batches),
            evidence=_EVIDENCE_COLUMNS,
        )  # fmt: skip
        batches.append(batch)
        found += matcher.match(batch).num_rows
    next_day = [_a_day_later(batch) for batch in batches]
    measured = f"matches to cases of {organisations:,} organisations"
    return {
        "opened": _measure(batches, matcher, measured=f"new {measured}", found=found),
        "refreshed": _measure(next_day, matcher, measured=f"the next day's {measured}",
                              found=found),
    }  # fmt: skip


def _measure(
    batches: Sequence[pa.RecordBatch], matcher: Matcher, *, measured: str, found: int
) -> Measurement:
    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder, timed() as watch:
        accepted = _accept(batches, matcher, store=_store(Path(folder)), name=measured)
    cases = accepted.cases
    return Measurement(
        measured=measured,
        rows=found,
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={
            "observations": accepted.rows.read,
            "opened": cases.opened,
            "seen_again": cases.seen_again,
        },
    )


def _store(folder: Path) -> ObservationStore:
    return open_store(folder.as_uri(), s3=S3Access(), owner="0" * 8)


def _accept(
    batches: Sequence[pa.RecordBatch], matcher: Matcher, *, store: ObservationStore, name: str
) -> AcceptedReport:
    file = ReportFile(
        feed="shadowserver", report_type="scan_rdp", file_name=name, content_sha256=name,
        report_date=None,
    )  # fmt: skip
    return accept_report(
        ReportInMemory(batches), file, matcher=matcher, store=store, now=NOW,
        progress=lambda _: None,
    )  # fmt: skip


def _a_day_later(batch: pa.RecordBatch) -> pa.RecordBatch:
    later = pc.add(batch["observed_at"], pa.scalar(timedelta(days=1)))
    place = batch.schema.get_field_index("observed_at")
    return batch.set_column(place, batch.schema.field(place), later.cast(batch.schema[place].type))
