"""A made-up internet on loopback: a DNS server and HTTPS servers that answer what they are given.

Each answer comes after a delay, as from afar. It runs in a process of its own, so that it takes no
time from the program that asks.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import trustme

_HOST: Final = "127.0.0.1"
_SECONDS_TO_END: Final = 10
_SECONDS_VALID: Final = 3600
_LARGEST_REQUEST: Final = 16_384
_TYPES: Final = {"A": 1, "MX": 15, "TXT": 16, "AAAA": 28}
_RESPONSE: Final = 0x8580  # RFC 1035 section 4.1.1: an answer, authoritative, to a recursive query
_NO_SUCH_NAME: Final = 3
_NAME_OF_QUESTION: Final = b"\xc0\x0c"  # section 4.1.4: a pointer to the name in the question


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a zone: `text` as in a master file, without quotes (MX: ``10 mail.example``)."""

    name: str
    record_type: str
    """A, AAAA, MX or TXT."""
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What an HTTPS server answers when it is asked for `url`."""

    url: str
    body: str = ""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    retry_after_seconds: int | None = None
    is_silent: bool = False
    """Whether it takes the request and never answers."""


@dataclass(frozen=True, slots=True)
class Proxied:
    """A host whose requests go to a server on this machine, as through a reverse proxy."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class World:
    """All that the made-up internet knows.

    A name without records does not exist; a host without the page that is asked for answers 404.
    """

    records: tuple[Record, ...] = ()
    pages: tuple[Page, ...] = ()
    proxied: tuple[Proxied, ...] = ()


