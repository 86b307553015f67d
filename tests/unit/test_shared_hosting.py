"""Who gives others room is not taken for the owner of what is theirs."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from baken.core.choosing import Choice, Circumstances, PassedOver, choose
from baken.core.finding_kinds import Layer
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.identity import Party
from baken.core.ladder import Answers, Sought, next_questions
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.routes import Scope
from baken.lookups import LOOKUPS
from baken.lookups.shared_hosting import hosting_desks
from baken.outside import Outside
from given_files import GIVEN_AT, given_file

NOW: Final = GIVEN_AT + timedelta(days=2)
ADDRESS: Final = "192.0.2.7"
NAME: Final = "bakkerij.pages.example"
DEVICE: Final = Sought(Layer.DEVICE, address=ADDRESS)
SITE: Final = Sought(Layer.APPLICATION, address=ADDRESS, asked_name=NAME, is_name_only=True)
HOSTER: Final = Holder("EX:1", "Room B.V.", "192.0.2.0/24", NetworkStanding.ASSIGNMENT, "NL")


def mail(address: str, scope: Scope, basis: Basis) -> FoundRoute:
    return FoundRoute(FoundChannel.MAIL, address, scope, basis, 80)


def said(
    lookup: str, kind: SubjectKind, value: str, *routes: FoundRoute, holder: Holder | None = None
) -> LookupAnswer:
    holders = () if holder is None else (holder,)
    return LookupAnswer(
        lookup, Subject(kind, value), Outcome.FOUND, "made up", NOW, NOW + timedelta(days=7),
        routes=routes, holders=holders,
    )  # fmt: skip


REGISTRY: Final = said(
    "registry",
    SubjectKind.ADDRESS,
    ADDRESS,
    mail("abuse@room.example", Scope.OWNER, Basis.ASSIGNMENT_ABUSE),
    holder=HOSTER,
)
ROOM: Final = Holder("", "Room", gives_room=True)
BY_NETWORK: Final = said("shared-hosting-address", SubjectKind.ADDRESS, ADDRESS, holder=ROOM)
BY_HOLDER: Final = said("shared-hosting-holder", SubjectKind.HOLDER, "Room B.V.", holder=ROOM)
BY_NAME: Final = said(
    "shared-hosting", SubjectKind.NAME, NAME, holder=Holder("", "Pages", gives_room=True)
)


def all_of(*several: LookupAnswer) -> Answers:
    return Answers({(one.lookup, one.subject): one for one in several})


def chosen(sought: Sought, *answers: LookupAnswer, **circumstances: object) -> Choice:
    return choose(sought, all_of(*answers), replace(Circumstances(now=NOW), **circumstances))


def test_without_the_list_the_holder_of_the_network_is_taken_for_the_owner() -> None:
    choice = chosen(DEVICE, REGISTRY)
    assert choice.owner is not None
    assert choice.owner.party is Party.HOLDER


@pytest.mark.parametrize("listed", [BY_NETWORK, BY_HOLDER])
def test_the_holder_of_a_listed_network_is_only_asked_to_pass_on(listed: LookupAnswer) -> None:
    choice = chosen(DEVICE, REGISTRY, listed)
    assert choice.owner is None
    assert choice.owner_routes == ()
    assert [route.address for route in choice.operator_routes] == ["abuse@room.example"]
    assert {rung.party for rung in choice.rungs} == {Party.HOST}
    assert choice.operator is not None
    assert str(choice.operator) == "handle:EX:1"


def test_a_listed_desk_tells_the_same_of_a_network() -> None:
    choice = chosen(DEVICE, REGISTRY, hosting_desks=("abuse@room.example",))
    assert (choice.owner, choice.owner_routes) == (None, ())
    assert [rung.party for rung in choice.rungs] == [Party.HOST]


def test_another_holder_of_that_name_somewhere_else_changes_nothing() -> None:
    elsewhere = replace(BY_HOLDER, subject=Subject(SubjectKind.HOLDER, "Room Elsewhere"))
    assert chosen(DEVICE, REGISTRY, elsewhere).owner is not None


@pytest.mark.parametrize(
    ("listed", "is_owner"),
    [("192.0.0.0/16", True), ("192.0.2.0/24", False), ("192.0.2.0/25", False)],
)
def test_who_has_a_part_of_a_listed_network_of_its_own_is_still_the_owner(
    listed: str, *, is_owner: bool
) -> None:
    by_network = replace(BY_NETWORK, holders=(replace(ROOM, network=listed),))
    choice = chosen(DEVICE, REGISTRY, by_network)
    assert (choice.owner is not None) is is_owner


@pytest.mark.parametrize(
    ("known", "asked"),
    [(BY_NETWORK, "rdap-address"), (BY_NAME, "security-txt")],
)
def test_what_the_list_says_does_not_end_the_search(known: LookupAnswer, asked: str) -> None:
    desk = mail("abuse@room.example", Scope.HOST, Basis.SHARED_HOSTING)
    questions = next_questions(
        SITE, all_of(replace(known, routes=(desk,))), lookups=[LOOKUPS[asked]]
    )
    assert [key for key, _ in questions] == [asked]


def test_a_kind_that_is_about_one_site_waits_for_a_name_on_a_shared_address() -> None:
    nameless = replace(SITE, asked_name="")
    choice = chosen(nameless, REGISTRY, BY_NETWORK)
    assert (choice.owner_routes, choice.operator_routes) == ((), ())
    assert [rung.passed_over for rung in choice.rungs] == [PassedOver.NEEDS_NAME]
    assert chosen(SITE, REGISTRY, BY_NETWORK).operator_routes


def test_whoever_gave_out_the_name_is_not_its_owner() -> None:
    parent = said(
        "parent", SubjectKind.NAME, NAME,
        mail("security@pages.example", Scope.NAME, Basis.PARENT_FILE),
    )  # fmt: skip
    own = said(
        "own-file", SubjectKind.NAME, NAME,
        mail("it@bakkerij.example", Scope.OWNER, Basis.OWN_FILE),
        mail("abuse@pages.example", Scope.OWNER, Basis.OWN_FILE),
    )  # fmt: skip
    choice = chosen(SITE, BY_NAME, parent, own)
    assert choice.owner is not None
    assert (str(choice.owner), choice.owner.name) == (f"domain:{NAME}", NAME)
    assert [route.address for route in choice.owner_routes] == ["it@bakkerij.example"]
    assert {route.address for route in choice.operator_routes} == {
        "security@pages.example", "abuse@pages.example",
    }  # fmt: skip


def test_the_domain_of_whoever_gave_out_the_name_is_not_asked_about() -> None:
    kinds = [LOOKUPS["rdap-domain"]]
    assert next_questions(SITE, all_of(), lookups=kinds)
    assert not next_questions(SITE, all_of(BY_NAME), lookups=kinds)


@pytest.mark.parametrize(
    ("row", "is_read"),
    [
        (".pages.example\tPages\tabuse@pages.example", True),
        ("192.0.2.0/24\tRoom\t", True),
        ("Room B.V.\tRoom\thttps://room.example/report", True),
        ("desk@room.example\tRoom\t", True),
        ("0.0.0.0/0\tRoom\t", False),
        (".example\tRoom\t", False),
        ("192.0.2.1/24\tRoom\t", False),
        ("http://room.example/whois\tRoom\t", False),
        ("\tRoom\t", False),
        ("pages.example\t\t", False),
    ],
)
def test_a_row_that_says_nothing_is_told_with_its_line(
    tmp_path: Path, row: str, is_read: bool
) -> None:
    file = given_file(tmp_path, GivenFileKind.SHARED_HOSTING, f"what\tprovider\treport\n{row}\n")
    look_over = LOOKUPS["shared-hosting"].look_over
    assert look_over is not None
    contents = look_over(file)
    assert (contents.entries, contents.skipped) == ((1, 0) if is_read else (0, 1))
    assert [one.line for one in contents.first_skipped] == ([] if is_read else [2])


def real(path: Path) -> GivenFile:
    until = datetime(2099, 1, 1, tzinfo=UTC)
    return GivenFile(GivenFileKind.SHARED_HOSTING, path, path.stem, GIVEN_AT, until, "for a test")


def answer(file: GivenFile, key: str, value: str, *, outside: Outside) -> LookupAnswer:
    kind = LOOKUPS[key]
    [found] = kind.open([file]).ask([Subject(kind.asks_about, value)], outside=outside, now=NOW)
    return found


def test_every_real_suffix_is_recognised_with_its_provider(
    shared_data: Path, nobody_outside: Outside
) -> None:
    path = shared_data / "hosting/shared_hosting.tsv"
    lookup = LOOKUPS["shared-hosting"].open([real(path)])
    with path.open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    for what, provider, report_to in rows:
        name = f"site{what}" if what.startswith(".") else what
        [found] = lookup.ask([Subject(SubjectKind.NAME, name)], outside=nobody_outside, now=NOW)
        assert found.outcome is Outcome.FOUND, what
        assert [(one.name, one.gives_room) for one in found.holders] == [(provider, True)], what
        channels = {route.channel for route in found.routes}
        if "@" in report_to:
            assert channels == {FoundChannel.MAIL}, what
        else:
            assert channels == {FoundChannel.FORM}, what
        assert {route.scope for route in found.routes} == {Scope.HOST}
    assert len(rows) > 150


def test_every_real_text_of_a_whois_answer_is_a_name_a_desk_or_a_holder(
    shared_data: Path, nobody_outside: Outside
) -> None:
    path = shared_data / "hosting/whois_names.tsv"
    file = real(path)
    with path.open(newline="") as opened:
        rows = list(csv.reader(opened, delimiter="\t"))[1:]
    desks = hosting_desks([file], now=NOW)
    for what, provider, _ in rows:
        if what.startswith("http"):
            continue
        if "@" in what:
            assert what.lower() in desks
            continue
        is_name = "." in what and " " not in what
        key = "shared-hosting" if is_name else "shared-hosting-holder"
        value = f"site.{what}" if is_name else what
        found = answer(file, key, value, outside=nobody_outside)
        assert [one.name for one in found.holders] == [provider], what
    look_over = LOOKUPS["shared-hosting"].look_over
    assert look_over is not None
    contents = look_over(file)
    assert contents.entries + contents.skipped == len(rows)
    assert contents.skipped == sum(what.startswith("http") for what, _, _ in rows)
