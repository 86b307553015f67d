"""Group commits, several connections, several senders, and the pace that providers take."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection

from baken.cases.models import Case
from baken.channels import Message, Receipt, StdoutChannel
from baken.core.errors import About, ChannelError, NotFoundError
from baken.jobs.matching_again import match_what_waits
from baken.jobs.sending import plan, policy_of, sender_of
from baken.outbox.deliveries import finish_refusals
from baken.outbox.models import Addressee, Delivery, Notification, Provider
from baken.outbox.pacing import Pace, allow, slow_down, speed_up
from baken.outbox.sending import MOST_UNRECORDED
from baken.outbox.services import (
    Outcome,
    Road,
    deliver_waiting,
    erase_addressee,
    halt_sending,
    suppress_address,
)
from baken.settings.environment import Settings
from small_world import Ingest, add_contact, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

Send = Callable[[Message], str]
FREE = Pace(per_minute=600_000, first_day_per_minute=600_000)


@dataclass
class Recorder(StdoutChannel):
    """Does with each message what it is told, and notes when."""

    send_one: Send
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> Receipt:
        reply = self.send_one(message)
        self.sent.append(message)
        return Receipt(reply)


def other_connection() -> psycopg.Connection[Any]:
    """Sees only what is committed."""
    address = os.environ["BAKEN_DATABASE_URL"]
    name = connection.settings_dict["NAME"]
    return psycopg.connect(address, dbname=name, autocommit=True)


def road(channel: Recorder, *, connections: int = 1, pace: Pace = FREE) -> dict[str, Road]:
    return {"mail": Road(lambda: channel, connections=connections, pace=pace)}


def deliver(roads: dict[str, Road], settings: Settings, **options: Any) -> Outcome:
    return deliver_waiting(
        roads,
        policy=policy_of(settings),
        sender=sender_of(settings),
        match_again=partial(match_what_waits, settings),
        clock=lambda: datetime.now(UTC),
        **{"progress": lambda _: None, **options},
    )


@pytest.fixture
def planned(ingest: Ingest, settings_of_test: Settings) -> Callable[[int], None]:
    """Plans warnings to so many organisations, each at a domain of its own."""

    def plan_for(count: int) -> None:
        for number in range(count):
            make_organisation(f"org-{number}", f"198.18.{number}.0/24")
        ingest(report_text(*(f"198.18.{number}.1" for number in range(count))))
        assert plan(settings=settings_of_test).notifications == count

    return plan_for


def test_an_intention_is_committed_before_the_network_and_never_more_than_sixteen_are_open(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(60)
    open_at_once: list[int] = []
    looking = threading.Lock()
    with other_connection() as other:

        def look(message: Message) -> str:
            with looking:
                mine = other.execute(
                    "SELECT state FROM outbox_delivery WHERE message_id = %s", [message.id]
                ).fetchall()
                assert mine == [("sending",)], "its intention is committed"
                (count,) = other.execute(
                    "SELECT count(*) FROM outbox_delivery WHERE state = 'sending'"
                ).fetchone() or (0,)
                open_at_once.append(count)
            time.sleep(0.01)
            return "taken"

        outcome = deliver(road(Recorder(look), connections=6), settings_of_test)
    assert (outcome.accepted, outcome.left) == (60, 0)
    assert max(open_at_once) <= MOST_UNRECORDED
    assert max(open_at_once) > 6, "several are on their way at once"


def test_an_outcome_is_recorded_though_another_answer_takes_long(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(6)
    first_done, may_end = threading.Event(), threading.Event()
    turn = iter(range(100))

    def one_is_slow(message: Message) -> str:
        del message
        if next(turn) == 2:
            may_end.wait(10)
        else:
            first_done.set()
        return "taken"

    def look() -> None:
        first_done.wait(10)
        give_up_at = time.monotonic() + 8
        with other_connection() as other:
            while time.monotonic() < give_up_at:
                (count,) = other.execute(
                    "SELECT count(*) FROM outbox_delivery WHERE state = 'accepted'"
                ).fetchone() or (0,)
                if count == 5:
                    seen.append(count)
                    break
                time.sleep(0.02)
        may_end.set()

    seen: list[int] = []
    looking = threading.Thread(target=look)
    looking.start()
    outcome = deliver(road(Recorder(one_is_slow), connections=3), settings_of_test)
    looking.join()
    assert seen == [5], "the others were recorded while it was under way"
    assert outcome.accepted == 6


def test_two_senders_at_once_send_each_warning_once(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(80)
    channel = Recorder(lambda _: time.sleep(0.005) or "taken")
    outcomes: list[Outcome] = []

    def send() -> None:
        try:
            outcomes.append(deliver(road(channel, connections=2), settings_of_test))
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(outcome.accepted for outcome in outcomes) == 80
    assert len({message.id for message in channel.sent}) == len(channel.sent) == 80
    assert not Delivery.objects.exclude(state="accepted").exists()
    assert not Notification.objects.exclude(claimed_by=None).exists()


def test_a_run_that_is_broken_off_records_what_came_back(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(30)
    channel = Recorder(lambda _: "taken")

    interrupts = iter([KeyboardInterrupt])

    def interrupt(done: int) -> None:
        if done > 5 and (kind := next(interrupts, None)):
            raise kind

    with pytest.raises(KeyboardInterrupt):
        deliver(road(channel, connections=2), settings_of_test, progress=interrupt)
    accepted = set(Delivery.objects.filter(state="accepted").values_list("message_id", flat=True))
    assert {message.id for message in channel.sent} == accepted
    assert not Delivery.objects.filter(state="sending").exists()
    assert not Notification.objects.exclude(claimed_by=None).exists()
    assert deliver(road(channel), settings_of_test).left == 0
    assert len(channel.sent) == len({message.id for message in channel.sent}) == 30


def test_a_mistake_in_a_channel_ends_the_run_and_loses_nothing(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(5)
    turn = iter(range(100))

    def fails_once(message: Message) -> str:
        del message
        if next(turn) == 2:
            raise RuntimeError("a mistake of ours")
        return "taken"

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        deliver(road(Recorder(fails_once)), settings_of_test)
    channel = Recorder(lambda _: "taken")
    assert deliver(road(channel), settings_of_test).left == 0
    states = Counter(Delivery.objects.values_list("state", flat=True))
    assert (states["accepted"], states["uncertain"]) == (5, 1)
    begun = Delivery.objects.filter(state="deferred").exclude(reply__contains="before it was begun")
    assert not begun.exists(), "the others were not begun"


def test_a_halt_stops_a_run_that_is_under_way(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(40)
    with other_connection() as other:
        turn = iter(range(1_000))

        def halt_at_ten(message: Message) -> str:
            del message
            if next(turn) == 10:
                other.execute("INSERT INTO outbox_halt (reason) VALUES ('a wrong feed')")
            return "taken"

        outcome = deliver(road(Recorder(halt_at_ten)), settings_of_test)
    assert outcome.problem == "Sending was halted."
    assert 10 < outcome.accepted < 40
    assert outcome.accepted + outcome.left == 40


def test_a_provider_gets_no_more_than_its_pace_and_holds_up_nobody_else(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(4)
    sent_at: dict[str, float] = {}

    def note(message: Message) -> str:
        sent_at[message.recipient_address] = time.monotonic()
        return "taken"

    shared = {"org-0", "org-1", "org-2"}
    roads = road(Recorder(note), pace=Pace(per_minute=120, first_day_per_minute=120))
    roads["mail"] = replace(
        roads["mail"],
        providers_of=lambda addresses: {
            one: "large.example" if one.split("@")[1].split(".")[0] in shared else one
            for one in addresses
        },
    )
    outcome = deliver(roads, settings_of_test)
    assert (outcome.accepted, outcome.left) == (4, 0)
    begun_at = sorted(
        Delivery.objects.exclude(notification__addressee__address__contains="org-3").values_list(
            "started_at", flat=True
        )
    )
    half_a_second = timedelta(seconds=0.5)
    assert begun_at[2] - begun_at[0] >= half_a_second, "one each half second, after a first group"
    of_shared = sorted(at for to, at in sent_at.items() if to.split("@")[1].split(".")[0] in shared)
    assert of_shared[2] - of_shared[0] >= 0.45, "so too on the wire, but for the time to commit"
    assert set(Provider.objects.values_list("name", flat=True)) == {
        "large.example", "security@org-3.example.nl",
    }  # fmt: skip


def test_a_provider_that_put_us_off_gets_one_message_at_a_time(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(3)
    Addressee.objects.update(provider="large.example", provider_found_at=datetime.now(UTC))
    now = datetime.now(UTC)
    Provider.objects.create(name="large.example", first_used_at=now, next_at=now, slowed=3)
    sent_at: list[float] = []
    channel = Recorder(lambda _: sent_at.append(time.monotonic()) or "taken")
    pace = Pace(per_minute=600, first_day_per_minute=600)
    assert deliver(road(channel, pace=pace), settings_of_test).left == 0
    first, second, third = sent_at
    assert second - first >= 0.7, "a tenth of a second, halved three times"
    assert third - second >= 0.3, "it took the first, so one halving less"
    assert Provider.objects.get().slowed == 0


def test_a_provider_that_puts_us_off_is_sent_to_at_half_the_pace_until_it_takes_all_again() -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    pace = Pace(per_minute=600, first_day_per_minute=60)
    assert allow({"large.example": 1}, pace=pace, now=now) == {"large.example", ""}
    provider = Provider.objects.get()
    assert provider.next_at - now == timedelta(seconds=1), "the first day"
    assert allow({"large.example": 1}, pace=pace, now=now) == {""}
    slow_down(["large.example"], pace=pace, now=now)
    provider.refresh_from_db()
    assert (provider.slowed, provider.next_at - now) == (1, timedelta(seconds=2))
    speed_up(["large.example"])
    later = now + timedelta(days=2, hours=1)
    assert "large.example" in allow({"large.example": 3}, pace=pace, now=later)
    provider.refresh_from_db()
    assert provider.slowed == 0
    assert provider.next_at - later == timedelta(seconds=3) / 4, "four times as much, two days on"
    much_later = now + timedelta(days=400)
    allow({"large.example": 1}, pace=pace, now=much_later)
    provider.refresh_from_db()
    assert provider.next_at - much_later == timedelta(seconds=0.1), "no faster than the limit"


def test_a_refusal_that_a_crash_left_half_recorded_is_finished_by_the_next_run(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(1)

    def refuse(message: Message) -> str:
        raise ChannelError(
            f"550 5.1.1 <{message.recipient_address}> unknown", about=About.ADDRESS, permanent=True
        )

    assert deliver(road(Recorder(refuse)), settings_of_test).refused == 1
    assert Delivery.objects.get().reply == "550 5.1.1 <recipient> unknown"
    assert Case.objects.get().told_at is None
    # As it stands after a crash between the record of the delivery and the end of the notification:
    Notification.objects.update(state="planned")
    assert finish_refusals() == 1
    assert finish_refusals() == 0
    assert Notification.objects.get().state == "refused"


def test_a_person_who_is_erased_is_gone_from_the_ledger_and_its_facts_stay(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    organisation.contacts.all().delete()
    add_contact(organisation, name="J. Jansen", email="J.Jansen@haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=settings_of_test)
    taken = Recorder(lambda message: f"250 kept for {message.recipient_address}")
    assert deliver(road(taken), settings_of_test).accepted == 1
    assert erase_addressee("j.jansen@haven.example.nl", now=datetime.now(UTC)) == 1
    with pytest.raises(NotFoundError):
        erase_addressee("j.jansen@haven.example.nl", now=datetime.now(UTC))
    addressee = Addressee.objects.get()
    assert (addressee.name, addressee.address) == ("", "")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reply) == ("accepted", "250 kept for recipient")
    with other_connection() as other:
        for table in ("notification", "delivery", "notifiedcase", "addressee"):
            rows = other.execute(f"SELECT t::text FROM outbox_{table} AS t").fetchall()  # noqa: S608 - ours
            assert rows
            assert not [row for row in rows if "jansen" in row[0].lower()], table


def test_what_waits_for_somebody_who_was_erased_is_not_sent(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(2)
    erase_addressee("security@org-0.example.nl", now=datetime.now(UTC))
    outcome = deliver(road(Recorder(lambda _: "taken")), settings_of_test)
    assert (outcome.accepted, outcome.left) == (1, 0)
    (withdrawn,) = Notification.objects.filter(state="withdrawn")
    assert withdrawn.state_reason == "its addressee was erased"


@contextmanager
def while_it_runs(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_what_is_left_alone_meanwhile_is_withdrawn_and_not_sent(
    planned: Callable[[int], None], settings_of_test: Settings
) -> None:
    planned(20)
    turn = iter(range(100))
    ready, go_on = threading.Event(), threading.Event()

    def wait_once(message: Message) -> str:
        del message
        if next(turn) == 0:
            ready.set()
            go_on.wait(10)
        return "taken"

    def suppress_the_last() -> None:
        ready.wait(10)
        last = Notification.objects.filter(tried_at=None).last()
        assert last is not None
        suppress_address(last.addressee.address, reason="asked us to stop")
        go_on.set()
        connection.close()

    with while_it_runs(suppress_the_last):
        outcome = deliver(road(Recorder(wait_once)), settings_of_test)
    assert (outcome.accepted, outcome.left) == (19, 0)
    assert Notification.objects.filter(state="withdrawn").count() == 1


def test_a_halt_that_stands_refuses_the_run(settings_of_test: Settings) -> None:
    halt_sending("a wrong feed")
    with pytest.raises(Exception, match="Sending is halted"):
        deliver({}, settings_of_test)
