"""The table of Shadowserver report types, loaded from reports.toml and checked.

``python -m baken.feeds.shadowserver`` prints it as docs/reference/shadowserver.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from baken.core.classification import RSIT_TYPES, Severity, Tlp
from baken.core.name_hint import HintOrigin, NameHint
from baken.core.observation import AffectedRole
from baken.core.sharing import SharingTerms


@dataclass(frozen=True, slots=True)
class ReportType:
    """What one report type says, and in which columns. Empty: the type has no such column."""

    name: str
    finding_kind: str
    rsit_type: str
    severity: Severity
    role: AffectedRole
    address: tuple[str, ...] = ()
    """The column of the affected address; for an unknown type, candidates in order."""
    names: tuple[str, ...] = ()
    port: tuple[str, ...] = ()
    transport: str = ""
    asn: tuple[str, ...] = ()
    url: str = ""
    email: str = ""
    cves: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    hints: tuple[NameHint, ...] = ()
    """Those of its columns whose names were not asked for."""
    asked: tuple[NameHint, ...] = ()
    """Columns that are hints elsewhere; here the name was asked for, if the URL has a name."""
    noise: frozenset[str] | None = None
    """For an unknown type: what is not kept. None: only `evidence` is kept."""

    @property
    def rsit_taxonomy(self) -> str:
        """The class that the RSIT type belongs to."""
        return RSIT_TYPES[self.rsit_type]

    @property
    def is_known(self) -> bool:
        """Whether the table has a line for it."""
        return self.noise is None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the type is read from, besides the timestamp and the severity."""
        single = (self.transport, self.url, self.email)
        several = (self.address, self.names, self.port, self.asn, self.cves, self.product)
        named = [column for columns in several for column in columns]
        named += [column for column in single if column]
        return tuple(dict.fromkeys([*named, *self.evidence]))


@dataclass(frozen=True, slots=True)
class ReportTable:
    """All report types of the feed, and what holds for the feed as a whole."""

    source: str
    terms: SharingTerms
    schema_date: str
    """The date of the schema that the table follows, ISO 8601; it ages."""
    old_names: Mapping[str, str]
    types: Mapping[str, ReportType]
    unknown: ReportType

    def report_type(self, name: str) -> ReportType:
        """The type called `name`, or the stand-in for an unknown one."""
        return self.types.get(name, self.unknown)

    @property
    def finding_kinds(self) -> frozenset[str]:
        """Every finding kind that a row may have."""
        kinds = {report_type.finding_kind for report_type in self.types.values()}
        return frozenset({*kinds, self.unknown.finding_kind})


@cache
def report_table() -> ReportTable:
    """The table in the package."""
    text = (files(__package__) / "reports.toml").read_text(encoding="utf-8")
    return parse_report_table(text)


def parse_report_table(text: str) -> ReportTable:
    """The table written in `text`; raises ``ValueError`` that names the type at fault."""
    raw = tomllib.loads(text)
    sets: dict[str, list[str]] = raw["evidence_sets"]
    hints = {column: HintOrigin(origin) for column, origin in raw.get("hints", {}).items()}
    types: dict[str, ReportType] = {}
    for group in raw["groups"].values():
        shared = {key: value for key, value in group.items() if key != "types"}
        for name, own in group["types"].items():
            merged = {**shared, **own, "evidence": [*shared["evidence"], *own.get("evidence", ())]}
            for twin in (name, *own.get("also", ())):
                if twin in types:
                    raise ValueError(f"reports.toml lists {twin} twice")
                types[twin] = _report_type(twin, merged, sets=sets, hints=hints)
    unknown = {**raw["unknown"], "evidence": []}
    return ReportTable(
        source=raw["feed"]["source"],
        terms=SharingTerms(label=Tlp(raw["feed"]["tlp"]), **raw["feed"].get("terms", {})),
        schema_date=raw["feed"]["schema_date"],
        old_names=MappingProxyType(raw["old_names"]),
        types=MappingProxyType(types),
        unknown=_report_type("", unknown, sets=sets, hints=hints),
    )


