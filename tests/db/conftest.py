"""Fixtures of the tests that need a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from baken.jobs.ingestion import IngestedFile, ReadAgain, ReadOnce, ingest_files
from baken.settings.environment import Settings, read_settings
from small_world import Ingest


@pytest.fixture
def settings_of_test(tmp_path: Path) -> Settings:
    """Settings with a home of their own."""
    return read_settings(
        {"BAKEN_HOME": str(tmp_path / "home"), "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes"}
    )


@pytest.fixture
def ingest(tmp_path: Path, settings_of_test: Settings) -> Ingest:
    """Takes in one report, given as text."""

    def take_in(
        content: str | bytes,
        *,
        name: str = "2026-11-22-scan_rdp-test.csv",
        again: bool = False,
        settings: Settings = settings_of_test,
    ) -> IngestedFile:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        (file,) = ingest_files(
            [path],
            settings=settings,
            accept=ReadAgain if again else ReadOnce,
            progress=lambda _: None,
        )
        return file

    return take_in
