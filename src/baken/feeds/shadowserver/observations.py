"""Columns of text into columns of observations, and the rows that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from baken.core.classification import Severity, Tlp
from baken.core.observation import OBSERVATION_SCHEMA, QuarantinedRow
from baken.feeds.shadowserver.addresses import parse_addresses
from baken.feeds.shadowserver.columns import ReportColumns
from baken.feeds.shadowserver.evidence import evidence_map
from baken.feeds.shadowserver.faults import quarantined_rows
from baken.feeds.shadowserver.frame import TextFrame
from baken.feeds.shadowserver.moments import parse_times
from baken.feeds.shadowserver.names import email_domains
from baken.feeds.shadowserver.naming import row_names
from baken.feeds.shadowserver.report_table import ReportType
from baken.feeds.shadowserver.row_rules import apply_rules
from baken.feeds.shadowserver.tidying import MAX_URL_CHARACTERS, Text

_CVE: Final = r"(?i)CVE-[0-9]{4}-[0-9]{4,}"
_LONGEST_CVE: Final = len("CVE-2026-") + 19
"""As CVE's own schema has it. A longer number is none: its first digits are another's."""
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
    text = Text.of(read.columns).trimmed(is_printable=read.is_printable)
    facts = _identity(text, read.lines, columns=columns, not_after=origin.not_after)
    quarantined, is_good = quarantined_rows(read.columns, facts, columns=columns)
    if is_good is not None:
        text, facts = text.filter(is_good), facts.filter(is_good)
    tidy = text.without_controls() if read.has_controls else text
    hinted = [hint.column for hint in columns.parts.hints]
    kept = tidy.select(
        [*columns.parts.product, *columns.evidence, *columns.parts.names, *hinted]
    ).cut()
    facts = facts.hstack(
        [
            *_told(text, columns=columns, report_type=origin.report_type),
            _url(tidy, columns=columns).alias("url"),
            _product(kept, columns=columns).alias("product"),
            _cves(text, columns=columns).alias("cves"),
        ]
    )
    if origin.report_type.rules:
        facts = apply_rules(facts, text, rules=origin.report_type.rules)
    evidence = evidence_map(_evidence(kept, facts, columns=columns), rows=text.height)
    return _as_batch(facts, evidence=evidence, origin=origin), quarantined


def _identity(
    text: Text, lines: pl.Series, *, columns: ReportColumns, not_after: datetime
) -> pl.DataFrame:
    """Where each row stood, and what tells when it was seen and who is affected."""
    times = parse_times(_column(text, columns.parts.timestamp), not_after=not_after)
    return pl.DataFrame(
        [
            lines.alias("line"),
            times.alias("observed_at"),
            *_addresses(text, columns=columns),
            *row_names(text, columns=columns),
            _email_domain(text, columns=columns).alias("email_domain"),
        ]
    )


def _addresses(text: Text, *, columns: ReportColumns) -> pl.DataFrame:
    """The affected address; the network it stands for where the row names one."""
    found = parse_addresses(_column(text, columns.parts.address))
    if not columns.parts.network:
        return found
    networks = parse_addresses(text.columns[columns.parts.network])
    is_network = networks["network_bits"].is_not_null()
    return pl.select(
        pl.when(is_network).then(networks[name]).otherwise(found[name]).alias(name)
        for name in found.columns
    )


def _column(text: Text, name: str) -> pl.Series:
    """The column called `name`; empty text in each row when the file has none."""
    return text.columns[name] if name else pl.Series([""]).new_from_index(0, text.height)


def _nothing(text: Text) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, text.height)


def _email_domain(text: Text, *, columns: ReportColumns) -> pl.Series:
    if not columns.parts.email:
        return _nothing(text)
    return email_domains(text.columns[columns.parts.email])


def _told(text: Text, *, columns: ReportColumns, report_type: ReportType) -> list[pl.Series]:
    """What a row may tell and need not: severity, port, AS number and transport."""
    parts = columns.parts
    asked = report_type.service_port
    port = pl.lit(str(asked)) if asked else _text_of(parts.port)
    found = text.work_out(
        {
            "severity": _severity(_text_of(parts.severity), report_type=report_type),
            "port": _number(port, dtype=pl.UInt16),
            "asn": _number(_text_of(parts.asn), dtype=pl.UInt32),
            "transport": _transport(_text_of(parts.transport), default=report_type.over),
        }
    )
    return [series.alias(name) for name, series in found.items()]


def _text_of(name: str) -> pl.Expr:
    """The column called `name`; empty text when the file has none."""
    return pl.col(name) if name else pl.lit("")


def _severity(text: pl.Expr, *, report_type: ReportType) -> pl.Expr:
    """What the row says, or its type where it says nothing; never less than the type's least."""
    told = text.str.to_lowercase().replace_strict(
        _SEVERITIES, default=int(report_type.severity), return_dtype=pl.UInt8
    )
    return told.clip(lower_bound=int(report_type.least_severity))


