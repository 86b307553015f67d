"""One case under several occasions: two threats at once, and one of them closed between."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from baken.cases.models import Case
from baken.core.classification import Level, Tlp
from baken.core.rules import Rule
from baken.jobs.sending import plan, policy_of
from baken.occasions.models import Occasion
from baken.outbox.models import Notification, Suppression
from baken.outbox.selectors import verdict_on, warning_of
from baken.outbox.services import close_threat
from baken.settings.environment import Settings
from small_world import Ingest, make_organisation, release_threat, report_text

pytestmark = pytest.mark.django_db(transaction=True)
PLANNED, ACCEPTED = Notification.State.PLANNED, Notification.State.ACCEPTED


def under(key: str, state: Notification.State = PLANNED) -> Notification:
    """The notification in that state under the occasion `key`."""
    return Notification.objects.get(notified_cases__occasion__key=key, state=state)


def explained(settings: Settings) -> Rule:
    case = Case.objects.select_related("organisation", "asset").get()
    return verdict_on(case, policy=policy_of(settings), now=datetime.now(UTC)).rule


def test_each_of_two_threats_is_told_by_itself(ingest: Ingest, settings_of_test: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat("a-worm")
    release_threat("b-worm")
    assert plan(settings=settings_of_test).notifications == 2
    assert (under("a-worm").policy, under("b-worm").policy) == ("new", "threat")
    assert plan(settings=settings_of_test).notifications == 0


@pytest.mark.parametrize(("closed", "sent"), [("a-worm", "b-worm"), ("b-worm", "a-worm")])
def test_what_one_threat_told_stays_told_when_the_other_is_closed(
    ingest: Ingest, settings_of_test: Settings, closed: str, sent: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat("a-worm")
    release_threat("b-worm")
    plan(settings=settings_of_test)
    Notification.objects.filter(pk=under(sent).pk).update(state=ACCEPTED)
    assert close_threat(closed, now=datetime.now(UTC)).withdrawn == 1
    assert Case.objects.get().told_at == under(sent, ACCEPTED).planned_at
    assert plan(settings=settings_of_test).notifications == 0, "nobody is told twice"


def test_of_two_threats_that_are_both_closed_nothing_stays_told(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat("a-worm")
    release_threat("b-worm")
    plan(settings=settings_of_test)
    for key in ("a-worm", "b-worm"):
        close_threat(key, now=datetime.now(UTC))
    assert Case.objects.get().told_at is None
    assert plan(settings=settings_of_test).notifications == 1
    assert under("shadowserver-high").policy == "new"


def test_the_first_occasion_that_keeps_it_back_says_why(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat("for-few-eyes", tlp=Tlp.RED)
    Suppression.objects.create(address="security@haven.example.nl", reason="asked to")
    assert explained(settings_of_test) is Rule.TLP_RED
    (unreachable,) = plan(settings=settings_of_test).unreachable
    assert unreachable.rule is Rule.TLP_RED


def test_what_a_person_can_mend_is_said_before_what_is_silent_anyway(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    haven.standing = haven.Standing.DISCOVERED
    haven.save()
    ingest(report_text("192.0.2.7"))
    release_threat("a-small-one", impact=Level.LOW)
    release_threat("for-few-eyes", tlp=Tlp.RED)
    assert explained(settings_of_test) is Rule.TLP_RED
    (unreachable,) = plan(settings=settings_of_test).unreachable
    assert unreachable.rule is Rule.TLP_RED


def test_a_threat_that_ends_between_leaves_its_case_to_the_daily_feed(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat("a-worm")
    Occasion.objects.filter(key="a-worm").update(closed_at=datetime.now(UTC))
    assert explained(settings_of_test) is Rule.NEW
    plan(settings=settings_of_test)
    assert under("shadowserver-high").policy == "new"


def test_each_reader_gets_the_title_in_his_language(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    make_organisation("port", "198.51.100.0/24", language="en")
    ingest(report_text("192.0.2.7", "198.51.100.7"))
    release_threat("a-worm")
    Occasion.objects.filter(key="a-worm").update(title="Een worm", title_en="A worm")
    plan(settings=settings_of_test)
    titles = {one.language: warning_of(one).threat_title for one in Notification.objects.all()}
    assert titles == {"nl": "Een worm", "en": "A worm"}
    Occasion.objects.filter(key="a-worm").update(title_en="")
    titles = {one.language: warning_of(one).threat_title for one in Notification.objects.all()}
    assert titles == {"nl": "Een worm", "en": "Een worm"}
