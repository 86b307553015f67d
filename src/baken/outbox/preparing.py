"""What is sent next: claimed, read in a few queries for many, composed in a thread beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from baken.channels import Message
from baken.core.errors import ChannelError
from baken.outbox.addressees import keep_providers
from baken.outbox.composing import Sender, WarningFacts, compose, message_id_of
from baken.outbox.deliveries import Claim, claim
from baken.outbox.handing_over import Road
from baken.outbox.warning_facts import warnings_of

_AHEAD: Final = 48


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed notification put into words, or why it cannot be."""

    claim: Claim
    message_id: str
    message: Message | ChannelError


@dataclass(frozen=True, slots=True)
class _Portion:
    """What was composed at one time, and the providers that were asked for."""

    prepared: Sequence[Prepared]
    providers: Mapping[str, str]
    """By address."""


class Preparer:
    """Claims and composes what waits for one channel, some ahead of what is sent.

    Only the calling thread uses the database; composing, and asking who receives for an address, is
    done in a thread that ends with the block.
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
        self._since = since
        self._clock = clock
        self._ready: deque[Prepared] = deque()
        self._composing: deque[Future[_Portion]] = deque()
        self._is_exhausted = False  # nothing more can be claimed now
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
        self._thread.shutdown(cancel_futures=True)

    @property
    def has_some(self) -> bool:
        """Whether something is at hand or being composed."""
        return bool(self._ready or self._composing)

    def go_on(self, *, may_wait: bool) -> None:
        """Keep some ahead. With `may_wait`, waits for what is being composed when none is ready."""
        while self._composing and (self._composing[0].done() or (may_wait and not self._ready)):
            self._take(self._composing.popleft().result())
        if self._composing or self._is_exhausted or len(self._ready) > _AHEAD // 2:
            return
        claims = claim(
            channel=self._channel,
            sender=self._number,
            since=self._since,
            now=self._clock(),
            limit=_AHEAD,
        )
        self._is_exhausted = not claims
        if claims:
            warnings = warnings_of([one.notification_id for one in claims])
            self._composing.append(self._thread.submit(self._compose, claims, warnings))

    def take(self, count: int) -> list[Prepared]:
        """The next ones that are ready, `count` at most."""
        return [self._ready.popleft() for _ in range(min(count, len(self._ready)))]

    def look_again(self) -> None:
        """There may be more to claim than when nothing was found."""
        self._is_exhausted = False

    def _take(self, portion: _Portion) -> None:
        self._ready += portion.prepared
        if portion.providers:
            keep_providers(self._channel, portion.providers, now=self._clock())

    def _compose(self, claims: Sequence[Claim], warnings: Mapping[UUID, WarningFacts]) -> _Portion:
        unknown = {
            warnings[one.notification_id].recipient_address for one in claims if not one.provider
        }
        providers = self._road.providers_of(unknown) if unknown else {}
        prepared = []
        for one in claims:
            warning = warnings[one.notification_id]
            provider = one.provider or providers[warning.recipient_address]
            prepared.append(self._composed(replace(one, provider=provider), warning))
        return _Portion(prepared, providers)

    def _composed(self, claimed: Claim, warning: WarningFacts) -> Prepared:
        message_id = message_id_of(warning, self._sender)
        try:
            message = compose(warning, self._sender, carries=self._road.carries)
        except ChannelError as error:  # it cannot be made to fit the channel
            return Prepared(claimed, message_id, error)
        return Prepared(claimed, message_id, message)
