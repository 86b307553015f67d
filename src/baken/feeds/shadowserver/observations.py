"""Columns of text into columns of observations, and the rows that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from baken.core.classification import Severity, Tlp
from baken.core.observation import EVIDENCE_TYPE, OBSERVATION_SCHEMA, QuarantinedRow
from baken.feeds.shadowserver.addresses import parse_addresses
from baken.feeds.shadowserver.columns import ReportColumns
from baken.feeds.shadowserver.evidence import MAX_URL_CHARACTERS, evidence_map, harmless
from baken.feeds.shadowserver.faults import quarantined_rows
from baken.feeds.shadowserver.moments import parse_times
from baken.feeds.shadowserver.names import email_domains, first_host_name
from baken.feeds.shadowserver.report_table import ReportType

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


def observe(
    text: pl.DataFrame, lines: pl.Series, *, columns: ReportColumns, origin: Origin
) -> tuple[pa.RecordBatch, list[QuarantinedRow]]:
    """The rows of `text` as observations, and those without a usable time or affected system."""
    facts = pl.DataFrame(
        [
            lines.alias("line"),
            parse_times(_column(text, columns.parts.timestamp)).alias("observed_at"),
            *parse_addresses(_column(text, columns.parts.address)),
            _host_name(text, columns=columns).alias("host_name"),
            email_domains(_column(text, columns.parts.email)).alias("email_domain"),
        ]
    )
    quarantined, is_good = quarantined_rows(text, facts, columns=columns)
    if quarantined:
        text, facts = text.filter(is_good), facts.filter(is_good)
    facts = pl.concat(
        [
            facts,
            text.select(
                _severity(columns, default=origin.report_type.severity).alias("severity"),
                _number(columns.parts.port, dtype=pl.UInt16).alias("port"),
                _number(columns.parts.asn, dtype=pl.UInt32).alias("asn"),
                _transport(columns).alias("transport"),
            ),
            _url(text, columns=columns),
            _product(text, columns=columns),
            _cves(text, columns=columns).to_frame(),
        ],
        how="horizontal",
    )
    evidence = evidence_map(_evidence(text, facts, columns=columns), rows=text.height)
    return _as_batch(facts, evidence=evidence, origin=origin), quarantined


def _column(text: pl.DataFrame, name: str) -> pl.Series:
    """The column called `name`, trimmed; empty text in each row when the file has none."""
    if not name:
        return pl.repeat("", text.height, dtype=pl.String, eager=True)
    return text[name].str.strip_chars()


def _host_name(text: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    """The first usable name; that in the URL when no column of names has one."""
    candidates = [*columns.parts.names]
    if columns.parts.url and columns.parts.url not in candidates:
        candidates.append(columns.parts.url)
    return first_host_name([_column(text, name) for name in candidates], rows=text.height)


def _text(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars()


def _severity(columns: ReportColumns, *, default: Severity) -> pl.Expr:
    if not columns.parts.severity:
        return pl.repeat(int(default), pl.len(), dtype=pl.UInt8)
    key = _text(columns.parts.severity).str.to_lowercase()
    return key.replace_strict(_SEVERITIES, default=int(default), return_dtype=pl.UInt8)


def _number(name: str, *, dtype: type[pl.DataType]) -> pl.Expr:
    """The column as a number above zero; null for anything else, for it is optional."""
    if not name:
        return pl.repeat(None, pl.len(), dtype=dtype)
    number = _text(name).cast(dtype, strict=False)
    return pl.when(number > 0).then(number)


def _transport(columns: ReportColumns) -> pl.Expr:
    if not columns.parts.transport:
        return pl.repeat(None, pl.len(), dtype=pl.String)
    lower = _text(columns.parts.transport).str.to_lowercase()
    return pl.when(lower.is_in(_TRANSPORTS)).then(lower)


def _url(text: pl.DataFrame, *, columns: ReportColumns) -> pl.DataFrame:
    if not columns.parts.url:
        return _nothing("url", rows=text.height)
    return harmless(
        text.select(pl.col(columns.parts.url).alias("url")), max_characters=MAX_URL_CHARACTERS
    )


def _product(text: pl.DataFrame, *, columns: ReportColumns) -> pl.DataFrame:
    """The parts that name the product, joined by spaces; null without any."""
    if not columns.parts.product:
        return _nothing("product", rows=text.height)
    joined = pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)
    parts = harmless(text.select(columns.parts.product))
    return parts.select(pl.when(joined != "").then(joined).alias("product"))


def _nothing(name: str, *, rows: int) -> pl.DataFrame:
    return pl.repeat(None, rows, dtype=pl.String, eager=True).alias(name).to_frame()


def _cves(text: pl.DataFrame, *, columns: ReportColumns) -> pl.Series:
    """The distinct CVE numbers of each row, in the order in which they stand there."""
    none = _NO_CVES.new_from_index(0, text.height).alias("cves")
    if not columns.parts.cves or not text.height:
        return none
    joined = text.select(pl.concat_str(columns.parts.cves, separator=" ")).to_series()
    mentions = joined.filter(joined.str.contains(r"(?i)cve-")).unique()
    if mentions.is_empty():
        return none
    numbers = mentions.str.extract_all(_CVE).list.eval(pl.element().str.to_uppercase())
    known = pl.DataFrame({"text": mentions, "cves": numbers.list.unique(maintain_order=True)})
    found = (
        joined.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")
    )
    return pl.select(pl.coalesce(found["cves"], none)).to_series().alias("cves")


def _evidence(text: pl.DataFrame, facts: pl.DataFrame, *, columns: ReportColumns) -> pl.DataFrame:
    """The columns to keep, and of a name that is none what stood there."""
    kept = harmless(text.select(columns.evidence))
    is_nameless = facts["host_name"].is_null()
    unread = [
        name
        for name in columns.parts.names
        if name not in columns.evidence and name != columns.parts.url
    ]
    if not unread or not is_nameless.any():
        return kept
    names = harmless(text.select(unread)).select(
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
            array = evidence.cast(EVIDENCE_TYPE)
        elif field.name in constants:
            array = pa.repeat(pa.scalar(constants[field.name], pa.string()), rows)
        else:
            array = facts[field.name].to_arrow(compat_level=pl.CompatLevel.oldest())
            array = array.cast(field.type)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=OBSERVATION_SCHEMA)
