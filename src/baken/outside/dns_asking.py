"""One question to a resolver: what became of it, in bounded time and for a bounded price."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Any, Final

import dns.edns
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.query
import dns.rdata
import dns.rdatatype
import dns.resolver

from baken.outside.dns_answers import LONGEST_VALID, SHORTEST_VALID, Answered, DnsFailure

MOST_RECORDS: Final = 500
"""An answer with more is not read: each record costs time, and nobody needs so many."""

# RFC 8914; the resolver tried to validate, and the signatures do not hold.
_BOGUS: Final = frozenset(range(6, 13)) | {25}
# RFC 8914: Forged Answer, Blocked, Censored, Filtered.
_WITHHELD: Final = frozenset({4, 15, 16, 17})
# What fits an unfragmented UDP packet everywhere; a longer answer is asked for by TCP.
_UDP_BYTES: Final = 1232


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """The records that answer a question, as dnspython gives them."""

    answered: Answered
    records: tuple[dns.rdata.Rdata, ...] = ()
    seconds_valid: int = 0
    """From `SHORTEST_VALID` to `LONGEST_VALID`; 0 when unknown."""
    failure: DnsFailure | None = None
    is_of_alias: bool = False
    """Whether the records are those of another name, to which this one leads (CNAME)."""


def failed(why: DnsFailure) -> RawAnswer:
    """The answer to a question that has none."""
    return RawAnswer(Answered.UNKNOWN, failure=why)


def prepare(resolver: dns.resolver.Resolver) -> None:
    """Let `resolver` ask its servers for extended errors, and read no answer that is too large."""
    resolver.use_edns(0, 0, _UDP_BYTES)
    resolver.nameservers = [
        _FrugalServer(server, resolver.port) if isinstance(server, str) else server
        for server in resolver.nameservers
    ]


def server_at(address: str, port: int) -> dns.nameserver.Nameserver:
    """A server of whom no answer that is too large is read."""
    return _FrugalServer(address, port)


def resolved(
    resolver: dns.resolver.Resolver,
    name: str,
    record_type: dns.rdatatype.RdataType,
    *,
    seconds: float,
) -> RawAnswer:
    """What `resolver` says of `name` within `seconds`; never raises."""
    try:
        wanted = dns.name.from_text(name)
    except (dns.exception.DNSException, ValueError):
        return failed(DnsFailure.NO_NAME)
    try:
        answer = resolver.resolve(
            wanted, record_type, raise_on_no_answer=False, lifetime=seconds, search=False
        )
    except dns.resolver.NXDOMAIN as error:
        return _no_such_name(error, wanted)
    except dns.resolver.LifetimeTimeout as error:
        return failed(_failure_in(error.kwargs.get("errors", ()), otherwise=DnsFailure.TOO_SLOW))
    except dns.resolver.NoNameservers as error:
        return failed(_failure_in(error.kwargs.get("errors", ()), otherwise=DnsFailure.SERVER))
    except (dns.exception.DNSException, OSError, ValueError):
        return failed(DnsFailure.NOT_READABLE)
    why = _failure_said(answer.response)
    if why is not None:
        return failed(why)
    return RawAnswer(
        Answered.FOUND,
        tuple(answer.rrset or ()),
        _seconds_valid(answer.response),
        is_of_alias=answer.canonical_name != answer.qname,
    )


def _no_such_name(error: dns.resolver.NXDOMAIN, wanted: dns.name.Name) -> RawAnswer:
    response = error.kwargs["responses"][wanted]
    why = _failure_said(response)
    if why is not None:
        return failed(why)
    return RawAnswer(Answered.NO_SUCH_NAME, seconds_valid=_seconds_valid(response))


def _seconds_valid(response: dns.message.Message) -> int:
    """The lowest TTL on the way; where there are no records, that of RFC 2308 section 5."""
    assert isinstance(response, dns.message.QueryMessage)
    chain = response.resolve_chaining()
    has_said = chain.answer is not None or any(
        records.rdtype == dns.rdatatype.SOA for records in response.authority
    )
    seconds = chain.minimum_ttl if has_said else SHORTEST_VALID
    return min(max(seconds, SHORTEST_VALID), LONGEST_VALID)


def _failure_said(response: dns.message.Message) -> DnsFailure | None:
    codes = {int(said.code) for said in response.extended_errors()}
    if codes & _BOGUS:
        return DnsFailure.SIGNATURES
    return DnsFailure.WITHHELD if codes & _WITHHELD else None


def _failure_in(errors: Any, *, otherwise: DnsFailure) -> DnsFailure:
    """Why the servers failed, out of dnspython's list of what each of them did."""
    for _, _, _, what, response in errors:
        if isinstance(what, _TooManyRecordsError):
            return DnsFailure.TOO_LARGE
        why = _failure_said(response) if response is not None else None
        if why is not None:
            return why
        if isinstance(what, dns.exception.FormError | dns.query.BadResponse):
            otherwise = DnsFailure.NOT_READABLE
    return otherwise


class _TooManyRecordsError(dns.exception.FormError):
    """An answer has more records than are read."""


class _FrugalServer(dns.nameserver.Do53Nameserver):
    """A server whose answer over TCP, of up to 64 kB, is counted before it is read."""

    def query(
        self,
        request: dns.message.QueryMessage,
        timeout: float,
        source: str | None,
        source_port: int,
        max_size: bool,
        one_rr_per_rrset: bool = False,
        ignore_trailing: bool = False,
    ) -> dns.message.Message:
        if not max_size:
            return super().query(
                request, timeout, source, source_port, False, one_rr_per_rrset, ignore_trailing
            )
        question = request.to_wire()
        try:
            answer = _by_tcp(
                question, (self.address, self.port), give_up_at=time.monotonic() + timeout
            )
        except TimeoutError as error:  # dnspython takes an OSError for a server that is broken
            raise dns.exception.Timeout from error
        if answer[:2] != question[:2]:  # its number
            raise dns.query.BadResponse
        # RFC 1035 section 4.1.1: the counts of the three sections after the question.
        counts = [int.from_bytes(answer[at : at + 2], "big") for at in (6, 8, 10)]
        if sum(counts) > MOST_RECORDS:
            raise _TooManyRecordsError
        response = dns.message.from_wire(answer, ignore_trailing=ignore_trailing)
        if not request.is_response(response):
            raise dns.query.BadResponse
        return response


def _by_tcp(question: bytes, where: tuple[str, int], *, give_up_at: float) -> bytes:
    with socket.create_connection(where, timeout=_seconds_to(give_up_at)) as connection:
        connection.sendall(len(question).to_bytes(2, "big") + question)
        length = int.from_bytes(_received(connection, 2, give_up_at=give_up_at), "big")
        return _received(connection, length, give_up_at=give_up_at)


def _received(connection: socket.socket, length: int, *, give_up_at: float) -> bytes:
    """Exactly `length` bytes, however slowly they come, before `give_up_at`."""
    received = bytearray()
    while len(received) < length:
        connection.settimeout(_seconds_to(give_up_at))
        piece = connection.recv(length - len(received))
        if not piece:
            raise EOFError
        received += piece
    return bytes(received)


def _seconds_to(give_up_at: float) -> float:
    left = give_up_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
