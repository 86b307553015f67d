"""The cluster answers as one machine does, also when a worker dies at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from baken.core.errors import SparkUnavailableError, StoredFileDamagedError
from baken.matching import MATCH_SCHEMA, Matcher
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.specimen.nation import NOW, found_nation, observe_nation
from spark_cluster import SparkCluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Make = Callable[[pa.Table], Matcher]
SHARES = {"ipv4": 0.9, "ipv6": 0.1, "host_name": 0.5, "email_domain": 0.1, "asn": 0.9}


def test_spark_gives_the_rows_of_one_machine(make_spark_matcher: Make) -> None:
    nation = found_nation(assets=5_000, seed=3)
    seen = observe_nation(nation, rows=600_000, shares=SHARES, seed=4)  # three tasks
    here = ArrayMatcher(build_index(nation.assets, as_of=NOW)).match(seen)
    there = make_spark_matcher(nation.assets).match(seen)
    assert there.schema == MATCH_SCHEMA
    assert as_words(there).equals(as_words(here))


def test_spark_gives_the_same_when_a_worker_is_killed_at_it(
    make_spark_matcher: Make, spark_cluster: SparkCluster, tmp_path: Path
) -> None:
    from baken.matching.spark_matcher import SparkMatcher

    nation = found_nation(assets=2_000, seed=5)
    here = ArrayMatcher(build_index(nation.assets, as_of=NOW))
    matcher = make_spark_matcher(nation.assets)
    assert isinstance(matcher, SparkMatcher)
    tasks, marks = list(range(24)), tmp_path / "begun"
    marks.mkdir()

    class Slow(PerTask):
        def read(self, source: int) -> Iterator[pa.RecordBatch]:
            marks.joinpath(f"{source}-{time.time_ns()}").touch()
            time.sleep(0.5)
            yield observe_nation(nation, rows=1_000, shares=SHARES, seed=source)

    is_over = threading.Event()

    def kill_in_the_middle() -> None:
        while len(list(marks.iterdir())) < 6 and not is_over.wait(0.05):
            pass
        spark_cluster.kill_worker()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    try:
        found = list(matcher.run(tasks, Slow()))
    finally:
        is_over.set()
        killer.join()
        spark_cluster.add_worker("worker-3")
    begun = [int(path.name.partition("-")[0]) for path in marks.iterdir()]
    assert len(begun) > len(tasks), "nothing was in the worker's hands when it was killed"
    expected = [
        row
        for task in tasks
        for seen in [observe_nation(nation, rows=1_000, shares=SHARES, seed=task)]
        for row in PerTask().on_match(task, seen, here.match(seen)).to_pylist()
    ]
    answered = [row for table in found for row in table.to_pylist()]
    assert answered == expected, "in the order of the tasks"


def test_spark_says_what_went_wrong_and_works_on(
    make_spark_matcher: Make, spark_session: SparkSession
) -> None:
    from baken.matching.spark_matcher import SparkMatcher

    del spark_session
    nation = found_nation(assets=1_000, seed=6)
    matcher = make_spark_matcher(nation.assets)
    assert isinstance(matcher, SparkMatcher)

    class Lost(PerTask):
        def read(self, source: int) -> Iterator[pa.RecordBatch]:
            raise FileNotFoundError(f"there is no report {source}")

    with pytest.raises(SparkUnavailableError, match=r"The Spark job at .* failed"):
        list(matcher.run([1], Lost()))
    seen = observe_nation(nation, rows=100, shares=SHARES, seed=7)
    assert matcher.match(seen).num_rows > 0


def test_spark_that_does_not_answer_is_told_at_once() -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed: uv sync --extra spark")
    from baken.matching.spark_matcher import open_session

    with pytest.raises(
        SparkUnavailableError, match=r"The Spark job at spark://127\.0\.0\.1:1 failed"
    ):
        open_session("spark://127.0.0.1:1")


PER_TASK = pa.schema(
    [("task", pa.int64()), ("row", pa.int64()), ("organisation", pa.int64()), ("rule", pa.string())]
)


class PerTask:
    """Keeps the matches of a task; what it reads, others say."""

    schema = PER_TASK

    def read(self, source: int) -> Iterator[pa.RecordBatch]:
        raise NotImplementedError

    def on_match(self, source: int, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        del observations
        rows = matches["row"].cast(pa.int64())
        named = pa.chunked_array([pa.array([source] * matches.num_rows, pa.int64())])
        rules = matches["rule"].cast(pa.string())
        return pa.Table.from_arrays(
            [named, rows, matches["organisation_id"], rules], schema=PER_TASK
        )

    def on_damage(self, source: int, error: StoredFileDamagedError) -> pa.Table:
        raise AssertionError(f"{source}: {error}")


def as_words(matches: pa.Table) -> pa.Table:
    words = {name: matches[name].cast(pa.string()) for name in ("relation", "rule")}
    columns = [words.get(name, matches[name]).combine_chunks() for name in matches.column_names]
    return pa.table(columns, names=matches.column_names)
