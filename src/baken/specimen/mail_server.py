"""A mail server on loopback that keeps every mail it accepts as a file in a folder.

In a thread: `FolderMailServer`. In a process of its own: `MailServerProcess`, or
``python -m baken.specimen.mail_server FOLDER``, which prints its host and port when it is ready.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

_HOST: Final = "127.0.0.1"
_LARGEST_MAIL: Final = 32 << 20  # bytes, as aiosmtpd announces it
_HEAD: Final = re.compile(rb"\A(?:[^\r\n]+\r?\n)*")
_MESSAGE_ID: Final = re.compile(rb"(?im)^Message-ID:(.*(?:\r?\n[ \t].*)*)")
_UNFIT_FOR_A_NAME: Final = re.compile(r"[^A-Za-z0-9@._+=-]")
_SECONDS_TO_END: Final = 10.0


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

    def count(self) -> int:
        """How many mails there are."""
        with os.scandir(self.path) as entries:
            return sum(entry.name.endswith(".eml") for entry in entries)

    def keep(self, content: bytes) -> Path:
        """Writes `content` as it is, under the next number and its Message-ID."""
        name = _UNFIT_FOR_A_NAME.sub("", _message_id(content))[:150] or "without-message-id"
        stem = f"{self.path}/{next(self._numbers):06d}-{name}"
        part = Path(f"{stem}.part")
        part.write_bytes(content)
        return part.rename(f"{stem}.eml")

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name for it
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,  # noqa: ARG002 - aiosmtpd gives it
        host_name: str,
        replies: list[str],
    ) -> list[str]:
        """Announces PIPELINING where the server is to: its replies come in order anyway."""
        session.host_name = host_name
        if isinstance(server, _Conversation) and server.is_pipelined:
            return [*replies[:-1], "250-PIPELINING", replies[-1]]
        return replies

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd gives it
        session: Session,  # noqa: ARG002 - aiosmtpd gives it
        envelope: Envelope,
    ) -> str:
        """Keeps the mail, then accepts it."""
        content = envelope.original_content or b""
        path = self.keep(content)
        return f"250 2.0.0 kept as {path.name}"


def _message_id(content: bytes) -> str:
    # Only the header lines are looked at: to parse a whole mail takes longer than to receive it.
    head = _HEAD.match(content)
    found = _MESSAGE_ID.search(head[0]) if head else None
    return found[1].decode("ascii", "ignore") if found else ""


class _Conversation(SMTP):
    """Takes a mail in a few pieces, where aiosmtpd takes it line by line."""

    line_length_limit = _LARGEST_MAIL
    is_pipelined = True

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name for it
        """Receives one mail, and answers for it as the handler says."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._content()
        if len(content) > _LARGEST_MAIL:
            reply = "552 5.3.4 too much mail data"
        else:
            self.envelope.content = self.envelope.original_content = content
            reply = await self._call_handler_hook("DATA")
        self.envelope = self._create_envelope()
        await self.push(reply)

    async def _content(self) -> bytes:
        """Everything up to the line with a dot alone, its doubled dots as they were meant."""
        pieces = [await self._reader.readuntil(b"\r\n")]
        while not _ends_mail(pieces):
            pieces.append(await self._reader.readuntil(b".\r\n"))
        content = b"".join(pieces)[: -len(b".\r\n")]
        return re.sub(rb"(?m)^\.", b"", content)  # RFC 5321 section 4.5.2


def _ends_mail(pieces: list[bytes]) -> bool:
    """Whether the last piece ends in a line with a dot alone; each piece ends in a line end."""
    return pieces[-1] == b".\r\n" or pieces[-1].endswith(b"\r\n.\r\n")


class FolderMailServer:
    """An SMTP server on 127.0.0.1 for as long as the ``with`` block lasts.

    `folder` may be a `MailFolder` of another behaviour. `protocol` holds keyword arguments of
    `aiosmtpd.smtp.SMTP` (``tls_context``, ``require_starttls``, ``authenticator``…); with
    `ssl_context` the connection is encrypted from its first byte. It announces PIPELINING unless
    `is_pipelined` is False. Port 0 is any free one; it is ours from here on, and connections wait
    until the server is started.
    """

    def __init__(
        self,
        folder: Path | MailFolder,
        *,
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        protocol: Mapping[str, Any] | None = None,
        is_pipelined: bool = True,
    ) -> None:
        self._mails = folder if isinstance(folder, MailFolder) else MailFolder(folder)
        self._ssl_context = ssl_context
        self._protocol = dict(protocol or {})
        self._is_pipelined = is_pipelined
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
        conversation = _Conversation(self._mails, loop=self._loop, **options)
        conversation.is_pipelined = self._is_pipelined
        self._conversations.add(conversation)
        return conversation


def read_mail(path: Path) -> EmailMessage:
    """The mail in the file at `path`."""
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


class MailServerProcess:
    """A `FolderMailServer` in a process of its own, for as long as the ``with`` block lasts.

    It ends with the block, and when the process that started it ends in any other way.
    """

    def __init__(self, folder: Path) -> None:
        self._mails = MailFolder(folder)
        self._process: subprocess.Popen[str] | None = None
        self.host = ""
        self.port = 0

    def __enter__(self) -> Self:
        """The server, answering; raises ``RuntimeError`` when it does not start."""
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", __name__, str(self._mails.path), "--until-input-ends"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        host, _, port = self._process.stdout.readline().partition(" ")
        if not port:
            self._end()
            raise RuntimeError("The mail server did not start.")
        self.host, self.port = host, int(port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the process; the mails stay."""
        self._end()

    def count(self) -> int:
        """How many mails it has kept."""
        return self._mails.count()

    def paths(self) -> list[Path]:
        """The files of the mails kept, in the order in which they came."""
        return self._mails.paths()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=_SECONDS_TO_END)  # closes its input, which ends it
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def main(arguments: list[str] | None = None) -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(prog="baken.specimen.mail_server", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the mails are kept")
    parser.add_argument("--port", type=int, default=0, help="by default any free one")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="end when the standard input does"
    )
    asked = parser.parse_args(arguments)
    with FolderMailServer(asked.folder, port=asked.port) as server:
        print(server.host, server.port, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            if asked.until_input_ends:
                sys.stdin.read()
            else:
                threading.Event().wait()


if __name__ == "__main__":
    main()
