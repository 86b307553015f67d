"""Columns of text into columns of observations, and the rows that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
import pyarrow as pa

from baken.core.classification import Severity, Tlp
from baken.core.observation import OBSERVATION_SCHEMA, QuarantinedRow
from baken.feeds.shadowserver.addresses import parse_addresses
from baken.feeds.shadowserver.columns import ReportColumns
from baken.feeds.shadowserver.evidence import evidence_map
from baken.feeds.shadowserver.faults import quarantined_rows
from baken.feeds.shadowserver.frame import TextFrame
from baken.feeds.shadowserver.moments import parse_times
from baken.feeds.shadowserver.names import email_domains, first_host_name
from baken.feeds.shadowserver.report_table import ReportType
from baken.feeds.shadowserver.tidying import (
    MAX_URL_CHARACTERS,
    cut,
    is_constant,
    trimmed,
    without_controls,
)

_CVE: Final = r"(?i)CVE-\d{4}-\d{4,7}\b"
_NO_CVES: Final = pl.Series([[]], dtype=pl.List(pl.String))
_SEVERITIES: Final = {severity.key: int(severity) for severity in Severity}
_TRANSPORTS: Final = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Origin:
    """What every observation of one report has in common."""

    source: str
    report_name: str
    tlp: Tlp
    report_type: ReportType
    not_after: datetime
    """What is said to be seen later was not."""


def observe(
    read: TextFrame, *, columns: ReportColumns, origin: Origin
) -> tuple[pa.RecordBatch, list[QuarantinedRow]]:
    """The rows read as observations, and those without a usable time or affected system."""
    text = trimmed(read.columns, is_printable=read.is_printable)
    facts = _identity(text, read.lines, columns=columns, not_after=origin.not_after)
    quarantined, is_good = quarantined_rows(read.columns, facts, columns=columns)
    if is_good is not None:
        text, facts = text.filter(is_good), facts.filter(is_good)
    tidy = without_controls(text) if read.has_controls else text
    facts = facts.with_columns(
        _severity(text, columns=columns, default=origin.report_type.severity).alias("severity"),
        _number(text, columns.parts.port, dtype=pl.UInt16).alias("port"),
        _number(text, columns.parts.asn, dtype=pl.UInt32).alias("asn"),
        _transport(text, columns=columns).alias("transport"),
        _url(tidy, columns=columns).alias("url"),
        _product(tidy, columns=columns).alias("product"),
        _cves(text, columns=columns).alias("cves"),
    )
    evidence = evidence_map(_evidence(tidy, facts, columns=columns), rows=text.height)
    return _as_batch(facts, evidence=evidence, origin=origin), quarantined


def _identity(
    text: pl.DataFrame, lines: pl.Series, *, columns: ReportColumns, not_after: datetime
) -> pl.DataFrame:
    """Where each row stood, and what tells when it was seen and who is affected."""
    return pl.DataFrame(
        [
            lines.alias("line"),
            parse_times(_column(text, columns.parts.timestamp), not_after=not_after).alias(
                "observed_at"
            ),
            *parse_addresses(_column(text, columns.parts.address)),
            _host_name(text, columns=columns).alias("host_name"),
            _email_domain(text, columns=columns).alias("email_domain"),
        ]
    )


def _column(text: pl.DataFrame, name: str) -> pl.Series:
    """The column called `name`; empty text in each row when the file has none."""
    return text[name] if name else pl.Series([""]).new_from_index(0, text.height)


def _nothing(text: pl.DataFrame) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, text.height)


def _once(column: pl.Series, work: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What `work` makes of each value; worked out once when they are all the same."""
    if is_constant(column):
        return work(column.head(1)).new_from_index(0, len(column))
    return work(column)


def _where(condition: pl.Series, values: pl.Series) -> pl.Series:
    """The `values` where `condition` holds, null elsewhere."""
    return pl.select(pl.when(condition).then(values)).to_series()


def _is_empty(column: pl.Series) -> bool:
    return is_constant(column) and column[0] == ""


