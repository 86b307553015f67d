"""What a person carries: when it is worth it, when it comes first, and when there is no room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.core.classification import Severity, Tlp
from baken.core.policy import CaseFacts, OccasionFacts, Policy, decide, decide_again
from baken.core.routes import Carries, Route
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy(
    channels={
        "mail": Carries(),
        "phone": Carries(is_by_hand=True),
        "letter": Carries(is_by_hand=True, is_slow=True),
    }
)
PARTICIPANT = CaseFacts(
    severity=Severity.CRITICAL, is_owner=True, is_held=True, is_gone=False, is_registered=True,
    last_seen_at=NOW - timedelta(days=1), reopened_at=None, told_at=None, told_severity=None,
)  # fmt: skip
UNASKED = replace(PARTICIPANT, is_registered=False)
GRAVE = OccasionFacts(is_threat=True, is_unasked_allowed=True)
DAILY = OccasionFacts()
PHONE = Route(id=1, organisation_id=1, channel="phone", address="+31201234567")
MAIL = Route(id=2, organisation_id=1, channel="mail", address="security@haven.example.nl")
LETTER = Route(
    id=3, organisation_id=1, channel="letter", address="Haven; Kade 1; 1234 AB Voorbeeldstad"
)


def told_by(
    case: CaseFacts,
    *routes: Route,
    under: OccasionFacts = GRAVE,
    policy: Policy = POLICY,
) -> str:
    verdict = decide(case, under=under, routes=routes, policy=policy, now=NOW)
    return verdict.route.channel if verdict.route else verdict.rule.value


@pytest.mark.parametrize("routes", [(PHONE, MAIL), (MAIL, PHONE)])
def test_who_did_not_sign_up_is_phoned_first_when_it_is_grave(routes: Sequence[Route]) -> None:
    assert told_by(UNASKED, *routes) == "phone"


@pytest.mark.parametrize("routes", [(PHONE, MAIL), (MAIL, PHONE)])
@pytest.mark.parametrize("under", [GRAVE, DAILY])
def test_a_participant_with_mail_is_mailed(routes: Sequence[Route], under: OccasionFacts) -> None:
    assert told_by(PARTICIPANT, *routes, under=under) == "mail"


def test_without_a_phone_that_is_set_up_everybody_is_mailed() -> None:
    policy = replace(POLICY, channels={"mail": Carries()})
    assert told_by(UNASKED, PHONE, MAIL, policy=policy) == "mail"
    assert told_by(UNASKED, PHONE, policy=policy) == Rule.NO_CONTACT


def test_who_cannot_be_mailed_is_phoned() -> None:
    refused = replace(MAIL, is_unwanted=True)
    assert told_by(PARTICIPANT, refused, PHONE, under=DAILY) == "phone"


@pytest.mark.parametrize(
    ("severity", "said"),
    [
        (Severity.MEDIUM, Rule.BY_HAND_ONLY.value),
        (Severity.HIGH, "phone"),
        (Severity.CRITICAL, "phone"),
    ],
)
def test_what_is_not_grave_is_not_worth_a_call(severity: Severity, said: str) -> None:
    assert told_by(replace(PARTICIPANT, severity=severity), PHONE, under=DAILY) == said


def test_a_grave_threat_is_worth_a_call_whatever_the_severity() -> None:
    assert told_by(replace(UNASKED, severity=Severity.LOW), PHONE) == "phone"


def test_when_the_list_is_full_who_can_be_mailed_is_and_who_cannot_is_called_later() -> None:
    full = replace(POLICY, full=frozenset({"phone"}))
    assert told_by(UNASKED, PHONE, MAIL, policy=full) == "mail"
    assert told_by(UNASKED, PHONE, policy=full) == "phone"


def test_a_call_that_was_planned_is_not_called_off_because_it_is_not_grave() -> None:
    mild = replace(PARTICIPANT, severity=Severity.LOW)
    again = decide_again(mild, under=DAILY, routes=[PHONE], policy=POLICY, now=NOW)
    assert again.route == PHONE


@pytest.mark.parametrize("case", [UNASKED, PARTICIPANT])
@pytest.mark.parametrize("under", [GRAVE, DAILY])
def test_a_letter_goes_when_nothing_quicker_reaches(case: CaseFacts, under: OccasionFacts) -> None:
    if case is UNASKED and under is DAILY:
        assert told_by(case, LETTER, under=under) == Rule.NOT_REGISTERED
        return
    assert told_by(case, LETTER, PHONE, MAIL, under=under) != "letter"
    assert told_by(case, LETTER, PHONE, under=under) == "phone"
    assert told_by(case, LETTER, MAIL, under=under) == "mail"
    refused = replace(PHONE, is_unwanted=True)
    assert told_by(case, LETTER, refused, under=under) == "letter"
    no_room = replace(POLICY, full=frozenset({"phone"}))
    assert told_by(case, LETTER, PHONE, under=under, policy=no_room) == "letter"


def test_what_is_red_never_goes_on_paper() -> None:
    red = replace(GRAVE, label=Tlp.RED)
    permitted = replace(UNASKED, terms=SharingTerms(may_notify_affected=True))
    assert told_by(permitted, LETTER, under=red) == Rule.TLP_RED
    encrypted = replace(
        POLICY, channels={"mail": Carries(encryption=True), "letter": POLICY.channels["letter"]}
    )
    assert told_by(permitted, LETTER, under=red, policy=encrypted) == Rule.TLP_RED
    assert told_by(permitted, LETTER, MAIL, under=red, policy=encrypted) == "mail"
