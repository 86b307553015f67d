"""Explains cases: whose each is and by which rule, what was seen, who was told, what is next."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from baken.cases.models import Case
from baken.core.classification import Severity
from baken.core.policy import Policy
from baken.core.rules import Rule
from baken.core.text import one_line
from baken.explaining.rules import reason_of, remedy_of
from baken.explaining.words import Words
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.outbox.selectors import (
    CaseVerdict,
    current_halt,
    key_of_reason,
    notifications_about,
    verdicts_on,
)
from baken.responses.selectors import (
    AnswerGiven,
    CallMade,
    LetterFacts,
    answers_to,
    attempts_of,
    letters_of,
)

_PHONE: Final = "phone"
_LETTER: Final = "letter"
_LONGEST_ANSWER: Final = 400
_LISTS: Final = {_PHONE: "case.in_calls", _LETTER: "case.in_letters"}
"""What is said of one that was accepted, where a list is what accepts it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a case is, and by which rule."""

    organisation: str
    """Name and reference."""
    reference: str
    relation: str
    """"owner" or "operator"."""
    rule: str
    """A `baken.matching.MatchRule`."""
    asset: str
    is_shared: bool
    """Another organisation holds the same narrowest asset."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen, how often and when; times are aware."""

    first_at: datetime
    last_at: datetime
    times: int
    feed: str
    report_type: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One notification, and how far it came."""

    notification: str
    address: str
    """Empty when it was erased."""
    channel: str
    planned_at: datetime
    state: str
    """Of the notification."""
    state_reason: str
    attempt: int = 0
    """The last attempt to deliver it; 0 when there was none."""
    delivery_state: str = ""
    reply: str = ""
    """What the other side said to the last attempt, when it did not accept."""
    is_braked: bool = False
    """It waits for a person: the brake is on."""
    is_forgotten: bool = False
    """The last attempt was refused, and that counts against the address no more."""
    calls: tuple[CallMade, ...] = ()
    """The attempts to call, in order."""
    letter: LetterFacts | None = None
    """What became of the letter; None when it is none, or in no batch yet."""
    answers: tuple[AnswerGiven, ...] = ()
    """In order; the last counts."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notification in which a case stands, and why it stands there."""

    sent: Sent
    occasion: str
    reason: str


@dataclass(frozen=True, slots=True)
class Next:
    """What the next planning does about a case."""

    rule: Rule
    occasion: str = ""
    """The occasion under which it is decided; empty when none covers it."""
    recipient: str = ""
    """Who will be told; empty when nobody is."""
    not_before: datetime | None = None
    """Until when it waits, where waiting is all that is needed."""
    halt: str = ""
    """Why sending is halted now; empty when it is not."""


@dataclass(frozen=True, slots=True)
class ExplainedCase:
    """All that there is to say about one case."""

    finding_kind: str
    system: str
    severity: Severity
    state: str
    whose: Whose
    seen: Seen
    told: tuple[Told, ...]
    """The newest first."""
    next: Next


