"""Whom to tell, when, how often: pure rules over values.

Every answer names the rule that gave it, so that a warning and a silence can both be explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from baken.core.classification import Severity


class Rule(StrEnum):
    """The rule that decided. The first five tell, the others keep silent."""

    NEW = "new"
    WORSE = "worse"
    BACK = "back"
    REMINDER = "reminder"
    THREAT = "threat"
    OPERATOR = "operator"
    NOT_HELD = "not-held"
    GONE = "gone"
    NOT_REGISTERED = "not-registered"
    TOO_OLD = "too-old"
    BELOW_MINIMUM = "below-minimum"
    TOLD_RECENTLY = "told-recently"
    NOT_SEEN_SINCE = "not-seen-since"
    NO_OCCASION = "no-occasion"
    NO_CONTACT = "no-contact"
    CONTACT_UNWANTED = "contact-unwanted"
    TLP_RED = "tlp-red"

    @property
    def tells(self) -> bool:
        """Whether the organisation is told."""
        return self in (Rule.NEW, Rule.WORSE, Rule.BACK, Rule.REMINDER, Rule.THREAT)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of the rules."""

    minimum_severity: Severity = Severity.LOW
    reminder_after: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {severity: timedelta(days=30) for severity in Severity}
    )
    """How long a finding that persists waits, by its severity."""
    oldest_told: timedelta = timedelta(days=30)
    """What was last seen longer ago is no reason to warn."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the rules look at; times are aware."""

    severity: Severity
    is_owner: bool
    is_held: bool
    """The asset it was matched by was still the organisation's when it was last seen."""
    is_gone: bool
    is_registered: bool
    last_seen_at: datetime
    reopened_at: datetime | None
    told_at: datetime | None
    told_severity: Severity | None


def decide(
    case: CaseFacts,
    *,
    policy: Policy,
    now: datetime,
    is_unasked_allowed: bool,
    is_told_of_threat: bool = True,
) -> Rule:
    """The rule that says whether the organisation is told of `case` now.

    `is_unasked_allowed` is whether the occasion may warn organisations that did not sign up.
    `is_told_of_threat` is False under a threat of which the organisation was not told yet for this
    case: what it was told of a daily feed does not keep the threat from it.
    """
    if not case.is_owner:
        return Rule.OPERATOR
    if not case.is_registered and not is_unasked_allowed:
        return Rule.NOT_REGISTERED
    if not case.is_held:
        return Rule.NOT_HELD
    if case.is_gone:
        return Rule.GONE
    if case.severity < policy.minimum_severity:
        return Rule.BELOW_MINIMUM
    if now - case.last_seen_at > policy.oldest_told:
        return Rule.TOO_OLD
    rule = _decide_by_what_was_told(case, policy=policy, now=now)
    return rule if rule.tells or is_told_of_threat else Rule.THREAT


def _decide_by_what_was_told(case: CaseFacts, *, policy: Policy, now: datetime) -> Rule:
    if case.told_at is None or case.told_severity is None:
        return Rule.NEW
    if case.severity > case.told_severity:
        return Rule.WORSE
    if case.reopened_at is not None and case.reopened_at > case.told_at:
        return Rule.BACK
    if case.last_seen_at <= case.told_at:
        return Rule.NOT_SEEN_SINCE
    if now - case.told_at < policy.reminder_after[case.severity]:
        return Rule.TOLD_RECENTLY
    return Rule.REMINDER
