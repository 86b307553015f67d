"""One verdict: each rule, brought about in the database, is what every way of asking answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest
from django.db.models import QuerySet

from baken.cases.models import Case
from baken.cases.selectors import case_facts
from baken.cases.services import mark_gone
from baken.constituency.models import Organisation
from baken.constituency.models import Route as RouteRow
from baken.core.answers import Answer, AnswerKind, Hold
from baken.core.classification import AddressRole, Tlp
from baken.core.policy import CaseFacts, OccasionFacts, decide
from baken.core.routes import Route
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms
from baken.intake.models import Batch
from baken.jobs.looking_back import look_back_for
from baken.jobs.sending import dry_run_into, policy_at, policy_of
from baken.occasions.models import Occasion
from baken.occasions.selectors import find_occasion
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.selectors import verdict_on
from baken.outbox.services import Plan, plan_notifications, preview, record_round, suppress_address
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    RefusesHaven,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
    to_server,
)

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
ADDRESS = "192.0.2.7"


@dataclass
class World:
    """What a circumstance may use, and what every way of asking is given."""

    ingest: Ingest
    settings: Settings
    baken: Command
    folder: Path

    def see(self, *, days_ago: float = 1, severity: str = "high", address: str = ADDRESS) -> None:
        """A report of the system, seen some days before tomorrow's night."""
        seen_at = YESTERDAY + DAY - days_ago * DAY
        self.ingest(report_text(address, seen_at=seen_at, severity=severity))

    def tell(self, *, days_ago: float = 0) -> None:
        """Everything is planned and arrives."""
        self.plan(now=datetime.now(UTC) - days_ago * DAY)
        Notification.objects.update(state=Notification.State.ACCEPTED)

    def plan(self, *, now: datetime) -> Plan:
        policy = policy_at(now, settings=self.settings)
        return plan_notifications(policy=policy, feed_tlp=self.settings.feed_tlp, now=now)


def case_of_haven() -> Case:
    return Case.objects.select_related("organisation", "asset").get(
        organisation__reference="haven", address=ADDRESS
    )


# What brings each rule about. All begin with haven, which holds 192.0.2.0/24.


def seen(world: World) -> None:
    world.see()


def got_worse(world: World) -> None:
    world.see(days_ago=2, severity="medium")
    world.tell(days_ago=1)
    world.see(severity="critical")


def came_back(world: World) -> None:
    world.see(days_ago=6)
    world.tell(days_ago=5)
    world.see(days_ago=3, address="192.0.2.9")
    assert mark_gone(silence=DAY, now=datetime.now(UTC)).gone == 1
    world.see()


def persists(world: World) -> None:
    world.see()
    world.tell(days_ago=31)


def under_a_threat(world: World) -> None:
    world.see()
    world.tell()
    release_threat("rdp-worm")


def held_narrower_by_another(world: World) -> None:
    make_organisation("zorg", "192.0.2.0/28")
    world.see()


def not_signed_up(world: World) -> None:
    world.see()
    Organisation.objects.update(standing=Organisation.Standing.DISCOVERED)


def lost_the_asset(world: World) -> None:
    world.see()
    case_of_haven().organisation.assets.update(valid_until=YESTERDAY - DAY)


def gone(world: World) -> None:
    world.see(days_ago=3)
    world.see(address="192.0.2.9")
    assert mark_gone(silence=DAY, now=datetime.now(UTC)).gone == 1


def not_looked_at(world: World) -> None:
    world.see(days_ago=3)
    Batch.objects.update(received_at=YESTERDAY - 3 * DAY)
    assert mark_gone(silence=DAY, now=datetime.now(UTC)).not_looked_at == 1


def showed_something_new(world: World) -> None:
    world.see()
    world.tell(days_ago=1)
    Case.objects.update(news=["cve=cve-2026-1111"])


def not_among_the_newest(world: World) -> None:
    world.see(days_ago=5)
    world.tell(days_ago=31)
    world.see(address="192.0.2.9")


