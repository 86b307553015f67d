"""Messages kept as files instead of sent: what ``send --dry-run`` writes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from baken.channels.kind import ChannelKind, Rendering
from baken.channels.message import Message, Receipt
from baken.core.errors import About, ChannelError
from baken.core.routes import Carries


class FolderChannel:
    """Writes each message to `folder` as the bytes that another channel would carry.

    The file is named after the message's id, so the same message again replaces itself. `carries`
    is what that other channel can take along; `rendering` refuses the rest.
    """

    def __init__(self, folder: Path, *, rendering: Rendering, carries: Carries) -> None:
        self.carries: Final = carries
        self._folder = folder
        self._rendering = rendering

    def __enter__(self) -> Self:
        """The channel itself; the folder is made with the first message."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to let go of."""

    def send(self, message: Message) -> Receipt:
        """Writes the message, whole or not at all; the reply is the path."""
        rendered = self._rendering(message)
        path = self._folder / f"{message.id}{rendered.file_suffix}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(path, rendered.content)
        except OSError as error:
            raise ChannelError(
                f"Could not write {path}: {error}", about=About.US, permanent=False
            ) from error
        return Receipt(str(path))

    def check(self) -> str:
        """Makes the folder and writes to it; raises `ChannelError` when that fails."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            raise ChannelError(
                f"Could not write to {self._folder}: {error}", about=About.US, permanent=False
            ) from error
        return f"writes to {self._folder}"


def _write_whole(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def writing(kind: ChannelKind) -> ChannelKind:
    """The line of the table for a folder of what `kind` would carry: ``dry-run`` in our home."""
    return ChannelKind(
        key="folder",
        carries=kind.carries,
        is_for_people=False,
        open=lambda settings: FolderChannel(
            settings.home / "dry-run", rendering=kind.rendering(settings), carries=kind.carries
        ),
        rendering=kind.rendering,
        address_fault=kind.address_fault,
        subject="folder",
        address_noun="file",
        place=lambda settings: str(settings.home / "dry-run"),
        remedy="Check that the folder can be written to.",
    )
