"""A session on the Spark cluster, and matchers on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from baken.matching import Matcher
from baken.matching.asset_index import build_index
from spark_cluster import SparkCluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

AS_OF = datetime(2026, 11, 4, tzinfo=UTC)


@pytest.fixture(scope="session")
def spark_session(spark_cluster: SparkCluster) -> Iterator[SparkSession]:
    """A session on the cluster."""
    from baken.matching.spark_matcher import open_session

    session = open_session(spark_cluster.master_url)
    yield session
    session.stop()


@pytest.fixture
def make_spark_matcher(
    spark_cluster: SparkCluster, spark_session: SparkSession, tmp_path: Path
) -> Callable[[pa.Table], Matcher]:
    """Makes a matcher on the cluster from assets.

    Its copy of the index stays as long as the session does: in the folder of the cluster.
    """
    from baken.matching.spark_matcher import SparkMatcher

    def make(assets: pa.Table) -> Matcher:
        path = tmp_path / "index.arrow"
        build_index(assets, as_of=AS_OF).save(path)
        return SparkMatcher(path, session=spark_session, scratch=spark_cluster.folder / "scratch")

    return make
