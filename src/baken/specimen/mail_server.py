"""A mail server on this machine that keeps every mail it accepts in a folder."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class FolderMailServer:
    """Listens on a free port of the loopback address; a mail is stored before it is accepted.

    Use as a context manager.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self._count = len(list(folder.glob("*.eml")))
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname=self.host, port=0)

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return int(self._controller.server.sockets[0].getsockname()[1])

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """Store the mail, then accept it."""
        content: Any = envelope.original_content or envelope.content
        self.store(bytes(content))
        return "250 2.0.0 stored"

    def store(self, content: bytes) -> Path:
        """Write one mail to the folder, whole or not at all."""
        found = re.search(rb"(?im)^message-id:\s*<([^>]+)>", content)
        message_id = found.group(1).decode("ascii", "replace") if found else "no-id"
        safe = re.sub(r"[^A-Za-z0-9.@-]", "_", message_id)[:120]
        with self._lock:
            self._count += 1
            path = self.folder / f"{self._count:05}-{safe}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
        return path

    def messages(self) -> Iterator[EmailMessage]:
        """The mails, in the order in which they came."""
        for path in sorted(self.folder.glob("*.eml")):
            parsed = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
            assert isinstance(parsed, EmailMessage)
            yield parsed