def _number(text: pl.Expr, *, dtype: type[pl.DataType]) -> pl.Expr:
    """A number above zero; null for anything else, for it is optional."""
    number = text.cast(dtype, strict=False)
    return pl.when(number > 0).then(number)


def _transport(text: pl.Expr, *, default: str) -> pl.Expr:
    """ "tcp" or "udp": what the row says; where it says nothing, `default` if there is one."""
    lower = text.str.to_lowercase()
    told = pl.when(lower.is_in(_TRANSPORTS)).then(lower)
    return told.when(lower == "").then(pl.lit(default)) if default else told


def _url(tidy: Text, *, columns: ReportColumns) -> pl.Series:
    if not columns.parts.url:
        return _nothing(tidy)
    url = tidy.select([columns.parts.url]).cut(max_characters=MAX_URL_CHARACTERS)
    column = pl.col(columns.parts.url)
    return url.work_out({"url": pl.when(column != "").then(column)})["url"]


def _product(kept: Text, *, columns: ReportColumns) -> pl.Series:
    """The parts that name the product, joined by spaces; null without any."""
    filled = [pl.col(name) for name in columns.parts.product if kept.constant.get(name) != ""]
    if not filled:
        return _nothing(kept)
    parts = [pl.when(part != "").then(part) for part in filled]
    joined = pl.concat_str(parts, separator=" ", ignore_nulls=True)
    is_told = pl.any_horizontal([part != "" for part in filled])
    return kept.work_out({"product": pl.when(is_told).then(joined)})["product"]


def _cves(text: Text, *, columns: ReportColumns) -> pl.Series:
    """The distinct CVE numbers of each row, in the order in which they stand there."""
    none = _NO_CVES.new_from_index(0, text.height)
    if not columns.parts.cves:
        return none
    told = pl.concat_str(columns.parts.cves, separator=" ")
    mentions = text.work_out({"text": pl.when(told.str.contains("(?i)cve-")).then(told)})["text"]
    if mentions.null_count() == text.height:
        return none
    distinct = mentions.drop_nulls().unique()
    number = pl.element().str.to_uppercase()
    is_one = pl.element().str.len_bytes() <= _LONGEST_CVE
    numbers = distinct.str.extract_all(_CVE).list.eval(number.filter(is_one))
    known = pl.DataFrame({"text": distinct, "cves": numbers.list.unique(maintain_order=True)})
    found = (
        mentions.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")
    )
    return pl.select(pl.coalesce(found["cves"], none)).to_series()


def _evidence(kept: Text, facts: pl.DataFrame, *, columns: ReportColumns) -> pl.DataFrame:
    """The columns to keep: also names nobody asked for, and what stood where a name should."""
    hinted = [hint.column for hint in columns.parts.hints]
    wanted = dict.fromkeys([*columns.evidence, *hinted])
    names = [name for name in wanted if kept.constant.get(name) != ""]
    evidence = [kept.columns[name] for name in names]
    is_nameless = facts["host_name"].is_null()
    unread = [
        name
        for name in columns.parts.names
        if name not in columns.evidence and name != columns.parts.url
    ]
    if unread and is_nameless.any():
        told = kept.columns.select_seq(pl.when(is_nameless).then(pl.col(unread)))
        is_told = told.select_seq((pl.all() != "").any())
        evidence += [column for column in told.iter_columns() if is_told[column.name].item()]
    return pl.DataFrame(evidence)


def _as_batch(facts: pl.DataFrame, *, evidence: pa.MapArray, origin: Origin) -> pa.RecordBatch:
    rows = facts.height
    said_by_all = _said_by_all(origin, at_least=1 << max(rows - 1, 0).bit_length())
    arrays = []
    for field in OBSERVATION_SCHEMA:
        if field.name == "evidence":
            array = evidence
        elif field.name in facts.columns:
            array = _as_array(facts[field.name], type_=field.type)
            if field.name in said_by_all:  # by all rows that a rule says nothing of
                array = pc.coalesce(array, said_by_all[field.name].slice(0, rows))
        else:
            array = said_by_all[field.name].slice(0, rows)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=OBSERVATION_SCHEMA)


def _as_array(series: pl.Series, *, type_: pa.DataType) -> pa.Array:
    return series.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(type_)


@lru_cache(maxsize=4)
def _said_by_all(origin: Origin, *, at_least: int) -> Mapping[str, pa.StringArray]:
    """What every row of a report says, `at_least` so many times; batches share it."""
    values = {
        "source": origin.source,
        "report_type": origin.report_name,
        "finding_kind": origin.report_type.finding_kind,
        "rsit_taxonomy": origin.report_type.rsit_taxonomy,
        "rsit_type": origin.report_type.rsit_type,
        "affected_role": origin.report_type.role.value,
        "address_role": origin.report_type.address_role.value,
        "tlp": origin.tlp.value,
    }
    return {
        name: pa.repeat(pa.scalar(value, pa.string()), at_least) for name, value in values.items()
    }
