"""What a channel is to the rest of the house, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

from baken.channels.message import Message, Receipt
from baken.core.routes import Carries
from baken.settings.environment import Settings


class Channel(Protocol):
    """Carries messages for as long as the ``with`` block lasts; for one thread at a time."""

    @property
    def carries(self) -> Carries:
        """What can go along; `send` refuses the rest."""
        ...

    def __enter__(self) -> Self:
        """The channel itself; nothing is touched before the first message."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets go of what the channel holds; never raises."""
        ...

    def send(self, message: Message) -> Receipt:
        """Hands `message` over, with the same bytes whenever it is the same message.

        Raises `ChannelError` and nothing else.
        """
        ...

    def check(self) -> str:
        """Tries the way out without sending anything, and says in one line what it found.

        Raises `ChannelError` when a message could not be handed over now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as a file."""

    file_suffix: str
    """With its dot."""
    content: bytes
    """The very bytes that the channel would carry."""


Rendering = Callable[[Message], Rendered]
"""Raises `ChannelError` for a message that the channel would refuse without asking anybody."""


ProvidersOf = Callable[[Collection[str]], Mapping[str, str]]
"""The name of each address's provider; empty where it is not known. Never raises."""

_LONGEST_DOMAIN: Final = 253


def names_of_domains(addresses: Collection[str]) -> dict[str, str]:
    """The domain of each mail address and the host of each URL, for want of a better provider.

    Empty for an address of another sort.
    """
    return {address: _domain_of(address) for address in addresses}


def _domain_of(address: str) -> str:
    before, at, domain = address.rpartition("@")
    if "://" in address:
        try:
            domain = urlsplit(address).hostname or ""
        except ValueError:
            return ""
    elif not at or not before:
        return ""
    return domain.lower() if len(domain) <= _LONGEST_DOMAIN else ""


def _one(_settings: Settings) -> int:
    return 1


def _always(_settings: Settings) -> bool:
    return True


def no_providers(addresses: Collection[str]) -> dict[str, str]:
    """For addresses that share nothing with each other: each has its own pace."""
    return dict.fromkeys(addresses, "")


def _by_domain(_settings: Settings) -> ProvidersOf:
    return names_of_domains


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One line of the table of channels."""

    key: str
    """The key that deliveries record; never renamed."""
    carries: Carries
    is_for_people: bool
    """False for what dry runs write to."""
    open: Callable[[Settings], Channel]
    """A channel as the settings say, each with a connection of its own; raises ``ValueError`` for
    settings that cannot be right."""
    rendering: Callable[[Settings], Rendering]
    """Gives the rendering of this channel's messages, for a dry run into a folder."""
    address_fault: Callable[[str], str]
    """Why this channel cannot use an address, as a sentence; empty when it can."""
    subject: str
    """What an operator calls its way out: "mail server"."""
    address_noun: str
    """What an operator calls one of its addresses: "mail address"."""
    place: Callable[[Settings], str]
    """Where it leads by the settings, in a few words."""
    remedy: str
    """What to look at when it takes nothing."""
    connections: Callable[[Settings], int] = _one
    """How many may be open at once."""
    normal_address: Callable[[str], str] = str.strip
    """A valid address in the form in which it is kept and compared, whatever its case."""
    providers_of: Callable[[Settings], ProvidersOf] = _by_domain
    """Makes what finds the providers of addresses; addresses with one provider share its pace."""
    is_set_up: Callable[[Settings], bool] = _always
    """Whether the settings have what it needs; until then nobody is told by it."""