def hardly_severe(world: World) -> None:
    world.see(severity="info")


def seen_long_ago(world: World) -> None:
    world.see(days_ago=40)


def told_lately(world: World) -> None:
    world.see()
    world.tell(days_ago=2)


def not_seen_since(world: World) -> None:
    world.see()
    world.tell()


def not_urgent_after_the_round(world: World) -> None:
    world.see(severity="medium")
    record_round(datetime.now(UTC))


def without_occasion(world: World) -> None:
    world.see()
    Occasion.objects.update(closed_at=datetime.now(UTC))


def under_a_threat_for_few_eyes(world: World) -> None:
    world.see(severity="info")
    release_threat("rdp-worm", tlp=Tlp.RED)


def under_a_threat_for_inside_only(world: World) -> None:
    world.see(severity="info")
    release_threat("rdp-worm", tlp=Tlp.AMBER_STRICT)


def the_sheet_says_outside(world: World) -> None:
    make_domain(case_of_haven_after(world), "haven.example.nl")
    routes_of_haven().update(is_inside=False)
    release_threat("rdp-worm", tlp=Tlp.AMBER_STRICT)


def the_sheet_says_inside(world: World) -> None:
    case_of_haven_after(world)
    routes_of_haven().update(is_inside=True)
    release_threat("rdp-worm", tlp=Tlp.AMBER_STRICT)


def its_domain_is_registered(world: World) -> None:
    make_domain(case_of_haven_after(world), "example.nl")
    release_threat("rdp-worm", tlp=Tlp.AMBER_STRICT)


def another_registered_the_domain_of_its_contact(world: World) -> None:
    case = case_of_haven_after(world)
    make_domain(case, "example.nl")
    other = Organisation.objects.create(reference="quay", name="Kade")
    other.assets.create(kind="domain", value="haven.example.nl", domain="haven.example.nl")
    release_threat("rdp-worm", tlp=Tlp.AMBER_STRICT)


def registered_by_both(world: World) -> None:
    another_registered_the_domain_of_its_contact(world)
    make_domain(case_of_haven(), "haven.example.nl")


def a_domain_that_looks_alike(world: World) -> None:
    case = case_of_haven_after(world)
    make_domain(case, "aven.example.nl")
    make_domain(case, "security.haven.example.nl")
    release_threat("rdp-worm", tlp=Tlp.AMBER_STRICT)


def case_of_haven_after(world: World) -> Case:
    world.see(severity="info")
    return case_of_haven()


def make_domain(case: Case, domain: str) -> None:
    case.organisation.assets.create(kind="domain", value=domain, domain=domain)


def feeds_for_few_eyes_since(world: World) -> None:
    world.see()
    world.settings = replace(world.settings, feed_tlp=Tlp.RED)
    world.baken("occasion", "list", BAKEN_FEED_TLP="TLP:RED")  # it stays for the other commands


def routes_of_haven() -> QuerySet[RouteRow]:
    return RouteRow.objects.filter(contact__organisation=case_of_haven().organisation)


def route_ended(world: World) -> None:
    world.see()
    routes_of_haven().update(state=RouteRow.State.ENDED)


def route_expired(world: World) -> None:
    world.see()
    routes_of_haven().update(valid_until=datetime.now(UTC))


def only_a_telephone(world: World) -> None:
    world.see()
    routes_of_haven().update(channel="phone", address="+31201234567")


def a_telephone_and_nothing_grave(world: World) -> None:
    number = "+31 70 000 0000"
    world.see(severity="medium")
    routes_of_haven().update(channel="phone", address="+31201234567")
    by_hand = replace(world.settings.by_hand, published_number=number)
    world.settings = replace(world.settings, by_hand=by_hand)
    world.baken("occasion", "list", BAKEN_PUBLISHED_NUMBER=number)


def refused_lately(world: World) -> None:
    world.see()
    world.plan(now=datetime.now(UTC))
    with FolderMailServer(RefusesHaven(world.folder / "refusing")) as server:
        assert hand_over(to_server(world.settings, server)).refused == 1


