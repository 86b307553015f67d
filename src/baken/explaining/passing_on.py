"""What operators were asked to pass on, what they said, and what comes next; in words too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from baken.constituency.selectors import names_of
from baken.core.policy import Policy
from baken.core.rules import Rule
from baken.explaining.cases import Sent, recorded_of, sent_of, sent_words
from baken.explaining.rules import reason_of, remedy_of
from baken.explaining.words import Words
from baken.occasions.selectors import active_occasions, occasion_facts
from baken.outbox.selectors import (
    AskedSystem,
    PassOnTotals,
    request_verdicts,
    requests_about,
    systems_asked_in,
)


@dataclass(frozen=True, slots=True)
class ExplainedRequest:
    """One system that an operator was asked to pass on."""

    system: str
    """Empty once it is forgotten."""
    finding_kind: str
    code: str
    operator: str
    occasion: str
    reason: str
    sent: Sent
    answer: str
    """What the operator says; empty when it said nothing."""
    answered_at: datetime | None
    answered_how: str


@dataclass(frozen=True, slots=True)
class NextRequest:
    """What the next planning does about one system that only an operator can pass on."""

    system: str
    operator: str
    occasion: str
    rule: Rule
    not_before: datetime | None
    address: str
    """Who would be asked; empty when nobody is."""


def requests_for(system: str) -> list[ExplainedRequest]:
    """What operators were asked about `system`, the newest first; see `requests_about`."""
    return _explained(requests_about(system))


def requests_in(notification_id: UUID) -> list[ExplainedRequest]:
    """What one message asked an operator to pass on; nothing of any other message."""
    return _explained(systems_asked_in(notification_id))


def _explained(asked: Iterable[AskedSystem]) -> list[ExplainedRequest]:
    rows = list(asked)
    recorded = recorded_of([one.row.notification for one in rows])
    return [
        ExplainedRequest(
            system=one.row.system,
            finding_kind=one.row.finding_kind,
            code=one.code,
            operator=one.row.operator.name,
            occasion=one.row.occasion.key,
            reason=one.row.reason,
            sent=sent_of(one.row.notification, recorded),
            answer=one.row.answer,
            answered_at=one.row.answered_at,
            answered_how=one.row.answered_how,
        )
        for one in rows
    ]


def next_requests(system: str, *, policy: Policy, now: datetime) -> list[NextRequest]:
    """What becomes of `system` with the next planning, where only an operator can pass it on."""
    found = []
    for occasion in active_occasions():
        if not occasion.is_threat:
            continue
        under = occasion_facts(occasion)
        for one in request_verdicts(occasion.pk, under, policy=policy, now=now, about=system):
            route = one.verdict.route
            found.append(
                NextRequest(
                    system=one.asked.system.system,
                    operator=names_of([one.asked.operator_id])[one.asked.operator_id][1],
                    occasion=occasion.key,
                    rule=one.verdict.rule,
                    not_before=one.verdict.not_before,
                    address="" if route is None else route.address,
                )
            )
    return found


def request_lines(
    asked: Iterable[ExplainedRequest], coming: Iterable[NextRequest], words: Words
) -> Iterator[str]:
    """What was asked and said, and what comes next, in lines for a person."""
    for one in asked:
        yield words.say(
            "pass_on.asked",
            system=one.system or words.say("pass_on.forgotten"),
            kind=one.finding_kind,
            operator=one.operator or words.say("case.erased"),
            occasion=one.occasion,
            reason=words.say(f"reasons.{one.reason}"),
            **sent_words(one.sent, words),
        )
        if one.code:
            yield "    " + words.say("pass_on.code", code=one.code)
        if one.answered_at is None:
            yield "    " + words.say("pass_on.unanswered")
        else:
            yield "    " + words.say(
                "pass_on.answered",
                answer=words.say(f"pass_on.answers.{one.answer}"),
                how=words.say(f"pass_on.how.{one.answered_how}"),
                at=one.answered_at,
            )
    for following in coming:
        facts = {
            "operator": following.operator,
            "occasion": following.occasion,
            "system": following.system,
            "rule": following.rule.value,
            "reason": reason_of(following.rule, words, not_before=following.not_before),
        }
        if following.address:
            yield words.say("pass_on.next", address=following.address, **facts)
        else:
            yield words.say("pass_on.silent", **facts)
            if remedy := remedy_of(following.rule, words):
                yield "    " + remedy


def totals_line(totals: PassOnTotals, words: Words) -> str:
    """How many systems operators were asked about under one occasion, and what they said."""
    return words.say(
        "pass_on.totals",
        systems=words.counted("system", totals.systems),
        operators=words.counted("operator", totals.operators),
        passed_on=totals.passed_on,
        not_theirs=totals.not_theirs,
    )


def request_figures(one: ExplainedRequest) -> dict[str, object]:
    """`one` as fields; times are ISO 8601."""
    return {
        "system": one.system,
        "finding_kind": one.finding_kind,
        "code": one.code,
        "operator": one.operator,
        "occasion": one.occasion,
        "reason": one.reason,
        "notification": one.sent.notification,
        "address": one.sent.address,
        "planned_at": one.sent.planned_at.isoformat(),
        "state": one.sent.state,
        "answer": one.answer or None,
        "answered_at": one.answered_at and one.answered_at.isoformat(),
        "answered_how": one.answered_how or None,
    }
