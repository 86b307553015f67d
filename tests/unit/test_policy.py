"""Whom to tell, when, how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core import policy as policy_module
from baken.core.answers import Answer, AnswerKind, Hold
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.policy import (
    CaseFacts,
    OccasionFacts,
    Policy,
    Rhythm,
    Verdict,
    decide_again,
    first_that_tells,
    taken_along,
)
from baken.core.rhythm import RoundInterval, next_round_at, round_due_since
from baken.core.routes import Carries, Route, ranked
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)
DAY = timedelta(days=1)
POLICY = Policy(
    minimum_severity=Severity.LOW,
    reminder_after=dict.fromkeys(Severity, 7 * DAY),
    oldest_told=30 * DAY,
)
UNTOLD = CaseFacts(
    severity=Severity.HIGH, is_owner=True, is_held=True, is_gone=False, is_registered=True,
    last_seen_at=NOW - DAY, reopened_at=None, told_at=None, told_severity=None,
)  # fmt: skip
ROUTE = Route(id=1, organisation_id=1, channel="mail", address="security@haven.example.nl")
TOLD = replace(UNTOLD, told_at=NOW - 2 * DAY, told_severity=Severity.HIGH)


def decide(case: CaseFacts, *, policy: Policy, now: datetime, is_unasked_allowed: bool) -> Rule:
    under = OccasionFacts(is_unasked_allowed=is_unasked_allowed)
    return policy_module.decide(case, under=under, routes=[ROUTE], policy=policy, now=now).rule


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        (UNTOLD, Rule.NEW),
        (TOLD, Rule.TOLD_RECENTLY),
        (replace(TOLD, severity=Severity.CRITICAL), Rule.WORSE),
        (replace(TOLD, severity=Severity.MEDIUM), Rule.TOLD_RECENTLY),
        (replace(TOLD, reopened_at=NOW - DAY), Rule.BACK),
        (replace(TOLD, reopened_at=NOW - 3 * DAY), Rule.TOLD_RECENTLY),
        # As a clock that ran ahead wrote it.
        (replace(TOLD, reopened_at=NOW + 3 * DAY), Rule.TOLD_RECENTLY),
        (replace(TOLD, told_at=NOW - 7 * DAY), Rule.REMINDER),
        (replace(TOLD, told_at=MIDNIGHT - 6 * DAY), Rule.TOLD_RECENTLY),
        (replace(TOLD, told_at=MIDNIGHT - 6 * DAY - timedelta(seconds=1)), Rule.REMINDER),
        (replace(TOLD, told_at=NOW - 7 * DAY, is_current=False), Rule.NOT_SEEN_LATELY),
        (replace(UNTOLD, is_current=False), Rule.NEW),
        (replace(TOLD, has_news=True), Rule.NEWS),
        (replace(TOLD, has_news=True, severity=Severity.CRITICAL), Rule.WORSE),
        (replace(UNTOLD, has_news=True), Rule.NEW),
        (replace(TOLD, told_at=NOW - 7 * DAY, last_seen_at=NOW - 8 * DAY), Rule.NOT_SEEN_SINCE),
        (replace(UNTOLD, is_owner=False), Rule.OPERATOR),
        (replace(UNTOLD, is_held=False), Rule.NOT_HELD),
        (replace(UNTOLD, is_gone=True), Rule.GONE),
        (replace(UNTOLD, is_looked_at=False), Rule.NOT_LOOKED_AT),
        (replace(UNTOLD, is_registered=False), Rule.NOT_REGISTERED),
        (replace(UNTOLD, severity=Severity.INFO), Rule.BELOW_MINIMUM),
        (replace(UNTOLD, last_seen_at=NOW - 31 * DAY), Rule.TOO_OLD),
        (replace(UNTOLD, last_seen_at=NOW - 30 * DAY), Rule.NEW),
    ],
)
def test_the_rule_that_decides(case: CaseFacts, rule: Rule) -> None:
    assert decide(case, policy=POLICY, now=NOW, is_unasked_allowed=False) is rule


def test_a_grave_released_threat_may_warn_who_did_not_sign_up() -> None:
    case = replace(UNTOLD, is_registered=False)
    assert decide(case, policy=POLICY, now=NOW, is_unasked_allowed=True) is Rule.NEW


STANDING = OccasionFacts()
THREAT = OccasionFacts(is_threat=True, is_unasked_allowed=True)
PLAIN, SEALED = Carries(), Carries(encryption=True)
SECOND = timedelta(seconds=1)


def verdict_of(
    case: CaseFacts = UNTOLD,
    *,
    under: OccasionFacts = STANDING,
    routes: Sequence[Route] = (ROUTE,),
    policy: Policy = POLICY,
    now: datetime = NOW,
) -> Verdict:
    return policy_module.decide(case, under=under, routes=routes, policy=policy, now=now)


def route(number: int, **facts: Any) -> Route:
    return replace(ROUTE, id=number, contact_id=number, **facts)


def answered(kind: AnswerKind, *, until: datetime | None = None) -> Answer:
    return Answer(kind, answered_at=NOW - DAY, until=until)


LABELLED = {label: SharingTerms(label=label) for label in Tlp}
UNPERMITTED = {label: SharingTerms(label=label, may_notify_affected=False) for label in Tlp}

EXAMPLES = {
    Rule.NEW: UNTOLD,
    Rule.WORSE: replace(TOLD, severity=Severity.CRITICAL),
    Rule.BACK: replace(TOLD, reopened_at=NOW - DAY),
    Rule.NEWS: replace(TOLD, has_news=True),
    Rule.REMINDER: replace(TOLD, told_at=NOW - 7 * DAY),
    Rule.THREAT: replace(TOLD, is_told_here=False),
    Rule.OPERATOR: replace(UNTOLD, is_owner=False),
    Rule.NOT_REGISTERED: replace(UNTOLD, is_registered=False),
    Rule.NOT_HELD: replace(UNTOLD, is_held=False),
    Rule.HANDED_OVER: replace(UNTOLD, handed_over_to="CSIRT of the sector"),
    Rule.ON_HOLD: replace(UNTOLD, hold=Hold("the police")),
    Rule.GONE: replace(UNTOLD, is_gone=True),
    Rule.NOT_LOOKED_AT: replace(UNTOLD, is_looked_at=False),
    Rule.ATTACKER: replace(UNTOLD, role=AddressRole.ATTACKER_CONTROLLED),
    Rule.ROLE_UNKNOWN: replace(UNTOLD, role=AddressRole.UNKNOWN),
    Rule.ANSWERED: replace(UNTOLD, answer=answered(AnswerKind.FALSE_ALARM)),
    Rule.BELOW_MINIMUM: replace(UNTOLD, severity=Severity.INFO),
    Rule.TOO_OLD: replace(UNTOLD, last_seen_at=NOW - 31 * DAY),
    Rule.TOLD_RECENTLY: TOLD,
    Rule.NOT_SEEN_SINCE: replace(TOLD, last_seen_at=TOLD.told_at),
    Rule.NOT_SEEN_LATELY: replace(TOLD, told_at=NOW - 7 * DAY, is_current=False),
    Rule.WAITS: replace(UNTOLD, severity=Severity.MEDIUM),
    Rule.ASK_SOURCE: replace(UNTOLD, terms=UNPERMITTED[Tlp.RED]),
    Rule.TLP_RED: replace(UNTOLD, terms=LABELLED[Tlp.RED]),
    Rule.OUTSIDE_ONLY: replace(UNTOLD, terms=LABELLED[Tlp.AMBER_STRICT]),
    Rule.NO_CONTACT: UNTOLD,
    Rule.CONTACT_UNWANTED: UNTOLD,
    Rule.BY_HAND_ONLY: replace(UNTOLD, severity=Severity.MEDIUM),
}
"""A case for each rule that `decide` can give."""
ROUTES = {
    Rule.OUTSIDE_ONLY: (route(1, is_inside=False),),
    Rule.NO_CONTACT: (),
    Rule.CONTACT_UNWANTED: (route(1, is_unwanted=True),),
    Rule.BY_HAND_ONLY: (route(1, channel="phone"),),
}
CHANNELS = {"mail": PLAIN, "phone": Carries(is_by_hand=True)}
ROUND = Rhythm(next_round_at=MIDNIGHT + 7 * DAY)
BY_NO_CASE = {Rule.NO_OCCASION, Rule.NOT_FOR_OPERATORS}
"""What is said where `decide` is not asked at all, or of no case: see `baken.core.passing_on`."""


def test_no_rule_is_without_an_example() -> None:
    assert EXAMPLES.keys() | BY_NO_CASE == set(Rule)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_every_rule_is_reached(rule: Rule) -> None:
    under = OccasionFacts(is_threat=True) if rule is Rule.THREAT else STANDING
    policy = replace(POLICY, rhythm=ROUND) if rule is Rule.WAITS else POLICY
    policy = replace(policy, channels=CHANNELS) if rule is Rule.BY_HAND_ONLY else policy
    routes = ROUTES.get(rule, (ROUTE,))
    assert verdict_of(EXAMPLES[rule], under=under, routes=routes, policy=policy).rule is rule


def test_what_no_occasion_covers_is_said_so() -> None:
    assert first_that_tells([]) == Verdict(Rule.NO_OCCASION)


def test_a_rule_that_tells_does_not_block() -> None:
    assert not {rule for rule in Rule if rule.tells and rule.blocks}


# By which route


@pytest.mark.parametrize(
    ("routes", "taken"),
    [
        ([route(1), route(2)], 1),
        ([route(2), route(1)], 2),  # in the order in which they are given
        ([route(1, is_ended=True), route(2)], 2),
        ([route(1, valid_until=NOW), route(2)], 2),  # up to, not including
        ([route(1, valid_until=NOW + SECOND), route(2)], 1),
        ([route(1, is_unwanted=True), route(2)], 2),
        ([route(1, channel="phone"), route(2)], 2),
    ],
)
def test_the_first_route_that_may_be_taken(routes: list[Route], taken: int) -> None:
    verdict = verdict_of(routes=routes, policy=replace(POLICY, channels={"mail": PLAIN}))
    assert verdict.route is not None
    assert verdict.route.id == taken


@pytest.mark.parametrize(
    ("routes", "rule"),
    [
        ([], Rule.NO_CONTACT),
        ([route(1, is_ended=True)], Rule.NO_CONTACT),
        ([route(1, valid_until=NOW)], Rule.NO_CONTACT),
        ([route(1, channel="phone")], Rule.NO_CONTACT),
        ([route(1, is_unwanted=True)], Rule.CONTACT_UNWANTED),
        ([route(1, is_ended=True, is_unwanted=True)], Rule.NO_CONTACT),
        ([route(1, channel="phone"), route(2, is_unwanted=True)], Rule.CONTACT_UNWANTED),
    ],
)
def test_why_there_is_no_route(routes: list[Route], rule: Rule) -> None:
    verdict = verdict_of(routes=routes, policy=replace(POLICY, channels={"mail": PLAIN}))
    assert verdict == Verdict(rule)


def test_without_a_list_of_channels_any_channel_will_do() -> None:
    assert verdict_of(routes=[route(1, channel="phone")]).rule is Rule.NEW


@pytest.mark.parametrize(
    ("channels", "routes", "outcome"),
    [
        (None, [route(1)], Rule.TLP_RED),
        ({"mail": PLAIN}, [route(1)], Rule.TLP_RED),
        ({"mail": PLAIN}, [], Rule.TLP_RED),  # a contact would not help
        ({"mail": SEALED}, [], Rule.NO_CONTACT),
        ({"mail": SEALED}, [route(1)], 1),
        ({"mail": PLAIN, "portal": SEALED}, [route(1)], Rule.TLP_RED),
        ({"mail": PLAIN, "portal": SEALED}, [route(1), route(2, channel="portal")], 2),
        ({"mail": SEALED}, [route(1, is_unwanted=True)], Rule.CONTACT_UNWANTED),
    ],
)
def test_red_goes_out_encrypted_or_not_at_all(
    channels: dict[str, Carries] | None, routes: list[Route], outcome: Rule | int
) -> None:
    case = EXAMPLES[Rule.TLP_RED]
    verdict = verdict_of(case, routes=routes, policy=replace(POLICY, channels=channels))
    assert verdict.label is Tlp.RED
    assert (verdict.route.id if verdict.route else verdict.rule) == outcome


@pytest.mark.parametrize(
    ("label", "routes", "outcome"),
    [
        (Tlp.AMBER_STRICT, [route(1, is_inside=False)], Rule.OUTSIDE_ONLY),
        (Tlp.AMBER_STRICT, [route(1, is_inside=False), route(2)], 2),
        (Tlp.AMBER_STRICT, [route(1, is_inside=False), route(2, is_ended=True)], Rule.OUTSIDE_ONLY),
        (Tlp.AMBER_STRICT, [route(1, is_inside=False, is_unwanted=True)], Rule.CONTACT_UNWANTED),
        (Tlp.AMBER_STRICT, [route(1)], 1),
        (Tlp.AMBER, [route(1, is_inside=False)], 1),
    ],
)
def test_amber_strict_stays_inside_the_organisation(
    label: Tlp, routes: list[Route], outcome: Rule | int
) -> None:
    case = replace(UNTOLD, terms=LABELLED[label])
    policy = replace(POLICY, channels={"mail": PLAIN})
    for asked in (policy_module.decide, decide_again):
        verdict = asked(case, under=STANDING, routes=routes, policy=policy, now=NOW)
        assert (verdict.route.id if verdict.route else verdict.rule) == outcome


@pytest.mark.parametrize(
    "first",
    [
        route(9, role_rank=3, confidence=10),  # the contact prefers this channel
        route(9, is_preferred=False, role_rank=0, confidence=10),
        route(9, is_preferred=False, role_rank=1, confidence=91),
        route(1, is_preferred=False, role_rank=1, confidence=90),
    ],
)
def test_preferred_channel_then_role_then_confidence_then_age(first: Route) -> None:
    other = route(2, is_preferred=False, role_rank=1, confidence=90)
    assert ranked([other, first]) == ranked([first, other]) == (first, other)
    assert verdict_of(routes=ranked([other, first])).route is first


# With which label


@pytest.mark.parametrize("of_occasion", Tlp)
@pytest.mark.parametrize("of_case", Tlp)
def test_the_stricter_label_counts(of_occasion: Tlp, of_case: Tlp) -> None:
    policy = replace(POLICY, channels={"mail": SEALED})
    verdict = verdict_of(
        replace(UNTOLD, terms=LABELLED[of_case]),
        under=OccasionFacts(label=of_occasion),
        policy=policy,
    )
    assert verdict == Verdict(
        Rule.NEW, max(of_occasion, of_case, key=lambda label: label.rank), ROUTE
    )


@pytest.mark.parametrize("label", Tlp)
def test_without_permission_the_source_is_asked_of_what_is_strict(label: Tlp) -> None:
    rule = Rule.ASK_SOURCE if label in (Tlp.RED, Tlp.AMBER_STRICT) else Rule.NEW
    policy = replace(POLICY, channels={"mail": SEALED})
    case = replace(UNTOLD, terms=UNPERMITTED[label])
    assert verdict_of(case, policy=policy).rule is rule
    # The label of the occasion counts as much as that of the case.
    case = replace(UNTOLD, terms=UNPERMITTED[Tlp.CLEAR])
    assert verdict_of(case, under=OccasionFacts(label=label), policy=policy).rule is rule


def test_the_terms_of_a_feed_and_of_its_rows_both_count() -> None:
    of_feed = SharingTerms(may_notify_affected=False, may_show_supplier=False)
    policy = replace(POLICY, channels={"mail": SEALED}, terms_of_feeds={"partner": of_feed})
    rows = SharingTerms(label=Tlp.AMBER, may_name_source=False)
    of_partner = replace(UNTOLD, feed="partner", terms=rows)
    assert verdict_of(of_partner, policy=policy).terms == SharingTerms(
        may_notify_affected=False, may_name_source=False, may_show_supplier=False
    )
    strict = replace(of_partner, terms=LABELLED[Tlp.RED])
    assert verdict_of(strict, policy=policy).rule is Rule.ASK_SOURCE
    assert verdict_of(replace(strict, feed="other"), policy=policy).rule is Rule.NEW
    calm = replace(of_partner, severity=Severity.MEDIUM)
    paced = replace(policy, rhythm=ROUND)
    same_label = replace(UNTOLD, feed="other", terms=LABELLED[Tlp.AMBER])
    urgent_of_another = verdict_of(same_label, policy=paced)
    waits = verdict_of(calm, policy=paced)
    assert taken_along([waits, urgent_of_another])[0].rule is Rule.WAITS, "other terms"


@pytest.mark.parametrize("setting", [None, *Tlp])
def test_the_label_of_the_feeds_is_that_of_the_settings(setting: Tlp | None) -> None:
    policy = replace(POLICY, channels={"mail": SEALED}, feed_label=setting)
    standing = OccasionFacts(label=Tlp.GREEN)
    assert verdict_of(under=standing, policy=policy).label is (setting or Tlp.GREEN)
    threat = replace(THREAT, label=Tlp.GREEN)
    assert verdict_of(under=threat, policy=policy).label is Tlp.GREEN


# Until when


@pytest.mark.parametrize(
    ("case", "rule", "not_before"),
    [
        (TOLD, Rule.TOLD_RECENTLY, MIDNIGHT + 5 * DAY),
        (replace(UNTOLD, hold=Hold("the police", NOW + DAY)), Rule.ON_HOLD, NOW + DAY),
        (replace(UNTOLD, hold=Hold("the police")), Rule.ON_HOLD, None),
        (replace(UNTOLD, hold=Hold("the police", NOW)), Rule.NEW, None),
        (
            replace(UNTOLD, answer=answered(AnswerKind.WORKING_ON_IT, until=NOW + DAY)),
            Rule.ANSWERED,
            NOW + DAY,
        ),
        (replace(UNTOLD, answer=answered(AnswerKind.RISK_ACCEPTED)), Rule.ANSWERED, None),
        (replace(UNTOLD, answer=answered(AnswerKind.NOT_OURS, until=NOW)), Rule.NEW, None),
        (replace(UNTOLD, answer=answered(AnswerKind.NEEDS_HELP)), Rule.NEW, None),
        (replace(UNTOLD, is_gone=True), Rule.GONE, None),
    ],
)
def test_what_waits_says_until_when(
    case: CaseFacts, rule: Rule, not_before: datetime | None
) -> None:
    verdict = verdict_of(case)
    assert (verdict.rule, verdict.not_before) == (rule, not_before)


def test_it_is_told_at_the_moment_until_which_it_waits() -> None:
    case = replace(TOLD, last_seen_at=NOW)
    until = verdict_of(case).not_before
    assert until is not None
    assert verdict_of(case, now=until - SECOND).rule is Rule.TOLD_RECENTLY
    assert verdict_of(case, now=until).rule is Rule.REMINDER


@pytest.mark.parametrize(
    ("seen_again_after", "rule"),
    [(timedelta(0), Rule.ANSWERED), (timedelta(microseconds=1), Rule.NEW)],
)
def test_solved_keeps_silent_until_it_is_seen_again(
    seen_again_after: timedelta, rule: Rule
) -> None:
    answer = answered(AnswerKind.SOLVED)
    seen_at = answer.answered_at + seen_again_after
    assert verdict_of(replace(UNTOLD, answer=answer, last_seen_at=seen_at)).rule is rule


# With the rhythm of the service

PACED = replace(POLICY, rhythm=ROUND)
CALM = replace(UNTOLD, severity=Severity.MEDIUM)


def test_what_is_not_urgent_waits_for_the_round() -> None:
    verdict = verdict_of(CALM, policy=PACED)
    assert verdict == Verdict(
        Rule.WAITS, route=ROUTE, not_before=ROUND.next_round_at, waits_with=Rule.NEW
    )
    assert verdict_of(UNTOLD, policy=PACED).rule is Rule.NEW
    assert verdict_of(CALM, policy=PACED, under=THREAT).rule is Rule.NEW, "a threat never waits"
    assert verdict_of(CALM, policy=PACED, routes=()).rule is Rule.NO_CONTACT
    again = decide_again(CALM, under=STANDING, routes=[ROUTE], policy=PACED, now=NOW)
    assert again.rule is Rule.NEW, "what was planned goes out"


def test_an_urgent_message_takes_along_what_waits_for_the_same_reader() -> None:
    urgent, waits = verdict_of(UNTOLD, policy=PACED), verdict_of(CALM, policy=PACED)
    assert taken_along([waits, urgent]) == [Verdict(Rule.NEW, route=ROUTE), urgent]
    assert taken_along([waits]) == [waits]
    other_route = replace(waits, route=route(2))
    other_label = replace(waits, label=Tlp.GREEN)
    assert taken_along([urgent, other_route, other_label]) == [urgent, other_route, other_label]


def test_an_organisation_may_have_a_rhythm_of_its_own() -> None:
    policy = replace(PACED, own_rhythms={"at-once": None, "daily": ROUND})
    assert verdict_of(replace(CALM, rhythm="at-once"), policy=policy).rule is Rule.NEW
    at_once = replace(policy, rhythm=None)
    assert verdict_of(replace(CALM, rhythm="daily"), policy=at_once).rule is Rule.WAITS
    assert verdict_of(CALM, policy=at_once).rule is Rule.NEW


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("told_at", "from_at"),
    [
        (datetime(2026, 10, 19, 21, 59, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=AMSTERDAM)),
        (datetime(2026, 10, 19, 22, 0, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=AMSTERDAM)),
    ],
)
def test_days_are_those_of_the_zone(told_at: datetime, from_at: datetime) -> None:
    # In the night of 25 October the clock goes back: the days before it are an hour longer.
    case = replace(TOLD, told_at=told_at, last_seen_at=told_at + DAY)
    policy = replace(POLICY, zone=AMSTERDAM)
    waits = verdict_of(case, policy=policy, now=from_at - SECOND)
    assert (waits.rule, waits.not_before) == (Rule.TOLD_RECENTLY, from_at)
    assert verdict_of(case, policy=policy, now=from_at.astimezone(UTC)).rule is Rule.REMINDER


@pytest.mark.parametrize(
    ("interval", "since", "then"),
    [
        (RoundInterval.WEEKLY, datetime(2026, 10, 19, tzinfo=AMSTERDAM), 26),
        (RoundInterval.DAILY, datetime(2026, 10, 25, tzinfo=AMSTERDAM), 26),
    ],
)
def test_rounds_begin_at_midnight_in_the_zone(
    interval: RoundInterval, since: datetime, then: int
) -> None:
    sunday = datetime(2026, 10, 25, 3, tzinfo=UTC)  # two o'clock came twice
    assert round_due_since(interval, now=sunday, zone=AMSTERDAM) == since
    expected = datetime(2026, 10, then, tzinfo=AMSTERDAM)
    assert next_round_at(interval, now=sunday, zone=AMSTERDAM) == expected
    assert expected.utcoffset() == timedelta(hours=1)


# Several occasions


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ([Rule.TLP_RED, Rule.NEW, Rule.REMINDER], Rule.NEW),
        ([Rule.TLP_RED, Rule.NO_CONTACT], Rule.TLP_RED),
        ([Rule.NOT_REGISTERED, Rule.TLP_RED], Rule.TLP_RED),  # a person can do something about it
        ([Rule.NOT_REGISTERED, Rule.BELOW_MINIMUM], Rule.NOT_REGISTERED),
    ],
)
def test_of_several_occasions(rules: list[Rule], chosen: Rule) -> None:
    assert first_that_tells(Verdict(rule) for rule in rules).rule is chosen


# Of any case

moments = st.integers(-100, 40).map(lambda days: NOW + days * DAY)
told = st.none() | st.tuples(moments, st.sampled_from(Severity))
terms_of_source = st.builds(
    SharingTerms, label=st.sampled_from(Tlp), may_notify_affected=st.booleans()
)
old_facts = st.fixed_dictionaries(
    {
        "severity": st.sampled_from(Severity),
        "is_owner": st.booleans(),
        "is_held": st.booleans(),
        "is_gone": st.booleans(),
        "is_registered": st.booleans(),
        "last_seen_at": moments,
        "reopened_at": st.none() | moments,
        "is_told_here": st.booleans(),
    }
)
new_facts = st.fixed_dictionaries(
    {},
    optional={
        "terms": terms_of_source,
        "role": st.sampled_from(AddressRole),
        "answer": st.builds(Answer, st.sampled_from(AnswerKind), moments, st.none() | moments),
        "hold": st.builds(Hold, st.just("the police"), st.none() | moments),
        "handed_over_to": st.sampled_from(["", "CSIRT of the sector"]),
    },
)
occasions = st.builds(
    OccasionFacts,
    is_threat=st.booleans(),
    is_unasked_allowed=st.booleans(),
    label=st.sampled_from(Tlp),
)
some_routes = st.lists(
    st.builds(
        replace,
        st.just(ROUTE),
        id=st.integers(1, 9),
        channel=st.sampled_from(["mail", "phone", "portal"]),
        valid_until=st.none() | moments,
        is_ended=st.booleans(),
        is_unwanted=st.booleans(),
    ),
    max_size=4,
)
some_channels = st.none() | st.dictionaries(
    st.sampled_from(["mail", "phone", "portal"]), st.builds(Carries, encryption=st.booleans())
)


def case_of(old: dict[str, Any], said: tuple[datetime, Severity] | None, **new: Any) -> CaseFacts:
    told_at, told_severity = said or (None, None)
    return CaseFacts(**old, told_at=told_at, told_severity=told_severity, **new)


@given(old_facts, told, new_facts, occasions, some_routes, some_channels)
def test_it_tells_where_it_has_a_route_and_nowhere_else(
    old: dict[str, Any],
    said: tuple[datetime, Severity] | None,
    new: dict[str, Any],
    under: OccasionFacts,
    routes: list[Route],
    channels: dict[str, Carries] | None,
) -> None:
    policy = replace(POLICY, channels=channels)
    verdict = verdict_of(case_of(old, said, **new), under=under, routes=routes, policy=policy)
    assert verdict.rule.tells is (verdict.route is not None)
    assert verdict.not_before is None or not verdict.rule.tells
    if verdict.route is None:
        return
    assert verdict.route in routes
    assert verdict.route.is_open(NOW)
    assert not verdict.route.is_unwanted
    if verdict.label is Tlp.RED:
        assert channels is not None
        assert channels[verdict.route.channel].encryption


@given(old_facts, told, new_facts, occasions, some_routes, some_channels)
def test_what_is_told_now_may_be_handed_over_now_by_its_route(
    old: dict[str, Any],
    said: tuple[datetime, Severity] | None,
    new: dict[str, Any],
    under: OccasionFacts,
    routes: list[Route],
    channels: dict[str, Carries] | None,
) -> None:
    case, policy = case_of(old, said, **new), replace(POLICY, channels=channels)
    verdict = verdict_of(case, under=under, routes=routes, policy=policy)
    if verdict.route is not None:
        again = decide_again(case, under=under, routes=[verdict.route], policy=policy, now=NOW)
        assert again == replace(verdict, rule=Rule.NEW)


NOT_ASKED_AGAIN = {
    Rule.GONE, Rule.NOT_LOOKED_AT, Rule.BELOW_MINIMUM, Rule.TOO_OLD, Rule.TOLD_RECENTLY,
    Rule.NOT_SEEN_SINCE, Rule.NOT_SEEN_LATELY, Rule.WAITS, Rule.BY_HAND_ONLY,
}  # fmt: skip
"""What says whether a case is news, or grave enough: that was decided when it was planned."""


@pytest.mark.parametrize("rule", EXAMPLES)
def test_whom_to_tell_is_decided_again_and_what_is_news_is_not(rule: Rule) -> None:
    again = decide_again(
        EXAMPLES[rule],
        under=STANDING,
        routes=ROUTES.get(rule, (ROUTE,)),
        policy=replace(POLICY, channels=CHANNELS) if rule is Rule.BY_HAND_ONLY else POLICY,
        now=NOW,
    )
    assert again.rule is (Rule.NEW if rule.tells or rule in NOT_ASKED_AGAIN else rule)


NEW_DEFAULTS: dict[str, Any] = {
    "terms": SharingTerms(),
    "role": AddressRole.VULNERABLE,
    "answer": None,
    "hold": None,
    "handed_over_to": "",
    "feed": "",
    "rhythm": "",
    "has_news": False,
    "is_current": True,
    "is_looked_at": True,
}


def test_the_new_facts_are_those_with_a_default() -> None:
    with_default = {one.name for one in fields(CaseFacts) if one.default is not MISSING}
    assert with_default == NEW_DEFAULTS.keys() | {"is_told_here"}


@given(old_facts, told, occasions, st.sampled_from(sorted(NEW_DEFAULTS)))
def test_what_is_not_known_changes_nothing(
    old: dict[str, Any],
    said: tuple[datetime, Severity] | None,
    under: OccasionFacts,
    named: str,
) -> None:
    silent = case_of(old, said)
    spelt_out = case_of(old, said, **{named: NEW_DEFAULTS[named]})
    assert verdict_of(spelt_out, under=under) == verdict_of(silent, under=under)
    by_new_fact = {
        Rule.HANDED_OVER, Rule.ON_HOLD, Rule.ATTACKER, Rule.ROLE_UNKNOWN, Rule.ANSWERED,
    }  # fmt: skip
    # A threat that is TLP:AMBER itself is kept from who did not sign up, whatever the feed says.
    if silent.is_registered or under.label is not Tlp.AMBER:
        by_new_fact.add(Rule.ASK_SOURCE)
    assert verdict_of(silent, under=under).rule not in by_new_fact
    assert verdict_of(silent, under=under).label is under.label


@given(old_facts, told, new_facts, occasions)
def test_a_new_fact_silences_and_never_makes_tell_what_was_silent(
    old: dict[str, Any],
    said: tuple[datetime, Severity] | None,
    new: dict[str, Any],
    under: OccasionFacts,
) -> None:
    with_it = verdict_of(case_of(old, said, **new), under=under).rule
    assert not with_it.tells or with_it is verdict_of(case_of(old, said), under=under).rule