def explain_cases(cases: Sequence[Case], *, policy: Policy, now: datetime) -> list[ExplainedCase]:
    """Each of `cases` explained, in their order; as many queries for a thousand as for one.

    Their organisations and assets should be loaded.
    """
    verdicts = verdicts_on(cases, policy=policy, now=now)
    told = notifications_about([case.pk for case in cases])
    halt = current_halt()
    why = halt.reason if halt else ""
    recorded = recorded_of([one.notification for of_case in told.values() for one in of_case])
    return [
        _explained(case, verdicts[case.pk], told.get(case.pk, []), halt=why, recorded=recorded)
        for case in cases
    ]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What people recorded of notifications and recipients answered, by notification."""

    calls: Mapping[UUID, tuple[CallMade, ...]]
    letters: Mapping[UUID, LetterFacts]
    answers: Mapping[UUID, tuple[AnswerGiven, ...]]


def recorded_of(notifications: Collection[Notification]) -> Recorded:
    """What was recorded of `notifications`: calls, letters, and answers by any of them."""
    of_channel: dict[str, set[UUID]] = {_PHONE: set(), _LETTER: set()}
    for one in notifications:
        if one.channel in of_channel:
            of_channel[one.channel].add(one.pk)
    by_phone, by_letter = of_channel.values()
    return Recorded(
        attempts_of(by_phone) if by_phone else {},
        letters_of(by_letter) if by_letter else {},
        answers_to({one.pk for one in notifications}) if notifications else {},
    )


def case_lines(case: ExplainedCase, words: Words) -> Iterator[str]:
    """What there is to say about `case`, in lines for a person."""
    yield words.say(
        "case.heading",
        finding_kind=case.finding_kind,
        system=case.system,
        severity=words.say(f"severities.{case.severity.key}"),
        state=words.say(f"states.case.{case.state}"),
    )
    yield _whose_line(case.whose, words)
    yield _seen_line(case.seen, words)
    for told in case.told:
        yield _told_line(told, words)
        yield from recorded_lines(told.sent, words)
    yield from _next_lines(case.next, words, was_told=bool(case.told))


def _explained(
    case: Case,
    verdict: CaseVerdict,
    told: Sequence[NotifiedCase],
    *,
    halt: str,
    recorded: Recorded,
) -> ExplainedCase:
    return ExplainedCase(
        finding_kind=case.finding_kind,
        system=case.system,
        severity=Severity(case.severity),
        state=case.state,
        whose=Whose(
            organisation=str(case.organisation),
            reference=case.organisation.reference,
            relation=case.relation,
            rule=case.rule,
            asset=case.asset_value,
            is_shared=case.is_shared,
        ),
        seen=Seen(
            first_at=case.first_seen_at,
            last_at=case.last_seen_at,
            times=case.sightings,
            feed=case.feed,
            report_type=case.report_type,
        ),
        told=tuple(_told(one, recorded) for one in told),
        next=Next(
            rule=verdict.rule,
            occasion=verdict.occasion.key if verdict.occasion else "",
            recipient=str(verdict.verdict.route or ""),
            not_before=verdict.verdict.not_before,
            halt=halt,
        ),
    )


def _told(one: NotifiedCase, recorded: Recorded) -> Told:
    return Told(sent_of(one.notification, recorded), one.occasion.key, one.reason)


def sent_of(notification: Notification, recorded: Recorded) -> Sent:
    """How far `notification` came; its addressee, brake and deliveries should be loaded."""
    last = max(notification.deliveries.all(), key=lambda tried: tried.attempt, default=None)
    is_accepted = last is not None and last.state == Delivery.State.ACCEPTED
    return Sent(
        notification=str(notification.pk),
        address=notification.addressee.address,
        channel=notification.channel,
        planned_at=notification.planned_at,
        state=notification.state,
        state_reason=notification.state_reason,
        attempt=last.attempt if last else 0,
        delivery_state=last.state if last else "",
        reply=last.reply if last and not is_accepted else "",
        is_braked=notification.state == Notification.State.PLANNED
        and notification.brake is not None
        and notification.brake.released_at is None,
        is_forgotten=last is not None and hasattr(last, "forgotten"),
        calls=recorded.calls.get(notification.pk, ()),
        letter=recorded.letters.get(notification.pk),
        answers=recorded.answers.get(notification.pk, ()),
    )


def _whose_line(whose: Whose, words: Words) -> str:
    return words.say(
        "case.whose_shared" if whose.is_shared else "case.whose",
        organisation=whose.organisation,
        relation=words.say(f"relations.{whose.relation}"),
        match=words.say(f"matches.{whose.rule}", asset=whose.asset),
        rule=whose.rule,
    )


def _seen_line(seen: Seen, words: Words) -> str:
    source = {"feed": seen.feed, "report_type": seen.report_type}
    if seen.times == 1:
        return words.say("case.seen_once", at=seen.last_at, **source)
    return words.say(
        "case.seen_often", times=seen.times, start=seen.first_at, end=seen.last_at, **source
    )


def _told_line(told: Told, words: Words) -> str:
    return words.say(
        "case.told",
        **sent_words(told.sent, words),
        occasion=told.occasion,
        reason=words.say(f"reasons.{told.reason}"),
    )


def recorded_lines(sent: Sent, words: Words) -> Iterator[str]:
    """Each attempt to call, what became of a letter, and each answer, in a line each."""
    for number, call in enumerate(sent.calls, start=1):
        yield words.say(
            "case.call",
            number=number,
            at=call.made_at,
            by=call.made_by,
            outcome=words.say(f"calls.outcome.{call.outcome}"),
        )
    if sent.letter is not None:
        yield from _letter_lines(sent.letter, words)
    for answer in sent.answers:
        yield words.say(
            "case.answer_with_text" if answer.text else "case.answer",
            at=answer.answered_at,
            answer=words.say(f"answers.{answer.kind}"),
            text=one_line(answer.text, limit=_LONGEST_ANSWER),
        )


def _letter_lines(letter: LetterFacts, words: Words) -> Iterator[str]:
    if letter.printed_at is not None:
        yield words.say("case.letter_printed", at=letter.printed_at, batch=letter.batch)
    if letter.sent_at is not None:
        yield words.say("case.letter_sent", at=letter.sent_at)
    if letter.returned_at is not None:
        reason = words.say(f"letters.reason.{letter.reason}")
        yield words.say("case.letter_returned", at=letter.returned_at, reason=reason)


def sent_words(sent: Sent, words: Words) -> dict[str, object]:
    """To whom, by what and when, and how far it came, to fill in a sentence."""
    return {
        "address": sent.address or words.say("case.erased"),
        "channel": words.name("channels", sent.channel),
        "at": sent.planned_at,
        "state": _how_far(sent, words),
    }


def _how_far(sent: Sent, words: Words) -> str:
    """How far a notification came: what its last attempt came to, unless it was withdrawn."""
    is_withdrawn = sent.state == Notification.State.WITHDRAWN
    if sent.attempt and not is_withdrawn:
        said = "case.forgotten" if sent.is_forgotten else f"states.delivery.{sent.delivery_state}"
        if sent.delivery_state == Delivery.State.ACCEPTED and sent.channel in _LISTS:
            said = _LISTS[sent.channel]  # which is not to say that anybody was reached
        state = words.say(said)
        state = words.say("case.attempt", state=state, attempt=sent.attempt)
        reply = sent.reply
    else:
        state = words.say(f"states.notification.{sent.state}")
        reply = reason_of_withdrawal(sent.state_reason, words) if is_withdrawn else ""
    if sent.is_braked:
        state = words.say("case.braked", state=state)
    return words.say("case.state_because", state=state, reply=reply) if reply else state


def reason_of_withdrawal(stored: str, words: Words) -> str:
    """Why a notification was withdrawn, from the reason that is stored."""
    key, besides = key_of_reason(stored)
    if not key:
        return stored
    reason = words.say(f"withdrawn.{key}")
    return words.say("case.state_because", state=reason, reply=besides) if besides else reason


def _next_lines(following: Next, words: Words, *, was_told: bool) -> Iterator[str]:
    rule = following.rule
    reason = reason_of(rule, words, not_before=following.not_before)
    if rule.tells:
        yield words.say(
            "case.next_halted" if following.halt else "case.next",
            address=following.recipient,
            occasion=following.occasion,
            reason=reason,
            rule=rule,
            halt=following.halt,
        )
        return
    yield words.say("case.now_silent" if was_told else "case.silent", reason=reason, rule=rule)
    if remedy := remedy_of(rule, words):
        yield words.say("case.remedy", remedy=remedy)
