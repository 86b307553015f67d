"""The one client of the DNS: many names at once, by a deadline, and never an error for a name."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import dns.exception
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX

from baken.core.pap import Pap, Touch
from baken.outside.keeping import Asked, NoLog, RequestLog
from baken.outside.purpose import Purpose, make_purpose

MOST_AT_ONCE: Final = 32
"""So many questions are on their way at the same time."""

# RFC 2606 and RFC 6761; SIDN keeps example.nl for the same use.
_RESERVED_TOPS: Final = frozenset({"example", "test", "invalid", "localhost"})
_RESERVED_DOMAINS: Final = frozenset({"example.com", "example.net", "example.org", "example.nl"})

Server = tuple[str, int]
"""The address of a DNS server, and its port."""

_Question = tuple[str, dns.rdatatype.RdataType]


class Answered(StrEnum):
    """What became of a question."""

    FOUND = "found"
    """The name exists; it may have no record of the type that was asked for."""
    NO_SUCH_NAME = "no-such-name"
    UNKNOWN = "unknown"
    """No answer in time, or none that says anything: it may be different in a moment."""


@dataclass(frozen=True, slots=True, order=True)
class MailExchange:
    """One host that takes mail for a domain; the lowest preference is tried first."""

    preference: int
    host: str
    """In lower case, without the last dot; empty in a null MX (RFC 7505): it takes no mail."""


@dataclass(frozen=True, slots=True)
class MailExchanges:
    """What the DNS says of who takes mail for a domain."""

    answered: Answered
    exchanges: tuple[MailExchange, ...] = ()
    """In order of preference."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """To which addresses a name leads."""

    answered: Answered
    """UNKNOWN when either question, for IPv4 or for IPv6, had no answer: there may be more."""
    addresses: tuple[str, ...] = ()
    """IPv4 before IPv6, each in its usual form."""
    seconds_valid: int = 0
    """For so long all of this may be kept (the lowest TTL)."""


@dataclass(frozen=True, slots=True)
class _Answer:
    answered: Answered
    records: tuple[dns.rdata.Rdata, ...] = ()
    seconds_valid: int = 0


def is_reserved_name(name: str) -> bool:
    """Whether `name` is one for documentation and tests, that nobody outside should be asked."""
    labels = name.lower().rstrip(".").split(".")
    return labels[-1] in _RESERVED_TOPS or ".".join(labels[-2:]) in _RESERVED_DOMAINS


class DnsClient:
    """Asks the resolvers at `servers`, or those of the system when there are none."""

    def __init__(
        self,
        servers: Sequence[Server] = (),
        *,
        seconds_a_question: float = 2.0,
        seconds_a_batch: float = 5.0,
        log: RequestLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._servers = tuple(servers)
        self._seconds_a_question = seconds_a_question
        self._seconds_a_batch = seconds_a_batch
        self._log = log or NoLog()
        self._clock = clock
        self._now = now
        self._purpose = Purpose()

    def because(
        self,
        why: str,
        *,
        pap: Pap = Pap.CLEAR,
        touch: Touch = Touch.SUBJECT,
        subjects: Collection[str] = (),
    ) -> DnsClient:
        """The same client, which writes `why` down and asks only what `pap` permits.

        What it may not ask is *unknown*. A question about a name of the subject touches it: the
        name servers of its domain see what our resolver asks.
        """
        other = copy.copy(self)
        other._purpose = make_purpose(why, pap=pap, touch=touch, subjects=subjects)
        return other

    def mail_exchanges(self, domains: Collection[str]) -> dict[str, MailExchanges]:
        """Who takes mail for each of `domains`; an answer for each, before the deadline."""
        answers = self._ask(domains, dns.rdatatype.MX)
        return {
            domain: MailExchanges(
                one.answered,
                tuple(sorted(_mail_exchange(record) for record in one.records)),
            )
            for domain, one in answers.items()
        }

    def addresses(self, names: Collection[str]) -> dict[str, Addresses]:
        """To which addresses each of `names` leads; an answer for each, before the deadline."""
        distinct = list(dict.fromkeys(names))
        types = (dns.rdatatype.A, dns.rdatatype.AAAA)
        found = self._ask_each([(name, one) for name in distinct for one in types])
        return {name: _addresses([found[name, one] for one in types]) for name in distinct}

    def _ask(
        self, names: Collection[str], record_type: dns.rdatatype.RdataType
    ) -> dict[str, _Answer]:
        found = self._ask_each([(name, record_type) for name in dict.fromkeys(names)])
        return {name: answer for (name, _), answer in found.items()}

    def _ask_each(self, questions: Sequence[_Question]) -> dict[_Question, _Answer]:
        resolver = self._resolver()
        if not questions or resolver is None:
            return dict.fromkeys(questions, _Answer(Answered.UNKNOWN))
        give_up_at = self._clock() + self._seconds_a_batch

        def ask(question: _Question) -> _Answer:
            left = give_up_at - self._clock()
            if left <= 0 or not self._purpose.permits(question[0].lower().rstrip(".")):
                return _Answer(Answered.UNKNOWN)
            asked_at, begun = self._now(), self._clock()
            answer = _resolved(resolver, *question, seconds=min(left, self._seconds_a_question))
            self._write_down(question, answer, asked_at=asked_at, begun=begun)
            return answer

        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(questions)), "dns") as asking:
            return dict(zip(questions, asking.map(ask, questions), strict=True))

    def _write_down(
        self, question: _Question, answer: _Answer, *, asked_at: datetime, begun: float
    ) -> None:
        name, record_type = question
        self._log.record(
            Asked(
                asked_at,
                server=self._servers[0][0] if self._servers else "",
                what=f"{dns.rdatatype.to_text(record_type)} {name}",
                why=self._purpose.why,
                outcome=str(answer.answered),
                bytes_received=0,
                milliseconds=round((self._clock() - begun) * 1000),
            )
        )

    def _resolver(self) -> dns.resolver.Resolver | None:
        """A resolver without a cache, or None where the system names no server."""
        try:
            resolver = dns.resolver.Resolver(configure=not self._servers)
        except (dns.exception.DNSException, OSError):
            return None
        if self._servers:
            resolver.nameservers = [
                dns.nameserver.Do53Nameserver(address, port) for address, port in self._servers
            ]
        # A second server, or a second try, must still fit in the time of the question.
        resolver.timeout = self._seconds_a_question / 2
        return resolver


def _resolved(
    resolver: dns.resolver.Resolver,
    name: str,
    record_type: dns.rdatatype.RdataType,
    *,
    seconds: float,
) -> _Answer:
    try:
        answer = resolver.resolve(
            name, record_type, raise_on_no_answer=False, lifetime=seconds, search=False
        )
    except dns.resolver.NXDOMAIN:
        return _Answer(Answered.NO_SUCH_NAME)
    except (dns.exception.DNSException, OSError, ValueError):  # a name may be none at all
        return _Answer(Answered.UNKNOWN)
    if answer.rrset is None:
        return _Answer(Answered.FOUND)
    return _Answer(Answered.FOUND, tuple(answer.rrset), answer.chaining_result.minimum_ttl)


def _addresses(answers: Sequence[_Answer]) -> Addresses:
    """What the answers about the address records of one name say together."""
    with_records = [one for one in answers if one.records]
    said = {one.answered for one in answers}
    if Answered.UNKNOWN in said:
        answered = Answered.UNKNOWN
    else:
        # RFC 8020: a name that exists for one type exists for all, so a mix is a faulty server.
        answered = Answered.FOUND if Answered.FOUND in said else Answered.NO_SUCH_NAME
    return Addresses(
        answered,
        tuple(record.to_text() for one in with_records for record in sorted(one.records)),
        seconds_valid=min((one.seconds_valid for one in with_records), default=0),
    )


def _mail_exchange(record: dns.rdata.Rdata) -> MailExchange:
    assert isinstance(record, MX)
    host = record.exchange.to_text(omit_final_dot=True).lower()
    return MailExchange(record.preference, "" if host == "." else host)
