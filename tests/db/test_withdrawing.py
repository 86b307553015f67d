"""What was planned and is not sent after all, and what its cases then remember."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from baken.cases.models import Case
from baken.core.classification import Level, Tlp
from baken.jobs.sending import plan
from baken.occasions.services import create_threat_occasion, release_occasion
from baken.occasions.threats import Threat
from baken.outbox.models import Addressee, Delivery, Notification
from baken.outbox.services import close_threat
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    RefusesHaven,
    first_attempt,
    hand_over,
    make_organisation,
    report_text,
    to_server,
)

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def release_threat(key: str = "rdp-worm") -> None:
    create_threat_occasion(
        Threat(
            key=key,
            title="A worm in remote desktop",
            likelihood=Level.HIGH,
            impact=Level.HIGH,
            tlp=Tlp.AMBER,
            advice_nl="Doe dit vandaag nog.",
            advice_en="Do this today.",
            finding_kinds=("open-rdp",),
        )
    )
    for name in ("one", "two"):
        release_occasion(key, by=name, now=NOW)


def test_what_is_planned_under_a_threat_that_is_closed_is_not_sent(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="info"))
    release_threat()
    assert plan(settings=sending).notifications == 1
    closed = close_threat("rdp-worm", now=NOW)
    assert (closed.withdrawn, closed.in_doubt) == (1, 0)
    assert hand_over(sending).accepted == 0
    assert server.messages() == []
    assert Notification.objects.get().state == Notification.State.WITHDRAWN
    assert Case.objects.get().told_at is None
    assert close_threat("rdp-worm", now=NOW).withdrawn == 0, "closing twice is no harm"


def test_planning_waits_for_a_closing_that_is_under_way(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="info"))
    release_threat()
    closed, may_commit = threading.Event(), threading.Event()

    def close() -> None:
        with transaction.atomic():
            close_threat("rdp-worm", now=NOW)
            closed.set()
            may_commit.wait(0.5)
        connection.close()

    closing = threading.Thread(target=close)
    closing.start()
    closed.wait(10)
    assert plan(settings=sending).notifications == 0
    closing.join()


def test_what_a_closed_threat_would_have_told_is_told_by_the_daily_feed(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat()
    plan(settings=sending)
    close_threat("rdp-worm", now=NOW)
    plan(settings=sending)
    hand_over(sending)
    (mail,) = server.messages()
    sent = Notification.objects.get(state=Notification.State.ACCEPTED)
    assert sent.notified_cases.get().occasion.key == "shadowserver-high"
    assert str(sent.pk) in str(mail["Message-ID"])


@pytest.mark.parametrize("state", [Delivery.State.SENDING, Delivery.State.UNCERTAIN])
def test_what_may_have_arrived_is_not_withdrawn(
    ingest: Ingest, sending: Settings, state: Delivery.State
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="info"))
    release_threat()
    plan(settings=sending)
    notification = Notification.objects.get()
    first_attempt(notification, state)
    closed = close_threat("rdp-worm", now=NOW)
    assert (closed.withdrawn, closed.in_doubt) == (0, 1)
    assert Case.objects.get().told_at is not None
    assert hand_over(sending).accepted == 1


def test_the_tables_can_go_back_to_before_there_was_withdrawing(
    ingest: Ingest, sending: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="info"))
    release_threat()
    plan(settings=sending)
    close_threat("rdp-worm", now=NOW)
    try:
        call_command("migrate", "outbox", "0002", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert Notification.objects.get().state == Notification.State.REFUSED


def test_the_command_says_what_it_withdrew(
    ingest: Ingest, sending: Settings, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="info"))
    release_threat()
    plan(settings=sending)
    assert "1 warning that waited is withdrawn" in baken("occasion", "close", "rdp-worm").out
    assert "withdrawn" in baken("explain", "192.0.2.7").out


def test_a_refused_warning_leaves_what_was_told_before(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="medium"))
    plan(settings=sending)
    assert hand_over(sending).accepted == 1
    told = Case.objects.get()
    later = YESTERDAY + timedelta(minutes=5)
    ingest(report_text("192.0.2.7", severity="critical", seen_at=later))
    with FolderMailServer(RefusesHaven(tmp_path / "refusing")) as refusing:
        plan(settings=sending)
        assert hand_over(to_server(sending, refusing)).refused == 1
    case = Case.objects.get()
    assert (case.told_at, case.told_severity) == (told.told_at, told.told_severity)


def test_of_two_that_wait_the_refused_one_does_not_erase_the_other(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="medium"))
    plan(settings=sending)
    first = Notification.objects.get()
    first_attempt(first, Delivery.State.UNCERTAIN)
    later = YESTERDAY + timedelta(minutes=5)
    ingest(report_text("192.0.2.7", severity="critical", seen_at=later))
    plan(settings=sending)
    second = Notification.objects.exclude(pk=first.pk).get()
    other = Addressee.objects.create(channel="mail", address="it@haven.example.nl")
    Notification.objects.filter(pk=second.pk).update(addressee=other)
    with FolderMailServer(RefusesHaven(tmp_path / "refusing")) as refusing:
        outcome = hand_over(to_server(sending, refusing))
    assert (outcome.accepted, outcome.refused) == (1, 1)
    assert Case.objects.get().told_at == second.planned_at
    # And had the second been refused too, nothing of the first would have come back.
    assert second.notified_cases.get().told_before_at is None
