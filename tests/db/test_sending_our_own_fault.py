"""A clock that jumps and a server that refuses everybody: stop, say so, and write nobody off."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.channels import Message
from baken.core.errors import About, ChannelError
from baken.outbox.models import Notification, Provider
from baken.outbox.pacing import Pace
from baken.settings.environment import Settings
from recorder import plan_for, road, run
from small_world import Ingest

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_tried_is_not_tried_again_in_the_same_run_when_the_clock_is_set_back(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(4, ingest=ingest, settings=settings_of_test)
    tried: Counter[str] = Counter()

    def clock() -> datetime:
        return datetime.now(UTC) - timedelta(hours=1 if tried else 0)

    def later(message: Message) -> str:
        tried[message.id] += 1
        if tried.total() > 40:
            return "taken after all"  # so that the run ends
        raise ChannelError("450 later", about=About.ADDRESS, permanent=False)

    outcome = run(road(later), settings_of_test, clock=clock)
    assert set(tried.values()) == {1}
    assert (outcome.deferred, outcome.left) == (4, 4)


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(days=7)])
def test_a_clock_that_ran_ahead_silences_nobody_once_it_is_right(
    ahead: timedelta, ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(4, ingest=ingest, settings=settings_of_test)
    sent: list[str] = []

    def take(message: Message) -> str:
        sent.append(message.recipient_address)
        if len(sent) in (2, 3):
            raise ChannelError("450 later", about=About.ADDRESS, permanent=False)
        return "taken"

    roads = road(take)
    roads["mail"] = replace(
        roads["mail"], providers_of=lambda addresses: dict.fromkeys(addresses, "one.example")
    )
    run(roads, settings_of_test, clock=lambda: datetime.now(UTC) + ahead)
    assert Notification.objects.filter(state="planned").exists(), "some were put off"
    outcome = run(roads, settings_of_test)
    assert (outcome.left, outcome.problem) == (0, "")


def test_a_wait_for_a_provider_ends_in_time_when_the_clock_is_set_back(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(3, ingest=ingest, settings=settings_of_test)
    sent: list[str] = []
    asked_at: list[datetime] = []

    def clock() -> datetime:
        asked_at.append(datetime.now(UTC))
        is_set_back = sent and asked_at[-1] - asked_at[0] < timedelta(seconds=8)
        return asked_at[-1] - timedelta(seconds=30 if is_set_back else 0)

    def take(message: Message) -> str:
        sent.append(message.id)
        return "taken"

    roads = road(take, pace=Pace(per_minute=120, first_day_per_minute=120))
    roads["mail"] = replace(
        roads["mail"], providers_of=lambda addresses: dict.fromkeys(addresses, "one.example")
    )
    assert run(roads, settings_of_test, clock=clock).accepted == 3
    assert datetime.now(UTC) - asked_at[0] < timedelta(seconds=6)


@pytest.mark.parametrize(
    ("about", "permanent"), [(About.US, False), (About.ADDRESS, True), (About.MESSAGE, True)]
)
def test_a_server_that_turns_everybody_down_is_left_and_said_to(
    about: About, permanent: bool, ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(60, ingest=ingest, settings=settings_of_test)
    tried: list[str] = []

    def refuse(message: Message) -> str:
        tried.append(message.id)
        raise ChannelError("550 relay not permitted", about=about, permanent=permanent)

    outcome = run(road(refuse, connections=4), settings_of_test)
    assert "550 relay not permitted" in outcome.problem
    assert len(tried) <= 25
    assert outcome.left >= 35
    assert Notification.objects.filter(state="planned").count() == outcome.left


def test_what_waits_for_a_channel_that_is_not_there_is_named(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(3, ingest=ingest, settings=settings_of_test)
    first = Notification.objects.order_by("pk")[:1]
    Notification.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(
        channel="pager"
    )
    outcome = run(road(lambda _: "taken"), settings_of_test)
    assert (outcome.accepted, outcome.left) == (2, 1)
    assert outcome.problem == "1 for the channel 'pager', which is not there."


def test_a_run_that_ends_since_a_provider_takes_no_more_says_from_when_it_does(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(2, ingest=ingest, settings=settings_of_test)
    roads = road(lambda _: "taken", pace=Pace(per_minute=1, first_day_per_minute=1))
    roads["mail"] = replace(
        roads["mail"], providers_of=lambda addresses: dict.fromkeys(addresses, "one.example")
    )
    later = datetime.now(UTC) + timedelta(minutes=90)
    Provider.objects.create(name="one.example", first_used_at=later, next_at=later)
    outcome = run(roads, settings_of_test)
    assert (outcome.accepted, outcome.left) == (0, 2)
    assert f"{later:%H:%M} UTC" in outcome.problem


def test_no_pace_waits_longer_than_it_is_believed(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(1, ingest=ingest, settings=settings_of_test)
    slowest = Pace(per_minute=1, first_day_per_minute=1)

    def later(_: Message) -> str:
        raise ChannelError("450 later", about=About.ADDRESS, permanent=False)

    roads = road(later, pace=slowest)
    roads["mail"] = replace(
        roads["mail"], providers_of=lambda addresses: dict.fromkeys(addresses, "one.example")
    )
    now = datetime.now(UTC)
    Provider.objects.create(name="one.example", first_used_at=now, next_at=now, slowed=8)
    run(roads, settings_of_test)
    waits = Provider.objects.get().next_at - now
    assert timedelta(minutes=119) < waits < timedelta(minutes=121)
    assert run(roads, settings_of_test).deferred == 0


def test_one_that_cannot_be_put_into_words_holds_up_no_other(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    plan_for(3, ingest=ingest, settings=settings_of_test)
    first = Notification.objects.order_by("pk")[:1].get()
    first.notified_cases.update(evidence=["not a table of names and values"])
    outcome = run(road(lambda _: "taken"), settings_of_test)
    assert (outcome.accepted, outcome.deferred) == (2, 1)
    assert "could not be put into words" in first.deliveries.get().reply
