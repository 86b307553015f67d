"""Hands over what is planned: each channel by its road, several processes at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from baken.core.errors import About, SendingHaltedError
from baken.core.policy import Policy
from baken.outbox.brake import BrakeLimits, BrakeOn, brake_on, put_on_brake
from baken.outbox.deliveries import (
    Done,
    finish_refusals,
    tell_the_planner,
)
from baken.outbox.halts import current_halt
from baken.outbox.handing_over import Road
from baken.outbox.models import Delivery
from baken.outbox.notifications import waiting_notifications
from baken.outbox.senders import sender_session
from baken.outbox.sending import Clock, MatchAgain, RoadRun
from baken.outbox.steady_clock import SteadyClock
from baken.outbox.wording import Sender

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What handing over came to."""

    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    full: int = 0
    """Of those deferred, the ones whose mailbox is full: another contact may be told instead."""
    left: int = 0
    """Still planned: the next run sends exactly these."""
    problem: str = ""
    """Why the run stopped early; empty when it did not."""
    own_fault: str = ""
    """The last reply that speaks of us; empty when none did."""
    brake: BrakeOn | None = None
    """The brake, when it is on: of `left`, what waits for a person."""


def deliver_waiting(
    roads: Mapping[str, Road],
    *,
    policy: Policy,
    sender: Sender,
    match_again: MatchAgain,
    clock: Clock,
    progress: Progress,
    since: datetime | None = None,
    brake: BrakeLimits | None = None,
) -> Outcome:
    """Hand over what is planned, most urgent first, each under its own Message-ID.

    With `since`, what was tried at that moment or later is left alone. What is far more than usual
    by the limits `brake` waits for a person, but for a few. What another process plans meanwhile
    waits for that one's own handing over, or for the next run.

    Each channel goes by its own road of `roads`; what is planned for another channel is left.
    Several processes may send at once. A delivery that an earlier process left in *sending* is
    *uncertain* and is sent again under the same Message-ID. A refusal by one recipient does not
    stop the others. When the constituency changes, what waits is matched again before anything else
    is intended; what another is to be told then waits for the next planning. When our own server is
    away, or turns everybody down, that road ends, nothing is held against anybody, and what is left
    waits for the next run.

    Raises `SendingHaltedError`.
    """
    if halt := current_halt():
        raise SendingHaltedError(
            f"Sending is halted since {halt.halted_at:%Y-%m-%d %H:%M} UTC ({halt.reason}): nothing "
            "was sent.",
            remedy="Reports that were read and warnings that were planned are kept. Lift the halt "
            "with baken resume.",
        )
    steady = SteadyClock(clock)
    counts = dict.fromkeys(Delivery.State.values, 0)
    problems: list[str] = []
    full = forgotten = 0
    own_fault = ""

    def count(done: Sequence[Done]) -> None:
        nonlocal full, own_fault
        for one in done:
            counts[one.state] += 1
            own_fault = one.reply if one.about == About.US else own_fault
            full += one.about == About.MAILBOX and one.state is Delivery.State.DEFERRED
        progress(sum(counts.values()))

    with sender_session(now=steady()) as number:
        finish_refusals()
        put_on_brake(brake, now=steady())
        tell_the_planner()
        for channel, road in roads.items():
            run = RoadRun(
                channel,
                road,
                number=number,
                policy=policy,
                sender=sender,
                match_again=match_again,
                clock=steady,
                since=since or steady(),
                count=count,
            )
            problem = run.send_all()
            forgotten += run.forgotten
            if problem:
                problems.append(problem)
    problems += _without_a_road(roads)
    return Outcome(
        accepted=counts[Delivery.State.ACCEPTED],
        deferred=counts[Delivery.State.DEFERRED] + counts[Delivery.State.UNCERTAIN] + forgotten,
        refused=counts[Delivery.State.REFUSED] - forgotten,
        full=full,
        left=waiting_notifications().count(),
        problem=" ".join(problems),
        own_fault=own_fault,
        brake=brake_on(),
    )


def _without_a_road(roads: Collection[str]) -> list[str]:
    """What waits for channels that are not there (any more), and will wait for ever."""
    waiting = waiting_notifications().exclude(channel__in=list(roads)).order_by("channel")
    counts = waiting.values_list("channel").annotate(count=Count("pk"))
    return [
        f"{count} for the channel {channel!r}, which is not there." for channel, count in counts
    ]
