"""What a Shadowserver report's file name tells: its date and its type.

Reports are named ``YYYY-MM-DD-<type>-<whatever>.csv``; a bare ``<type>.csv`` is read too.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[-_]")
_SUFFIX: Final = re.compile(r"(?:\.csv)?(?:\.gz|\.zip)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedReport:
    """The type and the date that a file name gives; the type may be one that nobody knows."""

    report_type: str
    report_date: str | None


def read_file_name(name: str, *, known_types: Collection[str]) -> NamedReport:
    """The report that `name` promises: the longest known type it begins with after the date.

    Without a known type, it is what stands before the next hyphen.
    """
    stem = _SUFFIX.sub("", name)
    report_date = None
    if dated := _DATE.match(stem):
        report_date = _real_date(dated[1])
        stem = stem[dated.end() :]
    stem = stem.lower()
    known = [
        known_type
        for known_type in known_types
        if stem.startswith(known_type)
        and not stem[len(known_type) :][:1].isalnum()
        # "scan_http" is not the type of "scan_http_proxy-nl.csv".
        and not stem[len(known_type) :].startswith("_")
    ]
    if known:
        return NamedReport(report_type=max(known, key=len), report_date=report_date)
    unknown = re.match(r"[a-z0-9_]*", stem)
    return NamedReport(
        report_type=(unknown[0] if unknown else "") or "unknown", report_date=report_date
    )


def _real_date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
