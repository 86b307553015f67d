"""Chooses the engine: this machine, or a Spark cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from baken.core.errors import SettingsError
from baken.jobs import EngineName
from baken.jobs.matchers import current_index_file, current_matcher
from baken.matching import Engine
from baken.matching.local_engine import LocalEngine
from baken.settings.environment import Settings


@contextmanager
def open_engine(name: EngineName, *, settings: Settings) -> Iterator[Engine]:
    """The engine of that name, for the constituency of now.

    Raises `SettingsError`, `ExtraMissingError`, `SparkUnavailableError`.
    """
    if name is EngineName.LOCAL:
        yield LocalEngine(current_matcher(settings))
        return
    if not settings.spark_master:
        raise SettingsError(
            "No Spark cluster is named.",
            remedy="Set BAKEN_SPARK_MASTER, for instance to spark://spark.example.nl:7077, or "
            "leave out --engine spark.",
        )
    from baken.matching.spark_matcher import SparkMatcher, open_session

    session = open_session(settings.spark_master)
    try:
        with SparkMatcher(
            current_index_file(settings), session=session, scratch=settings.spark_scratch
        ) as engine:
            yield engine
    finally:
        session.stop()
