"""Which column of a file plays which part: a report type met by the file's own header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from baken.core.name_hint import NameHint
from baken.feeds.shadowserver.report_table import ReportType

MAX_COLUMNS: Final = 2000
"""The widest real report has some 80; a header with more than this is no header."""

TIMESTAMP: Final = "timestamp"
SEVERITY: Final = "severity"


@dataclass(frozen=True, slots=True)
class ColumnParts:
    """The columns that play a part; empty where the file has none."""

    timestamp: str
    severity: str
    address: str
    network: str
    port: str
    transport: str
    asn: str
    url: str
    email: str
    names: tuple[str, ...]
    """Those whose name the source asked for, or whose values may be one."""
    hints: tuple[NameHint, ...]
    """Those whose name nobody asked for."""
    asked: tuple[NameHint, ...]
    """Of `names` those that are hints beside a URL without a name."""
    cves: tuple[str, ...]
    product: tuple[str, ...]

    @property
    def single(self) -> tuple[str, ...]:
        """Those that are one column."""
        return (
            *(self.timestamp, self.severity, self.address, self.network, self.port),
            *(self.transport, self.asn, self.url, self.email),
        )


@dataclass(frozen=True, slots=True)
class ReportColumns:
    """The columns that a file has, by the part they play."""

    width: int
    """How many fields a record of this file has."""
    positions: Mapping[str, int]
    """Every column that is read, and where it stands in a record."""
    missing: tuple[str, ...]
    """What the report type needs and the file lacks."""
    repeated: tuple[str, ...]
    """Of those that play a part, what stands more than once: which is right, nobody can say."""
    expected_address: str
    """The column that should hold the affected address, whether or not the file has it."""
    parts: ColumnParts
    evidence: tuple[str, ...]


def read_header(line: str) -> list[str]:
    """The column names in the first line of a file: trimmed, lower case, cut to 100 characters.

    What cannot be seen, a byte order mark or a hard space, is trimmed too.
    A leading ``^`` is dropped: Polars would take such a name as a pattern for others.
    """
    try:
        fields = next(csv.reader([line], strict=False), [])
    except csv.Error:
        fields = line.split(",")
    tidy = (re.sub(r"[\x00-\x20\x7f\xa0\u200b\ufeff]+", " ", name) for name in fields)
    return [name.strip().lstrip("^").strip().lower()[:100] for name in tidy]


def find_columns(
    header: Sequence[str], *, report_type: ReportType, old_names: Mapping[str, str]
) -> ReportColumns:
    """The columns of `header` that a report of `report_type` is read from.

    A column under its old name is found when the new one is absent. Of two columns with one name
    the first counts; `repeated` names those that play a part.
    """
    where: dict[str, int] = {}
    for position, name in enumerate(header):
        if name:
            where.setdefault(name, position)
    for old, new in {**old_names, **report_type.old_names}.items():
        if old in where and new not in where:
            where[new] = where[old]

    def first(candidates: Iterable[str]) -> str:
        return next((name for name in candidates if name in where), "")

    def present(candidates: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in candidates if name in where)

    hinted = {hint.column for hint in report_type.hints}
    parts = ColumnParts(
        timestamp=first([TIMESTAMP]),
        severity=first([SEVERITY]),
        address=first(report_type.address),
        network=first([report_type.network]),
        port=first(report_type.port),
        transport=first([report_type.transport]),
        asn=first(report_type.asn),
        url=first([report_type.url]),
        email=first([report_type.email]),
        names=tuple(name for name in present(report_type.names) if name not in hinted),
        hints=tuple(hint for hint in report_type.hints if hint.column in where),
        asked=tuple(hint for hint in report_type.asked if hint.column in where),
        cves=present(report_type.cves),
        product=present(report_type.product),
    )
    evidence = present(report_type.evidence)
    if report_type.noise is not None:
        unkept = {*parts.single, *report_type.names, *report_type.noise}
        evidence = tuple(name for name in dict.fromkeys(header) if name and name not in unkept)
    hints = [hint.column for hint in parts.hints]
    ruling = present(rule.column for rule in report_type.rules)
    deciding = (*parts.single, *parts.names, *hints, *parts.cves, *parts.product, *ruling)
    wanted = (*deciding, *evidence)
    counts = Counter(header)
    return ReportColumns(
        width=len(header),
        positions={name: where[name] for name in dict.fromkeys(wanted) if name},
        missing=_missing(parts, report_type=report_type),
        repeated=tuple(name for name in dict.fromkeys(deciding) if name and counts[name] > 1),
        expected_address=" or ".join(report_type.address),
        parts=parts,
        evidence=evidence,
    )


def _missing(parts: ColumnParts, *, report_type: ReportType) -> tuple[str, ...]:
    """What every report of this type must have: a time, and a column that says who is affected."""
    missing = [] if parts.timestamp else [TIMESTAMP]
    if report_type.address:
        missing += [] if parts.address else [" or ".join(report_type.address)]
    elif report_type.email:
        missing += [] if parts.email else [report_type.email]
    elif not parts.names and not parts.hints:
        missing += [" or ".join(report_type.names)]
    return tuple(missing)