_KEYS = frozenset(
    {
        *("kind", "rsit", "severity", "also", "role", "address", "names", "port", "transport"),
        *("asn", "url", "email", "cves", "product", "evidence", "noise", "asked"),
    }
)


def _report_type(
    name: str,
    raw: Mapping[str, Any],
    *,
    sets: Mapping[str, list[str]],
    hints: Mapping[str, HintOrigin],
) -> ReportType:
    if strange := sorted(raw.keys() - _KEYS):
        raise ValueError(f"reports.toml, {name}: unknown keys {', '.join(strange)}")
    if raw["rsit"] not in RSIT_TYPES:
        raise ValueError(f"reports.toml, {name}: {raw['rsit']} is no RSIT type")
    read = ReportType(
        name=name,
        finding_kind=raw["kind"],
        rsit_type=raw["rsit"],
        severity=Severity.from_key(raw["severity"]),
        role=AffectedRole(raw["role"]),
        address=_columns(raw.get("address", "")),
        names=tuple(raw.get("names", ())),
        port=_columns(raw.get("port", "")),
        transport=raw.get("transport", ""),
        asn=_columns(raw.get("asn", "")),
        url=raw.get("url", ""),
        email=raw.get("email", ""),
        cves=tuple(raw.get("cves", ())),
        product=tuple(raw.get("product", ())),
        evidence=tuple(_expanded(raw["evidence"], sets=sets)),
        noise=frozenset(raw["noise"]) if "noise" in raw else None,
    )
    asked = raw.get("asked", ())
    found = [NameHint(column, hints[column]) for column in read.columns if column in hints]
    return replace(
        read,
        hints=tuple(hint for hint in found if hint.column not in asked),
        asked=tuple(hint for hint in found if hint.column in asked),
    )


def _columns(value: str | list[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(value)


def _expanded(columns: list[str], *, sets: Mapping[str, list[str]]) -> Iterator[str]:
    """`columns` with each "@set" replaced by its members."""
    for column in dict.fromkeys(columns):
        if column.startswith("@"):
            yield from sets[column[1:]]
        else:
            yield column


def as_markdown(table: ReportTable) -> str:
    """The table as a page of the reference documentation."""
    lines = [
        "# Shadowserver report types",
        "",
        "<!-- Written by `python -m baken.feeds.shadowserver`; do not edit. -->",
        "",
        f"Baken reads {len(table.types)} report types, after the schema of {table.schema_date}. "
        f"Everything from this feed is {table.terms.label}.",
        "The severity counts when a row has none of its own. *Affected* is the column whose "
        "address (or, without one, whose name or account) decides who is warned.",
        "",
        "| report type | finding kind | RSIT class | severity | affected | role |",
        "|---|---|---|---|---|---|",
    ]
    for name, kind in sorted(table.types.items()):
        affected = kind.address or kind.names[:1] or (kind.email,)
        lines.append(
            f"| `{name}` | `{kind.finding_kind}` | {kind.rsit_taxonomy} / {kind.rsit_type} "
            f"| {kind.severity.key} | `{affected[0]}` | {kind.role} |"
        )
    unknown = table.unknown
    lines += [
        "",
        f"Any other type is read all the same, as `{unknown.finding_kind}` "
        f"({unknown.rsit_taxonomy} / {unknown.rsit_type}, {unknown.severity.key}), with one "
        "warning a file.",
        "",
        "## Names that are hints",
        "",
        "The source did not ask for a name in one of these columns: it was looked up backwards "
        "from the address, or a certificate claims it.",
        "",
        "| column | where the name comes from | report types |",
        "|---|---|---|",
        *_hint_lines(table),
        "",
    ]
    return "\n".join(lines)


def _hint_lines(table: ReportTable) -> Iterator[str]:
    used: dict[NameHint, int] = {}
    for report_type in table.types.values():
        for hint in report_type.hints:
            used[hint] = used.get(hint, 0) + 1
    for hint, count in sorted(used.items(), key=lambda entry: entry[0].column):
        yield f"| `{hint.column}` | {hint.origin} | {count} |"
