"""A mail server on loopback that keeps every mail it accepts as a file in a folder."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import ssl
import threading
import weakref
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

_HOST = "127.0.0.1"


class MailFolder:
    """Keeps mails as numbered ``.eml`` files, each whole before it is answered for.

    Also the handler that aiosmtpd calls; ``handle_…`` methods are its hooks.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        taken = [int(mail.name.split("-", 1)[0]) for mail in self.paths()]
        self._numbers = itertools.count(max(taken, default=0) + 1)

    def paths(self) -> list[Path]:
        """The mails in the order in which they came."""
        return sorted(self.path.glob("*-*.eml"), key=lambda mail: int(mail.name.split("-", 1)[0]))

    def keep(self, content: bytes) -> Path:
        """Writes `content` as it is, under the next number and its Message-ID."""
        message_id = str(message_from_bytes(content, policy=default).get("Message-ID", ""))
        name = re.sub(r"[^A-Za-z0-9@._+=-]", "", message_id)[:150] or "without-message-id"
        path = self.path / f"{next(self._numbers):06d}-{name}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
        return path

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """Keeps the mail, then accepts it."""
        content = envelope.original_content or b""
        path = self.keep(content)
        return f"250 2.0.0 kept as {path.name}"


class FolderMailServer:
    """An SMTP server on 127.0.0.1 for as long as the ``with`` block lasts.

    `folder` may be a `MailFolder` of another behaviour. `protocol` holds keyword arguments of
    `aiosmtpd.smtp.SMTP` (``tls_context``, ``require_starttls``, ``authenticator``…); with
    `ssl_context` the connection is encrypted from its first byte. Port 0 is any free one; it is
    ours from here on, and connections wait until the server is started.
    """

    def __init__(
        self,
        folder: Path | MailFolder,
        *,
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        protocol: Mapping[str, Any] | None = None,
    ) -> None:
        self._mails = folder if isinstance(folder, MailFolder) else MailFolder(folder)
        self._ssl_context = ssl_context
        self._protocol = dict(protocol or {})
        self._socket = socket.create_server((_HOST, port), backlog=512)
        # Inherited by each connection; asyncio sees to it only for sockets it opened itself.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = _HOST
        self.port: int = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._is_ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._may_stop: asyncio.Event
        self._conversations: weakref.WeakSet[SMTP] = weakref.WeakSet()

    @property
    def folder(self) -> Path:
        """Where the mails are."""
        return self._mails.path

    def __enter__(self) -> Self:
        """The server, answering."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops it; the mails stay."""
        self.stop()

    def start(self) -> None:
        """Answers from here on, in a thread of its own."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="mail-server", daemon=True
        )
        self._thread.start()
        if not self._is_ready.wait(timeout=10):
            raise RuntimeError("The mail server did not start.")

    def stop(self) -> None:
        """Closes every connection and the port."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._may_stop.set)
            self._thread.join()
            self._thread = None
        self._socket.close()

    def paths(self) -> list[Path]:
        """The files of the mails accepted, in the order in which they came."""
        return self._mails.paths()

    def messages(self) -> list[EmailMessage]:
        """The mails accepted, in the order in which they came."""
        return [read_mail(path) for path in self.paths()]

    async def _serve(self) -> None:
        # aiosmtpd's own Controller cannot listen on a socket that is there already, and its stop
        # waits for clients that stay connected.
        self._loop = asyncio.get_running_loop()
        self._may_stop = asyncio.Event()
        server = await self._loop.create_server(
            self._converse, sock=self._socket, ssl=self._ssl_context
        )
        self._is_ready.set()
        await self._may_stop.wait()
        server.close()
        for conversation in list(self._conversations):
            if isinstance(conversation.transport, asyncio.Transport):
                conversation.transport.abort()
        await asyncio.sleep(0)  # lets the aborted connections say that they are lost

    def _converse(self) -> SMTP:
        options = {"enable_SMTPUTF8": True, **self._protocol}
        conversation = SMTP(self._mails, loop=self._loop, **options)
        self._conversations.add(conversation)
        return conversation


def read_mail(path: Path) -> EmailMessage:
    """The mail in the file at `path`."""
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail
