"""THE verdict: whom to tell, by which route, now or when, or why not; pure rules over values.

`decide` is the one function that decides about a case. Planning, preview, dry run, look-back and
explain all call it. Each verdict names the rule that gave it, so that a warning and a silence can
both be explained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import product
from typing import Final

from baken.core.answers import Answer, AnswerKind
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.routes import Carries, Route
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms
from baken.core.verdict import (
    ANYTHING_GOES,
    CaseFacts,
    OccasionFacts,
    Policy,
    Rhythm,
    Verdict,
)

__all__ = [
    "CaseFacts",
    "OccasionFacts",
    "Policy",
    "Rhythm",
    "Verdict",
    "decide",
    "decide_again",
    "first_that_tells",
    "stricter",
    "taken_along",
]

_NEEDS_PERMISSION: Final = frozenset({Tlp.RED, Tlp.AMBER_STRICT})


def decide(
    case: CaseFacts,
    *,
    under: OccasionFacts,
    routes: Sequence[Route],
    policy: Policy,
    now: datetime,
) -> Verdict:
    """Whom to tell of `case` under an occasion that covers it, by which route, or why not.

    `routes` are those of the case's organisation, in the order in which they are tried
    (`baken.core.routes.ranked`).
    """
    of_feed = policy.terms_of_feeds.get(case.feed, ANYTHING_GOES)
    label = stricter(stricter(policy.label_of(under), case.terms.label), of_feed.label)
    rule = _rule_of_case(case, under=under, policy=policy, now=now)
    if not rule.tells:
        return Verdict(rule, label, not_before=_waits_until(rule, case, policy=policy))
    # Looked up and not made: this is asked about each case.
    terms = _BESIDES_LABEL[
        case.terms.may_notify_affected and of_feed.may_notify_affected,
        case.terms.may_name_source and of_feed.may_name_source,
        case.terms.may_show_supplier and of_feed.may_show_supplier,
    ]
    if _is_source_asked_first(label, case, terms, under=under, policy=policy):
        return Verdict(Rule.ASK_SOURCE, label)
    if not policy.has_channel_for(label):
        return Verdict(Rule.TLP_RED, label)
    route = _route_for(label, routes, case=case, under=under, policy=policy, now=now)
    if isinstance(route, Rule):
        return Verdict(route, label)
    rhythm = policy.own_rhythms.get(case.rhythm, policy.rhythm)
    if rhythm is not None and case.severity < rhythm.urgent_from and not under.is_threat:
        return Verdict(Rule.WAITS, label, route, rhythm.next_round_at, terms, waits_with=rule)
    return Verdict(rule, label, route, terms=terms)


def _is_source_asked_first(
    label: Tlp, case: CaseFacts, terms: SharingTerms, *, under: OccasionFacts, policy: Policy
) -> bool:
    """Whether the affected party may only be told with a permission that we do not have.

    TLP 2.0: AMBER reaches the recipient's organisation and whom that serves, and we are the
    recipient. What a feed permits holds for its rows, not for the label of our own threat.
    """
    if label in _NEEDS_PERMISSION:
        return not terms.may_notify_affected
    if label is not Tlp.AMBER or case.is_registered or policy.amber_reaches_unregistered:
        return False
    return policy.label_of(under) is Tlp.AMBER or not terms.may_notify_affected


def label_for_csirt(threat: Tlp, of_rows: Tlp, of_feed: SharingTerms) -> Tlp | None:
    """The label under which another CSIRT may get what it warns about instead of us.

    None: the source is asked first. A CSIRT gets no more than an affected party that did not sign
    up would get from us, whatever we settled about our own constituents; and RED and AMBER+STRICT
    stay with whom the source named (TLP 2.0).
    """
    label = stricter(stricter(threat, of_rows), of_feed.label)
    if label in _NEEDS_PERMISSION or threat is Tlp.AMBER:
        return None
    return label if label is not Tlp.AMBER or of_feed.may_notify_affected else None


_BESIDES_LABEL: Final = {
    flags: SharingTerms(
        may_notify_affected=flags[0], may_name_source=flags[1], may_show_supplier=flags[2]
    )
    for flags in product((False, True), repeat=3)
}
"""All terms there are; the label is decided by itself."""


def taken_along(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts on all cases of one organisation, where an urgent message takes others along.

    What waits for a round goes now when a message under the same terms goes by the same route
    anyway: two mails on two days would say less.
    """
    if all(verdict.waits_with is None for verdict in verdicts):
        return list(verdicts)
    going = {verdict.message for verdict in verdicts if verdict.rule.tells}
    return [verdict.if_due(is_due=verdict.message in going) for verdict in verdicts]