class MadeUpInternet:
    """The servers of `world`, in a process of their own, for as long as the ``with`` block lasts.

    They end with the block, and when the process that started them ends in any other way. The HTTPS
    server answers for every host name, with a certificate of the authority in `ca_file`.
    """

    def __init__(self, world: World, *, delay_seconds: float = 0.0) -> None:
        self._world = world
        self._delay_seconds = delay_seconds
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="baken-internet-")
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self.host = _HOST
        self.dns_port = 0
        self.https_port = 0

    def __enter__(self) -> Self:
        """The servers, answering; raises ``RuntimeError`` when they do not start."""
        world_file = Path(self._folder.name) / "world.json"
        world_file.write_bytes(msgspec.json.encode(self._world))
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", __name__, world_file, self.ca_file, str(self._delay_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        dns_port, _, https_port = self._process.stdout.readline().partition(" ")
        if not https_port:
            self._end()
            raise RuntimeError("The made-up internet did not start.")
        self.dns_port, self.https_port = int(dns_port), int(https_port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the process."""
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            try:
                process.communicate(timeout=_SECONDS_TO_END)  # closes its input, which ends it
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        self._folder.cleanup()


class _NameServer(asyncio.DatagramProtocol):
    """Answers questions by UDP out of the records of a world."""

    def __init__(self, world: World, *, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._zone: dict[str, list[Record]] = {}
        for record in world.records:
            self._zone.setdefault(record.name, []).append(record)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # of datagrams
        """Keeps the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answers after the delay."""
        assert self._transport is not None
        asyncio.get_running_loop().call_later(
            self._delay_seconds, self._transport.sendto, self._answer(data), addr
        )

    def _answer(self, query: bytes) -> bytes:
        labels, place = [], 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode("ascii").lower())
            place += 1 + length
        (record_type,) = struct.unpack_from(">H", query, place + 1)
        records = self._zone.get(".".join(labels))
        found = [
            _record_data(one) for one in records or () if _TYPES[one.record_type] == record_type
        ]
        flags = _RESPONSE if records else _RESPONSE | _NO_SUCH_NAME
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
        answers = [
            _NAME_OF_QUESTION
            + struct.pack(">HHIH", record_type, 1, _SECONDS_VALID, len(data))
            + data
            for data in found
        ]
        return head + query[12 : place + 5] + b"".join(answers)


def _record_data(record: Record) -> bytes:
    """RFC 1035 section 3.3: the data of a record as it is sent."""
    match record.record_type:
        case "A" | "AAAA":
            return ip_address(record.text).packed
        case "MX":
            preference, _, host = record.text.partition(" ")
            return struct.pack(">H", int(preference)) + _wire_name(host)
    text = record.text.encode()
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)] or [b""]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _wire_name(name: str) -> bytes:
    labels = [label.encode("ascii") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class _WebServers:
    """Every HTTPS server of a world, behind one port: the host name asked for tells which."""

    def __init__(self, world: World, *, authority: trustme.CA, delay_seconds: float) -> None:
        self._pages = {page.url: page for page in world.pages}
        self._proxied = {one.host: one.port for one in world.proxied}
        self._delay_seconds = delay_seconds

        @cache
        def context_of(host: str) -> ssl.SSLContext:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(host).configure_cert(context)
            return context

        def choose(connection: ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> None:
            connection.context = context_of(host or _HOST)

        self.context = context_of(_HOST)
        self.context.sni_callback = choose

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of a connection, until the other side ends it."""
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                host, path = _asked(request.decode("latin-1"))
                page = self._pages.get(f"https://{host}{path}") or _NOT_FOUND
                if port := self._proxied.get(host):
                    writer.write(await _passed_on(host, path, port=port))
                    await writer.drain()
                    break
                if page.is_silent:
                    await reader.read()  # until the other side gives up
                    break
                await asyncio.sleep(self._delay_seconds)
                writer.write(_response(page))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # who asks may go away at any time
        finally:
            writer.close()


_NOT_FOUND: Final = Page("", "Not found.", status=404)


def _asked(request: str) -> tuple[str, str]:
    """The host and the path that `request` asks for."""
    line, *fields = request.splitlines()
    host = next((one[5:].strip() for one in fields if one.lower().startswith("host:")), "")
    return host.partition(":")[0], line.split(" ")[1]


async def _passed_on(host: str, path: str, *, port: int) -> bytes:
    """What the server at `port` answers to who asks for `path` of `host`."""
    reader, writer = await asyncio.open_connection(_HOST, port)
    try:
        head = (
            f"GET {path} HTTP/1.1", f"Host: {host}", f"X-Forwarded-For: {_HOST}",
            "X-Forwarded-Proto: https", "Connection: close",
        )  # fmt: skip
        writer.write("\r\n".join([*head, "", ""]).encode())
        return await reader.read()
    finally:
        writer.close()


def _response(page: Page) -> bytes:
    body = page.body.encode()
    later = page.retry_after_seconds
    head = [
        f"HTTP/1.1 {page.status} made up",
        f"Content-Type: {page.content_type}",
        f"Content-Length: {len(body)}",
        *([] if later is None else [f"Retry-After: {later}"]),
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


async def _serve(world: World, *, authority: trustme.CA, delay_seconds: float) -> None:
    """Serves until the standard input ends; prints the ports of the DNS and of HTTPS."""
    loop = asyncio.get_running_loop()
    names, _ = await loop.create_datagram_endpoint(
        lambda: _NameServer(world, delay_seconds=delay_seconds), local_addr=(_HOST, 0)
    )
    web = _WebServers(world, authority=authority, delay_seconds=delay_seconds)
    server = await asyncio.start_server(
        web.serve, _HOST, 0, ssl=web.context, limit=_LARGEST_REQUEST, backlog=1024
    )
    dns_port = names.get_extra_info("sockname")[1]
    print(dns_port, server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    names.close()
    server.close()


def main() -> None:
    """Serves a world for the process that started this one."""
    parser = argparse.ArgumentParser(prog="baken.specimen.internet", description=__doc__)
    parser.add_argument("world", type=Path, help="a World as JSON")
    parser.add_argument("ca_file", type=Path, help="where the authority's certificate is written")
    parser.add_argument("delay_seconds", type=float, help="before each answer")
    asked = parser.parse_args()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(asked.ca_file))
    world = msgspec.json.decode(asked.world.read_bytes(), type=World)
    asyncio.run(_serve(world, authority=authority, delay_seconds=asked.delay_seconds))


if __name__ == "__main__":
    main()
