"""Far more than usual: a few go, the rest waits until a person has looked."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from baken.channels import Message
from baken.constituency.models import Organisation
from baken.jobs.sending import plan, plan_and_deliver
from baken.outbox.brake import SENT_FIRST, BrakeLimits, put_on_brake, release_brake
from baken.outbox.models import Addressee, Brake, Delivery, Notification
from baken.outbox.services import Outcome
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from recorder import other_connection, plan_for, road, run
from small_world import Command, Ingest, make_organisation, release_threat, report_text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def braked(sending: Settings) -> Settings:
    """Ten a day go without a question, and five times what is usual."""
    return replace(sending, brake_factor=5, brake_floor=10)


def accepted_before(mails: int, *, days: int, every: int = 1) -> None:
    """So many mails on each of the last days, or on every so many of them."""
    organisation, _ = Organisation.objects.get_or_create(reference="earlier", name="Earlier")
    addressee, _ = Addressee.objects.get_or_create(channel="mail", address="earlier@example.nl")
    for day in range(every, days + 1, every):
        at = datetime.now(UTC) - timedelta(days=day)
        for _ in range(mails):
            told = Notification.objects.create(
                organisation=organisation, addressee=addressee, channel="mail", language="nl",
                tlp="TLP:AMBER", severity=3, policy="new", planned_at=at, state="accepted",
            )  # fmt: skip
            Delivery.objects.create(
                notification=told, attempt=1, channel="mail", message_id=f"{told.pk}@example.nl",
                state="accepted", started_at=at, finished_at=at,
            )  # fmt: skip


def send(settings: Settings) -> Outcome:
    return plan_and_deliver(settings=settings, progress=lambda _: None)[1]


def to_server_of(settings: Settings) -> dict[str, str]:
    return {
        "BAKEN_SMTP_HOST": settings.smtp.host,
        "BAKEN_SMTP_PORT": str(settings.smtp.port),
        "BAKEN_SMTP_SECURITY": "none",
        "BAKEN_BRAKE_FACTOR": str(settings.brake_factor),
        "BAKEN_BRAKE_FLOOR": str(settings.brake_floor),
        "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes",
    }


def test_twenty_go_and_the_rest_waits_for_a_person(
    ingest: Ingest, braked: Settings, server: FolderMailServer, baken: Command
) -> None:
    accepted_before(3, days=6)
    plan_for(30, ingest=ingest, settings=braked)
    outcome = send(braked)
    assert (outcome.accepted, outcome.left) == (20, 10)
    assert outcome.brake is not None
    assert (outcome.brake.would_tell, outcome.brake.usual, outcome.brake.held) == (30, 3, 10)

    done = baken("send", **to_server_of(braked))
    assert (done.exit_code, len(server.messages())) == (1, 20)
    assert "--release-brake 10" in done.out
    done = baken("run", **to_server_of(braked))
    assert (done.exit_code, "--release-brake 10" in done.out) == (1, True)
    checks = json.loads(baken("doctor", "--json").out)["checks"]
    assert [check["is_well"] for check in checks if check["subject"] == "brake"] == [False]
    waiting = Notification.objects.filter(state="planned").first()
    assert waiting is not None
    asset = f"{waiting.organisation.reference.replace('org-', '198.18.')}.1"
    assert "waits for a person: the brake is on" in baken("explain", asset).out

    done = baken("send", "--release-brake", "9", **to_server_of(braked))
    assert (done.exit_code, "[brake-refused]" in done.err) == (65, True)
    done = baken("send", "--release-brake", "10", **to_server_of(braked))
    assert (done.exit_code, len(server.messages())) == (0, 30)
    assert "10 warnings to 10 organisations go out now" in done.out
    checks = json.loads(baken("doctor", "--json").out)["checks"]
    assert "brake" not in {check["subject"] for check in checks}
    assert baken("send", "--release-brake", "10", **to_server_of(braked)).exit_code == 65


def test_what_comes_while_it_is_on_waits_too_but_a_threat_goes(
    ingest: Ingest, braked: Settings
) -> None:
    accepted_before(3, days=6)
    plan_for(30, ingest=ingest, settings=braked)
    assert send(braked).accepted == 20
    make_organisation("late", "198.18.200.0/24")
    ingest(report_text("198.18.200.1"), name="2026-11-23-scan_rdp-test.csv")
    outcome = send(braked)
    assert (outcome.accepted, outcome.left) == (0, 11)
    release_threat("worm")
    assert send(braked).accepted == 31, "two people released it"
    assert Brake.objects.get().released_at is None


@pytest.mark.parametrize(
    ("mails", "days", "why"),
    [(3, 4, "nobody knows yet what is usual"), (6, 6, "thirty is five times six")],
)
def test_it_stays_off(mails: int, days: int, why: str, ingest: Ingest, braked: Settings) -> None:
    accepted_before(mails, days=days)
    plan_for(30, ingest=ingest, settings=braked)
    outcome = send(braked)
    assert (outcome.accepted, outcome.brake) == (30, None), why


def test_what_went_today_counts(ingest: Ingest, braked: Settings) -> None:
    accepted_before(5, days=6)
    plan_for(9, ingest=ingest, settings=braked)
    assert send(braked).accepted == 9
    for number in range(30, 54):
        make_organisation(f"org-{number}", f"198.18.{number}.0/24")
    ingest(
        report_text(*(f"198.18.{number}.1" for number in range(30, 54))),
        name="2026-11-23-scan_rdp-test.csv",
    )
    assert plan(settings=braked).notifications == 24, "less than five times five"
    outcome = send(braked)
    assert (outcome.accepted, outcome.brake and outcome.brake.held) == (20, 4)


def test_a_few_at_a_time_all_day_long_put_it_on(ingest: Ingest, braked: Settings) -> None:
    accepted_before(3, days=6)
    accepted = [send_to_twelve(place, ingest, braked) for place in range(4)]
    assert accepted == [12, 12, 0, 0], "fifteen are five times three"
    brake = Brake.objects.get()
    release_brake(held=24, now=datetime.now(UTC))
    assert send(braked).accepted == 24
    assert send_to_twelve(4, ingest, braked) == 12, "a person looked a moment ago"
    assert Brake.objects.filter(released_at=None).count() == 0
    assert brake.would_tell == 24


def send_to_twelve(place: int, ingest: Ingest, settings: Settings) -> int:
    """How many are sent when twelve more organisations are to be told."""
    numbers = range(100 + 12 * place, 112 + 12 * place)
    for number in numbers:
        make_organisation(f"org-{number}", f"198.18.{number}.0/24")
    hosts = [f"198.18.{number}.1" for number in numbers]
    ingest(report_text(*hosts), name=f"2026-11-23-scan_rdp-{place}.csv")
    return send(settings).accepted


def test_two_senders_that_put_it_on_at_once_put_on_one(ingest: Ingest, braked: Settings) -> None:
    accepted_before(3, days=6)
    plan_for(30, ingest=ingest, settings=braked)
    limits = BrakeLimits(braked.brake_factor, braked.brake_floor, braked.zone)
    with other_connection() as other, ThreadPoolExecutor(1) as beside:
        other.execute("BEGIN")
        other.execute(
            "INSERT INTO outbox_brake (put_on_at, would_tell, usual) VALUES (now(), 30, 3)"
        )
        second = beside.submit(put_on_brake_beside, limits)
        assert not wait([second], timeout=0.5).done, "it waits for the first"
        other.execute("COMMIT")
        second.result(timeout=30)
    assert Brake.objects.count() == 1
    assert send(braked).accepted <= 20


def put_on_brake_beside(limits: BrakeLimits) -> None:
    try:
        put_on_brake(limits, now=datetime.now(UTC))
    finally:
        connection.close()


def test_a_factor_of_none_turns_it_off(ingest: Ingest, braked: Settings) -> None:
    accepted_before(3, days=6)
    plan_for(30, ingest=ingest, settings=braked)
    assert send(replace(braked, brake_factor=0)).accepted == 30


def test_a_day_of_the_week_is_compared_with_its_own_kind(ingest: Ingest, braked: Settings) -> None:
    accepted_before(1, days=20)
    accepted_before(6, days=21, every=7)
    plan_for(30, ingest=ingest, settings=braked)
    assert send(braked).accepted == 30


def test_what_is_planned_beside_a_run_does_not_pass_the_brake(
    ingest: Ingest, braked: Settings
) -> None:
    braked = replace(braked, brake_floor=100)
    accepted_before(3, days=6)
    plan_for(60, ingest=ingest, settings=braked)
    others = range(100, 200)
    for number in others:
        make_organisation(f"org-{number}", f"198.18.{number}.0/24")
    hosts = [f"198.18.{number}.1" for number in others]
    ingest(report_text(*hosts), name="2026-11-23-scan_rdp-beside.csv")
    sent: list[str] = []

    def take(message: Message) -> str:
        sent.append(message.id)
        if len(sent) == 1:  # by a process that sends nothing itself, or is killed before it does
            with ThreadPoolExecutor(1) as beside:
                assert beside.submit(plan_beside, braked).result(timeout=60) == len(others)
        return "taken"

    limits = BrakeLimits(braked.brake_factor, braked.brake_floor, braked.zone)
    outcome = run(road(take), braked, brake=limits)
    assert (outcome.accepted, outcome.left) == (60, len(others)), "they are for the next run"
    outcome = run(road(take), braked, brake=limits)
    assert outcome.brake is not None
    assert (outcome.accepted, outcome.brake.held) == (SENT_FIRST, len(others) - SENT_FIRST)


def plan_beside(settings: Settings) -> int:
    try:
        return plan(settings=settings).notifications
    finally:
        connection.close()