def decide_again(
    case: CaseFacts,
    *,
    under: OccasionFacts,
    routes: Sequence[Route],
    policy: Policy,
    now: datetime,
) -> Verdict:
    """The verdict on a case of a planned notification, when that is about to be handed over.

    Planning decided whether the case is news. This decides once more whom to tell, by which of
    `routes`, under which label, and whether to wait. Of a standing occasion the stricter counts of
    the label that it bears and the one that it would be given now.
    """
    labelled = replace(under, label=stricter(under.label, policy.label_of(under)))
    as_news = replace(case, is_gone=False, is_looked_at=True, told_at=None, told_severity=None)
    of_any_age = replace(
        policy,
        minimum_severity=Severity.INFO,
        by_hand_from=Severity.INFO,
        oldest_told=timedelta.max,
        rhythm=None,
        own_rhythms={},
        feed_label=None,
    )
    return decide(as_news, under=labelled, routes=routes, policy=of_any_age, now=now)


def first_that_tells(verdicts: Iterable[Verdict]) -> Verdict:
    """What becomes of a case that several occasions cover, by their verdicts in order.

    The first verdict that tells decides. When none tells, the first that blocks says why not; when
    none blocks, the first of all does.
    """
    none = Verdict(Rule.NO_OCCASION)
    return min(verdicts, key=lambda verdict: verdict.rule.precedence, default=none)


def stricter(one: Tlp, other: Tlp) -> Tlp:
    """The label of the two with the narrower audience."""
    return _STRICTER[one, other]


# Looked up and not worked out: this is asked twice about each case.
_STRICTER: Final = {
    (one, other): one if one.rank >= other.rank else other for one, other in product(Tlp, repeat=2)
}


def _rule_of_case(case: CaseFacts, *, under: OccasionFacts, policy: Policy, now: datetime) -> Rule:
    if not case.is_owner:
        return Rule.OPERATOR
    if not case.is_registered and not under.is_unasked_allowed:
        return Rule.NOT_REGISTERED
    if not case.is_held:
        return Rule.NOT_HELD
    if case.handed_over_to:
        return Rule.HANDED_OVER
    if case.hold is not None and (case.hold.until is None or now < case.hold.until):
        return Rule.ON_HOLD
    if case.is_gone:
        return Rule.GONE
    if not case.is_looked_at:
        return Rule.NOT_LOOKED_AT
    if case.role is AddressRole.ATTACKER_CONTROLLED:
        return Rule.ATTACKER
    if case.role is AddressRole.UNKNOWN:
        return Rule.ROLE_UNKNOWN
    if case.answer is not None and _is_answered(case.answer, case, now=now):
        return Rule.ANSWERED
    if case.severity < policy.minimum_severity and not under.is_threat:
        return Rule.BELOW_MINIMUM
    if now - case.last_seen_at > policy.oldest_told:
        return Rule.TOO_OLD
    rule = _rule_of_what_was_told(case, policy=policy, now=now)
    return rule if rule.tells or case.is_told_here or not under.is_threat else Rule.THREAT


def _is_answered(answer: Answer, case: CaseFacts, *, now: datetime) -> bool:
    """Whether the answer keeps us silent: *solved* does until it is seen again."""
    if answer.kind is AnswerKind.NEEDS_HELP:
        return False
    if answer.kind is AnswerKind.SOLVED:
        return case.last_seen_at <= answer.answered_at
    return answer.until is None or now < answer.until


