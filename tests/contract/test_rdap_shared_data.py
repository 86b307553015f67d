"""Real RDAP answers: each is read with the right verdict, and no placeholder becomes a route.

What is right is worked out from each file by itself, in the plainest way; no name out of the files
stands here.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from lookup_world import World, outside_of
from rdap_samples import REGISTRY, bootstrap_files

from baken.core.errors import TextRefusedError
from baken.core.lookup import Basis, FoundChannel, LookupAnswer, NetworkStanding, Outcome, Subject
from baken.core.routes import Scope
from baken.lookups import LOOKUPS
from baken.lookups.placeholders import refusal_of
from baken.lookups.rdap.answer import read_answer
from baken.lookups.rdap.jcard import read_card
from https_peer import Page

NOW: Final = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
EVERYTHING: Final[Mapping[str, Any]] = {
    "dns.json": {"services": [[[""], [REGISTRY]]]},
    "ipv4.json": {"services": [[["0.0.0.0/0", "::/0"], [REGISTRY]]]},
    "asn.json": {"services": [[["0-4294967295"], [REGISTRY]]]},
}
CLASSES: Final = {
    "domain": ("ldhName", "rdap-domain", "domain"),
    "ip network": ("startAddress", "rdap-address", "ip"),
    "autnum": ("startAutnum", "rdap-as-number", "autnum"),
}
OWNERS: Final = {Basis.ASSIGNMENT_HOLDER, Basis.ASSIGNMENT_ABUSE}


@dataclass(frozen=True)
class RealAnswer:
    """A file, and the question to which it is the answer."""

    path: Path
    written: Any
    key: str
    path_below: str
    subject: Subject

    @property
    def is_about_an_object(self) -> bool:
        if not isinstance(self.written, dict):
            return False
        said = self.written.get("objectClassName")
        if said is not None:
            return said in CLASSES
        return any(member in self.written for member, _, _ in CLASSES.values())


def real_answers(folder: Path) -> Iterator[RealAnswer]:
    for path in sorted(folder.rglob("*.json")):
        if "expected" in path.name or path.parent.name in ("jcard", "bootstrap"):
            continue
        if path.name == "data_bootstrap.json":
            continue
        written = json.loads(path.read_bytes())
        yield _question(path, written)


def _question(path: Path, written: Any) -> RealAnswer:
    for member, key, below in CLASSES.values():
        if isinstance(written, dict) and written.get(member) is not None:
            value = _normal(str(written[member]), member)
            kind = LOOKUPS[key].asks_about
            return RealAnswer(path, written, key, f"{below}/{value}", Subject(kind, value))
    subject = Subject(LOOKUPS["rdap-domain"].asks_about, "example.nl")
    return RealAnswer(path, written, "rdap-domain", "domain/example.nl", subject)


def _normal(value: str, member: str) -> str:
    if member == "startAddress":
        address = value.partition("/")[0]
        if "." in address:
            address = ".".join(str(int(part)) for part in address.split("."))
        return str(ipaddress.ip_address(address))
    return value.lower().rstrip(".")


@pytest.fixture(scope="module")
def told(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[RealAnswer, LookupAnswer]]:
    """Each real answer, and what the lookup made of it when a server gave it."""
    folder = tmp_path_factory.mktemp("bootstraps")
    given = bootstrap_files(folder, EVERYTHING)
    lookups = {key: LOOKUPS[key].open(given) for _, key, _ in CLASSES.values()}
    told = []
    for real in real_answers(shared_data / "rdap"):
        page = Page(real.path.read_bytes(), headers={"content-type": "application/rdap+json"})
        with outside_of(World(pages={REGISTRY + real.path_below: page})) as outside:
            (answer,) = lookups[real.key].ask([real.subject], outside=outside, now=NOW)
        told.append((real, answer))
    return told


def entities(written: Any) -> Iterator[dict[str, Any]]:
    """All entities in an answer, wherever they stand."""
    inner = written.get("entities") if isinstance(written, dict) else None
    for one in inner if isinstance(inner, list) else [inner]:
        if isinstance(one, dict):
            yield one
            yield from entities(one)


def mails_in(written: Any) -> set[str]:
    """What stands where a mail address belongs in any card of `written`."""
    if isinstance(written, list):
        here = {written[3]} if len(written) == 4 and written[0] == "email" else set()
        return {str(one).lower().rstrip(".") for one in here}.union(*map(mails_in, written), set())
    if isinstance(written, dict):
        return set().union(*map(mails_in, written.values()))
    return set()


def with_role(written: Any, role: str) -> Iterator[dict[str, Any]]:
    for one in entities(written):
        roles = one.get("roles")
        if role in [str(each).lower() for each in (roles if isinstance(roles, list) else [])]:
            yield one


def test_what_is_no_answer_about_an_object_is_unknown_and_everything_else_is_read(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    for real, answer in told:
        if not real.is_about_an_object:
            assert answer.outcome is Outcome.UNKNOWN, real.path.name
            assert answer.note, real.path.name
        elif answer.outcome is Outcome.UNKNOWN:
            # Read, and the one further question that was needed reached nobody.
            assert "reach" in answer.note or "name" in answer.note, (real.path.name, answer.note)
    outcomes = Counter(answer.outcome for _, answer in told)
    assert outcomes[Outcome.FOUND] >= 40
    assert outcomes[Outcome.UNKNOWN] >= 15


def test_no_placeholder_is_ever_taken_for_a_contact(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    for real, answer in told:
        for route in answer.routes:
            for line in route.address.split("\n"):
                assert refusal_of(line) is None, real.path.name
            assert not route.name or refusal_of(route.name) is None, real.path.name
        for holder in answer.holders:
            assert not holder.name or refusal_of(holder.name) is None, real.path.name


def test_every_mail_address_stands_in_the_answer(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    found = 0
    for real, answer in told:
        mails = {r.address.lower() for r in answer.routes if r.channel is FoundChannel.MAIL}
        assert mails <= mails_in(real.written), real.path.name
        found += len(mails)
    assert found >= 40


def test_what_stands_with_the_registrar_is_never_the_registrants(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    seen = 0
    for real, answer in told:
        if real.key != "rdap-domain":
            continue
        theirs = set().union(*map(mails_in, with_role(real.written, "registrar")), set())
        for route in answer.routes:
            if route.address.lower() in theirs:
                assert route.basis is Basis.REGISTRAR, real.path.name
                seen += 1
    assert seen >= 10


def test_the_abuse_contact_is_found_or_its_refusal_is_shown(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    seen = 0
    for real, answer in told:
        theirs = set().union(*map(mails_in, with_role(real.written, "abuse")), set())
        if not theirs or not real.is_about_an_object:
            continue
        routes = {route.address.lower() for route in answer.routes}
        refused = {one.text.lower().rstrip(".") for one in answer.refused}
        assert theirs & (routes | refused), real.path.name
        seen += 1
    assert seen >= 25


def test_only_who_holds_an_assignment_is_an_owner(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    standings: Counter[NetworkStanding] = Counter()
    for real, answer in told:
        if real.key != "rdap-address" or answer.outcome is not Outcome.FOUND:
            continue
        words = str(real.written.get("type", "")).lower()
        is_assigned = "assign" in words
        standing = answer.holders[0].standing if answer.holders else NetworkStanding.UNSAID
        standings[standing] += 1
        assert is_assigned or not {r.basis for r in answer.routes} & OWNERS, real.path.name
        assert is_assigned == (standing is NetworkStanding.ASSIGNMENT), real.path.name
        assert is_assigned or {r.scope for r in answer.routes} <= {Scope.NETWORK}, real.path.name
    assert all(standings[standing] for standing in NetworkStanding)


def test_another_reader_finds_the_same_people(
    told: list[tuple[RealAnswer, LookupAnswer]],
) -> None:
    """20c/rdap takes every mail address; ours are among them, an abuse desk's always."""
    compared = 0
    for real, answer in told:
        path = real.path.with_name(real.path.stem + ".expected.json")
        theirs = json.loads(path.read_text()) if path.exists() else {}
        if not {"emails", "org_name"} <= theirs.keys():
            continue
        ours = {r.address for r in answer.routes if r.channel is FoundChannel.MAIL}
        assert ours <= set(theirs["emails"]), real.path.name
        desks = {mail for mail in theirs["emails"] if mail.startswith("abuse@")}
        assert bool(ours & desks) == bool(desks), real.path.name
        for holder in answer.holders:
            assert holder.name in theirs["org_name"], real.path.name
        compared += 1
    assert compared >= 7


