"""The rules of the verdict in words: why, until when, and what a person can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from baken.core.rules import Rule
from baken.explaining.words import Words


def reason_of(rule: Rule, words: Words, *, not_before: datetime | None = None) -> str:
    """Why one case is told or not; with until when, where that is known. No capital, no stop."""
    if not_before is not None and words.has(f"rules.{rule}.until"):
        return words.say(f"rules.{rule}.until", date=not_before.date())
    return words.say(f"rules.{rule}.case")


def remedy_of(rule: Rule, words: Words) -> str:
    """What a person can do about a rule that blocks; empty for the others."""
    return words.say(f"rules.{rule}.remedy") if rule.blocks else ""


def would_be_silent(rule: Rule, organisations: int, words: Words) -> str:
    """So many organisations would not be warned, for this reason, and what to do about it."""
    counted = words.counted("organisation", organisations)
    reason = words.say(f"rules.{rule}.many")
    if not rule.blocks:
        return words.say("lookback.silent", organisations=counted, reason=reason)
    remedy = remedy_of(rule, words)
    return words.say("lookback.silent_remedy", organisations=counted, reason=reason, remedy=remedy)


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Organisations that could not be told of all, by one rule."""

    rule: Rule
    names: Sequence[str]


def kept_back_lines(kept_back: KeptBack, words: Words, *, shown: int) -> list[str]:
    """How many were not told of all and why, what to do, and the names of the first `shown`."""
    names = kept_back.names
    return [
        words.say(
            "send.kept_back",
            organisations=words.counted("organisation", len(names)),
            reason=words.say(f"rules.{kept_back.rule}.many"),
            remedy=remedy_of(kept_back.rule, words),
        ),
        words.say(
            "send.names_more" if len(names) > shown else "send.names",
            names=", ".join(names[:shown]),
        ),
    ]
