"""What an operator's programs read: XARF reports of the systems that it is asked to pass on.

XARF 4.2 (https://xarf.org): one report a system, or a moment of it. Its schema knows no report of
several, so the file of more than one is a list. Of a system for which no type of XARF fits, or of
which we do not know all that its type requires, there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from baken.advice import PassOnWords
from baken.core.detail import FAMILIES
from baken.core.finding_kinds import finding_kinds
from baken.core.mail_address import domain_of
from baken.core.observation import AffectedRole
from baken.outbox.wording.facts import PassOnFacts, Sender, SystemOfOperator, ToldSystem
from baken.outbox.wording.moments import utc
from baken.outbox.wording.pass_on import OneKind, moments_of
from baken.outbox.wording.quoting import cut

CONTENT_TYPE: Final = "application/json"
_VERSION: Final = "4.2.0"
_INFECTED: Final = "infected-system"
_LONGEST_DESCRIPTION: Final = 1_000
_LONGEST_NAME: Final = 200

Report = Mapping[str, object]


def xarf_reports(
    request: PassOnFacts, kinds: Sequence[OneKind], words: PassOnWords, sender: Sender
) -> tuple[list[Report], int]:
    """The reports, and of how many systems there are any."""
    reports: list[Report] = []
    covered = 0
    for kind in kinds:
        for one in kind.systems:
            found = list(_reports_of(one, kind, request, words, sender))
            reports += found
            covered += bool(found)
    return reports, covered


def as_file(reports: Sequence[Report]) -> bytes:
    """The file that holds `reports`: the one report, or a list."""
    content = reports[0] if len(reports) == 1 else reports
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _reports_of(
    one: SystemOfOperator,
    kind: OneKind,
    request: PassOnFacts,
    words: PassOnWords,
    sender: Sender,
) -> Iterator[Report]:
    seen = one.seen
    classified = _classified(seen, kind)
    identifier = seen.system if seen.is_network else seen.address or seen.host_name
    if not classified or not identifier:
        return
    us = {
        "org": sender.name[:_LONGEST_NAME],
        "contact": sender.reply_to,
        "domain": domain_of(sender.reply_to),
    }
    for at, port in _moments(seen):
        report: dict[str, object] = {
            "xarf_version": _VERSION,
            "report_id": str(_report_id(f"{request.reference} {one.code} {utc(at)} {port}")),
            "timestamp": utc(at),
            "reporter": us,
            "sender": us,
            "source_identifier": identifier,
        }
        if port is not None:
            report["source_port"] = port
        report |= classified
        # The subject is written to whoever uses the system: it is quoted to who passes it on.
        description = words.description.format(subject=kind.advice.subject, code=one.code)
        report["description"] = cut(description, _LONGEST_DESCRIPTION)
        report["tags"] = [f"tlp:{request.tlp.value.partition(':')[2].lower()}",
                          f"rsit:{seen.rsit_type}"]  # fmt: skip
        yield report


def _moments(seen: ToldSystem) -> list[tuple[datetime, int | None]]:
    """When, and at which port of the system: of one that was seen to send each time."""
    if moments := moments_of(seen):
        return [(at, int(port)) for at, port in moments]
    has_port = seen.affected_role in (AffectedRole.SERVICE, AffectedRole.SOURCE) and seen.port
    return [(seen.last_seen_at, seen.port if has_port else None)]


def _classified(seen: ToldSystem, kind: OneKind) -> Report:
    """Category, type, and what that type requires; empty where none fits."""
    known = finding_kinds().get(seen.finding_kind)
    protocol = known.protocol if known else ""
    service = cut(seen.product) or protocol
    is_service = seen.affected_role == AffectedRole.SERVICE
    if is_service and seen.cves and seen.port and service:
        return {
            "category": "vulnerability",
            "type": "cve",
            "service": service,
            "service_port": seen.port,
            "cve_id": seen.cves[0],
            "cve_ids": list(seen.cves),
            "risk_level": seen.severity.key,
        }
    if is_service and protocol:
        return {"category": "vulnerability", "type": "open_service", "service": protocol}
    if seen.rsit_type == _INFECTED:
        family = next((seen.evidence[name] for name in FAMILIES if seen.evidence.get(name)), "")
        return {
            "category": "infrastructure",
            "type": "botnet",
            "compromise_evidence": kind.advice.seen,
            **({"malware_family": cut(family)} if family else {}),
        }
    return {}


def _report_id(said: str) -> UUID:
    """The same for the same report, in the form of version 4 (RFC 9562), which XARF asks for."""
    return UUID(bytes=hashlib.sha256(said.encode()).digest()[:16], version=4)
