"""A threat that is closed: what waits with it is withdrawn, and the rest is planned at once."""

from __future__ import annotations

import pytest

from baken.cases.models import Case
from baken.core.errors import NotFoundError
from baken.jobs.sending import plan
from baken.jobs.threats import close_occasion_and_replan
from baken.occasions.models import Occasion
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    first_attempt,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
)

pytestmark = pytest.mark.django_db(transaction=True)
OF_THE_THREAT, OF_THE_FEED = "192.0.2.7", "192.0.2.8"


def plan_one_for_two_occasions(ingest: Ingest, settings: Settings) -> Notification:
    """A notification that tells one case under a threat and one under the daily feed."""
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text(OF_THE_THREAT, severity="info"))
    ingest(report_text(OF_THE_FEED, severity="high"))
    release_threat("rdp-worm")
    assert plan(settings=settings).notifications == 1
    feed = Occasion.objects.get(key="shadowserver-high")
    NotifiedCase.objects.filter(case__address=OF_THE_FEED).update(occasion=feed)
    return Notification.objects.get()


def test_the_rest_is_planned_at_once(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    mixed = plan_one_for_two_occasions(ingest, sending)
    done = close_occasion_and_replan("rdp-worm", settings=sending)
    assert (done.closed.withdrawn, done.closed.in_doubt) == (1, 0)
    assert (done.plan.notifications, done.telling_the_rest) == (1, 1)
    mixed.refresh_from_db()
    assert mixed.state == Notification.State.WITHDRAWN
    (told,) = NotifiedCase.objects.exclude(notification=mixed)
    assert (told.case.address, told.occasion.key) == (OF_THE_FEED, "shadowserver-high")
    assert told.told_before_at is None
    assert Case.objects.get(address=OF_THE_THREAT).told_at is None
    assert hand_over(sending).accepted == 1
    (mail,) = server.messages()
    body = mail.get_body(("plain",))
    assert body is not None
    assert OF_THE_FEED in body.get_content()
    assert OF_THE_THREAT not in body.get_content()


def test_closing_twice_is_no_harm(ingest: Ingest, settings_of_test: Settings) -> None:
    plan_one_for_two_occasions(ingest, settings_of_test)
    close_occasion_and_replan("rdp-worm", settings=settings_of_test)
    again = close_occasion_and_replan("rdp-worm", settings=settings_of_test)
    assert (again.closed.withdrawn, again.plan.notifications, again.telling_the_rest) == (0, 0, 0)
    assert Notification.objects.filter(state=Notification.State.PLANNED).count() == 1


def test_after_a_crash_between_closing_once_more_plans_the_rest(
    ingest: Ingest, settings_of_test: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_one_for_two_occasions(ingest, settings_of_test)

    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("baken.jobs.threats.plan_notifications", killed)
        with pytest.raises(KeyboardInterrupt):
            close_occasion_and_replan("rdp-worm", settings=settings_of_test)
    assert not Notification.objects.filter(state=Notification.State.PLANNED).exists()
    close_occasion_and_replan("rdp-worm", settings=settings_of_test)
    told = NotifiedCase.objects.filter(notification__state=Notification.State.PLANNED)
    assert told.get().case.address == OF_THE_FEED


def test_what_may_have_arrived_keeps_both_and_is_not_told_again(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    mixed = plan_one_for_two_occasions(ingest, settings_of_test)
    first_attempt(mixed, Delivery.State.UNCERTAIN)
    done = close_occasion_and_replan("rdp-worm", settings=settings_of_test)
    assert (done.closed.withdrawn, done.closed.in_doubt) == (0, 1)
    assert (done.plan.notifications, done.telling_the_rest) == (0, 0)


def test_what_is_planned_besides_is_not_counted_as_the_rest(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_one_for_two_occasions(ingest, settings_of_test)
    make_organisation("zorg", "198.51.100.0/24")
    ingest(report_text("198.51.100.7", seen_at=YESTERDAY.replace(minute=7)))
    done = close_occasion_and_replan("rdp-worm", settings=settings_of_test)
    assert (done.plan.notifications, done.telling_the_rest) == (2, 1)


def test_the_command_says_what_is_withdrawn_and_what_tells_the_rest(
    ingest: Ingest, settings_of_test: Settings, baken: Command
) -> None:
    plan_one_for_two_occasions(ingest, settings_of_test)
    said = baken("occasion", "close", "rdp-worm").out.splitlines()
    assert said == [
        "rdp-worm is closed; 1 warning that waited is withdrawn.",
        "1 warning tells of its cases under other occasions; baken send hands it over.",
    ]
    said = baken("occasion", "close", "rdp-worm").out.splitlines()
    assert said == ["rdp-worm is closed; 0 warnings that waited are withdrawn."]


def test_the_command_says_when_nothing_else_tells(
    ingest: Ingest, settings_of_test: Settings, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text(OF_THE_THREAT, severity="info"))
    release_threat("rdp-worm")
    plan(settings=settings_of_test)
    said = baken("occasion", "close", "rdp-worm").out.splitlines()
    assert said == [
        "rdp-worm is closed; 1 warning that waited is withdrawn.",
        "No other occasion tells of its cases now.",
    ]


def test_a_threat_that_is_not_there_plans_nothing(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text(OF_THE_FEED))
    with pytest.raises(NotFoundError):
        close_occasion_and_replan("nothing", settings=settings_of_test)
    assert not Notification.objects.exists()
