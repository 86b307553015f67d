"""Files that were given with a permission, written for a test."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

from baken.core.given_file import GivenFile, GivenFileKind

GIVEN_AT = datetime(2026, 11, 1, tzinfo=UTC)


def given_file(
    folder: Path,
    kind: GivenFileKind,
    text: str | bytes,
    *,
    name: str = "given",
    packed: bool = False,
    given_at: datetime = GIVEN_AT,
    days: int = 60,
) -> GivenFile:
    """A file of `kind` with `text`, written to `folder`, that may be used for `days`."""
    data = text.encode() if isinstance(text, str) else text
    path = folder / f"{name}.txt"
    path.write_bytes(gzip.compress(data) if packed else data)
    return GivenFile(
        kind, path, name, given_at, given_at + timedelta(days=days), "Made up for a test."
    )