def _rule_of_what_was_told(case: CaseFacts, *, policy: Policy, now: datetime) -> Rule:
    if case.told_at is None or case.told_severity is None:
        return Rule.NEW
    if case.severity > case.told_severity:
        return Rule.WORSE
    # A clock that ran ahead writes a moment to come, which each telling until then would precede.
    if case.reopened_at is not None and case.told_at < case.reopened_at <= now:
        return Rule.BACK
    if case.has_news:
        return Rule.NEWS
    if case.last_seen_at <= case.told_at:
        return Rule.NOT_SEEN_SINCE
    if now < _reminded_from(case.told_at, case.severity, policy=policy):
        return Rule.TOLD_RECENTLY
    return Rule.REMINDER if case.is_current else Rule.NOT_SEEN_LATELY


def _reminded_from(told_at: datetime, severity: Severity, *, policy: Policy) -> datetime:
    """When the day begins on which a reminder may go: a mail at nine does not wait until nine."""
    told_on = told_at.astimezone(policy.zone).date()
    day = told_on + timedelta(days=policy.reminder_after[severity].days)
    return datetime.combine(day, time.min, tzinfo=policy.zone)


def _waits_until(rule: Rule, case: CaseFacts, *, policy: Policy) -> datetime | None:
    if rule is Rule.TOLD_RECENTLY and case.told_at is not None:
        return _reminded_from(case.told_at, case.severity, policy=policy)
    if rule is Rule.ON_HOLD and case.hold is not None:
        return case.hold.until
    if rule is Rule.ANSWERED and case.answer is not None:
        return case.answer.until
    return None


def _route_for(
    label: Tlp,
    routes: Sequence[Route],
    *,
    case: CaseFacts,
    under: OccasionFacts,
    policy: Policy,
    now: datetime,
) -> Route | Rule:
    """The first route that may be taken, or the rule that leaves none."""
    channels = policy.channels
    must_encrypt = label is Tlp.RED
    must_stay_inside = label is Tlp.AMBER_STRICT  # TLP 2.0: the recipient's organisation only
    is_worth_a_person = under.is_unasked_allowed or case.severity >= policy.by_hand_from
    silent = Rule.NO_CONTACT
    for route in _in_order(routes, case=case, under=under, policy=policy):
        if (channels is not None and route.channel not in channels) or not route.is_open(now):
            continue
        if route.is_unwanted:
            silent = Rule.CONTACT_UNWANTED if silent is Rule.NO_CONTACT else silent
        elif must_encrypt and not _can_encrypt(route.channel, channels):
            silent = Rule.TLP_RED
        elif must_stay_inside and not route.is_inside:
            silent = Rule.OUTSIDE_ONLY
        elif not is_worth_a_person and _is_by_hand(route.channel, channels):
            silent = Rule.BY_HAND_ONLY
        else:
            return route
    return silent


def _in_order(
    routes: Sequence[Route], *, case: CaseFacts, under: OccasionFacts, policy: Policy
) -> Sequence[Route]:
    """`routes`, those by hand last, and the slow ones after all others that have room; but who did
    not sign up is phoned first when it is grave."""
    if not any(_is_by_hand(route.channel, policy.channels) for route in routes):
        return routes
    is_grave_and_unasked = under.is_unasked_allowed and not case.is_registered

    def place(route: Route) -> int:
        if route.channel in policy.full:
            return 4
        if is_grave_and_unasked and route.channel in policy.first_when_grave:
            return 0
        if not _is_by_hand(route.channel, policy.channels):
            return 1
        return 3 if _is_slow(route.channel, policy.channels) else 2

    return sorted(routes, key=place)


def _can_encrypt(channel: str, channels: Mapping[str, Carries] | None) -> bool:
    return channels is not None and channels[channel].encryption


def _is_slow(channel: str, channels: Mapping[str, Carries] | None) -> bool:
    return channels is not None and channel in channels and channels[channel].is_slow


def _is_by_hand(channel: str, channels: Mapping[str, Carries] | None) -> bool:
    return channels is not None and channel in channels and channels[channel].is_by_hand
