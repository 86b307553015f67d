"""Sends what waits on one channel: claims, intends, gathers answers, commits in groups.

The thread that calls writes intentions and outcomes; one thread claims and composes ahead, and each
connection is served by a thread of its own. What is intended and not yet recorded is never more
than `MOST_UNRECORDED` deliveries or `LONGEST_UNRECORDED`.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from baken.core.errors import About, ChannelError
from baken.core.policy import Policy
from baken.outbox.connections import Connections
from baken.outbox.deliveries import (
    Done,
    finish_refusals,
    next_opening,
    record_and_intend,
    release_claims,
)
from baken.outbox.halts import is_halted
from baken.outbox.handing_over import Road
from baken.outbox.models import Delivery
from baken.outbox.preparing import Prepared, Preparer
from baken.outbox.refusals import forget_what_everybody_got, streak_of
from baken.outbox.senders import reconnect_if_cut
from baken.outbox.suspicion import Suspicion
from baken.outbox.wording import Sender

_log = structlog.get_logger()

Clock = Callable[[], datetime]
MatchAgain = Callable[[], object]
"""Matches what waits against the constituency of now, and commits that."""

MOST_UNRECORDED: Final = 16
"""The most deliveries that are intended and not yet recorded: a crash makes these uncertain."""
LONGEST_UNRECORDED: Final = timedelta(milliseconds=100)
"""The longest that an outcome waits to be recorded, as long as the database answers."""

_RECORDED_AFTER: Final = LONGEST_UNRECORDED.total_seconds() / 2  # the commit itself takes time too
_FAILURES_BEFORE_A_LOOK: Final = 3
_LONGEST_WAIT_FOR_PROVIDER: Final = timedelta(seconds=60)
_LONGEST_PAUSE: Final = 0.25  # seconds
_LONGEST_LOOK_AWAY: Final = 0.05  # seconds in which one answer that takes long may hold up others


_TRY_AGAIN: Final = frozenset({Delivery.State.DEFERRED, Delivery.State.UNCERTAIN})


def _one_each_where_slowed(chosen: Sequence[Prepared]) -> Iterator[Prepared]:
    """`chosen`, but to a provider that put us off one message at a time."""
    slowed: set[str] = set()
    for one in chosen:
        if one.claim.provider not in slowed:
            yield one
        if one.claim.is_slowed:
            slowed.add(one.claim.provider)


class RoadRun:
    """One road from first claim to last record; the connections never use the database."""

    def __init__(
        self,
        channel: str,
        road: Road,
        *,
        number: int,
        policy: Policy,
        sender: Sender,
        match_again: MatchAgain,
        clock: Clock,
        since: datetime,
        count: Callable[[Sequence[Done]], None],
    ) -> None:
        self._channel = channel
        self._road = road
        self._number = number
        self._policy = replace(policy, channels={channel: road.carries})
        self._match_again = match_again
        self._is_outdated = False  # the constituency changed: nothing goes before a new match
        self._clock = clock
        self._count = count
        self._started_at = since
        self._preparer = Preparer(
            channel, road, number=number, sender=sender, since=self._started_at, clock=clock
        )
        self._in_flight = 0  # intended and not recorded
        self._unrecorded: list[Done] = []
        self._failures = 0  # in a row
        self._suspicion = Suspicion()
        self._is_probing = False  # others than the most urgent are tried
        self._our_fault = ""  # why nothing counts against anybody
        self.forgotten = 0
        """Refusals of this run that count against nobody."""
        self._refusals = 0  # since anything was taken, and not finished
        self._look_again_at = 0.0  # by the monotonic clock
        self._is_trusted = False  # until then one connection alone tries the server
        self._problem = ""
        self._connections = Connections(road, clock=clock)

    def send_all(self) -> str:
        """Send what waits for the channel; gives why it stopped early, or nothing."""
        with self._preparer, self._connections:
            try:
                while self._step():
                    pass
            finally:
                self._record_the_rest()
        self._settle_refusals()
        return self._problem

    def _step(self) -> bool:
        """Prepare, commit what is due, wait for answers; whether there is more to do."""
        if self._suspicion.is_to_probe is not self._is_probing and not self._problem:
            self._is_probing = not self._is_probing
            if self._is_probing:
                self._preparer.probe()
            else:
                self._preparer.go_by_urgency()
        if not self._problem:
            self._preparer.go_on(may_wait=not self._in_flight)
        room = self._window() - (self._in_flight - len(self._unrecorded))
        if self._unrecorded or room > 0:
            self._commit(room)
        if self._in_flight:
            self._gather(at_most=_LONGEST_LOOK_AWAY)
            self._look_again_meanwhile()
            return True
        if self._problem:
            return False
        if self._is_outdated:
            self._match_again()
            self._is_outdated = False
            self._preparer.look_again()
            return True
        return self._preparer.has_some or self._wait_for_providers()

    def _window(self) -> int:
        if self._problem or self._is_outdated:
            return 0
        return MOST_UNRECORDED if self._is_trusted else 1

    def _commit(self, room: int) -> None:
        """One group commit: what came back, and what goes next."""
        chosen = self._preparer.take(max(0, room))
        if not chosen and not self._unrecorded:
            return
        by_id = {one.claim.notification_id: one for one in _one_each_where_slowed(chosen)}
        done = tuple(self._unrecorded)
        came_of_it = record_and_intend(  # when it fails, they are recorded with the rest
            done,
            {pk: (one.message_id, one.claim.provider) for pk, one in by_id.items()},
            channel=self._channel,
            sender=self._number,
            pace=self._road.pace,
            policy=self._policy,
            now=self._clock(),
            our_fault=self._our_fault,
        )
        self._in_flight -= len(done)
        self._unrecorded = []
        for intended in came_of_it.intended:
            self._in_flight += 1
            self._connections.put(intended, by_id.pop(intended.notification_id))
        gone = {one.notification_id for one in came_of_it.intended} | came_of_it.dropped
        put_aside = {one.claim.notification_id for one in chosen} - gone
        if put_aside:  # their providers take no more now
            release_claims(put_aside, sender=self._number)
        self._is_outdated = self._is_outdated or came_of_it.is_outdated
        if came_of_it.is_halted:
            self._problem = "Sending was halted."
        self._take_note(done)

    def _take_note(self, done: Sequence[Done]) -> None:
        self._count(done)
        for one in done:
            _log.info(
                "delivery.finished",
                delivery=one.intended.delivery_id,
                notification=str(one.intended.notification_id),
                attempt=one.intended.attempt,
                state=one.state.value,
            )
            self._count_failures(one)
        self._refusals += sum(one.state is Delivery.State.REFUSED for one in done)
        if self._our_fault:
            self.forgotten, self._refusals = self.forgotten + self._refusals, 0
        elif self._refusals and not self._suspicion.in_a_row:
            self._finish_refusals()
        if self._failures >= _FAILURES_BEFORE_A_LOOK and not self._problem:
            self._failures, self._problem = 0, self._problem_of_the_way_out()

    def _finish_refusals(self) -> None:
        self._refusals = 0
        finish_refusals()

    def _settle_refusals(self) -> None:
        """At the end of a run: what nobody but a few got counts, what everybody got does not."""
        if self._our_fault or not self._suspicion.in_a_row:
            return
        streak = streak_of(self._channel, now=self._clock())
        if not self._suspicion.has_taken and streak.is_everybody:
            self._our_fault = f"Nobody of {streak.addresses} was taken: {streak.reply}"
            self._problem = self._problem or self._our_fault
            forget_what_everybody_got(self._channel, reason=self._our_fault, now=self._clock())
            self.forgotten, self._refusals = self._refusals, 0
        elif self._refusals:
            self._finish_refusals()

    def _weigh(self, one: Done) -> None:
        """What one answer says about our own side, before it is recorded."""
        self._suspicion.weigh(one)
        if self._suspicion.is_our_fault and not self._our_fault:
            self._our_fault = f"Of the last {self._suspicion.in_a_row} none was taken: {one.reply}"
            self._problem = self._problem or self._our_fault

    def _count_failures(self, one: Done) -> None:
        """What one answer says about the way out: whether it is open, and for how many at once."""
        is_full = one.about == About.MAILBOX  # which says nothing of the way out
        self._failures = self._failures + 1 if one.state in _TRY_AGAIN and not is_full else 0
        is_taken = one.state is Delivery.State.ACCEPTED
        self._is_trusted = is_taken or (self._is_trusted and not self._failures)

    def _problem_of_the_way_out(self) -> str:
        try:
            with self._road.open() as channel:
                channel.check()
        except ChannelError as error:
            return error.reply
        return ""

    def _gather(self, *, at_most: float | None = None) -> None:
        """Wait for answers: for half a window of them, or as long as one may stay unrecorded.

        Without any, no longer than `at_most` seconds.
        """
        enough = max(1, self._window() // 2)
        record_by = time.monotonic() + _RECORDED_AFTER if self._unrecorded else None
        while self._in_flight > len(self._unrecorded) and len(self._unrecorded) < enough:
            patience = at_most if record_by is None else max(0.0, record_by - time.monotonic())
            try:
                answer = self._connections.next_answer(timeout=patience)
            except queue.Empty:
                return
            if isinstance(answer, BaseException):
                self._in_flight -= 1  # what it was about stays *sending*: nobody knows
                raise answer
            self._unrecorded.append(answer)
            self._weigh(answer)
            record_by = record_by or time.monotonic() + _RECORDED_AFTER

    def _look_again_meanwhile(self) -> None:
        """A provider that may be sent to again need not wait for an answer that takes long."""
        if self._problem or self._preparer.has_some or time.monotonic() < self._look_again_at:
            return
        self._look_again_at = time.monotonic() + _LONGEST_PAUSE
        opens_at = next_opening(channel=self._channel, since=self._started_at)
        if opens_at is not None and opens_at <= self._clock():
            self._preparer.look_again()

    def _wait_for_providers(self) -> bool:
        """Pause until a provider may be sent to again; False when none is worth waiting for."""
        opens_at = next_opening(channel=self._channel, since=self._started_at)
        if opens_at is None:
            return False
        if opens_at - self._clock() > _LONGEST_WAIT_FOR_PROVIDER:
            self._problem = f"The providers of what is left take more from {opens_at:%H:%M} UTC on."
            return False
        while (left := (opens_at - self._clock()).total_seconds()) > 0:
            if is_halted():
                self._problem = "Sending was halted."
                return False
            time.sleep(min(left, _LONGEST_PAUSE))
        self._preparer.look_again()
        return True

    def _record_the_rest(self) -> None:
        """Take back what no connection has begun, wait for the other answers, and record all."""
        is_early = not self._problem
        self._problem = self._problem or "The run was broken off."  # nothing more goes out
        self._unrecorded += self._connections.take_back()
        reconnect_if_cut()
        while self._in_flight:
            with contextlib.suppress(Exception):  # another connection failed; the first is told
                self._gather()
            self._commit(0)
        if is_early:
            self._problem = self._our_fault
