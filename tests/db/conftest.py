"""Fixtures of the tests that need a database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from baken.cli import main
from baken.jobs.ingestion import IngestedFile, ReadAgain, ReadOnce, ingest_files
from baken.settings.environment import Settings, read_settings
from baken.specimen.mail_server import FolderMailServer
from small_world import Command, Done, Ingest, to_server


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


@pytest.fixture
def baken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings_of_test: Settings
) -> Command:
    """Runs one command as a person types it, on the database of the test."""
    monkeypatch.setenv("BAKEN_HOME", os.fspath(settings_of_test.home))

    def run(*arguments: object, **variables: str) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["baken", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FolderMailServer]:
    """A mail server that keeps what it takes in a folder."""
    with FolderMailServer(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def sending(settings_of_test: Settings, server: FolderMailServer) -> Settings:
    """The settings of the test, with mail handed over to that server."""
    return to_server(settings_of_test, server)
