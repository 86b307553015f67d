"""Every report type, in both languages, from a row to a mail: findable, and no word too many."""

from __future__ import annotations

import csv
import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest

from baken.advice import detail_names
from baken.channels import Message
from baken.core.classification import AddressRole, Severity
from baken.core.observation import NAME_SOURCE, AffectedRole
from baken.feeds import FEEDS
from baken.feeds.shadowserver.report_table import ReportType, report_table
from baken.outbox.wording import ToldSystem, compose
from golden_warnings import LANGUAGES, SENDER, warning

TYPES = sorted(report_table().types)
COLUMNS = {name for kind in report_table().types.values() for name in kind.evidence if "_" in name}
ADDRESS, PORT, FAMILY, HOST = "192.0.2.77", "54321", "madeupworm", "www.example.nl"
MARKERS = (PORT, FAMILY, HOST, HOST.replace(".", "[.]"))


def row_of(kind: ReportType) -> dict[str, str]:
    """A row that says something in each column that the type has."""
    row = dict.fromkeys(kind.evidence, "x1")
    row |= dict.fromkeys(kind.cves, "tagged") | dict.fromkeys(kind.product, "Thing")
    row |= dict.fromkeys(kind.names, HOST) | dict.fromkeys(kind.port, PORT)
    row |= dict.fromkeys(kind.asn, "64500")
    row |= {name: FAMILY for name in ("family", "infection") if name in row}
    if kind.transport:
        row[kind.transport] = "udp" if kind.over == "udp" else "tcp"
    if kind.url:
        row[kind.url] = f"http://{HOST}/a"
    if kind.email:
        row[kind.email] = "jan@example.nl"
    return row


def bare_row(kind: ReportType) -> dict[str, str]:
    """A row that says as little as it may: where, and when."""
    row = row_of(kind)
    needed = kind.address or kind.names or (kind.email,)
    return {name: row[name] if name in needed and not kind.address else "" for name in row}


def told_of(folder: Path, kind: ReportType, row: dict[str, str]) -> list[ToldSystem]:
    """What a report with `row` says, read as it comes."""
    said = {"timestamp": "2026-11-26 03:14:07", **row}
    said |= dict.fromkeys(kind.address, ADDRESS)
    path = folder / f"2026-11-26-{kind.name}-test.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, said)
        writer.writeheader()
        writer.writerow(said)
    report = FEEDS["shadowserver"].open_report(path, report_type=kind.name)
    return [
        told_system(one) for batch in report.batches() for one in batch.observations.to_pylist()
    ]


def told_system(row: dict[str, Any]) -> ToldSystem:
    """The system of an observation, as a case would call it."""
    assert AddressRole(row["address_role"])
    address = str(ipaddress.ip_address(row["ipv4"])) if row["ipv4"] is not None else ""
    named = row["affected_role"] in (AffectedRole.SITE, AffectedRole.ORGANISATION)
    system = address or row["host_name"] or row["email_domain"]
    if named and row["host_name"]:
        system = row["host_name"]
    elif row["affected_role"] == AffectedRole.SERVICE and row["port"]:
        system = f"{address}:{row['port']}/{row['transport'] or 'tcp'}"
    return ToldSystem(
        finding_kind=row["finding_kind"], rsit_type=row["rsit_type"], system=system,
        severity=Severity(row["severity"]), reason="new", first_seen_at=row["observed_at"],
        last_seen_at=row["observed_at"], sightings=1, host_name=row["host_name"] or "",
        url=row["url"] or "", product=row["product"] or "", cves=tuple(row["cves"]),
        asset="192.0.2.0/24", evidence=dict(row["evidence"]), feed="shadowserver",
        affected_role=row["affected_role"], address=address, port=row["port"],
        transport=row["transport"] or "",
    )  # fmt: skip


def mail_of(systems: list[ToldSystem], language: str) -> Message:
    return compose(warning("Voorbeeld", *systems, language=language), SENDER)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TYPES)
def test_a_full_row_is_told_so_that_it_can_be_found(
    name: str, language: str, tmp_path: Path
) -> None:
    kind = report_table().types[name]
    (system,) = told_of(tmp_path, kind, row_of(kind))
    message = mail_of([system], language)
    assert_reads_well(message)
    said = message.text.replace("[.]", ".")
    assert system.address in said
    assert system.system.partition("/")[0].removesuffix(f":{system.port}") in said
    if system.port:
        assert system.port == kind.service_port or str(system.port) == PORT
        assert re.search(rf"\b{system.port}\b", said)
    if kind.service_port:
        assert PORT not in said, "nobody listens where the answer came from"
    if system.is_in_logs:
        assert ":07 (+01:00)" in message.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TYPES)
def test_a_row_that_says_little_is_told_in_few_words(
    name: str, language: str, tmp_path: Path
) -> None:
    kind = report_table().types[name]
    for system in told_of(tmp_path, kind, bare_row(kind)):
        message = mail_of([system], language)
        assert_reads_well(message)
        if kind.address:
            assert not [marker for marker in MARKERS if marker in message.text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_chapters_of_a_mail_say_the_same(language: str, tmp_path: Path) -> None:
    types = report_table().types.values()
    systems = [one for kind in types for one in told_of(tmp_path, kind, row_of(kind))]
    text = mail_of(systems, language).text
    chapters = re.split(r"\n\n\d+\. .*\n=+\n\n", text)[2:]
    seen = [chapter.split("\n\n")[0] for chapter in chapters]
    assert len(seen) > 80
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_detail_is_called_as_a_report_calls_it(language: str) -> None:
    known = report_table().types.values()
    told = {name for kind in known for name in (*kind.evidence, *(h.column for h in kind.hints))}
    assert told - detail_names(language).keys() == {NAME_SOURCE}


def assert_reads_well(message: Message) -> None:
    lines = [line for line in message.text.split("\n") if not line.startswith("    ")]  # commands
    for text in (message.subject, *lines):
        assert not re.search(r"\{\w*\}|\bNone\b|\[(?![.:]|at\]|TLP)", text)
        assert not re.search(r"[^ ] {2,}|\s[.,;](\s|$)", text)
        assert not [name for name in COLUMNS if name in text]
        assert "Baken" not in text, "the service signs with its own name"
