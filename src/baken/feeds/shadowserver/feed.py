"""The feed itself: what it recognises, opens, and says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from baken.core.errors import ReportRefusedError
from baken.core.name_hint import NameHint
from baken.core.observation import Report, ReportInfo
from baken.core.sharing import SharingTerms
from baken.feeds.declarations import Confidence, FeedHealth
from baken.feeds.reading import (
    DEFAULT_LIMITS,
    ReadLimits,
    check_readable,
    first_bytes,
    member_name,
)
from baken.feeds.shadowserver.columns import TIMESTAMP, read_header
from baken.feeds.shadowserver.file_name import NamedReport, read_file_name
from baken.feeds.shadowserver.report import ShadowserverReport
from baken.feeds.shadowserver.report_table import ReportTable, report_table

_READABLE_ENDINGS: Final = (".csv", ".gz", ".zip")
_OLD_SCHEMA: Final = timedelta(days=365)
_LONGEST_HEADER: Final = 16 * 1024


class ShadowserverFeed:
    """Reports as Shadowserver sends them: CSV, one report type a file."""

    key = "shadowserver"
    name = "Shadowserver"
    file_endings = (".csv", ".csv.gz", ".zip")
    expected_every = timedelta(days=1)

    @property
    def terms(self) -> SharingTerms:
        """The terms that reports.toml states."""
        return report_table().terms

    def recognises(self, path: Path) -> Confidence:
        """Sure of a known report type in the name; anything else that may be CSV is possible."""
        has_ending = path.name.lower().endswith(_READABLE_ENDINGS)
        table = report_table()
        if has_ending and _promised_report(path, table=table).report_type in table.names:
            return Confidence.LIKELY
        return Confidence.POSSIBLE if has_ending or _has_timestamps(path) else Confidence.NONE

    def open_report(
        self,
        path: Path,
        *,
        report_type: str | None = None,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> Report:
        """The report at `path`; its type from the file's name unless `report_type` tells it."""
        table = report_table()
        check_readable(path)
        named = read_file_name(path.name, known_types=table.names)
        if report_type is None and named.report_type not in table.names:
            named = _named_within(path, named, table=table)
        name = table.name_of((report_type or named.report_type).strip().lower())
        info = ReportInfo(
            source=self.key,
            report_type=name,
            is_known_type=name in table.types,
            report_date=named.report_date,
        )
        return ShadowserverReport(info=info, path=path, limits=limits, table=table)

    def finding_kinds(self) -> frozenset[str]:
        """Those of the report table, and that of a type it does not know."""
        return report_table().finding_kinds

    def name_hints(self, report_type: str) -> Sequence[NameHint]:
        """The columns of that type that reports.toml calls hints."""
        return report_table().report_type(report_type).hints

    def health(self, *, today: date) -> Sequence[FeedHealth]:
        """Whether the schema that the report table follows is young enough."""
        schema_date = date.fromisoformat(report_table().schema_date)
        age = today - schema_date
        text = f"the report table follows the schema of {schema_date} ({age.days} days old)"
        if age > _OLD_SCHEMA:
            return [FeedHealth(False, text, "Update Baken: report types may be missing.")]
        return [FeedHealth(True, text)]


def _promised_report(path: Path, *, table: ReportTable) -> NamedReport:
    """What the name of the file promises, or that of the file within; raises nothing."""
    named = read_file_name(path.name, known_types=table.names)
    if named.report_type in table.names:
        return named
    try:
        return _named_within(path, named, table=table)
    except ReportRefusedError:
        return named


def _named_within(path: Path, named: NamedReport, *, table: ReportTable) -> NamedReport:
    """`named`, unless the file within a ZIP kept a better name: some are renamed on their way."""
    inner = read_file_name(member_name(path), known_types=table.names)
    return inner if inner.report_type in table.names else named


def _has_timestamps(path: Path) -> bool:
    """Whether the first line is a header with the column that every report has."""
    start = first_bytes(path, size=_LONGEST_HEADER).lstrip(b"\r\n")
    return TIMESTAMP in read_header((start.splitlines() or [b""])[0].decode("latin-1"))
