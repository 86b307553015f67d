"""Every engine does the same work with the same answers: here, and on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from baken.cases.stored_work import CountWhoIsSeen, FindSightings, Source, Store
from baken.cases.unknown_work import FindUnknown
from baken.core.selection import Selection
from baken.matching import Engine, Matcher
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.matching.local_engine import LocalEngine
from baken.specimen.nation import NOW, found_nation, observe_nation
from baken.store import S3Access, open_store

SHARES = {"ipv4": 0.9, "ipv6": 0.1, "host_name": 0.5, "email_domain": 0.1, "asn": 0.9}
ASSETS = found_nation(assets=3_000, seed=3)
ROWS = 5_000
BYTES = {"sightings", "systems", "unknown"}
"""Columns that hold a whole table each."""


@pytest.fixture(params=["local", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "local":
        return here()
    make: Callable[[pa.Table], Engine] = request.getfixturevalue("make_spark_matcher")
    return make(ASSETS.assets)


def here() -> LocalEngine:
    matcher: Matcher = ArrayMatcher(build_index(ASSETS.assets, as_of=NOW))
    return LocalEngine(matcher)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store((tmp_path / "store").as_uri(), S3Access(), "0" * 8)


def write(store: Store, *, batch: int) -> list[Source]:
    """A report in the store, as the files that a database would list."""
    content = f"{batch:064x}"
    place = open_store(store.url, s3=store.s3, owner=store.owner)
    with place.writer(feed="shadowserver", content_sha256=content, batch=batch) as writer:
        writer.write(observe_nation(ASSETS, rows=ROWS, shares=SHARES, seed=batch, evidence=3))
        files = writer.finish()
    return [
        Source(file.path, file.size_bytes, file.sha256, batch, file.finding_kinds) for file in files
    ]


@pytest.mark.parametrize("make_work", [FindSightings, CountWhoIsSeen, FindUnknown])
def test_every_row_is_accounted_for_in_the_order_of_the_sources(
    engine: Engine,
    store: Store,
    make_work: Callable[[Store, Selection], FindSightings | CountWhoIsSeen | FindUnknown],
) -> None:
    sources = [source for batch in range(1, 5) for source in write(store, batch=batch)]
    work = make_work(store, Selection(finding_kinds=("open-rdp",), severities=(3,)))
    answered = pa.concat_tables(engine.run(sources, work)).combine_chunks()
    assert answered.schema == work.schema
    counted = answered.filter(pa.compute.is_valid(answered["path"]))
    assert sum(counted["rows"].to_pylist()) == 4 * ROWS
    assert 0 < sum(counted["rows_matched"].to_pylist()) < 4 * ROWS
    assert counted["batch"].to_pylist() == sorted(counted["batch"].to_pylist())
    expected = pa.concat_tables(here().run(sources, work)).combine_chunks()
    key = [(name, "ascending") for name in answered.column_names if name not in BYTES]
    assert answered.sort_by(key).equals(expected.sort_by(key)), "row for row"


def test_a_damaged_file_is_told_and_the_others_are_read(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    first, second = write(store, batch=1), write(store, batch=2)
    path = tmp_path / "store" / first[0].path
    path.write_bytes(path.read_bytes()[:-100])
    work = FindSightings(store, Selection())
    rows = pa.concat_tables(engine.run([*first, *second], work)).to_pylist()
    problems = {row["path"]: row["problem"] for row in rows if row["problem"]}
    assert set(problems) == {first[0].path}
    assert "bytes long" in problems[first[0].path]
    rest = ROWS * len({source.path for source in second}) // len(second)
    assert sum(row["rows"] for row in rows if row["batch"] == 2) == rest


def test_without_sources_there_is_nothing_to_do(engine: Engine, store: Store) -> None:
    assert list(engine.run([], FindSightings(store, Selection()))) == []
