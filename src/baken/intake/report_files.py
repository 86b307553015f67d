"""A report as it was delivered: what names it, and the hash by which its content is known again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from baken.core.errors import ReportRefusedError
from baken.core.observation import ReportInfo


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as it was delivered: what names it and what it holds."""

    feed: str
    report_type: str
    file_name: str
    content_sha256: str
    report_date: date | None


def report_file(path: Path, *, feed: str, info: ReportInfo) -> ReportFile:
    """The report of `feed` at `path`, opened as `info` says. Raises `ReportRefusedError`."""
    told = info.report_date
    return ReportFile(
        feed=feed,
        report_type=info.report_type,
        file_name=path.name,
        content_sha256=content_sha256(path),
        report_date=None if told is None else date.fromisoformat(told),
    )


def content_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Raises `ReportRefusedError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReportRefusedError(
            f"{path} cannot be read: {error.strerror}.",
            remedy="Check the name and that you may read the file.",
        ) from error
