"""Report file to matches: how fast a Shadowserver CSV is read and matched."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

import pyarrow as pa

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.core.asset import parse_asset
from baken.feeds import FEEDS
from baken.matching import ASSET_SCHEMA
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.pipeline.memory import keep_freed_memory
from baken.specimen.load import REPORT_TYPE, write_report

DAY: Final = date(2026, 11, 22)
NETWORKS: Final = tuple(
    IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/25", "203.0.113.0/26")
)
_SEED: Final = 1


def measure_ingest(*, rows: int) -> Measurement:
    """Read a made-up Shadowserver CSV of `rows` rows and match it; nothing is written."""
    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder:
        path = Path(folder) / f"{DAY}-{REPORT_TYPE}-bench.csv"
        write_report(path, rows=rows, seed=_SEED, networks=NETWORKS, day=DAY)
        return measure_report(path, networks=[str(network) for network in NETWORKS])


def measure_report(path: Path, *, networks: Sequence[str]) -> Measurement:
    """Read the made-up Shadowserver CSV at `path` and match it against `networks`."""
    keep_freed_memory()  # as `baken ingest` does
    matcher = matcher_of(networks)
    read = matches = 0
    with timed() as watch:
        for parsed in FEEDS["shadowserver"].open_report(path).batches():
            read += parsed.rows_read
            matches += matcher.match(parsed.observations).num_rows
    return Measurement(
        measured=f"a made-up {REPORT_TYPE} CSV to matches, against {len(networks)} networks",
        rows=read,
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={"matches": matches, "bytes": path.stat().st_size},
    )


def matcher_of(networks: Sequence[str]) -> ArrayMatcher:
    """A matcher that knows these networks (CIDR), each of an organisation of its own."""
    rows = [
        {
            "asset_id": number,
            "organisation_id": number,
            "kind": "network",
            "network": parse_asset(network, allow_documentation=True).value,
        }
        for number, network in enumerate(networks, start=1)
    ]
    assets = pa.Table.from_pylist(rows, schema=ASSET_SCHEMA)
    return ArrayMatcher(build_index(assets, as_of=datetime.combine(DAY, time(), UTC)))
