"""Files to look things up in are recorded with their permission, and refused where they cannot be
used."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baken.core.given_file import GivenFileKind
from small_world import Command

pytestmark = pytest.mark.django_db

UNTIL = f"{datetime.now(UTC).year + 1}-12-31"


def added(command: Command, kind: GivenFileKind, file: Path) -> str:
    done = command(
        "given-file", "add", kind.value, str(file), "--name", "statistics", "--permission",
        "public", "--by", "an analyst", "--until", UNTIL,
    )  # fmt: skip
    assert done.exit_code != 0
    return done.err


@pytest.mark.parametrize("kind", [GivenFileKind.DELEGATED, GivenFileKind.SPLIT_FILE])
def test_an_archive_is_refused_with_the_word_to_unpack_it(
    baken: Command, tmp_path: Path, kind: GivenFileKind
) -> None:
    file = tmp_path / "statistics.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("statistics.txt", "test|NL|ipv4|192.0.2.0|256|20100712|assigned|one\n")
    assert "is a ZIP archive" in (said := added(baken, kind, file))
    assert "unzip" in said
    assert "statistics" not in baken("given-file", "list").out