def _host_name(text: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    """The first usable name; that in the URL when no column of names has one."""
    candidates = [*columns.parts.names]
    if columns.parts.url and columns.parts.url not in candidates:
        candidates.append(columns.parts.url)
    return first_host_name([text[name] for name in candidates], rows=text.height)


def _email_domain(text: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    return email_domains(text[columns.parts.email]) if columns.parts.email else _nothing(text)


def _severity(text: pl.DataFrame, *, columns: ReportColumns, default: Severity) -> pl.Series:
    def numbers(keys: pl.Series) -> pl.Series:
        return keys.str.to_lowercase().replace_strict(
            _SEVERITIES, default=int(default), return_dtype=pl.UInt8
        )

    return _once(_column(text, columns.parts.severity), numbers)


def _number(text: pl.DataFrame, name: str, *, dtype: type[pl.DataType]) -> pl.Series:
    """The column as a number above zero; null for anything else, for it is optional."""

    def numbers(values: pl.Series) -> pl.Series:
        number = values.cast(dtype, strict=False)
        return _where(number > 0, number)

    return _once(_column(text, name), numbers)


def _transport(text: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    def transports(values: pl.Series) -> pl.Series:
        lower = values.str.to_lowercase()
        return _where(lower.is_in(_TRANSPORTS), lower)

    return _once(_column(text, columns.parts.transport), transports)


def _url(tidy: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    if not columns.parts.url:
        return _nothing(tidy)
    url = cut(tidy.select(columns.parts.url), max_characters=MAX_URL_CHARACTERS).to_series()
    return _where(url != "", url)


def _product(tidy: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    """The parts that name the product, joined by spaces; null without any."""
    filled = [name for name in columns.parts.product if not _is_empty(tidy[name])]
    if not filled:
        return _nothing(tidy)
    parts = cut(tidy.select(filled)).select(pl.when(pl.all() != "").then(pl.all()))
    joined = parts.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)).to_series()
    return _where(joined != "", joined)


def _cves(text: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    """The distinct CVE numbers of each row, in the order in which they stand there."""
    if not columns.parts.cves:
        return _NO_CVES.new_from_index(0, text.height)
    joined = text.select(pl.concat_str(columns.parts.cves, separator=" ")).to_series()
    return _once(joined, _cve_numbers)


def _cve_numbers(text: pl.Series) -> pl.Series:
    none = _NO_CVES.new_from_index(0, len(text))
    mentions = text.filter(text.str.contains(r"(?i)cve-")).unique()
    if mentions.is_empty():
        return none
    numbers = mentions.str.extract_all(_CVE).list.eval(pl.element().str.to_uppercase())
    known = pl.DataFrame({"text": mentions, "cves": numbers.list.unique(maintain_order=True)})
    found = text.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")
    return pl.select(pl.coalesce(found["cves"], none)).to_series()


def _evidence(tidy: pl.DataFrame, facts: pl.DataFrame, *, columns: ReportColumns) -> pl.DataFrame:
    """The columns to keep, and of a name that is none what stood there."""
    kept = cut(tidy.select(columns.evidence))
    is_nameless = facts["host_name"].is_null()
    unread = [
        name
        for name in columns.parts.names
        if name not in columns.evidence and name != columns.parts.url
    ]
    if not unread or not is_nameless.any():
        return kept
    names = cut(tidy.select(unread)).select(
        pl.when(is_nameless).then(pl.col(name)).alias(name) for name in unread
    )
    return pl.concat([kept, names], how="horizontal") if kept.width else names


def _as_batch(facts: pl.DataFrame, *, evidence: pa.MapArray, origin: Origin) -> pa.RecordBatch:
    rows = facts.height
    constants: Mapping[str, str] = {
        "source": origin.source,
        "report_type": origin.report_name,
        "finding_kind": origin.report_type.finding_kind,
        "rsit_taxonomy": origin.report_type.rsit_taxonomy,
        "rsit_type": origin.report_type.rsit_type,
        "affected_role": origin.report_type.role.value,
        "tlp": origin.tlp.value,
    }
    arrays = []
    for field in OBSERVATION_SCHEMA:
        if field.name == "evidence":
            array = evidence
        elif field.name in constants:
            array = pa.repeat(pa.scalar(constants[field.name], pa.string()), rows)
        else:
            array = facts[field.name].to_arrow(compat_level=pl.CompatLevel.oldest())
            array = array.cast(field.type)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=OBSERVATION_SCHEMA)
