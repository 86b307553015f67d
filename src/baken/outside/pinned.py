"""A transport of httpx2 that connects to the address it is given, and to no other.

The name in the URL goes into SNI, the certificate check and the Host header; it is never looked up
here. Nothing is read from the environment, no proxy is used, and no cookie, login or redirect is
known here.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpcore2
import httpx2

from baken.outside.fetching import FetchError, FetchFailure

PIN: Final = "pin"
"""The request's extension that holds its `Pin`."""
ADDRESS: Final = "address"
"""The response's extension that says which address answered."""

_LARGEST_HEAD: Final = 32 << 10
_KEPT_SECONDS: Final = 15.0
_MOST_KEPT: Final = 64

_Key = tuple[str, str, int]
"""A name, an address and a port: a connection is only used again for all three."""


@dataclass(slots=True)
class Pin:
    """Where a request goes, for how long, and how much may come back."""

    address: str
    port: int
    give_up_at: float
    """On the clock of the transport; whatever happens, it ends by then."""
    seconds_to_connect: float
    seconds_of_silence: float
    most_bytes: int
    """Of everything that comes, headers and packing too."""
    bytes_received: int = 0
    is_ended: bool = False
    """Whether the server closed the connection."""


class NoConnectionError(OSError):
    """Nobody answered at the address, so that nothing was said yet."""


class _Stream(httpcore2.NetworkStream):
    """A TLS connection that obeys the `Pin` of the request that uses it."""

    def __init__(self, connected: ssl.SSLSocket, *, clock: Callable[[], float]) -> None:
        self._socket = connected
        self._clock = clock
        self.pin: Pin | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the interface's
        pin = self._pin()
        # Each read has what is left of the whole, so that a byte a second gains no time.
        self._socket.settimeout(_left(pin, self._clock(), at_most=pin.seconds_of_silence))
        came = self._socket.recv(max_bytes)
        pin.bytes_received += len(came)
        pin.is_ended = not came
        if pin.bytes_received > pin.most_bytes:
            raise FetchError(FetchFailure.TOO_LARGE, f"The answer of {pin.address} is too large.")
        return came

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the interface's
        pin = self._pin()
        self._socket.settimeout(_left(pin, self._clock(), at_most=pin.seconds_of_silence))
        self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return None
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _pin(self) -> Pin:
        assert self.pin is not None
        return self.pin


class _Connection(httpcore2.HTTP11Connection):
    MAX_INCOMPLETE_EVENT_SIZE = _LARGEST_HEAD


@dataclass(slots=True, eq=False)
class _Open:
    """A connection, and the stream under it."""

    connection: _Connection
    stream: _Stream
    is_used_again: bool = False


class PinnedTransport(httpx2.BaseTransport):
    """Sends requests over TLS; for any number of threads, and without a limit on how many at once.

    It raises `NoConnectionError` and other kinds of ``OSError``, `FetchError` for what is large,
    and the exceptions of httpcore2 about what is no HTTP.
    """

    def __init__(
        self, trust: ssl.SSLContext, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._trust = trust
        self._clock = clock
        self._kept: OrderedDict[_Open, _Key] = OrderedDict()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request` to the address of its `Pin`; the body of the answer is yet to be read."""
        pin: Pin = request.extensions[PIN]
        url = request.url
        key = (url.raw_host.decode("ascii"), pin.address, pin.port)
        asked = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=b"https", host=url.raw_host, port=pin.port, target=url.raw_path),
            headers=request.headers.raw,
        )
        opened = self._take(key) or self._connect(key, pin)
        try:
            response = _sent(opened, asked, pin)
        except (httpcore2.RemoteProtocolError, OSError) as error:
            # A server may close a connection that it kept at the very moment we use it again.
            is_late = isinstance(error, TimeoutError)
            if is_late or not opened.is_used_again or pin.bytes_received:
                raise
            opened = self._connect(key, pin)
            response = _sent(opened, asked, pin)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response, lambda: self._give_back(key, opened)),
            extensions={ADDRESS: pin.address},
        )

    def close(self) -> None:
        """Close the connections that were kept."""
        with self._lock:
            kept = list(self._kept)
            self._kept.clear()
        for one in kept:
            one.connection.close()

    def _connect(self, key: _Key, pin: Pin) -> _Open:
        host, address, port = key
        seconds = _left(pin, self._clock(), at_most=pin.seconds_to_connect)
        try:
            plain = socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            raise NoConnectionError(str(error)) from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_left(pin, self._clock(), at_most=pin.seconds_to_connect))
            # A connection that ends without saying so may have lost the end of a body.
            secured = self._trust.wrap_socket(
                plain, server_hostname=host, suppress_ragged_eofs=False
            )
        except BaseException:
            plain.close()
            raise
        stream = _Stream(secured, clock=self._clock)
        origin = httpcore2.Origin(b"https", host.encode("ascii"), port)
        return _Open(_Connection(origin, stream, keepalive_expiry=_KEPT_SECONDS), stream)

    def _take(self, key: _Key) -> _Open | None:
        """A connection that was kept for `key` and still stands."""
        while True:
            with self._lock:
                found = next((one for one, kept in self._kept.items() if kept == key), None)
                if found is None:
                    return None
                del self._kept[found]
            if not found.connection.has_expired():
                found.is_used_again = True
                return found
            found.connection.close()

    def _give_back(self, key: _Key, opened: _Open) -> None:
        opened.stream.pin = None
        if not opened.connection.is_available():
            opened.connection.close()
            return
        with self._lock:
            self._kept[opened] = key
            oldest = self._kept.popitem(last=False)[0] if len(self._kept) > _MOST_KEPT else None
        if oldest is not None:
            oldest.connection.close()


class _Body(httpx2.SyncByteStream):
    """The body of an answer as it comes; its connection is given back when it is closed."""

    def __init__(self, response: httpcore2.Response, give_back: Callable[[], None]) -> None:
        self._response = response
        self._give_back = give_back

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._response.stream, Iterable)
        yield from self._response.stream

    def close(self) -> None:
        self._response.close()
        self._give_back()


def _sent(opened: _Open, request: httpcore2.Request, pin: Pin) -> httpcore2.Response:
    opened.stream.pin = pin
    return opened.connection.handle_request(request)


def _left(pin: Pin, now: float, *, at_most: float) -> float:
    left = pin.give_up_at - now
    if left <= 0:
        raise TimeoutError("the time for the whole is over")
    return min(left, at_most)