def without_contact(world: World) -> None:
    world.see()
    case_of_haven().organisation.contacts.all().delete()


def left_alone(world: World) -> None:
    world.see()
    suppress_address("security@haven.example.nl", reason="asked to")


@dataclass(frozen=True)
class Circumstance:
    """How a rule is brought about, and the occasion that look-back is asked about."""

    rule: Rule
    make: Callable[[World], None]
    occasion: str = "shadowserver-high"

    def __str__(self) -> str:
        return f"{self.rule}: {self.make.__name__}"


CIRCUMSTANCES: Final = (
    Circumstance(Rule.NEW, seen),
    Circumstance(Rule.WORSE, got_worse, "shadowserver-critical"),
    Circumstance(Rule.BACK, came_back),
    Circumstance(Rule.REMINDER, persists),
    Circumstance(Rule.THREAT, under_a_threat, "rdp-worm"),
    Circumstance(Rule.OPERATOR, held_narrower_by_another),
    Circumstance(Rule.NOT_REGISTERED, not_signed_up),
    Circumstance(Rule.NOT_HELD, lost_the_asset),
    Circumstance(Rule.GONE, gone),
    Circumstance(Rule.NOT_LOOKED_AT, not_looked_at),
    Circumstance(Rule.NEWS, showed_something_new),
    Circumstance(Rule.NOT_SEEN_LATELY, not_among_the_newest),
    Circumstance(Rule.BELOW_MINIMUM, hardly_severe, "shadowserver-info"),
    Circumstance(Rule.TOO_OLD, seen_long_ago),
    Circumstance(Rule.TOLD_RECENTLY, told_lately),
    Circumstance(Rule.NOT_SEEN_SINCE, not_seen_since),
    Circumstance(Rule.WAITS, not_urgent_after_the_round, "shadowserver-medium"),
    Circumstance(Rule.NO_OCCASION, without_occasion),
    Circumstance(Rule.TLP_RED, under_a_threat_for_few_eyes, "rdp-worm"),
    Circumstance(Rule.TLP_RED, feeds_for_few_eyes_since),
    Circumstance(Rule.OUTSIDE_ONLY, under_a_threat_for_inside_only, "rdp-worm"),
    Circumstance(Rule.OUTSIDE_ONLY, the_sheet_says_outside, "rdp-worm"),
    Circumstance(Rule.OUTSIDE_ONLY, another_registered_the_domain_of_its_contact, "rdp-worm"),
    Circumstance(Rule.OUTSIDE_ONLY, a_domain_that_looks_alike, "rdp-worm"),
    Circumstance(Rule.NEW, registered_by_both, "rdp-worm"),
    Circumstance(Rule.NEW, the_sheet_says_inside, "rdp-worm"),
    Circumstance(Rule.NEW, its_domain_is_registered, "rdp-worm"),
    Circumstance(Rule.NO_CONTACT, without_contact),
    Circumstance(Rule.NO_CONTACT, route_ended),
    Circumstance(Rule.NO_CONTACT, route_expired),
    Circumstance(Rule.NO_CONTACT, only_a_telephone),
    Circumstance(Rule.BY_HAND_ONLY, a_telephone_and_nothing_grave, "shadowserver-medium"),
    Circumstance(Rule.CONTACT_UNWANTED, left_alone),
    Circumstance(Rule.CONTACT_UNWANTED, refused_lately),
)


NO_TABLE: Final = "no table holds it yet"
NOT_STORED: Final[Mapping[Rule, tuple[str, Callable[[CaseFacts], CaseFacts]]]] = {
    Rule.HANDED_OVER: (NO_TABLE, lambda case: replace(case, handed_over_to="CSIRT of a sector")),
    Rule.ON_HOLD: (NO_TABLE, lambda case: replace(case, hold=Hold("the police"))),
    Rule.ATTACKER: (NO_TABLE, lambda case: replace(case, role=AddressRole.ATTACKER_CONTROLLED)),
    Rule.ROLE_UNKNOWN: (NO_TABLE, lambda case: replace(case, role=AddressRole.UNKNOWN)),
    Rule.ANSWERED: (
        NO_TABLE,
        lambda case: replace(case, answer=Answer(AnswerKind.NOT_OURS, datetime.now(UTC))),
    ),
    Rule.ASK_SOURCE: (
        NO_TABLE,
        lambda case: replace(case, terms=SharingTerms(Tlp.AMBER_STRICT, may_notify_affected=False)),
    ),
}
"""Rules whose facts the database cannot hold: why, and the fact itself."""


