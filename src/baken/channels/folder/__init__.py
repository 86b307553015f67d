"""Mails kept as files instead of sent: what ``send --dry-run`` writes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from baken.channels.mail.message import check_sender, mail_bytes
from baken.channels.message import Message, Receipt
from baken.core.errors import About, ChannelError


class FolderChannel:
    """Writes each message to `folder` as the very mail that SMTP would carry.

    The file is named after the Message-ID, so the same message again replaces itself. Raises
    ``ValueError`` when `sender` or `reply_to` is not an address with or without a name.
    """

    def __init__(self, folder: Path, *, sender: str, reply_to: str) -> None:
        check_sender(sender=sender, reply_to=reply_to)
        self._folder = folder
        self._sender = sender
        self._reply_to = reply_to

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
        """Writes the mail, whole or not at all; the reply is the path."""
        content = mail_bytes(message, sender=self._sender, reply_to=self._reply_to)
        path = self._folder / f"{message.id}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content)
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
