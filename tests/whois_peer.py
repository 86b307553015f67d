"""WHOIS servers on loopback (RFC 3912), each at an address of its own and all on one port."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

from baken.outside.dns import DnsClient
from baken.outside.keeping import MemoryBudgets, NoLog
from baken.outside.whois import WhoisClient

SILENT: Final = "silent"
"""Nothing is answered until the peer stops."""
BROKEN_OFF: Final = "broken-off"
"""The connection is reset in the middle of the answer."""

Said = bytes | str | Callable[[], Iterable[bytes]]
"""An answer, one of the words above, or pieces that are sent as they come."""
Saying = Callable[[str, str], Said]
"""By server and question."""

_FIRST_ADDRESS: Final = IPv4Address("127.0.43.1")
_TRIES: Final = 20
_LONGEST_WAIT: Final = 30.0


def nobody_to_ask() -> WhoisClient:
    """A client for what asks no WHOIS server."""
    return WhoisClient(DnsClient([("127.0.0.1", 9)]), log=NoLog(), budgets=MemoryBudgets())


class WhoisPeer:
    """Answers as `servers` for as long as the ``with`` block lasts."""

    def __init__(self, saying: Saying, *, servers: Sequence[str]) -> None:
        self._saying = saying
        self.asked: list[tuple[str, str]] = []
        """Each question: the server, and the line."""
        self.addresses = {
            server: str(_FIRST_ADDRESS + number) for number, server in enumerate(servers)
        }
        self._stops = threading.Event()
        self._listening = self._bound(list(self.addresses))
        self.port: int = self._listening[0].server_address[1] if self._listening else 9
        self._threads = [
            threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True)
            for one in self._listening
        ]

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stops.set()
        for one in self._listening:
            one.shutdown()
            one.server_close()

    def _bound(self, servers: Sequence[str]) -> list[_Server]:
        """A listening socket for each server, all on one port that is free at each address."""
        for _ in range(_TRIES):
            bound: list[_Server] = []
            try:
                for server in servers:
                    port = bound[0].server_address[1] if bound else 0
                    bound.append(_Server((self.addresses[server], port), self._handler_of(server)))
                return bound
            except OSError:
                for one in bound:
                    one.server_close()
        raise OSError("No port is free at every address.")

    def _handler_of(self, server: str) -> type[socketserver.StreamRequestHandler]:
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    question = self.rfile.readline().decode("ascii").rstrip("\r\n")
                    peer.asked.append((server, question))
                    self.answer(peer._saying(server, question))

            def answer(self, said: Said) -> None:
                if said == SILENT:
                    peer._stops.wait(_LONGEST_WAIT)
                elif said == BROKEN_OFF:
                    self.wfile.write(b"Domain name: ")
                    self.wfile.flush()
                    self.request.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
                    )
                    self.request.close()
                elif isinstance(said, bytes):
                    self.wfile.write(said)
                elif callable(said):
                    for piece in said():
                        self.wfile.write(piece)
                        self.wfile.flush()

        return Handler


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of the test."""
