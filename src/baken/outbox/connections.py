"""The connections of one road: each is served by a thread of its own, and uses no database."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from baken.channels import Channel
from baken.core.errors import ChannelError
from baken.outbox.deliveries import Done, Intended
from baken.outbox.handing_over import Answer, Road, answer_to, hand_over
from baken.outbox.models import Delivery
from baken.outbox.preparing import Prepared

# Nothing failed, so it is about nobody.
_NOT_BEGUN: Final = Answer(
    Delivery.State.DEFERRED, "The run was broken off before it was begun.", about=""
)


class Connections:
    """Hands over what is put in, over as many connections as the road has.

    The threads run as long as the block lasts; what was put in before its end is answered for.
    """

    def __init__(self, road: Road, *, clock: Callable[[], datetime]) -> None:
        self._road = road
        self._clock = clock
        self._work: queue.SimpleQueue[tuple[Intended, Prepared] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done | BaseException] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """The connections themselves; each connects with its first message."""
        channels = [self._road.open() for _ in range(self._road.connections)]
        self._threads = [
            threading.Thread(target=self._serve, args=(channel,), name=f"connection-{number}")
            for number, channel in enumerate(channels)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Waits for what is under way, and ends the threads."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def put(self, intended: Intended, prepared: Prepared) -> None:
        """Let the next connection that is free hand it over."""
        self._work.put((intended, prepared))

    def next_answer(self, *, timeout: float | None) -> Done | BaseException:
        """What came of one, or what broke its connection; raises ``queue.Empty`` in time."""
        return self._done.get(timeout=timeout)

    def take_back(self) -> Iterator[Done]:
        """What no connection has begun, which is not handed over any more."""
        with contextlib.suppress(queue.Empty):
            while item := self._work.get_nowait():
                yield self._answered(*item, _NOT_BEGUN)

    def _serve(self, channel: Channel) -> None:
        try:
            with channel:
                while (item := self._work.get()) is not None:
                    self._done.put(self._handed_over(*item, channel=channel))
        except BaseException as error:
            self._done.put(error)

    def _handed_over(self, intended: Intended, prepared: Prepared, *, channel: Channel) -> Done:
        if isinstance(prepared.message, ChannelError):
            answer = answer_to(prepared.message)
        else:
            answer = hand_over(prepared.message, channel)
        return self._answered(intended, prepared, answer)

    def _answered(self, intended: Intended, prepared: Prepared, answer: Answer) -> Done:
        message = prepared.message
        return Done(
            intended=intended,
            address="" if isinstance(message, ChannelError) else message.recipient_address,
            provider=prepared.claim.provider,
            is_slowed=prepared.claim.is_slowed,
            state=answer.state,
            reply=answer.reply,
            about=answer.about,
            finished_at=self._clock(),
        )
