"""Two senders whose group commits touch the same providers and addressees wait, and go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from baken.core.policy import Policy
from baken.outbox import deliveries, pacing
from baken.outbox.addressees import keep_providers
from baken.outbox.deliveries import Done, Intended, record_and_intend
from baken.outbox.models import Addressee, Delivery, Notification, Provider
from baken.outbox.pacing import Pace
from baken.settings.environment import Settings
from recorder import plan_for
from small_world import Ingest

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
NAMES = ("a.example", "z.example")


def both(*jobs: Callable[[], object]) -> list[BaseException]:
    """Does the jobs at the same time, each with a database session of its own."""
    failures: list[BaseException] = []

    def do(job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failures


def test_two_senders_that_slow_down_and_go_on_at_the_same_providers_never_deadlock(
    ingest: Ingest, settings_of_test: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_for(4, ingest=ingest, settings=settings_of_test)
    for name in NAMES:
        Provider.objects.create(name=name, first_used_at=NOW, next_at=NOW - timedelta(hours=1))
    ids = list(Notification.objects.order_by("pk").values_list("pk", flat=True))
    meet = threading.Barrier(2)
    slow_down = pacing.slow_down

    def slow_down_and_meet(*args: Any, **options: Any) -> None:
        slow_down(*args, **options)
        with suppress(threading.BrokenBarrierError):  # the other waits already
            meet.wait(1)

    monkeypatch.setattr(deliveries, "slow_down", slow_down_and_meet)

    def group(number: int) -> Callable[[], object]:
        first, second = ids[2 * number : 2 * number + 2]
        Notification.objects.filter(pk__in=[first, second]).update(claimed_by=number + 1)
        sent = Delivery.objects.create(
            notification_id=first, attempt=1, sender=number + 1, channel="mail",
            message_id=f"{number}@example.nl", started_at=NOW,
        )  # fmt: skip
        done = Done(
            Intended(sent.pk, first, 1), "security@haven.example.nl", NAMES[number], False,
            Delivery.State.DEFERRED, "450 later", "address", NOW,
        )  # fmt: skip
        return lambda: record_and_intend(
            [done],
            {second: (f"next-{number}@example.nl", NAMES[1 - number])},
            channel="mail",
            sender=number + 1,
            pace=Pace(),
            policy=Policy(),
            now=NOW,
        )

    assert both(group(0), group(1)) == []
    assert Delivery.objects.filter(state="deferred").count() == 2


def test_two_senders_that_find_the_same_providers_never_deadlock() -> None:
    for number in range(400):
        Addressee.objects.create(channel="mail", address=f"{number}@example.nl", name="")
    addresses = [f"{number}@example.nl" for number in range(400)]

    def keep(order: list[str]) -> Callable[[], object]:
        def job() -> None:
            for _ in range(40):
                keep_providers("mail", dict.fromkeys(order, "a.example"), now=NOW)

        return job

    assert both(keep(addresses), keep(addresses[::-1])) == []
