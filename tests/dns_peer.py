"""A DNS server on loopback, over UDP and TCP, that answers as its zone says."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, cast

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENT: Final = "silent"
SERVFAIL: Final = "servfail"
NO_SUCH_NAME: Final = "no-such-name"
ONLY_BY_TCP: Final = "only-by-tcp"
RUBBISH: Final = "rubbish"
BOGUS: Final = "bogus"
"""A failure of which the resolver says that the zone's signatures do not hold (RFC 8914)."""
BLOCKED: Final = "blocked"
"""No such name, and the resolver says that it withholds it (RFC 8914)."""
_WORDS: Final = {SILENT, SERVFAIL, NO_SUCH_NAME, ONLY_BY_TCP, RUBBISH, BOGUS, BLOCKED}
_TTL: Final = 60
_PLAIN_UDP_BYTES: Final = 512

Zone = Callable[[str], list[str]]
"""By name without its last dot: its records as text, or one of the words above before them.

A record begins with its type (``AAAA 2001:db8::1``, ``TXT "one" "two"``); an MX record may leave it
out (``10 mx.example.``). One of the words after a type (``TXT servfail``) is about that type alone.
``TTL 300`` says for how long the records hold, instead of a minute; ``NEGATIVE 300`` says it of
what is not there, by an SOA record.
"""

_TYPED: Final = re.compile(r"([A-Z]+) (.+)", re.DOTALL)


class DnsPeer:
    """Answers for as long as the ``with`` block lasts, each question after `delay_seconds`."""

    def __init__(self, zone: Zone, *, delay_seconds: float = 0.0) -> None:
        self._zone = zone
        self._delay_seconds = delay_seconds
        self.asked: list[tuple[str, str]] = []
        """Each question: by what it came, and the name."""
        self.asked_for: list[tuple[str, str]] = []
        """Each question: the name, and the type of record."""
        self._tcp, self._udp = _bound_sockets()
        self.server: tuple[str, int] = self._udp.getsockname()
        self._loop = asyncio.new_event_loop()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="dns-peer", daemon=True)

    @property
    def text(self) -> str:
        """Its address and port, as the settings take them."""
        return f"{self.server[0]}:{self.server[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for one in (self._tcp, self._udp):
            one.close()

    def answer_to(self, question: bytes, *, by: str) -> bytes | None:
        """The answer to one question; None when there is none."""
        query = dns.message.from_wire(question)
        name, wanted = query.question[0].name, dns.rdatatype.to_text(query.question[0].rdtype)
        plain = name.to_text(omit_final_dot=True).lower()
        self.asked.append((by, plain))
        self.asked_for.append((plain, wanted))
        zone = self._zone(plain)
        records = _of_type(wanted, zone)
        ttl = _seconds("TTL", zone, otherwise=_TTL)
        response = dns.message.make_response(query)
        response.authority += _start_of_authority(_seconds("NEGATIVE", zone, otherwise=0))
        match records:
            case ["silent", *_]:
                return None
            case ["servfail", *_]:
                response.set_rcode(dns.rcode.SERVFAIL)
            case ["no-such-name", *_]:
                response.set_rcode(dns.rcode.NXDOMAIN)
            case ["rubbish", *_]:
                return question[:2] + b"\xff" * 40
            case ["bogus", *_]:
                response.set_rcode(dns.rcode.SERVFAIL)
                _explain(response, dns.edns.EDECode.DNSSEC_BOGUS)
            case ["blocked", *_]:
                response.set_rcode(dns.rcode.NXDOMAIN)
                _explain(response, dns.edns.EDECode.BLOCKED)
            case ["only-by-tcp", *_] if by == "udp":
                response.flags |= dns.flags.TC
            case ["only-by-tcp", *rest]:
                response.answer.append(_records(name, ttl, wanted, rest))
            case [_, *_]:
                response.answer.append(_records(name, ttl, wanted, records))
        answer = response.to_wire(max_size=65_535)
        if by == "udp" and len(answer) > max(query.payload, _PLAIN_UDP_BYTES):
            return _cut_off(query)
        return answer

    def _serve(self) -> None:
        self._loop.run_until_complete(self._start())
        self._is_ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        await self._loop.create_datagram_endpoint(lambda: _OverUdp(self), sock=self._udp)
        await asyncio.start_server(self._over_tcp, sock=self._tcp)

    async def _over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = self.answer_to(await reader.readexactly(length), by="tcp")
        if answer is not None:
            writer.write(len(answer).to_bytes(2, "big") + answer)
        writer.close()

    def answer_later(self, question: bytes, send: Callable[[bytes], None]) -> None:
        """Give the answer to `send` when its time has come."""
        answer = self.answer_to(question, by="udp")
        if answer is not None:
            self._loop.call_later(self._delay_seconds, send, answer)


class _OverUdp(asyncio.DatagramProtocol):
    def __init__(self, peer: DnsPeer) -> None:
        self._peer = peer
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._peer.answer_later(data, lambda answer: self._transport.sendto(answer, addr))


def txt(text: str) -> str:
    """A TXT record that holds `text`, whatever its characters and length."""
    octets = text.encode()
    pieces = [octets[start : start + 255] for start in range(0, len(octets) or 1, 255)]
    escaped = ("".join(f"\\{octet:03d}" for octet in piece) for piece in pieces)
    return " ".join(["TXT", *(f'"{piece}"' for piece in escaped)])


def _records(name: dns.name.Name, ttl: int, kind: str, texts: list[str]) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(name, ttl, "IN", kind, texts)


def _seconds(word: str, records: list[str], *, otherwise: int) -> int:
    return next((int(one.split()[1]) for one in records if one.startswith(f"{word} ")), otherwise)


def _start_of_authority(seconds: int) -> list[dns.rrset.RRset]:
    if not seconds:
        return []
    text = f"ns.example. hostmaster.example. 1 2 3 4 {seconds}"
    return [dns.rrset.from_text(".", 86_400, "IN", "SOA", text)]


def _cut_off(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


def _explain(response: dns.message.Message, code: dns.edns.EDECode) -> None:
    """Add an extended error, where the question can take one."""
    if response.edns >= 0:
        response.use_edns(0, 0, response.payload, options=[dns.edns.EDEOption(code)])


def _of_type(wanted: str, records: list[str]) -> list[str]:
    """The words that stand before all records, and those of `records` that are of this type."""
    found = []
    for record in records:
        typed = _TYPED.fullmatch(record)
        kind, text = typed.groups() if typed else ("MX", record)
        if kind == wanted or record in _WORDS:
            found.append(text)
    return found


def _bound_sockets() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on one port that was free for both."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp
