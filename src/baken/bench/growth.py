"""How the work grows: with the rows in proportion, with the assets hardly. A table and a plot."""

from __future__ import annotations

import multiprocessing
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from baken.bench import Measurement
from baken.bench.ingest import measure_ingest
from baken.bench.kernel import measure_mixture
from baken.core.errors import ExtraMissingError, OutputRefusedError

ROWS: Final = (100_000, 1_000_000, 10_000_000, 50_000_000)
ASSETS: Final = (10_000, 100_000, 1_000_000, 3_000_000)
_FILE: Final = "report file to matches"

Say = Callable[[str], None]


def measure_growth(*, folder: Path, most_rows: int, say: Say) -> list[Measurement]:
    """Measure the kernel over every number of rows and assets, and the way from a report file over
    the rows; write ``growth.md`` and ``growth.svg`` into `folder`.

    Each figure comes from a process of its own. Raises `ExtraMissingError`, `OutputRefusedError`.
    """
    if find_spec("altair") is None or find_spec("vl_convert") is None:
        raise ExtraMissingError("The plot cannot be drawn.", remedy="Install baken[charts].")
    if not folder.is_dir():
        raise OutputRefusedError(f"{folder} is no folder.", remedy="Name one with --folder.")
    steps = [rows for rows in ROWS if rows <= most_rows]
    found: list[Measurement] = []
    for assets in ASSETS:
        for rows in steps:
            say(f"{rows:,} rows against {assets:,} assets …")
            found.append(_alone(measure_mixture, rows=rows, assets=assets))
    for rows in steps:
        say(f"A report of {rows:,} rows …")
        found.append(_alone(measure_ingest, rows=rows))
    folder.joinpath("growth.svg").write_text(_plot(found))
    folder.joinpath("growth.md").write_text(_page(found))
    return found


def _alone(measure: Callable[..., Measurement], **sizes: int) -> Measurement:
    # What another figure left in memory would count in this one's peak.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(measure, **sizes).result()


def _series(measurement: Measurement) -> str:
    assets = measurement.details.get("assets")
    return _FILE if assets is None else f"{_nearest(int(assets)):,} assets"


def _nearest(assets: int) -> int:
    return min(ASSETS, key=lambda wanted: abs(wanted - assets))


def _plot(found: Sequence[Measurement]) -> str:
    import altair
    import vl_convert

    values: list[dict[str, Any]] = [
        {"rows": one.rows, "seconds": one.seconds, "series": _series(one)} for one in found
    ]
    order = list(dict.fromkeys(value["series"] for value in values))
    chart = (
        altair.Chart({"values": values}, width=620, height=380)
        .mark_line(point=True)
        .encode(
            x=altair.X("rows:Q", title="rows").scale(type="log").axis(format="~s"),
            y=altair.Y("seconds:Q", title="seconds").scale(type="log").axis(format="~g"),
            color=altair.Color("series:N", title="against", sort=order),
        )
    )
    return str(vl_convert.vegalite_to_svg(chart.to_json()))


_PAGE: Final = """\
# How the work grows

Ten times the rows take ten times as long. Three hundred times the assets take a few times as long,
since more of them no longer fit the processor's cache. Written by `baken bench growth`; each figure
comes from a process of its own.

![Seconds over rows, on logarithmic scales: the lines are straight](growth.svg)

## Rows a second

{speeds}

## The most memory held, in MiB

{peaks}

The first lines are observations in memory to matches, by address, name and AS number in a realistic
mixture. The last, {file}, is all the way from a Shadowserver CSV of 29 columns, against three
networks. What takes less than a second says more of its start than of its rate. Measured with
{processors} processors ({machine}), which other work shared.
"""


def _page(found: Sequence[Measurement]) -> str:
    return _PAGE.format(
        speeds=_table(found, lambda one: f"{one.rows_per_second:,}"),
        peaks=_table(found, lambda one: f"{one.peak_rss_bytes >> 20:,}"),
        file=_FILE,
        processors=os.cpu_count(),
        machine=platform.machine(),
    )


def _table(found: Sequence[Measurement], shown: Callable[[Measurement], str]) -> str:
    steps = list(dict.fromkeys(one.rows for one in found))
    by_series: dict[str, list[str]] = {}
    for one in found:
        by_series.setdefault(_series(one), []).append(shown(one))
    head = ["against", *(f"{rows:,} rows" for rows in steps)]
    lines = [head, ["---"] * len(head), *([name, *row] for name, row in by_series.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