def test_a_broken_card_gives_what_is_whole_in_it(shared_data: Path) -> None:
    read = {}
    for path in sorted((shared_data / "rdap/jcard").glob("*.json")):
        try:
            read[path.stem] = read_card(json.loads(path.read_bytes()))
        except ValueError:
            assert path.stem in ("error_invalid_json", "error_bad_property_nest_depth")
    whole = read.pop("example")
    assert whole.name
    assert whole.mails
    assert whole.telephones
    assert whole.language == "fr"
    assert len(read) >= 5
    assert all(card.is_empty for card in read.values())


def test_bootstrap_files_are_used_or_refused_by_their_name(
    shared_data: Path, tmp_path: Path
) -> None:
    for path in sorted((shared_data / "rdap/bootstrap").glob("*.json")):
        given = bootstrap_files(tmp_path, {path.name: path.read_bytes()})
        if "malformed" in path.name:
            with pytest.raises(TextRefusedError, match=path.name):
                LOOKUPS["rdap-domain"].open(given)
        else:
            LOOKUPS["rdap-domain"].open(given)


def test_an_entity_alone_is_read(shared_data: Path) -> None:
    read = [
        read_answer(path.read_bytes())
        for path in sorted((shared_data / "rdap/rir").glob("entity_*.json"))
        if b'"vcardArray"' in path.read_bytes() and "expected" not in path.name
    ]
    assert len(read) >= 6
    assert all(one.entities and one.entities[0].handle for one in read)
