"""Messages printed for people: for trying things out, never for warning anybody."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Final, Self, TextIO

from baken.channels.kind import ChannelKind, Rendered, Rendering
from baken.channels.message import Message, Receipt, refuse_what_is_not_carried
from baken.core.errors import About, ChannelError
from baken.core.routes import Carries
from baken.core.text import many_lines, one_line
from baken.settings.environment import Settings

_CARRIES: Final = Carries(encryption=False, attachments=True, longest_text=None)


class StdoutChannel:
    """Prints each message to `stream`, by default the standard output of the moment."""

    carries: Final = _CARRIES

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        """The channel itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to let go of: the stream is not ours to close."""

    def send(self, message: Message) -> Receipt:
        """Prints `message`, without anything that a terminal would obey."""
        text = _as_text(message)
        try:
            print(text, file=self._stream or sys.stdout, flush=True)
        except (OSError, ValueError) as error:  # a closed pipe, a closed stream
            raise ChannelError(
                f"Could not print: {error}", about=About.US, permanent=False
            ) from error
        return Receipt("printed")

    def check(self) -> str:
        """Always well: a stream shows what is wrong only when written to."""
        return "prints to the standard output"


def _as_text(message: Message) -> str:
    refuse_what_is_not_carried(message, _CARRIES)
    name = one_line(message.recipient_name, limit=200)
    address = one_line(message.recipient_address, limit=254)
    lines = [
        "=" * 72,
        f"To:         {name} <{address}>",
        f"Subject:    {one_line(message.subject, limit=900)}",
        f"Date:       {message.made_at.isoformat()}",
        f"Message-ID: <{message.id}>",
        "",
        many_lines(message.text).rstrip("\n"),
    ]
    lines += [
        f"[{one_line(item.file_name, limit=100)}, {item.content_type}, {len(item.content)} bytes]"
        for item in message.attachments
    ]
    return "\n".join(lines)


def _rendering(_settings: Settings) -> Rendering:
    return lambda message: Rendered(".txt", f"{_as_text(message)}\n".encode())


KIND: Final = ChannelKind(
    key="stdout",
    carries=_CARRIES,
    is_for_people=False,
    open=lambda _settings: StdoutChannel(),
    rendering=_rendering,
    address_fault=lambda _address: "",  # nothing goes to it
    subject="screen",
    address_noun="screen",
    place=lambda _settings: "the standard output",
    remedy="Check the terminal or the pipe that it prints to.",
)
