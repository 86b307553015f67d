"""A TLS server on loopback that does with each connection whatever a test wants, also no HTTP."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import trustme

_LONGEST_REQUEST: Final = 65_536
_LONGEST_WAIT: Final = 30.0


class Conversation:
    """One request, and what is said to it."""

    def __init__(self, secured: ssl.SSLSocket, head: bytes, stops: threading.Event) -> None:
        self._secured = secured
        self._stops = stops
        self.head = head
        self.path = head.split(b" ", 2)[1].decode("latin-1")

    @property
    def is_wanted(self) -> bool:
        """Whether the test still runs."""
        return not self._stops.is_set()

    def say(self, *parts: bytes) -> None:
        """Send `parts`, one after the other."""
        for part in parts:
            self._secured.sendall(part)

    def answer(self, body: bytes = b"", *, status: str = "200 OK", head: bytes = b"") -> None:
        """Send a whole answer, with the lines `head` in it."""
        self.say(
            f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n".encode(), head, b"\r\n", body
        )

    def drip(self, parts: Iterator[bytes], *, seconds: float) -> None:
        """Send one of `parts` every so many `seconds`, for as long as the client listens."""
        for part in parts:
            self.say(part)
            if self._stops.wait(seconds):
                return

    def wait(self) -> None:
        """Say nothing until the test is over."""
        self._stops.wait(_LONGEST_WAIT)

    def reset(self) -> None:
        """Break off with a reset instead of an end."""
        self._secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._secured.shutdown(socket.SHUT_RD)
        self._secured.close()


Behaviour = Callable[[Conversation], None]


class RawHttpsPeer:
    """Behaves to each request as `behave` says, as long as the ``with`` block lasts.

    Several requests may come over one connection, until `behave` raises or the client is gone.
    """

    def __init__(
        self,
        behave: Behaviour,
        *,
        certificate: trustme.LeafCert,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._behave = behave
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.sni_callback = self._note_name
        certificate.configure_cert(self._tls)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listening = socket.create_server((address, port), family=family, backlog=256)
        self.port: int = self._listening.getsockname()[1]
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="raw-peer", daemon=True)
        self.heads: list[bytes] = []
        """The head of each request."""
        self.connections = 0
        self.names: list[str | None] = []
        """What each connection gave as SNI."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stops.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _note_name(self, _socket: object, name: str | None, _context: object) -> None:
        self.names.append(name)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        # A client that breaks off, and bytes after the end, are part of the tests.
        with contextlib.suppress(OSError, ConnectionError):
            plain.settimeout(_LONGEST_WAIT)
            with plain, self._tls.wrap_socket(plain, server_side=True) as secured:
                while head := _read_head(secured):
                    self.heads.append(head)
                    self._behave(Conversation(secured, head, self._stops))


def _read_head(secured: ssl.SSLSocket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        came = secured.recv(_LONGEST_REQUEST)
        if not came:
            return b""
        head += came
    return head
