"""Whom to tell, when, how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.core import policy as policy_module
from baken.core.classification import Severity
from baken.core.policy import CaseFacts, OccasionFacts, Policy, Rule
from baken.core.routes import Route

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
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
        (replace(TOLD, told_at=NOW - 7 * DAY), Rule.REMINDER),
        (replace(TOLD, told_at=NOW - 7 * DAY + timedelta(seconds=1)), Rule.TOLD_RECENTLY),
        (replace(TOLD, told_at=NOW - 7 * DAY, last_seen_at=NOW - 8 * DAY), Rule.NOT_SEEN_SINCE),
        (replace(UNTOLD, is_owner=False), Rule.OPERATOR),
        (replace(UNTOLD, is_held=False), Rule.NOT_HELD),
        (replace(UNTOLD, is_gone=True), Rule.GONE),
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
