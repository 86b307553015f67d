"""Prepares what is sent next, beside the sending: claims, reads many in few queries, composes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from django.db import connection

from baken.outbox.addressees import keep_providers
from baken.outbox.composing import Composed, Composer
from baken.outbox.deliveries import Claim, claim, release_claims
from baken.outbox.handing_over import Road
from baken.outbox.warning_facts import messages_of
from baken.outbox.wording import MessageFacts, Sender, message_id_of

_AHEAD: Final = 48


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed notification put into words, or why it cannot be."""

    claim: Claim
    message_id: str
    message: Composed


def _close_own_connection() -> None:
    connection.close()  # each thread has one of its own


class Preparer:
    """Claims and composes what waits for one channel, ahead of the sending.

    All of it runs in a thread with a database connection of its own, which ends with the block. The
    claims belong to the sender with this `number`.
    """

    def __init__(
        self,
        channel: str,
        road: Road,
        *,
        number: int,
        sender: Sender,
        since: datetime,
        clock: Callable[[], datetime],
    ) -> None:
        self._channel = channel
        self._road = road
        self._number = number
        self._sender = sender
        self._composer = Composer(sender=sender, carries=road.carries)
        self._since = since
        self._clock = clock
        self._ready: deque[Prepared] = deque()
        self._coming: Future[list[Prepared]] | None = None
        self._is_exhausted = False  # nothing more can be claimed now
        self._is_probing = False
        self._thread = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Self:
        """The preparer itself; nothing is claimed before it is asked."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the thread; what is claimed and not taken stays claimed until the session ends."""
        self._thread.submit(_close_own_connection)
        self._thread.shutdown()
        self._composer.close()

    @property
    def has_some(self) -> bool:
        """Whether something is at hand or coming."""
        return bool(self._ready or self._coming)

    def go_on(self, *, may_wait: bool) -> None:
        """Keep some ahead. With `may_wait`, waits for what is coming when nothing is ready."""
        if self._coming and (self._coming.done() or (may_wait and not self._ready)):
            portion = self._coming.result()
            self._coming = None
            self._ready += portion
            self._is_exhausted = not portion
        if not self._coming and not self._is_exhausted and len(self._ready) <= _AHEAD // 2:
            self._coming = self._thread.submit(self._prepare)

    def take(self, count: int) -> list[Prepared]:
        """The next ones that are ready, `count` at most."""
        return [self._ready.popleft() for _ in range(min(count, len(self._ready)))]

    def look_again(self) -> None:
        """Claim again, although nothing was found before."""
        if self._coming:  # it may have looked before there was something to find
            self._ready += self._coming.result()
            self._coming = None
        self._is_exhausted = False

    def probe(self) -> None:
        """Go on with those that did not fail yet; what is ready is given back for later."""
        self._is_probing = True
        ready = [*self._ready, *(self._coming.result() if self._coming else ())]
        self._ready.clear()
        self._coming = None
        release_claims([one.claim.notification_id for one in ready], sender=self._number)
        self._is_exhausted = False

    def go_by_urgency(self) -> None:
        """Go on with the most urgent again, after what is ready."""
        self._is_probing = False

    def _prepare(self) -> list[Prepared]:
        """The next portion; empty when nothing more can be claimed now."""
        claims = claim(
            channel=self._channel,
            sender=self._number,
            since=self._since,
            now=self._clock(),
            limit=_AHEAD,
            is_to_probe=self._is_probing,
        )
        warnings = messages_of([one.notification_id for one in claims])
        unknown = {
            warnings[one.notification_id].recipient_address for one in claims if not one.provider
        }
        providers = self._providers_of(unknown) if unknown else {}
        messages = self._composer.compose_all([warnings[one.notification_id] for one in claims])
        return [
            self._prepared(one, warnings[one.notification_id], message, providers=providers)
            for one, message in zip(claims, messages, strict=True)
        ]

    def _prepared(
        self,
        claimed: Claim,
        warning: MessageFacts,
        message: Composed,
        *,
        providers: Mapping[str, str],
    ) -> Prepared:
        provider = claimed.provider or providers[warning.recipient_address]
        message_id = message_id_of(warning, self._sender)
        return Prepared(replace(claimed, provider=provider), message_id, message)

    def _providers_of(self, addresses: Collection[str]) -> Mapping[str, str]:
        """Find the providers of `addresses`, and store them for the next time."""
        providers = self._road.providers_of(addresses)
        keep_providers(self._channel, providers, now=self._clock())
        return providers
