"""The one client of the DNS: many names at once, by a deadline, and never an error for a name."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TXT import TXT

from baken.core.pap import Pap, Touch
from baken.outside.dns_answers import (
    Addresses,
    Answered,
    DnsFailure,
    MailExchange,
    MailExchanges,
    Texts,
    ZoneAuthority,
)
from baken.outside.dns_asking import RawAnswer, failed, prepare, resolved, server_at
from baken.outside.keeping import Asked, NoLog, RequestLog
from baken.outside.purpose import Purpose, make_purpose

__all__ = [
    "MOST_AT_ONCE",
    "Addresses",
    "Answered",
    "DnsClient",
    "DnsFailure",
    "MailExchange",
    "MailExchanges",
    "Server",
    "Texts",
    "ZoneAuthority",
    "is_reserved_name",
]

MOST_AT_ONCE: Final = 32
"""So many questions are on their way at the same time."""

# RFC 2606 and RFC 6761; SIDN keeps example.nl for the same use.
_RESERVED_TOPS: Final = frozenset({"example", "test", "invalid", "localhost"})
_RESERVED_DOMAINS: Final = frozenset({"example.com", "example.net", "example.org", "example.nl"})

Server = tuple[str, int]
"""The address of a DNS server, and its port."""

_Question = tuple[str, dns.rdatatype.RdataType]


def is_reserved_name(name: str) -> bool:
    """Whether `name` is one for documentation and tests, that nobody outside should be asked."""
    labels = name.lower().rstrip(".").split(".")
    return labels[-1] in _RESERVED_TOPS or ".".join(labels[-2:]) in _RESERVED_DOMAINS


class DnsClient:
    """Asks the resolvers at `servers`, or those of the system when there are none.

    Its answers come from a resolver that validates, where they do: a zone whose signatures do not
    hold is UNKNOWN. May be used by any number of threads.
    """

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
                one.seconds_valid,
                one.failure,
            )
            for domain, one in answers.items()
        }

    def addresses(self, names: Collection[str]) -> dict[str, Addresses]:
        """To which addresses each of `names` leads; an answer for each, before the deadline."""
        distinct = list(dict.fromkeys(names))
        types = (dns.rdatatype.A, dns.rdatatype.AAAA)
        found = self._ask_each([(name, one) for name in distinct for one in types])
        return {name: _addresses([found[name, one] for one in types]) for name in distinct}

    def texts(self, names: Collection[str]) -> dict[str, Texts]:
        """The TXT records of each of `names`; an answer for each, before the deadline."""
        return {
            name: Texts(
                one.answered,
                tuple(sorted(_text(record) for record in one.records)),
                one.seconds_valid,
                one.failure,
            )
            for name, one in self._ask(names, dns.rdatatype.TXT).items()
        }

    def zone_authorities(self, domains: Collection[str]) -> dict[str, ZoneAuthority]:
        """Who runs the zone of which each of `domains` is the top; an answer for each."""
        return {
            domain: _zone_authority(one)
            for domain, one in self._ask(domains, dns.rdatatype.SOA).items()
        }

    def _ask(
        self, names: Collection[str], record_type: dns.rdatatype.RdataType
    ) -> dict[str, RawAnswer]:
        found = self._ask_each([(name, record_type) for name in dict.fromkeys(names)])
        return {name: answer for (name, _), answer in found.items()}

    def _ask_each(self, questions: Sequence[_Question]) -> dict[_Question, RawAnswer]:
        resolver = self._resolver()
        if not questions or resolver is None:
            return dict.fromkeys(questions, failed(DnsFailure.NO_SERVER))
        give_up_at = self._clock() + self._seconds_a_batch

        def ask(question: _Question) -> RawAnswer:
            if not self._purpose.permits(question[0].lower().rstrip(".")):
                return failed(DnsFailure.NOT_ALLOWED)
            left = give_up_at - self._clock()
            if left <= 0:
                return failed(DnsFailure.TOO_SLOW)
            asked_at, begun = self._now(), self._clock()
            answer = resolved(resolver, *question, seconds=min(left, self._seconds_a_question))
            self._write_down(question, answer, asked_at=asked_at, begun=begun)
            return answer

        if len(questions) == 1:
            return {questions[0]: ask(questions[0])}
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(questions)), "dns") as asking:
            return dict(zip(questions, asking.map(ask, questions), strict=True))

    def _write_down(
        self, question: _Question, answer: RawAnswer, *, asked_at: datetime, begun: float
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
            resolver.nameservers = [server_at(address, port) for address, port in self._servers]
        prepare(resolver)
        # A second server, or a second try, must still fit in the time of the question.
        resolver.timeout = self._seconds_a_question / 2
        return resolver


def _addresses(answers: Sequence[RawAnswer]) -> Addresses:
    """What the answers about the address records of one name say together."""
    said = {one.answered for one in answers}
    if Answered.UNKNOWN in said:
        answered = Answered.UNKNOWN
    else:
        # RFC 8020: a name that exists for one type exists for all, so a mix is a faulty server.
        answered = Answered.FOUND if Answered.FOUND in said else Answered.NO_SUCH_NAME
    known = [one.seconds_valid for one in answers if one.answered is not Answered.UNKNOWN]
    return Addresses(
        answered,
        tuple(record.to_text() for one in answers for record in sorted(one.records)),
        seconds_valid=min(known, default=0),
        failure=next((one.failure for one in answers if one.failure is not None), None),
    )


def _mail_exchange(record: dns.rdata.Rdata) -> MailExchange:
    assert isinstance(record, MX)
    return MailExchange(record.preference, _host(record.exchange))


def _text(record: dns.rdata.Rdata) -> str:
    assert isinstance(record, TXT)
    return b"".join(record.strings).decode(errors="replace")


def _zone_authority(answer: RawAnswer) -> ZoneAuthority:
    mailbox = ""
    # The SOA record of the name to which an alias leads is that of somebody else's zone.
    if answer.records and not answer.is_of_alias:
        (record, *_) = answer.records
        assert isinstance(record, SOA)
        local, *domain = record.rname.labels
        if len(domain) > 1:
            # The label may hold dots of its own, which the text of a zone writes as `\.`.
            mailbox = f"{local.decode(errors='replace')}@{_host(dns.name.Name(domain))}"
    return ZoneAuthority(answer.answered, mailbox, answer.seconds_valid, answer.failure)


def _host(name: dns.name.Name) -> str:
    """`name` in lower case, without its last dot; empty for the root."""
    host = name.to_text(omit_final_dot=True).lower()
    return "" if host == "." else host
