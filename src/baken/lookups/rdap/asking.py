"""Asking an RDAP server: what came back, or why it is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from baken.core.lookup import Holder, LookupAnswer, Outcome, Subject
from baken.core.text import one_line
from baken.lookups.rdap.answer import Answer, AnswerError, read_answer
from baken.lookups.rdap.bootstrap import Servers
from baken.lookups.rdap.contacts import Gathered
from baken.outside.fetching import Fetched, FetchError, FetchFailure, Web

_ACCEPT: Final = "application/rdap+json, application/json;q=0.8"
_LARGEST: Final = 1 << 20
_MOST_SERVERS: Final = 2
"""Of the servers that answer for the same, so many are tried."""
_LONGEST_NOTE: Final = 300

FOUND_FOR: Final = timedelta(days=7)
NONE_FOR: Final = timedelta(days=1)
UNKNOWN_FOR: Final = timedelta(hours=1)
NO_SERVER_FOR: Final = timedelta(days=1)
"""Nobody was asked, so nothing changes until another bootstrap file is given."""

# The server is not there, so another one may be.
_IS_AWAY: Final = frozenset(
    {
        FetchFailure.NO_SUCH_NAME,
        FetchFailure.NOT_REACHED,
        FetchFailure.TOO_SLOW,
        FetchFailure.BAD_CERTIFICATE,
        FetchFailure.BAD_ANSWER,
    }
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What one question to a server came to."""

    url: str
    """Where the answer came from in the end."""
    answer: Answer | None = None
    outcome: Outcome = Outcome.UNKNOWN
    note: str = ""
    again_at: datetime | None = None
    is_away: bool = False
    """Whether another server may answer the same."""


def ask_first_of(web: Web, servers: Servers, path: str) -> Reply:
    """The answer of the first of `servers` that is there; `path` is below its base URL."""
    reply = Reply("")
    for server in servers[:_MOST_SERVERS]:
        reply = ask_url(web, server + quote(path, safe="/:."))
        if not reply.is_away:
            return reply
    return reply


def ask_url(web: Web, url: str) -> Reply:
    """The RDAP answer at `url`; never raises about what comes or does not come."""
    try:
        fetched = web.get(url, accept=_ACCEPT, largest=_LARGEST)
    except FetchError as error:
        note = one_line(str(error), limit=_LONGEST_NOTE)
        is_away = error.failure in _IS_AWAY
        return Reply(url, note=note, again_at=error.again_at, is_away=is_away)
    return _read(fetched)


def _read(fetched: Fetched) -> Reply:
    host = urlsplit(fetched.url).hostname or "The server"
    match fetched.status:
        case 200:
            try:
                answer = read_answer(fetched.body)
            except AnswerError as error:
                return Reply(fetched.url, note=str(error))
            return Reply(fetched.url, answer, Outcome.FOUND)
        case 404:
            return Reply(fetched.url, outcome=Outcome.NONE, note=f"{host} has no such entry.")
        case 429 | 503:
            return Reply(fetched.url, note=f"{host} asks to be asked later.")
        case status:
            return Reply(fetched.url, note=f"{host} answered with status {status}.")


def is_usable_link(url: str) -> bool:
    """Whether `url`, out of an answer, is one that may be asked: https, by a name, plain."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


@dataclass(slots=True)
class FollowUps:
    """Further questions about the same subject, each asked once."""

    web: Web
    asked: set[str] = field(default_factory=set)
    failed: Reply | None = None
    """The last one that is unknown: what was found is then not all there is."""

    def ask(self, url: str) -> Reply:
        """The answer at `url`; nothing where it was asked before or may not be asked."""
        if url in self.asked or not is_usable_link(url):
            return Reply(url, outcome=Outcome.NONE)
        self.asked.add(url)
        reply = ask_url(self.web, url)
        if reply.outcome is Outcome.UNKNOWN:
            self.failed = reply
        return reply


def found(
    lookup: str,
    subject: Subject,
    gathered: Gathered,
    *,
    holder: Holder | None,
    source: str,
    personal_sets: int,
    failed: Reply | None,
    now: datetime,
) -> LookupAnswer:
    """What is said of `subject` when a server answered; `failed` is a further question that did."""
    outcome = Outcome.FOUND if gathered.routes or holder else Outcome.NONE
    until = now + (FOUND_FOR if outcome is Outcome.FOUND else NONE_FOR)
    if failed is not None:
        until = _again_at(failed, now=now, valid_for=UNKNOWN_FOR)
        # What did not answer may know somebody: nothing found is not nothing there.
        outcome = Outcome.FOUND if outcome is Outcome.FOUND else Outcome.UNKNOWN
    return LookupAnswer(
        lookup=lookup,
        subject=subject,
        outcome=outcome,
        source=source,
        fetched_at=now,
        valid_until=until,
        routes=tuple(gathered.routes),
        holders=(holder,) if holder is not None else (),
        refused=tuple(gathered.refused),
        personal_sets=personal_sets,
        note=failed.note if failed is not None else "",
    )


def without_answer(
    lookup: str,
    subject: Subject,
    reply: Reply,
    *,
    now: datetime,
    valid_for: timedelta = UNKNOWN_FOR,
) -> LookupAnswer:
    """What is said of `subject` when nothing was answered, or nothing is there."""
    if reply.outcome is Outcome.NONE:
        valid_for = NONE_FOR
    return LookupAnswer(
        lookup=lookup,
        subject=subject,
        outcome=reply.outcome,
        source=one_line(reply.url, limit=2_000) or "the RDAP bootstrap files",
        fetched_at=now,
        valid_until=_again_at(reply, now=now, valid_for=valid_for),
        note=reply.note,
    )


def no_server(lookup: str, subject: Subject, *, now: datetime) -> LookupAnswer:
    """What is said of `subject` when the bootstrap files name nobody who answers for it."""
    reply = Reply("", note=f"No RDAP server is known for {subject}.")
    return without_answer(lookup, subject, reply, now=now, valid_for=NO_SERVER_FOR)


def _again_at(reply: Reply, *, now: datetime, valid_for: timedelta) -> datetime:
    """When to ask again: no server keeps us away for over a day, nor makes us ask at once."""
    if reply.again_at is None:
        return now + valid_for
    return min(max(reply.again_at, now + timedelta(minutes=1)), now + timedelta(days=1))
