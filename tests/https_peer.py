"""A web server on loopback with a certificate of its own authority, that answers for many hosts."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import trustme

_LONGEST_WAIT: Final = 30.0


@dataclass(frozen=True)
class Page:
    """What stands at one address of the web."""

    body: bytes | Callable[[], Iterable[bytes]] = b""
    """Pieces are sent as they come, without a length said before."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_silent: bool = False
    """Whether nothing is answered until the peer stops."""


NOT_FOUND: Final = Page(b"not found\n", status=404)
SILENT_PAGE: Final = Page(is_silent=True)

Pages = Callable[[str], Page]
"""By URL, without a port: `https://www.example.nl/a?b=c`."""


def text_page(text: str | bytes) -> Page:
    """A page of plain text."""
    body = text.encode() if isinstance(text, str) else text
    return Page(body, headers={"content-type": "text/plain; charset=utf-8"})


class HttpsPeer:
    """Answers for `hosts` as long as the ``with`` block lasts."""

    def __init__(self, pages: Pages, *, hosts: Iterable[str]) -> None:
        self._pages = pages
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        """Each request: the URL, and the headers by name in lower case."""
        self._stops = threading.Event()
        self.authority = trustme.CA()
        self._server = _Server(self._handler_class())
        self.server: tuple[str, int] = self._server.socket.getsockname()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*(sorted(set(hosts)) or ["localhost"])).configure_cert(context)
        self._server.tls = context
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="https-peer", daemon=True
        )

    def trusting(self) -> ssl.SSLContext:
        """A context of a client that trusts this peer, and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.authority.configure_trust(context)
        return context

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
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = str(self.headers.get("host", "")).partition(":")[0]
                url = f"https://{host}{self.path}"
                peer.asked.append((url, {k.lower(): v for k, v in self.headers.items()}))
                page = peer._pages(url)
                if page.is_silent:
                    peer._stops.wait(_LONGEST_WAIT)
                    self.close_connection = True
                    return
                self._send(page)

            def _send(self, page: Page) -> None:
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                if isinstance(page.body, bytes):
                    self.send_header("content-length", str(len(page.body)))
                    self.end_headers()
                    self.wfile.write(page.body)
                    return
                self.send_header("connection", "close")
                self.end_headers()
                for piece in page.body():
                    if peer._stops.is_set():
                        break
                    self.wfile.write(piece)

            def log_message(self, *_: object) -> None:
                """Nothing: what was asked stands in `asked`."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the thread of the connection: a client that stalls its handshake keeps nobody waiting.
        request.settimeout(_LONGEST_WAIT)
        with self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that break off are part of the tests."""


def closed_port() -> tuple[str, int]:
    """An address of loopback where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address: tuple[str, int] = one.getsockname()
    return address