# The ways of asking.


class Way(StrEnum):
    """A way to ask what becomes of a case."""

    PLANNING = "planning"
    DRY_RUN = "dry run"
    EXPLAIN = "explain"
    PREVIEW = "preview"
    LOOK_BACK = "look-back"


@dataclass(frozen=True)
class Said:
    """What a way of asking answers, with the rule where it named one."""

    tells: bool
    rule: Rule | None = None


def says_explain(world: World, occasion: str) -> Said:
    del occasion
    now = datetime.now(UTC)
    policy = policy_at(now, settings=world.settings)
    rule = verdict_on(case_of_haven(), policy=policy, now=now).rule
    about = next(
        part
        for part in world.baken("explain", "haven", "--all").out.split("\n\n")
        if f"on {ADDRESS}:" in part
    )
    assert f"[{rule.value}]" in about, "the command says what the function does"
    assert ("  next  " in about) is rule.tells
    return Said(rule.tells, rule)


def says_preview(world: World, occasion: str) -> Said:
    found = look_back_for(occasion, settings=world.settings, progress=lambda _: None).found
    now = datetime.now(UTC)
    policy = policy_at(now, settings=world.settings)
    for row in preview(find_occasion(occasion), found.seen, policy=policy, now=now).to_pylist():
        if row["organisation_id"] == case_of_haven().organisation_id:
            return Said(row["tells"], Rule(row["rule"]))
    return Said(tells=False)


def says_look_back(world: World, occasion: str) -> Said:
    figures = json.loads(world.baken("lookback", "--occasion", occasion, "--json").out)
    for one in figures["organisations"]:
        if one["reference"] == "haven":
            return Said(one["would_be_warned"], Rule(one["rule"]))
    return Said(tells=False)


def says_dry_run(world: World, occasion: str) -> Said:
    del occasion
    folder = world.folder / "dry"
    done = dry_run_into(folder, settings=world.settings)
    mails = [text_of(path) for path in folder.glob("*.eml")]
    is_told = any(ADDRESS in mail for mail in mails if "Stichting haven" in mail)
    assert len(mails) == done.messages == done.plan.notifications
    return Said(is_told, kept_back_by(done.plan))


def text_of(mail: Path) -> str:
    body = message_from_bytes(mail.read_bytes(), policy=default_policy).get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())  # wherever its lines break


def says_planning(world: World, occasion: str) -> Said:
    del occasion
    now = datetime.now(UTC)
    plan = world.plan(now=now)
    told = NotifiedCase.objects.filter(case=case_of_haven(), notification__planned_at__gte=now)
    if told:
        assert kept_back_by(plan) is None
        return Said(tells=True, rule=Rule(told.get().reason))
    return Said(tells=False, rule=kept_back_by(plan))


def kept_back_by(plan: Plan) -> Rule | None:
    haven = case_of_haven().organisation_id
    return next((one.rule for one in plan.unreachable if one.organisation_id == haven), None)


WAYS: Final[Mapping[Way, Callable[[World, str], Said]]] = {
    Way.EXPLAIN: says_explain,
    Way.PREVIEW: says_preview,
    Way.LOOK_BACK: says_look_back,
    Way.DRY_RUN: says_dry_run,
    Way.PLANNING: says_planning,  # last: it alone writes
}


def _any_rule(rule: Rule) -> bool:
    return rule in Rule


