"""Real WHOIS answers: each is read with the right verdict, and no placeholder becomes a route.

What is right is worked out from each file's own name and text, in the plainest way; no name out of
the files stands here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from lookup_scenarios.whois_domain import IANA, NIC
from lookup_world import World, outside_of
from rdap_samples import REGISTRY, bootstrap_files

from baken.core.lookup import Basis, FoundChannel, LookupAnswer, Outcome, Subject, SubjectKind
from baken.lookups import LOOKUPS
from baken.lookups.placeholders import refusal_of
from baken.lookups.rdap.domain import read_domain
from baken.lookups.whois.verdict import Verdict, read_answer

NOW: Final = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
NO_SERVERS: Final = {"dns.json": {"services": [[["elsewhere"], [REGISTRY]]]}}
REFUSED: Final = ("throttled", "blocked", "unavailable")
FREE: Final = ("available", "have-no-money")
DOMAIN_LINE: Final = re.compile(
    r"^\s*(?:domain(?: name)?)\s*[:\t]\s*([a-z0-9-]+(?:\.[a-z0-9-]+)+)\s*$", re.I | re.M
)


@dataclass(frozen=True)
class RealAnswer:
    """A file, the domain that was asked for, and what is right."""

    path: Path
    text: str
    domain: str
    outcome: Outcome | None
    """None: registered; whether anybody is named stands in the text."""


def real_answers(folder: Path) -> list[RealAnswer]:
    found = []
    for path in sorted(folder.glob("*.txt")):
        text = path.read_bytes().decode("utf-8", errors="replace")
        found.append(RealAnswer(path, text, _domain(path.stem, text), _right(path.stem)))
    return found


def _domain(name: str, text: str) -> str:
    if name.startswith("likexian_"):
        return name.split("_", 2)[2]
    line = DOMAIN_LINE.search(text) or re.search(r"ame:\s+([a-z0-9.-]+\.[a-z]+)\s", text, re.I)
    named = line or re.search(r'"([A-Za-z0-9.-]+)"', text)
    named = named or re.search(r">> ([a-z0-9.-]+)", text)
    return named[1].lower() if named else "example.xx"


def _right(name: str) -> Outcome | None:
    if name.startswith("ipwhois_"):
        return Outcome.UNKNOWN  # about a network
    words = name.partition("_status_blocked")[0]  # of a domain that its registry blocked
    if any(f"response_{word}" in words for word in REFUSED):
        return Outcome.UNKNOWN
    return Outcome.NONE if any(word in words for word in FREE) else None


@pytest.fixture(scope="module")
def told(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[RealAnswer, LookupAnswer]]:
    """Each real answer, and what the lookup made of it when a server gave it."""
    given = bootstrap_files(tmp_path_factory.mktemp("bootstraps"), NO_SERVERS)
    told = []
    for real in real_answers(shared_data / "whois"):
        top = real.domain.rpartition(".")[2]
        world = World(
            whois={
                IANA: {top: f"domain: {top}\nwhois: {NIC}\n".encode()},
                NIC: {real.domain: real.path.read_bytes()},
            }
        )
        lookup = LOOKUPS["whois-domain"].open(given)
        subject = Subject(SubjectKind.DOMAIN, real.domain)
        with outside_of(world) as outside:
            [answer] = lookup.ask([subject], outside=outside, now=NOW)
        told.append((real, answer))
    return told


def test_each_file_has_the_right_outcome(told: list[tuple[RealAnswer, LookupAnswer]]) -> None:
    for real, answer in told:
        if real.outcome is not None:
            assert answer.outcome is real.outcome, (real.path.name, answer.note)
            assert not answer.routes, real.path.name
            assert answer.note.endswith("."), real.path.name
        elif answer.outcome is Outcome.UNKNOWN:
            # Read, and the registrar to which the registry refers is not there.
            assert "has no address" in answer.note, (real.path.name, answer.note)
    counted = Counter(answer.outcome for _, answer in told)
    assert len(told) >= 60
    assert counted[Outcome.FOUND] >= 25


def registrants_mails(text: str) -> set[str]:
    """The mail addresses that stand where a registrant's belongs, in the two layouts with one."""
    mails = set(re.findall(r"^Registrant Email: *(\S+@\S+)\s*$", text, re.MULTILINE))
    holder = re.search(r"^holder-c: *(\S+)", text, re.MULTILINE)
    if holder:
        for part in re.split(r"\r?\n\r?\n", text):
            if re.search(rf"^nic-hdl: *{re.escape(holder[1])}\s*$", part, re.MULTILINE):
                mails |= set(re.findall(r"^e-mail: *(\S+)", part, re.MULTILINE))
    return mails


def test_every_registrant_s_mail_address_is_a_route_and_no_other_is_the_registrant_s(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    seen = 0
    for real, answer in told:
        if real.outcome is not None:
            continue
        written = {mail for mail in registrants_mails(real.text) if refusal_of(mail) is None}
        found = {
            route.address
            for route in answer.routes
            if route.basis is Basis.REGISTRANT and route.channel is FoundChannel.MAIL
        }
        assert found == written, real.path.name
        seen += len(found)
    assert seen >= 8


def test_no_placeholder_is_ever_a_contact(told: list[tuple[RealAnswer, LookupAnswer]]) -> None:
    refused = 0
    for real, answer in told:
        refused += len(answer.refused)
        for route in answer.routes:
            for line in (route.address, *route.address.split("\n"), route.name):
                assert not line or refusal_of(line) is None, (real.path.name, line)
        for holder in answer.holders:
            assert not holder.name or refusal_of(holder.name) is None, real.path.name
    assert refused >= 15


def test_every_mail_address_stands_in_the_answer(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    for real, answer in told:
        for route in answer.routes:
            if route.channel is FoundChannel.MAIL:
                assert route.address.lower() in real.text.lower(), real.path.name


def test_every_placeholder_that_was_seen_is_refused_in_whois_too(shared_data: Path) -> None:
    lines = (shared_data / "rdap/redacted/placeholders.tsv").read_text().splitlines()[1:]
    forms = [line.partition("\t")[0] for line in lines]
    # These are told by the structure of an RDAP answer, which a text does not have.
    told_by_structure = ("redacted[]", "email property", "no entities", "https://")
    texts = [
        part.removesuffix(" in contact-uri")
        for form in forms
        if not form.startswith(told_by_structure)
        for part in form.replace("…", "x").split(" / ")
    ]
    assert len(texts) >= 9
    for text in texts:
        fields = ("Name", "Organization", "Street", "City", "Phone", "Email")
        said = "\n".join(f"Registrant {one}: {text}" for one in fields)
        answer = read_answer(f"Domain Name: bakkerij.xx\nRegistrar: R\n{said}\n".encode(),
                             domain="bakkerij.xx")  # fmt: skip
        assert answer.verdict is Verdict.REGISTERED
        gathered, holder = read_domain(answer.record.answer, source="whois://whois.example/x")
        assert not gathered.routes, text
        assert holder is None or not holder.name, text
