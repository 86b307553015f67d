"""``baken bench``: measurements as commands that print JSON."""

from __future__ import annotations

import random
import resource
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import pyarrow as pa
import typer

from baken.cli.progress import say_json
from baken.core.asset import parse_asset

app = typer.Typer(help="Measure, and print JSON.", no_args_is_help=True)

_DAY: Final = date(2026, 11, 22)
_SEED: Final = 1


@app.callback()
def measure() -> None:
    """Measure, and print JSON."""


@app.command()
def ingest(
    rows: Annotated[int, typer.Option(help="How many rows.")] = 1_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (it always does).")] = True,
) -> None:
    """Report file to matches: read a made-up Shadowserver CSV of ROWS rows and match it."""
    del as_json  # figures are always JSON; the flag is there because every command has it
    from baken.feeds import FEEDS
    from baken.matching.polars_matcher import PolarsMatcher
    from baken.specimen.constituency import made_up_organisations
    from baken.specimen.reports import TYPES, report_frame

    organisations = made_up_organisations()
    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder:
        path = Path(folder) / f"{_DAY}-{TYPES[0].report_type}-bench.csv"
        piece = report_frame(
            TYPES[0],
            day=_DAY,
            organisations=organisations,
            rows=min(rows, 100_000),
            chance=random.Random(_SEED),  # noqa: S311 - made-up data is seeded, not secret
        ).write_csv(quote_style="non_numeric")
        header, body = piece.split("\n", 1)
        lines = body.splitlines(keepends=True)
        with path.open("w") as file:
            file.write(header + "\n")
            for start in range(0, rows, len(lines)):
                file.writelines(lines[: rows - start])
        size = path.stat().st_size
        matcher = PolarsMatcher(_asset_table([str(one.network) for one in organisations]))
        started = time.perf_counter()
        read = matched = 0
        for parsed in FEEDS["shadowserver"].open_report(path).batches():
            read += parsed.rows_read
            matched += matcher.match(parsed.observations).num_rows
        seconds = time.perf_counter() - started
    say_json(
        {
            "rows": read,
            "matches": matched,
            "bytes": size,
            "seconds": round(seconds, 3),
            "rows_per_second": round(read / seconds),
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "measured": "a made-up scan_rdp CSV to matches, against 60 networks",
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


def _asset_table(networks: list[str]) -> pa.Table:
    from baken.matching import ASSET_SCHEMA

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
