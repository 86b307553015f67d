"""OUT: how a warning leaves the house. One folder a channel, one line each in `CHANNELS`.

A channel takes a `Message` and gives a `Receipt`, or raises `ChannelError`, whose `permanent`
decides on trying again. None of them can encrypt yet, so none of them carries TLP:RED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Final, Protocol, Self

from baken.channels.folder import FolderChannel
from baken.channels.mail import SmtpChannel
from baken.channels.message import Attachment, Message, Receipt
from baken.channels.stdout import StdoutChannel

__all__ = [
    "CHANNELS",
    "Attachment",
    "Channel",
    "FolderChannel",
    "Message",
    "Receipt",
    "SmtpChannel",
    "StdoutChannel",
]


class Channel(Protocol):
    """Carries messages for as long as the ``with`` block lasts."""

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


CHANNELS: Final[Mapping[str, Callable[..., Channel]]] = MappingProxyType(
    {
        "mail": SmtpChannel,
        "stdout": StdoutChannel,
        "folder": FolderChannel,
    }
)
"""Every channel by the key under which deliveries record it."""
