"""Lookup: who registered a domain, at a registry that has no RDAP server (WHOIS, RFC 3912).

IANA's own WHOIS says which server answers for a top-level domain. It is asked only where IANA's
bootstrap file, which must be given, names no RDAP server for the domain, and after the RDAP lookup
could not ask anybody.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import LookupAnswer, Outcome, Subject, SubjectKind
from baken.core.text import one_line
from baken.lookups.kind import LookupKind
from baken.lookups.rdap import domain as rdap_domain
from baken.lookups.rdap.asking import NO_SERVER_FOR, Reply, found, without_answer
from baken.lookups.rdap.bootstrap import Bootstrap, read_bootstrap
from baken.lookups.rdap.holders import holder_entity, personal_sets
from baken.lookups.whois.text import WORDS, decoded, paragraphs_of
from baken.lookups.whois.verdict import Verdict, WhoisAnswer, read_answer
from baken.outside import Outside
from baken.outside.fetching import FetchError
from baken.outside.targets import is_name
from baken.outside.whois import WhoisClient

_KEY: Final = "whois-domain"
_SERVER_KNOWN_FOR: Final = timedelta(days=1)
_LET_ALONE_FOR: Final = timedelta(hours=1)
"""A server that refuses, without saying for how long."""
_LONGEST_NOTE: Final = 300


@dataclass(slots=True)
class WhoisDomain:
    """Asks the registry of the top-level domain, and the registrar where that one refers to it."""

    bootstrap: Bootstrap
    _servers: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By top-level domain: its server, or empty for none, and until when that is known."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """As `baken.lookups.kind.Lookup` says."""
        return [self._ask(subject, whois=outside.whois, now=now) for subject in subjects]

    def _ask(self, subject: Subject, *, whois: WhoisClient, now: datetime) -> LookupAnswer:
        if not self.bootstrap.domains:
            note = "No RDAP bootstrap file of domains is given, so WHOIS is not asked."
            return without_answer(
                _KEY, subject, Reply("", note=note), now=now, valid_for=NO_SERVER_FOR
            )
        if self.bootstrap.for_domain(subject.value):
            note = "Its registry has an RDAP server, so WHOIS is not asked."
            return without_answer(_KEY, subject, Reply("", note=note), now=now)
        try:
            server = self._server_for(subject.value, whois=whois, now=now)
        except FetchError as error:
            return without_answer(_KEY, subject, _failed(error, _IANA), now=now)
        if not server:
            note = f"No WHOIS server is known for {subject}."
            reply = Reply(f"whois://{_IANA}/", note=note)
            return without_answer(_KEY, subject, reply, now=now, valid_for=NO_SERVER_FOR)
        reply, answer = _question(server, subject.value, whois=whois, now=now)
        if answer is None or answer.verdict is not Verdict.REGISTERED:
            return without_answer(_KEY, subject, reply, now=now)
        return _with_registrar(subject, reply, answer, whois=whois, now=now)

    def _server_for(self, domain: str, *, whois: WhoisClient, now: datetime) -> str:
        """The WHOIS server for the top-level domain of `domain`; raises `FetchError`."""
        top = domain.rpartition(".")[2]
        with self._lock:
            server, until = self._servers.get(top, ("", now))
        if now < until:
            return server
        server = _referred_to(whois.ask(_IANA, top))
        with self._lock:
            self._servers[top] = server, now + _SERVER_KNOWN_FOR
        return server


def _question(
    server: str, domain: str, *, whois: WhoisClient, now: datetime
) -> tuple[Reply, WhoisAnswer | None]:
    """What `server` says of `domain`, and what that amounts to."""
    url = f"whois://{server}/{domain}"
    try:
        body = whois.ask(server, _QUESTIONS.get(server, "{domain}").format(domain=domain))
    except FetchError as error:
        return _failed(error, server, domain), None
    answer = read_answer(body, domain=domain)
    again_at = None
    if answer.verdict is Verdict.REFUSED:
        again_at = now + (answer.wait or _LET_ALONE_FOR)
        whois.leave_alone(server, until=again_at)
    outcome = Outcome.NONE if answer.verdict is Verdict.FREE else Outcome.UNKNOWN
    return Reply(url, outcome=outcome, note=answer.note, again_at=again_at), answer


def _with_registrar(
    subject: Subject, reply: Reply, answer: WhoisAnswer, *, whois: WhoisClient, now: datetime
) -> LookupAnswer:
    """What the registry says, or its registrar where the registry knows no registrant."""
    source, failed = reply.url, None
    referral = answer.record.referral
    is_thin = holder_entity(answer.record.answer) is None
    if is_thin and is_name(referral) and f"whois://{referral}/" not in f"{source}/":
        of_registrar, more = _question(referral, subject.value, whois=whois, now=now)
        if more is not None and more.verdict is Verdict.REGISTERED:
            source, answer = of_registrar.url, more
        elif of_registrar.outcome is Outcome.UNKNOWN:
            failed = of_registrar
    record = answer.record
    gathered, holder = rdap_domain.read_domain(record.answer, source=source)
    if holder is not None and not holder.is_person:
        holder = replace(holder, register_number=record.register_number)
    return found(
        _KEY,
        subject,
        gathered,
        holder=holder,
        source=source,
        personal_sets=personal_sets(record.answer),
        failed=failed,
        now=now,
    )


def _referred_to(body: bytes) -> str:
    """The server that IANA names in `body` for a top-level domain; empty for none."""
    for paragraph in paragraphs_of(decoded(body)):
        for line in paragraph:
            server = line.value.lower().rstrip(".")
            if line.key in _REFERRALS and is_name(server):
                return server
    return ""


def _failed(error: FetchError, server: str, domain: str = "") -> Reply:
    note = one_line(str(error), limit=_LONGEST_NOTE)
    return Reply(f"whois://{server}/{domain}", note=note, again_at=error.again_at)


def _table() -> dict[str, Any]:
    text = (files("baken.lookups.whois") / "servers.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


_IANA: Final[str] = _table()["iana"]["server"]
_QUESTIONS: Final = MappingProxyType[str, str](_table()["questions"])
_REFERRALS: Final = frozenset(WORDS["referral"]["keys"])


def _open(given: Sequence[GivenFile]) -> WhoisDomain:
    return WhoisDomain(read_bootstrap(given))


KIND: Final = LookupKind(
    key=_KEY,
    asks_about=SubjectKind.DOMAIN,
    open=_open,
    reads=GivenFileKind.RDAP_BOOTSTRAP,
    stands_in_for=rdap_domain.KIND.key,
)
