"""Report file to matches: how fast a Shadowserver CSV is read and matched."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.core.asset import parse_asset
from baken.feeds import FEEDS
from baken.matching import ASSET_SCHEMA
from baken.matching.polars_matcher import PolarsMatcher
from baken.specimen.constituency import MadeUpOrganisation, made_up_organisations
from baken.specimen.reports import TYPES, report_frame

_DAY: Final = date(2026, 11, 22)
_SEED: Final = 1
_DRAWN_ROWS: Final = 100_000
"""So many rows are drawn; a longer file repeats them."""


def measure_ingest(*, rows: int) -> Measurement:
    """Read a made-up scan_rdp CSV of `rows` rows and match it; what is measured writes nothing."""
    organisations = made_up_organisations()
    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder:
        path = _write_report(Path(folder), organisations=organisations, rows=rows)
        return measure_report(path, networks=[str(one.network) for one in organisations])


def measure_report(path: Path, *, networks: Sequence[str]) -> Measurement:
    """Read the made-up Shadowserver CSV at `path` and match it against `networks`."""
    matcher = PolarsMatcher(_asset_table(networks))
    read = matches = 0
    with timed() as watch:
        for parsed in FEEDS["shadowserver"].open_report(path).batches():
            read += parsed.rows_read
            matches += matcher.match(parsed.observations).num_rows
    return Measurement(
        measured=f"a made-up scan_rdp CSV to matches, against {len(networks)} networks",
        rows=read,
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={"matches": matches, "bytes": path.stat().st_size},
    )


def _write_report(folder: Path, *, organisations: list[MadeUpOrganisation], rows: int) -> Path:
    path = folder / f"{_DAY}-{TYPES[0].report_type}-bench.csv"
    piece = report_frame(
        TYPES[0],
        day=_DAY,
        organisations=organisations,
        rows=min(rows, _DRAWN_ROWS),
        chance=random.Random(_SEED),  # noqa: S311 - made-up data is seeded, not secret
    ).write_csv(quote_style="non_numeric")
    header, body = piece.split("\n", 1)
    lines = body.splitlines(keepends=True)
    with path.open("w") as file:
        file.write(header + "\n")
        for start in range(0, rows, len(lines)):
            file.writelines(lines[: rows - start])
    return path


def _asset_table(networks: Sequence[str]) -> pa.Table:
    rows = [
        {
            "asset_id": number,
            "organisation_id": number,
            "kind": "network",
            "network": parse_asset(network, allow_documentation=True).value,
        }
        for number, network in enumerate(networks, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=ASSET_SCHEMA)
