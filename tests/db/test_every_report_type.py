"""A warning about each report type, in both languages: it says what the row says, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from html import unescape

import pytest

from baken.cases.models import Case
from baken.channels import Message
from baken.core.classification import AddressRole, Severity
from baken.core.language import Language
from baken.core.policy import Policy
from baken.feeds.shadowserver.report_table import ReportType, report_table
from baken.jobs.sending import sender_of
from baken.outbox.models import Notification
from baken.outbox.selectors import warning_of
from baken.outbox.services import plan_notifications
from baken.outbox.wording import WarningFacts, compose
from baken.outbox.wording.chapters import chapters_of
from baken.settings.environment import Settings
from small_world import YESTERDAY, Ingest, make_organisation

pytestmark = pytest.mark.django_db
TYPES = sorted(report_table().types.items())
TOLD_NOBODY = {AddressRole.ATTACKER_CONTROLLED, AddressRole.UNKNOWN}
OF_THE_KIND = {
    "open-activemq": "CVE-2023-46604",  # said of older versions, and that the version is unknown
    "vulnerable-isakmp": "CVE-2016-6415",  # what the scan of this type looks for
}
"""A CVE number that a text may name where no row does, and why."""
MADE_UP = "zq"
"""How every made-up value begins, so that it is found in a text that claims it."""


@dataclass(frozen=True)
class Reader:
    """An organisation that gets one row of each type, with all of its columns or with the least."""

    key: str
    language: Language
    network: str
    is_bare: bool

    def address(self, number: int) -> str:
        stem, _, length = self.network.partition("/")
        return f"{stem}{number:x}" if length == "112" else f"{stem[:-1]}{number}"

    def row(self, known: ReportType, number: int) -> dict[str, str]:
        host = f"t{number}.{self.key}.example.nl"
        least = {
            "timestamp": f"{YESTERDAY:%Y-%m-%d %H:%M:%S}",
            **dict.fromkeys(known.address[:1], self.address(number)),
        }
        if not known.address:
            least |= dict.fromkeys(known.names[:1], host)
        if known.email:
            least[known.email] = f"someone{number}@{self.key}.example.nl"
        if self.is_bare:
            return least
        numbers = dict.fromkeys(known.port, str(20_000 + number)) | dict.fromkeys(
            known.asn, "64500"
        )
        rest = {name: f"{MADE_UP}{name.replace('_', '')}" for name in known.columns}
        rest |= {"src_port": "50123", "dst_port": "25", "severity": "high"}
        rest |= dict.fromkeys(known.cves, "cve-2026-12345")
        rest |= dict.fromkeys(known.names, host)
        if known.url:
            rest[known.url] = f"http://{host}/{MADE_UP}path"
        if known.transport:
            rest[known.transport] = "tcp"
        return rest | numbers | least


READERS = (
    Reader("nl-all", Language.NL, "192.0.2.0/24", is_bare=False),
    Reader("en-all", Language.EN, "198.51.100.0/24", is_bare=False),
    Reader("nl-least", Language.NL, "203.0.113.0/24", is_bare=True),
    Reader("en-least", Language.EN, "2001:db8::/112", is_bare=True),
)


@pytest.fixture
def warnings(ingest: Ingest, settings_of_test: Settings) -> dict[str, WarningFacts]:
    """By reader, the warning about all types together."""
    for reader in READERS:
        make_organisation(
            reader.key, reader.network, f"{reader.key}.example.nl", language=reader.language
        )
    for number, (name, known) in enumerate(TYPES, start=1):
        rows = [reader.row(known, number) for reader in READERS]
        header = list(dict.fromkeys(column for row in rows for column in row))
        lines = [",".join(row.get(column, "") for column in header) for row in rows]
        taken = ingest("\n".join([",".join(header), *lines, ""]), name=f"2026-11-26-{name}-x.csv")
        assert taken.accepted is not None
        assert taken.accepted.rows.matched == len(READERS), name
    policy = Policy(minimum_severity=Severity.INFO)
    plan_notifications(policy=policy, feed_tlp=settings_of_test.feed_tlp, now=datetime.now(UTC))
    planned = Notification.objects.select_related("organisation")
    return {one.organisation.reference: warning_of(one) for one in planned}


def one_by_one(warning: WarningFacts) -> Iterator[WarningFacts]:
    for system in warning.systems:
        yield replace(warning, systems=[system])


def texts(message: Message) -> Iterator[str]:
    yield message.text
    yield unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", message.html or "", flags=re.S))


@cache
def feeds_own_words() -> frozenset[str]:
    """The names of columns that no reader would take for a word."""
    named = {column for _, known in TYPES for column in known.columns}
    return frozenset(column for column in named if "_" in column)


def test_every_type_is_told_with_what_its_row_says_and_nothing_else(
    warnings: dict[str, WarningFacts], settings_of_test: Settings
) -> None:
    sender = sender_of(settings_of_test)
    roles = set(Case.objects.values_list("address_role", flat=True))
    assert roles <= {role.value for role in AddressRole}
    told = [known for _, known in TYPES if known.address_role not in TOLD_NOBODY]
    faults: list[str] = []
    for reader in READERS:
        warning = warnings[reader.key]
        assert len(warning.systems) == len(told)
        for alone in one_by_one(warning):
            (system,) = alone.systems
            for text in texts(compose(alone, sender)):
                faults += [
                    f"{reader.key}, {system.finding_kind}: {fault}"
                    for fault in faults_of(text, is_bare=reader.is_bare)
                    if fault != OF_THE_KIND.get(system.finding_kind)
                ]
        seen = [chapter.advice.seen for chapter in chapters_of(warning)]
        subjects = [chapter.advice.subject for chapter in chapters_of(warning)]
        assert len(set(seen)) == len(set(subjects)) == len(seen), "no two chapters say the same"
    assert not sorted(set(faults))


def faults_of(text: str, *, is_bare: bool) -> Iterator[str]:
    """What a reader must not find."""
    yield from re.findall(r"\{[a-z_]*\}", text)
    unfilled = text.replace("[.]", "").replace("[at]", "").replace("[TLP", "")
    yield from re.findall(r"\[[^\]\n]*\]", unfilled)
    yield from (word for word in feeds_own_words() if re.search(rf"\b{word}\b", text))
    yield from re.findall(r"Baken", text)
    if is_bare:
        yield from re.findall(rf"{MADE_UP}\w+", text)
        yield from re.findall(r"(?i)CVE-\d+-\d+", text)
        yield from re.findall(r"(?i)\b(?:poort|port) \d+ \((?:TCP|UDP)\)", text)
