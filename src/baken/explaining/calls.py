"""Explains calls: the next one with what is said in it, how one went, and the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from baken.explaining.cases import reason_of_withdrawal
from baken.explaining.words import Words
from baken.outbox.selectors import ReadyCall
from baken.responses.selectors import ListedCall
from baken.responses.services import RecordedCall

_SIGHTINGS_SHOWN: Final = 5


def next_call_lines(
    call: ReadyCall | None,
    dropped: Sequence[str],
    words: Words,
    *,
    free_at: datetime | None = None,
) -> Iterator[str]:
    """What a caller reads: what was seen last, then what is said; or that no call waits.

    `free_at` is when the next one may be made, where one waits for its time.
    """
    for reason in dropped:
        yield words.say("calls.dropped", reason=reason_of_withdrawal(reason, words))
    if call is None:
        if free_at is None:
            yield words.say("calls.none")
        else:
            yield words.say("calls.none_later", at=free_at)
        return
    yield words.say(
        "calls.heading",
        code=call.code,
        severity=words.say(f"severities.{call.severity.key}"),
        organisation=call.organisation,
    )
    yield words.say("calls.yours")
    for one in call.sightings[:_SIGHTINGS_SHOWN]:
        yield words.say(
            "calls.sighting",
            at=one.last_seen_at,
            finding_kind=one.finding_kind,
            system=one.system,
            state=words.say(f"states.case.{one.state}"),
        )
    if (more := len(call.sightings) - _SIGHTINGS_SHOWN) > 0:
        yield words.say("calls.sightings_more", count=more)
    yield ""
    yield call.script.rstrip("\n")


def recorded_call_lines(done: RecordedCall, words: Words) -> Iterator[str]:
    """What became of a call, in lines for a person."""
    yield words.say("calls.recorded", outcome=words.say(f"calls.outcome.{done.outcome}"))
    if done.call_again_at is not None:
        tries = words.counted("try", done.tries_left)
        yield words.say("calls.again", at=done.call_again_at, tries=tries)
    elif done.is_told_otherwise:
        yield words.say("calls.otherwise")
    elif done.outcome == "not-theirs":
        yield words.say("calls.not_theirs", code=done.code)
    else:
        yield words.say("calls.over")


def list_lines(calls: Sequence[ListedCall], words: Words) -> Iterator[str]:
    """The list of calls, a line each."""
    if not calls:
        yield words.say("calls.empty")
    for one in calls:
        state = words.say(f"calls.state.{one.state}", by=one.claimed_by, until=one.until or "")
        yield words.say(
            "calls.line",
            code=one.code,
            severity=words.say(f"severities.{one.severity.key}").ljust(8),
            state=state.ljust(24),
            number=(one.number or words.say("case.erased")).ljust(16),
            organisation=one.organisation,
        )
