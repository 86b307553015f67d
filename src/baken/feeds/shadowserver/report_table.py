"""The table of Shadowserver report types, loaded from reports.toml and checked.

``python -m baken.feeds.shadowserver`` prints it as docs/reference/shadowserver.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from baken.core.classification import RSIT_TYPES, AddressRole, Severity, Tlp
from baken.core.finding_kinds import finding_kinds
from baken.core.name_hint import HintOrigin, NameHint
from baken.core.observation import AffectedRole
from baken.core.sharing import SharingTerms
from baken.feeds.shadowserver.row_rules import RowRule


@dataclass(frozen=True, slots=True)
class ReportType:
    """What one report type says, and in which columns. Empty: the type has no such column."""

    name: str
    finding_kind: str
    rsit_type: str
    severity: Severity
    """What a row has that tells none."""
    role: AffectedRole
    address_role: AddressRole
    address: tuple[str, ...] = ()
    """The column of the affected address; for an unknown type, candidates in order."""
    network: str = ""
    """The column of the network that the address stands for."""
    names: tuple[str, ...] = ()
    least_severity: Severity = Severity.INFO
    """What a row has at least."""
    port: tuple[str, ...] = ()
    service_port: int | None = None
    """The port that the scan asked, where `port` is only the one that an answer came from."""
    transport: str = ""
    over: str = ""
    """The transport of a row that names none; empty when that is not known."""
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
    old_names: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Columns that a report under an older name of the type calls otherwise: old name to new."""
    rules: tuple[RowRule, ...] = ()
    """What its rows may say themselves, the first that counts first."""
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
        single = (self.network, self.transport, self.url, self.email)
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
    aliases: Mapping[str, str]
    """Other names of a type: that it had before, or has in the schema's own mappings."""
    unknown: ReportType

    @property
    def names(self) -> frozenset[str]:
        """Every name that means a known type."""
        return frozenset({*self.types, *self.aliases})

    def name_of(self, name: str) -> str:
        """What the type called `name` is called in this table."""
        return self.aliases.get(name, name)

    def report_type(self, name: str) -> ReportType:
        """The type called `name`, or the stand-in for an unknown one."""
        return self.types.get(self.name_of(name), self.unknown)

    @property
    def finding_kinds(self) -> frozenset[str]:
        """Every finding kind that a row may have."""
        types = self.types.values()
        kinds = {report_type.finding_kind for report_type in types}
        ruled = {rule.finding_kind for report_type in types for rule in report_type.rules}
        return frozenset({*kinds, *ruled, self.unknown.finding_kind})


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
    rules: list[dict[str, Any]] = raw.get("rows", [])
    types: dict[str, ReportType] = {}
    aliases: dict[str, str] = {}
    for group_name, group in raw["groups"].items():
        shared = {key: value for key, value in group.items() if key != "types"}
        for name, own in group["types"].items():
            merged = {**shared, **own, "evidence": [*shared["evidence"], *own.get("evidence", ())]}
            for twin in (name, *own.get("also", ())):
                if twin in types:
                    raise ValueError(f"reports.toml lists {twin} twice")
                read = _report_type(twin, merged, sets=sets, hints=hints)
                own_rules = [rule for rule in rules if _is_about(rule, read, group=group_name)]
                types[twin] = replace(read, rules=tuple(_rule(rule, read) for rule in own_rules))
            for alias in own.get("aliases", ()):
                if alias in aliases:
                    raise ValueError(f"reports.toml lists {alias} twice")
                aliases[alias] = name
    if doubled := aliases.keys() & types.keys():
        raise ValueError(f"reports.toml lists {min(doubled)} as a type and as an alias")
    unknown = {**raw["unknown"], "evidence": []}
    return ReportTable(
        source=raw["feed"]["source"],
        terms=SharingTerms(label=Tlp(raw["feed"]["tlp"]), **raw["feed"].get("terms", {})),
        schema_date=raw["feed"]["schema_date"],
        old_names=MappingProxyType(raw["old_names"]),
        types=MappingProxyType(types),
        aliases=MappingProxyType(aliases),
        unknown=_report_type("", unknown, sets=sets, hints=hints),
    )


_KEYS = frozenset(
    {
        *("kind", "rsit", "severity", "also", "role", "address", "names", "port", "transport"),
        *("asn", "url", "email", "cves", "product", "evidence", "noise", "asked"),
        *("address_role", "network", "least", "service_port", "over", "aliases", "old_names"),
    }
)
_RULE_KEYS = frozenset(
    {"groups", "types", "column", "has", "kind", "rsit", "severity", "address_role"}
)


def _is_about(rule: Mapping[str, Any], report_type: ReportType, *, group: str) -> bool:
    return group in rule.get("groups", ()) or report_type.name in rule.get("types", ())


