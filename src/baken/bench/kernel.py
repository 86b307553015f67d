"""The matching kernel: how many observations a second, by what they are known by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.specimen.nation import NOW, Nation, found_nation, observe_nation

_SEED: Final = 1
_BATCH_ROWS: Final = 1_000_000
_SHARES: Final[Mapping[str, Mapping[str, float]]] = {
    "ipv4": {"ipv4": 1.0},
    "ipv6": {"ipv6": 1.0},
    "domain": {"host_name": 1.0},
    "mixture": {
        "ipv4": 0.95, "ipv6": 0.08, "host_name": 0.55, "email_domain": 0.02, "asn": 0.98,
    },
}  # fmt: skip
"""What part of the rows has what, in each of the measurements."""


def measure_kernel(*, rows: int, assets: int) -> dict[str, Measurement]:
    """Match `rows` observations of each sort against a nation of `assets` assets.

    What is timed is `Matcher.match` alone: observations as record batches of a million rows in,
    matches as tables out.
    """
    return _measure_sorts(list(_SHARES), rows=rows, assets=assets)


def measure_mixture(*, rows: int, assets: int) -> Measurement:
    """Like `measure_kernel`, of the mixture alone."""
    return _measure_sorts(["mixture"], rows=rows, assets=assets)["mixture"]


def _measure_sorts(sorts: Sequence[str], *, rows: int, assets: int) -> dict[str, Measurement]:
    nation = found_nation(assets=assets, seed=_SEED)
    with timed() as building:
        index = build_index(nation.assets, as_of=NOW)
    matcher = ArrayMatcher(index)
    return {
        sort: _measure_sort(
            nation, matcher, sort=sort, rows=rows,
            index_bytes=index.nbytes, index_seconds=round(building.seconds, 2),
        )
        for sort in sorts
    }  # fmt: skip


def _measure_sort(
    nation: Nation,
    matcher: ArrayMatcher,
    *,
    sort: str,
    rows: int,
    index_bytes: int,
    index_seconds: float,
) -> Measurement:
    size = min(rows, _BATCH_ROWS)
    batches = [
        observe_nation(nation, rows=size, shares=_SHARES[sort], seed=_SEED + number)
        for number in range(2)
    ]
    matcher.match(batches[0])  # the first time touches memory that later times find at hand
    done = matches = 0
    with timed() as watch:
        while done < rows:
            matches += matcher.match(batches[done // size % 2]).num_rows
            done += size
    return Measurement(
        measured=f"{sort} observations in memory to matches, against {nation.assets.num_rows:,} "
        "assets",
        rows=done,
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={
            "matches": matches,
            "assets": nation.assets.num_rows,
            "index_bytes": index_bytes,
            "index_seconds": index_seconds,
        },
    )
