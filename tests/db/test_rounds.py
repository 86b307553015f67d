"""One message a reader and round: what waits, what takes it along, and what never waits twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baken.cases.models import Case
from baken.core.classification import Tlp
from baken.core.rhythm import RoundInterval
from baken.core.rules import Rule
from baken.jobs.sending import plan, policy_at
from baken.outbox.models import Notification, NotifiedCase, Round
from baken.outbox.selectors import rhythm_at, verdict_on
from baken.outbox.services import Plan, plan_notifications, record_round
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    Command,
    Ingest,
    RefusesHaven,
    add_contact,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
    to_server,
)

pytestmark = pytest.mark.django_db(transaction=True)
CALM, URGENT = "medium", "high"


@pytest.fixture
def after_round(settings_of_test: Settings) -> Settings:
    """The round of today was held a moment ago."""
    record_round(datetime.now(UTC) - timedelta(seconds=1))
    return settings_of_test


def rule_of(address: str, settings: Settings) -> Rule:
    case = Case.objects.select_related("organisation", "asset").get(address=address)
    now = datetime.now(UTC)
    return verdict_on(case, policy=policy_at(now, settings=settings), now=now).rule


def told() -> set[str]:
    """The systems that a message tells or is about to tell."""
    rows = NotifiedCase.objects.exclude(notification__state=Notification.State.WITHDRAWN)
    return set(rows.values_list("case__address", flat=True))


def test_all_severities_of_the_daily_feeds_are_one_message(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    for last, severity in enumerate(("low", "medium", "high", "critical"), start=1):
        ingest(report_text(f"192.0.2.{last}", severity=severity))
    planned = plan(settings=settings_of_test)
    assert (planned.notifications, planned.cases) == (1, 4)
    occasions = set(NotifiedCase.objects.values_list("occasion__key", flat=True))
    assert occasions == {f"shadowserver-{one}" for one in ("low", "medium", "high", "critical")}


def test_labels_do_not_share_a_message(ingest: Ingest, settings_of_test: Settings) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    organisation.contacts.get().routes.update(is_inside=True)
    Case.objects.filter(address="192.0.2.2").update(tlp=Tlp.AMBER_STRICT)
    assert plan(settings=settings_of_test).notifications == 2
    told_by_label = {one.tlp: one.notified_cases.count() for one in Notification.objects.all()}
    assert told_by_label == {"TLP:AMBER": 2, "TLP:AMBER+STRICT": 1}


def test_what_is_not_urgent_waits_for_the_round(ingest: Ingest, after_round: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", severity=CALM))
    waits = plan(settings=after_round)
    assert waits.notifications == 0
    assert (waits.waiting.cases, waits.waiting.organisations) == (1, 1)
    monday = waits.waiting.until
    assert monday is not None
    assert (monday.weekday(), monday.hour, monday.tzinfo) == (0, 0, after_round.zone)
    assert rule_of("192.0.2.1", after_round) is Rule.WAITS
    assert plan(settings=after_round, holds_round=True).notifications == 1


def test_the_first_planning_from_monday_is_the_round(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", severity=CALM))
    zone = settings_of_test.zone
    monday = datetime(2026, 10, 26, tzinfo=zone)  # the clock went back the day before
    record_round(monday - timedelta(days=3))

    def is_round(at: datetime) -> bool:
        return rhythm_at(at, interval=RoundInterval.WEEKLY, zone=zone) is None

    assert not is_round(monday - timedelta(seconds=1))
    assert is_round(monday)
    record_round(monday + timedelta(minutes=5))
    assert not is_round(monday + timedelta(hours=1))
    assert is_round(monday + timedelta(days=7))


def test_an_urgent_warning_takes_along_what_waits(ingest: Ingest, after_round: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    make_organisation("markt", "198.51.100.0/24")
    ingest(report_text("192.0.2.1", "198.51.100.1", severity=CALM))
    ingest(report_text("192.0.2.2", severity=URGENT))
    assert rule_of("192.0.2.1", after_round) is Rule.NEW, "explain says so before"
    assert rule_of("198.51.100.1", after_round) is Rule.WAITS
    planned = plan(settings=after_round)
    assert (planned.notifications, planned.waiting.cases) == (1, 1)
    assert told() == {"192.0.2.1", "192.0.2.2"}


def test_a_threat_goes_by_itself_and_takes_nothing_along(
    ingest: Ingest, after_round: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", severity=CALM))
    release_threat("rdp-worm")
    assert plan(settings=after_round).notifications == 1
    assert NotifiedCase.objects.get().occasion.key == "rdp-worm"


def test_what_had_its_round_and_did_not_arrive_waits_for_no_other(
    ingest: Ingest, settings_of_test: Settings, tmp_path: Path
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", severity=CALM))
    assert plan(settings=settings_of_test).notifications == 1
    with FolderMailServer(RefusesHaven(tmp_path / "refusing")) as server:
        assert hand_over(to_server(settings_of_test, server)).refused == 1
    add_contact(organisation, email="it@haven.example.nl")
    ingest(report_text("192.0.2.2", severity=CALM))
    assert rule_of("192.0.2.1", settings_of_test) is Rule.NEW
    assert plan(settings=settings_of_test).notifications == 1, "the next address, at once"
    assert told() >= {"192.0.2.1", "192.0.2.2"}, "and what waited goes along"


def test_an_urgent_case_of_another_label_leaves_what_waits_to_be_sent(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", severity=CALM))
    plan(settings=settings_of_test)
    ingest(report_text("192.0.2.2", severity=URGENT))
    Case.objects.filter(address="192.0.2.2").update(tlp=Tlp.GREEN)
    plan(settings=settings_of_test)
    assert told() == {"192.0.2.1", "192.0.2.2"}


def test_a_crash_between_planning_and_the_record_makes_another_round(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    now = datetime.now(UTC)
    policy = policy_at(now, settings=settings_of_test)
    planned: Plan = plan_notifications(policy=policy, feed_tlp=Tlp.AMBER, now=now)
    assert planned == Plan()
    assert not Round.objects.exists()
    ingest(report_text("192.0.2.1", severity=CALM))
    assert plan(settings=settings_of_test).notifications == 1
    assert Round.objects.count() == 1


def test_the_command_says_what_waits_until_when_and_sends_it_when_told(
    ingest: Ingest, after_round: Settings, baken: Command, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.1", severity=CALM))
    until = plan(settings=after_round).waiting.until
    assert until is not None
    dry = tmp_path / "dry"
    said = baken("send", "--dry-run", str(dry))
    assert f"in the round of {until:%Y-%m-%d}" in said.out
    assert not list(dry.glob("*.eml"))
    figures = json.loads(baken("send", "--dry-run", str(dry), "--json").out)
    assert figures["cases_waiting"] == 1
    assert datetime.fromisoformat(figures["waiting_until"]) == until
    assert json.loads(baken("send", "--dry-run", str(dry), "--now", "--json").out)["mails"] == 1
    dutch = baken("send", "--dry-run", str(dry), "--language", "nl").out
    assert "Wacht: 1 geval van 1 organisatie" in dutch


def test_an_organisation_is_told_in_the_rhythm_that_the_sheet_says(
    ingest: Ingest, after_round: Settings
) -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    make_organisation("markt", "198.51.100.0/24")
    haven.rhythm = RoundInterval.AT_ONCE
    haven.save()
    ingest(report_text("192.0.2.1", "198.51.100.1", severity=CALM))
    assert rule_of("192.0.2.1", after_round) is Rule.NEW
    assert (plan(settings=after_round).notifications, told()) == (1, {"192.0.2.1"})