def _rule(raw: Mapping[str, Any], report_type: ReportType) -> RowRule:
    """The rule as it counts for `report_type`: what it leaves out is as in any row of the type."""
    if strange := sorted(raw.keys() - _RULE_KEYS):
        raise ValueError(f"reports.toml, a rule on rows: unknown keys {', '.join(strange)}")
    severity = raw.get("severity")
    rule = RowRule(
        column=raw["column"],
        values=frozenset(value.lower() for value in raw["has"]),
        finding_kind=raw.get("kind", report_type.finding_kind),
        rsit_type=raw.get("rsit", report_type.rsit_type),
        severity=Severity.from_key(severity) if severity else Severity.INFO,
        address_role=AddressRole(raw.get("address_role", report_type.address_role)),
    )
    if rule.rsit_type not in RSIT_TYPES:
        raise ValueError(f"reports.toml, a rule on rows: {rule.rsit_type} is no RSIT type")
    return rule


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
    if "address_role" not in raw:
        raise ValueError(f"reports.toml, {name}: it has no address_role")
    read = ReportType(
        name=name,
        finding_kind=raw["kind"],
        rsit_type=raw["rsit"],
        severity=Severity.from_key(raw["severity"]),
        least_severity=Severity.from_key(raw["least"]) if "least" in raw else Severity.INFO,
        role=AffectedRole(raw["role"]),
        address_role=AddressRole(raw["address_role"]),
        address=_columns(raw.get("address", "")),
        network=raw.get("network", ""),
        names=tuple(raw.get("names", ())),
        port=_columns(raw.get("port", "")),
        service_port=raw.get("service_port"),
        transport=raw.get("transport", ""),
        over=raw.get("over", "") or _only_transport(raw["kind"]),
        asn=_columns(raw.get("asn", "")),
        url=raw.get("url", ""),
        email=raw.get("email", ""),
        cves=tuple(raw.get("cves", ())),
        product=tuple(raw.get("product", ())),
        evidence=tuple(_expanded(raw["evidence"], sets=sets)),
        old_names=MappingProxyType(raw.get("old_names", {})),
        noise=frozenset(raw["noise"]) if "noise" in raw else None,
    )
    asked = raw.get("asked", ())
    found = [NameHint(column, hints[column]) for column in read.columns if column in hints]
    return replace(
        read,
        hints=tuple(hint for hint in found if hint.column not in asked),
        asked=tuple(hint for hint in found if hint.column in asked),
    )


def _only_transport(kind: str) -> str:
    """What a service of this finding kind is seen over, when that is one transport alone."""
    known = finding_kinds().get(kind)
    return known.transports[0] if known is not None and len(known.transports) == 1 else ""


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
        "address (or, without one, whose name or account) decides who is warned. *Role* is the "
        "part that it played, and *address* whose side it is on: nobody is told of one that is "
        "attacker-controlled or unknown.",
        "",
        "| report type | finding kind | RSIT class | severity | affected | role | address |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, kind in sorted(table.types.items()):
        affected = kind.address or kind.names[:1] or (kind.email,)
        least = kind.least_severity
        severity = f"{kind.severity.key}{f', at least {least.key}' if least else ''}"
        lines.append(
            f"| `{name}` | `{kind.finding_kind}` | {kind.rsit_taxonomy} / {kind.rsit_type} "
            f"| {severity} | `{affected[0]}` | {kind.role} | {kind.address_role} |"
        )
    unknown = table.unknown
    lines += [
        "",
        f"Any other type is read all the same, as `{unknown.finding_kind}` "
        f"({unknown.rsit_taxonomy} / {unknown.rsit_type}, {unknown.severity.key}), with one "
        "warning a file. Nobody is told of it until a person has said what it is.",
        "",
        "## What a row says itself",
        "",
        "A row with one of these values, in any case and beside others, is what stands here and "
        "not what its type says. Its severity is at least the one named.",
        "",
        "| column | value | finding kind | RSIT class | severity | address | report types |",
        "|---|---|---|---|---|---|---|",
        *_rule_lines(table),
        "",
        "## Other names of report types",
        "",
        "A report under an older name, or under the name that the schema's own mappings use, is "
        "read as the type in the second column.",
        "",
        "| name | report type |",
        "|---|---|",
        *(f"| `{alias}` | `{name}` |" for alias, name in sorted(table.aliases.items())),
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


def _rule_lines(table: ReportTable) -> Iterator[str]:
    used: dict[RowRule, list[str]] = {}
    for name, report_type in sorted(table.types.items()):
        for rule in report_type.rules:
            used.setdefault(rule, []).append(name)
    for rule, names in sorted(used.items(), key=lambda entry: (entry[0].column, entry[1])):
        values = ", ".join(f"`{value}`" for value in sorted(rule.values))
        listed = ", ".join(f"`{name}`" for name in names[:3])
        yield (
            f"| `{rule.column}` | {values} | `{rule.finding_kind}` | {rule.rsit_taxonomy} / "
            f"{rule.rsit_type} | {rule.severity.key} | {rule.address_role} "
            f"| {listed if len(names) <= 3 else f'{len(names)}: {listed}, …'} |"
        )


def _hint_lines(table: ReportTable) -> Iterator[str]:
    used: dict[NameHint, int] = {}
    for report_type in table.types.values():
        for hint in report_type.hints:
            used[hint] = used.get(hint, 0) + 1
    for hint, count in sorted(used.items(), key=lambda entry: entry[0].column):
        yield f"| `{hint.column}` | {hint.origin} | {count} |"
