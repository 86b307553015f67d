"""Whether an operator is asked to pass a warning on, and by what it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.finding_kinds import Layer
from baken.core.identity import Identity, Party, identity_of_operator
from baken.core.ladder import Answers, Sought
from baken.core.lookup import (
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.observation import AffectedRole
from baken.core.passing_on import (
    SystemToPassOn,
    ToldOperator,
    decide_pass_on,
    decide_pass_on_again,
)
from baken.core.policy import OccasionFacts, Policy, Verdict
from baken.core.routes import Carries, Form, Route, Scope
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS = "192.0.2.7"
ASSIGNED = Holder("EX:ORG-1", "Bakkerij", "192.0.2.0/29", NetworkStanding.ASSIGNMENT, "NL")
UNSAID = Holder("EX:ORG-8", "Wholesaler", "192.0.2.0/25", NetworkStanding.UNSAID, "DE")
ALLOCATED = Holder("EX:ORG-9", "Provider", "192.0.2.0/24", NetworkStanding.ALLOCATION, "NL")
ANNOUNCES = Holder("EX:ORG-7", "Carrier", "AS64496", NetworkStanding.UNSAID, "BE")

SYSTEM = SystemToPassOn(
    finding_kind="open-rdp", system=f"{ADDRESS}:3389/tcp", address=ADDRESS, host_name="",
    port=3389, transport="tcp", affected_role=AffectedRole.SERVICE,
    address_role=AddressRole.VULNERABLE, severity=Severity.HIGH, tlp=Tlp.GREEN, feed="shadowserver",
    report_type="scan_rdp", rsit_type="vulnerable-system", product="", family="", cves=(),
    first_seen_at=NOW - 3 * DAY, last_seen_at=NOW - DAY, sightings=2,
)  # fmt: skip
GRAVE = OccasionFacts(is_threat=True, is_unasked_allowed=True, label=Tlp.GREEN)
DESK = Route(
    id=1, organisation_id=1, channel="mail", address="abuse@provider.example",
    scope=Scope.NETWORK, is_inside=False,
)  # fmt: skip
POLICY = Policy(reminder_after=dict.fromkeys(Severity, 7 * DAY), channels={"mail": Carries()})


def verdict_on(
    system: SystemToPassOn = SYSTEM,
    *,
    told: ToldOperator | None = None,
    under: OccasionFacts = GRAVE,
    routes: tuple[Route, ...] = (DESK,),
    policy: Policy = POLICY,
) -> Verdict:
    return decide_pass_on(system, told=told, under=under, routes=routes, policy=policy, now=NOW)


def answers(*said: tuple[SubjectKind, str, tuple[Holder, ...]]) -> Answers:
    found = {}
    for kind, value, holders in said:
        subject = Subject(kind, value)
        found["registry", subject] = LookupAnswer(
            "registry", subject, Outcome.FOUND, "made up", NOW, NOW + DAY, holders=holders
        )
    return Answers(found)


OF_ADDRESS = (SubjectKind.ADDRESS, ADDRESS)
SOUGHT = Sought(Layer.SERVICE, address=ADDRESS, as_number="64496")


def test_an_operator_is_known_by_the_handle_of_who_holds_the_allocation() -> None:
    found = answers((*OF_ADDRESS, (ASSIGNED, UNSAID, ALLOCATED)))
    assert identity_of_operator(Party.NETWORK, SOUGHT, found) == Identity(
        "handle", "EX:ORG-9", "Provider", Party.NETWORK, "NL"
    )


def test_where_only_the_part_that_was_handed_on_is_known_nothing_but_that_network_is_kept() -> None:
    found = answers((*OF_ADDRESS, (ASSIGNED,)))
    identity = identity_of_operator(Party.NETWORK, replace(SOUGHT, as_number=""), found)
    assert identity is not None
    assert (str(identity), identity.name) == ("network:192.0.2.0/29", "192.0.2.0/29")


def test_without_a_handle_an_operator_is_known_by_its_as_number() -> None:
    nameless = replace(ALLOCATED, handle="")
    found = answers((*OF_ADDRESS, (nameless,)), (SubjectKind.AS_NUMBER, "64496", (ANNOUNCES,)))
    identity = identity_of_operator(Party.NETWORK, SOUGHT, found)
    assert str(identity) == "as-number:AS64496"
    assert identity is not None
    assert (identity.name, identity.country) == ("Carrier", "BE")


def test_without_either_it_is_known_by_its_network() -> None:
    found = answers((*OF_ADDRESS, (replace(ALLOCATED, handle=""),)))
    identity = identity_of_operator(Party.NETWORK, replace(SOUGHT, as_number=""), found)
    assert str(identity) == "network:192.0.2.0/24"


def test_who_runs_the_machines_behind_a_name_is_known_by_the_domain() -> None:
    site = Sought(Layer.APPLICATION, address=ADDRESS, asked_name="www.bakkerij.example")
    identity = identity_of_operator(Party.HOST, site, answers())
    assert str(identity) == "domain:bakkerij.example"


def test_an_operator_is_asked_under_a_grave_released_threat() -> None:
    assert (verdict_on().rule, verdict_on().route) == (Rule.NEW, DESK)


@pytest.mark.parametrize(
    ("system", "under", "rule"),
    [
        (SYSTEM, replace(GRAVE, is_unasked_allowed=False), Rule.NOT_REGISTERED),
        (replace(SYSTEM, address_role=AddressRole.ATTACKER_CONTROLLED), GRAVE, Rule.ATTACKER),
        (replace(SYSTEM, address_role=AddressRole.UNKNOWN), GRAVE, Rule.ROLE_UNKNOWN),
        (replace(SYSTEM, last_seen_at=NOW - 31 * DAY), GRAVE, Rule.TOO_OLD),
        (replace(SYSTEM, tlp=Tlp.AMBER), GRAVE, Rule.ASK_SOURCE),
        (SYSTEM, replace(GRAVE, label=Tlp.AMBER), Rule.ASK_SOURCE),
        (replace(SYSTEM, tlp=Tlp.AMBER_STRICT), GRAVE, Rule.OUTSIDE_ONLY),
        (replace(SYSTEM, tlp=Tlp.RED), GRAVE, Rule.TLP_RED),
    ],
)
def test_an_operator_is_not_asked(system: SystemToPassOn, under: OccasionFacts, rule: Rule) -> None:
    feeds = {"shadowserver": SharingTerms(may_notify_affected=system.tlp is not Tlp.AMBER)}
    policy = replace(POLICY, terms_of_feeds=feeds)
    assert verdict_on(system, under=under, policy=policy).rule is rule


def test_amber_reaches_operators_by_the_setting_or_where_the_feed_permits() -> None:
    amber = replace(SYSTEM, tlp=Tlp.AMBER)
    forbidding = replace(
        POLICY, terms_of_feeds={"shadowserver": SharingTerms(may_notify_affected=False)}
    )
    assert verdict_on(amber, policy=forbidding).rule is Rule.ASK_SOURCE
    assert verdict_on(amber).rule is Rule.NEW
    by_setting = replace(forbidding, amber_reaches_unregistered=True)
    assert verdict_on(amber, policy=by_setting).rule is Rule.NEW


def test_what_a_source_keeps_from_suppliers_is_kept_from_operators() -> None:
    kept = replace(POLICY, terms_of_feeds={"shadowserver": SharingTerms(may_show_supplier=False)})
    assert verdict_on(policy=kept).rule is Rule.NOT_FOR_OPERATORS
    again = decide_pass_on_again(SYSTEM, under=GRAVE, routes=[DESK], policy=kept, now=NOW)
    assert again.rule is Rule.NOT_FOR_OPERATORS


def test_nobody_reads_a_list_out_on_the_telephone() -> None:
    channels = {"mail": Carries(), "phone": Carries(form=Form.SCRIPT, is_by_hand=True)}
    policy = replace(POLICY, channels=channels)
    number = replace(DESK, id=2, channel="phone", address="+31700000000")
    assert verdict_on(routes=(number, DESK), policy=policy).route == DESK
    assert verdict_on(routes=(number,), policy=policy).rule is Rule.NO_CONTACT


def test_an_operator_that_asked_us_to_stop_is_left_alone() -> None:
    assert verdict_on(routes=(replace(DESK, is_unwanted=True),)).rule is Rule.CONTACT_UNWANTED


@pytest.mark.parametrize(
    ("days", "seen", "passed_on", "rule"),
    [
        (3, 1, None, Rule.TOLD_RECENTLY),
        (8, 1, None, Rule.REMINDER),
        (8, 9, None, Rule.NOT_SEEN_SINCE),
        (8, 1, 3, Rule.TOLD_RECENTLY),  # passed on three days ago
        (15, 1, 8, Rule.REMINDER),
    ],
)
def test_it_is_asked_again_as_policy_reminds(
    days: int, seen: int, passed_on: int | None, rule: Rule
) -> None:
    told = ToldOperator(
        NOW - days * DAY,
        Severity.HIGH,
        None if passed_on is None else NOW - passed_on * DAY,
    )
    assert verdict_on(replace(SYSTEM, last_seen_at=NOW - seen * DAY), told=told).rule is rule


def test_an_operator_that_says_it_is_not_in_its_network_is_asked_no_more() -> None:
    told = ToldOperator(NOW - 8 * DAY, Severity.HIGH, is_refused=True)
    assert verdict_on(told=told).rule is Rule.ANSWERED
