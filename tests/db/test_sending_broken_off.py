"""A run that is broken off: a lost database session, Ctrl-C, a connection that hangs."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError, connection

from baken.channels import Message
from baken.outbox import sending
from baken.outbox.models import Delivery, Notification
from baken.outbox.pacing import Pace
from baken.settings.environment import Settings
from recorder import other_connection, plan_for, road, run
from small_world import Ingest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_most_twenty_seconds() -> Iterator[None]:
    """A run that waits for what never comes fails, instead of hanging."""

    def give_up(*_: object) -> None:
        raise SystemExit("The run did not end.")  # again and again: it passes every clause

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, 20, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_run_whose_database_session_is_cut_ends_and_records_what_came_back(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(6, ingest=ingest, settings=settings_of_test)
    session = connection.connection.info.backend_pid
    sent: Counter[str] = Counter()

    def cut_at_the_third(message: Message) -> str:
        sent[message.id] += 1
        if sent.total() == 3:
            with other_connection() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [session])
            time.sleep(0.2)
        return "taken"

    with pytest.raises(OperationalError):
        run(road(cut_at_the_third), settings_of_test)
    assert not Delivery.objects.exclude(state="accepted").filter(message_id__in=sent).exists()
    run(road(cut_at_the_third), settings_of_test)
    assert set(sent.values()) == {1}, "what was answered is not sent again"
    assert Notification.objects.filter(state="accepted").count() == 6


def test_ctrl_c_while_a_group_is_committed_ends_the_run(
    ingest: Ingest, settings_of_test: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_for(4, ingest=ingest, settings=settings_of_test)
    sent: list[str] = []
    commit = sending.record_and_intend

    def interrupted(done: Any, *args: Any, **options: Any) -> Any:
        if done:
            monkeypatch.setattr(sending, "record_and_intend", commit)
            raise KeyboardInterrupt
        return commit(done, *args, **options)

    def take(message: Message) -> str:
        sent.append(message.id)
        return "taken"

    monkeypatch.setattr(sending, "record_and_intend", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(road(take), settings_of_test)
    assert Delivery.objects.get().state == Delivery.State.ACCEPTED
    run(road(take), settings_of_test)
    assert len(sent) == len(set(sent)) == 4


def test_a_mail_that_hangs_holds_up_nobody_else(ingest: Ingest, settings_of_test: Settings) -> None:
    plan_for(20, ingest=ingest, settings=settings_of_test)
    sent: list[float] = []
    may_end = threading.Event()

    def hang_with_the_second(message: Message) -> str:
        del message
        sent.append(time.monotonic())
        if len(sent) == 2:
            may_end.wait(6)
        if len(sent) == 20:
            may_end.set()
        return "taken"

    started_at = time.monotonic()
    outcome = run(road(hang_with_the_second, connections=2), settings_of_test)
    assert outcome.accepted == 20
    assert time.monotonic() - started_at < 5


def test_a_provider_that_must_wait_is_served_while_a_mail_hangs(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(24, ingest=ingest, settings=settings_of_test)
    sent: list[float] = []
    may_end = threading.Event()

    def hang_with_the_second(message: Message) -> str:
        del message
        sent.append(time.monotonic())
        if len(sent) == 2:
            may_end.wait(6)
        if len(sent) == 24:
            may_end.set()
        return "taken"

    # Sixteen at once, and the others after 0.8 seconds.
    pace = Pace(per_minute=1200, first_day_per_minute=1200)
    roads = road(hang_with_the_second, connections=2, pace=pace)
    roads["mail"] = replace(
        roads["mail"], providers_of=lambda addresses: dict.fromkeys(addresses, "one.example")
    )
    started_at = time.monotonic()
    outcome = run(roads, settings_of_test)
    assert outcome.accepted == 24
    assert time.monotonic() - started_at < 5
