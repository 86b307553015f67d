"""One message given to one channel, and how that ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from baken.channels import Channel, Message, ProvidersOf, names_of_domains
from baken.core.errors import ChannelError
from baken.core.routes import Carries
from baken.outbox.models import Delivery
from baken.outbox.pacing import Pace

_PLAIN: Final = Carries()
_USUAL_PACE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Road:
    """How one channel's messages leave: its connections, and what it says of itself."""

    open: Callable[[], Channel]
    carries: Carries = _PLAIN
    connections: int = 1
    pace: Pace = _USUAL_PACE
    providers_of: ProvidersOf = names_of_domains
    """By address, the name of who receives for it; never raises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of handing one message over, and what the other side said."""

    state: Delivery.State
    reply: str
    about: str = ""


def hand_over(message: Message, channel: Channel) -> Answer:
    """Give `message` to `channel`, and say how that ended.

    The address is taken out of the reply: in the ledger it stands with its addressee alone.
    """
    try:
        answer = Answer(Delivery.State.ACCEPTED, channel.send(message).reply)
    except ChannelError as error:
        answer = answer_to(error)
    return replace(answer, reply=_without_address(answer.reply, message.recipient_address))


def answer_to(error: ChannelError) -> Answer:
    """What `error` means for the delivery that it ended."""
    state = Delivery.State.DEFERRED
    if error.uncertain:
        state = Delivery.State.UNCERTAIN
    elif error.permanent:
        state = Delivery.State.REFUSED
    return Answer(state, error.reply, error.about.value)


def _without_address(reply: str, address: str) -> str:
    if not address or address.casefold() not in reply.casefold():
        return reply
    return re.sub(re.escape(address), "recipient", reply, flags=re.IGNORECASE)