CAN_NAME: Final[Mapping[Way, Callable[[Rule], bool]]] = {
    Way.EXPLAIN: _any_rule,
    Way.PREVIEW: _any_rule,
    Way.LOOK_BACK: _any_rule,
    Way.DRY_RUN: lambda rule: rule.blocks,
    Way.PLANNING: lambda rule: rule.tells or rule.blocks,
}
"""Which rules a way can name; where it cannot, it tells or is silent without a word."""

_KNOWS_NOTHING_TOLD = "the store knows nothing of what was told: all is new to it"
_NOT_KNOWN_TO_THE_STORE: Final = {
    Rule.WORSE: _KNOWS_NOTHING_TOLD,
    Rule.BACK: _KNOWS_NOTHING_TOLD,
    Rule.REMINDER: _KNOWS_NOTHING_TOLD,
    Rule.THREAT: _KNOWS_NOTHING_TOLD,
    Rule.TOLD_RECENTLY: _KNOWS_NOTHING_TOLD,
    Rule.NOT_SEEN_SINCE: _KNOWS_NOTHING_TOLD,
    Rule.NEWS: _KNOWS_NOTHING_TOLD,
    Rule.NOT_SEEN_LATELY: _KNOWS_NOTHING_TOLD,
    Rule.NOT_LOOKED_AT: "the store holds what was seen, not whether anybody still looks",
    Rule.GONE: "the store holds what was seen; that it is gone stands on the case",
    Rule.NOT_HELD: "the store is matched against the assets of now: nobody is found at all",
}
EXEMPTIONS: Final[Mapping[tuple[Way, Rule], str]] = {
    (way, rule): reason
    for way in (Way.PREVIEW, Way.LOOK_BACK)
    for rule, reason in _NOT_KNOWN_TO_THE_STORE.items()
}
"""Where a way of asking cannot know what the rule looks at, and why."""


def agrees(way: Way, said: Said, rule: Rule) -> bool:
    named = rule if CAN_NAME[way](rule) else None
    return said == Said(rule.tells, named)


@pytest.fixture
def world(ingest: Ingest, settings_of_test: Settings, baken: Command, tmp_path: Path) -> World:
    make_organisation("haven", "192.0.2.0/24")
    return World(ingest, settings_of_test, baken, tmp_path)


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES, ids=str)
def test_every_way_of_asking_gives_the_same_answer(
    world: World, circumstance: Circumstance
) -> None:
    rule = circumstance.rule
    circumstance.make(world)
    said = {way: ask(world, circumstance.occasion) for way, ask in WAYS.items()}
    differing = {way: answer for way, answer in said.items() if not agrees(way, answer, rule)}
    exempt = {way for way, of_rule in EXEMPTIONS if of_rule is rule}
    assert differing.keys() == exempt, f"not exempt, or exempt without need: {differing}"


def test_every_rule_has_a_circumstance_or_a_reason() -> None:
    brought_about = {circumstance.rule for circumstance in CIRCUMSTANCES}
    assert brought_about | NOT_STORED.keys() == set(Rule) - {Rule.NOT_FOR_OPERATORS}  # of no case
    assert not brought_about & NOT_STORED.keys()
    assert all(EXEMPTIONS.values())
    assert {rule for _, rule in EXEMPTIONS} <= brought_about
    assert WAYS.keys() == CAN_NAME.keys() == set(Way)


@pytest.mark.parametrize("rule", NOT_STORED)
def test_what_is_not_stored_yet_decides_once_it_is(world: World, rule: Rule) -> None:
    _, with_the_fact = NOT_STORED[rule]
    world.see()
    route = Route(id=1, organisation_id=1, channel="mail", address="security@haven.example.nl")

    def rule_of(facts: CaseFacts) -> Rule:
        policy, now = policy_of(world.settings), datetime.now(UTC)
        return decide(facts, under=OccasionFacts(), routes=[route], policy=policy, now=now).rule

    facts = case_facts(case_of_haven(), newest_days={})
    assert rule_of(facts) is Rule.NEW, "the case itself says nothing of it"
    assert rule_of(with_the_fact(facts)) is rule
