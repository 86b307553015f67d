"""A report as it was delivered: what names it, and the hash by which its content is known again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from baken.core.errors import ReportRefusedError, ReportTooLargeError
from baken.core.observation import ReportInfo
from baken.feeds.reading import DEFAULT_LIMITS, ReadLimits, is_packed, unpacked


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as it was delivered: what names it and what it holds."""

    feed: str
    report_type: str
    file_name: str
    content_sha256: str
    """Of what it holds: the same for one report, packed or not."""
    report_date: date | None
    delivered_sha256: str = ""
    """Of the file as it came; empty is the same as of the content."""

    @property
    def hashes(self) -> frozenset[str]:
        """Both: batches of earlier versions are known by the file as it came."""
        return frozenset({self.content_sha256, self.delivered_sha256 or self.content_sha256})


def report_file(
    path: Path, *, feed: str, info: ReportInfo, limits: ReadLimits = DEFAULT_LIMITS
) -> ReportFile:
    """The report of `feed` at `path`, opened as `info` says.

    Raises `ReportRefusedError` when it cannot be read or unpacks beyond `limits`.
    """
    told = info.report_date
    delivered = delivered_sha256(path)
    return ReportFile(
        feed=feed,
        report_type=info.report_type,
        file_name=path.name,
        content_sha256=_unpacked_sha256(path, limits) if is_packed(path) else delivered,
        report_date=None if told is None else date.fromisoformat(told),
        delivered_sha256=delivered,
    )


def delivered_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Raises `ReportRefusedError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReportRefusedError(
            f"{path} cannot be read: {error.strerror}.",
            remedy="Check the name and that you may read the file.",
        ) from error


def _unpacked_sha256(path: Path, limits: ReadLimits) -> str:
    """The SHA-256 of what is packed in `path`; of the file itself where that is no one report.

    It unpacks once more than reading does, since a known report must be recognised before anything
    of it is written: a second for 300 MB.
    """
    digest = hashlib.sha256()
    try:
        for piece in unpacked(path, limits=limits):
            digest.update(piece)
    except ReportTooLargeError:
        raise
    except ReportRefusedError:  # its feed may read it in a way of its own, or says what is wrong
        return delivered_sha256(path)
    return digest.hexdigest()
