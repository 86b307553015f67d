"""What planning and handing over came to: warned, kept back and why, left over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from baken.constituency.selectors import names_of
from baken.core.rules import Rule
from baken.explaining.rules import KeptBack, kept_back_lines
from baken.explaining.words import Words
from baken.outbox.selectors import BrakeOn
from baken.outbox.services import DryRun, Outcome, Plan

_NAMES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class KeptBackOrganisation:
    """An organisation that could not be told of all, and by which rule."""

    reference: str
    name: str
    rule: Rule


def kept_back_in(plan: Plan) -> list[KeptBackOrganisation]:
    """Whom `plan` could not tell of all, by name."""
    names = names_of({one.organisation_id for one in plan.unreachable})
    found = [KeptBackOrganisation(*names[one.organisation_id], one.rule)
             for one in plan.unreachable]  # fmt: skip
    return sorted(found, key=lambda one: (one.name, one.reference))


def outcome_lines(plan: Plan, outcome: Outcome, words: Words) -> Iterator[str]:
    """What they came to and how to go on, in lines for a person."""
    yield words.say(
        "send.planned",
        warnings=words.counted("warning", plan.notifications),
        cases=words.counted("case", plan.cases),
    )
    if plan.requests:
        yield words.say(
            "send.requests",
            requests=words.counted("request", plan.requests),
            systems=words.counted("system", plan.to_pass_on),
        )
    yield from _not_told_lines(plan, words)
    yield words.say(
        "send.accepted", mails=words.counted("mail", outcome.accepted), refused=outcome.refused
    )
    if _is_nothing(plan, outcome):
        yield words.say("send.nothing")
    if outcome.problem:
        yield words.say("send.problem", problem=outcome.problem)
    elif outcome.own_fault:
        yield words.say("send.own_fault", reply=outcome.own_fault)
    if outcome.brake is not None:
        yield words.say("send.braked", **asdict(outcome.brake))
    if outcome.left:
        yield words.say("send.left", mails=words.counted("mail", outcome.left))


def _is_nothing(plan: Plan, outcome: Outcome) -> bool:
    """Whether there was nothing to tell, and nothing waited to be handed over."""
    told = plan.notifications or plan.waiting.cases or plan.unreachable
    handed_over = outcome.accepted or outcome.refused or outcome.deferred or outcome.left
    return not (told or handed_over or outcome.problem or outcome.brake)


def released_line(released: BrakeOn, words: Words) -> str:
    """What goes out because a person released the brake."""
    return words.say("send.released", held=released.held, organisations=released.organisations)


def _not_told_lines(plan: Plan, words: Words) -> Iterator[str]:
    """What waits, and who cannot be told."""
    yield from _waiting_lines(plan, words)
    for kept_back in _by_rule(kept_back_in(plan)):
        yield from kept_back_lines(kept_back, words, shown=_NAMES_SHOWN)


def _waiting_lines(plan: Plan, words: Words) -> Iterator[str]:
    waiting = plan.waiting
    if waiting.until is not None:
        yield words.say(
            "send.waiting",
            cases=words.counted("case", waiting.cases),
            organisations=words.counted("organisation", waiting.organisations),
            date=waiting.until.date(),
        )


def dry_run_lines(done: DryRun, folder: str, words: Words) -> Iterator[str]:
    """What a run would send, as written into `folder`, in lines for a person."""
    mails = words.counted("mail", done.messages)
    yield words.say("dry_run.written", mails=mails, folder=folder)
    yield from _not_told_lines(done.plan, words)
    if done.refused:
        yield words.say("dry_run.refused", count=done.refused)
    elif not (done.messages or done.plan.waiting.cases or done.plan.unreachable):
        yield words.say("send.nothing")


def _by_rule(organisations: Sequence[KeptBackOrganisation]) -> list[KeptBack]:
    names: dict[Rule, list[str]] = {}
    for one in organisations:
        names.setdefault(one.rule, []).append(one.name)
    return [KeptBack(rule, some) for rule, some in sorted(names.items())]
