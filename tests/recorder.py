"""A channel that does with each message what a test says, and a run over it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from django.db import connection

from baken.channels import Message, Receipt, StdoutChannel
from baken.jobs.matching_again import match_what_waits
from baken.jobs.sending import plan, policy_of, sender_of
from baken.outbox.pacing import Pace
from baken.outbox.services import Outcome, Road, deliver_waiting
from baken.settings.environment import Settings
from small_world import Ingest, make_organisation, report_text

FREE = Pace(per_minute=600_000, first_day_per_minute=600_000)


@dataclass
class Recorder(StdoutChannel):
    """Does with each message what it is told, and remembers those that were taken."""

    send_one: Callable[[Message], str]
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> Receipt:
        reply = self.send_one(message)
        self.sent.append(message)
        return Receipt(reply)


def road(
    send_one: Callable[[Message], str], *, connections: int = 1, pace: Pace = FREE
) -> dict[str, Road]:
    """The only road, which does with each message what it is told."""
    channel = Recorder(send_one)
    return {"mail": Road(lambda: channel, connections=connections, pace=pace)}


def run(roads: dict[str, Road], settings: Settings, **options: Any) -> Outcome:
    """One run over `roads`."""
    return deliver_waiting(
        roads,
        policy=policy_of(settings),
        sender=sender_of(settings),
        match_again=partial(match_what_waits, settings),
        **{"progress": lambda _: None, "clock": lambda: datetime.now(UTC), **options},
    )


def plan_for(count: int, *, ingest: Ingest, settings: Settings) -> None:
    """Plan warnings to so many organisations, each at a domain of its own."""
    for number in range(count):
        make_organisation(f"org-{number}", f"198.18.{number}.0/24")
    ingest(report_text(*(f"198.18.{number}.1" for number in range(count))))
    assert plan(settings=settings).notifications == count


def other_connection() -> psycopg.Connection[Any]:
    """Sees only what is committed."""
    address = os.environ["BAKEN_DATABASE_URL"]
    name = connection.settings_dict["NAME"]
    return psycopg.connect(address, dbname=name, autocommit=True)
