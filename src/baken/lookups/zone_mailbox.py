"""Which mailbox stands in the zone's SOA record? It is that of whoever runs the DNS of the domain.

Source: RFC 1035 section 3.3.13 (RNAME). Often it is a provider's, or nobody reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile
from baken.core.lookup import (
    Basis,
    FoundRoute,
    LookupAnswer,
    Outcome,
    RefusedRoute,
    Subject,
    SubjectKind,
    Turn,
)
from baken.core.routes import Scope
from baken.lookups.contact_uri import read_contacts
from baken.lookups.dns_replies import AT_ONCE, answer_without, holds_until, names_to_ask
from baken.lookups.kind import Lookup, LookupKind
from baken.outside import Outside
from baken.outside.dns import ZoneAuthority

_CONFIDENCE: Final = 30  # many are made up by a program, and never changed


@dataclass(frozen=True, slots=True)
class ZoneMailbox:
    """Asks the DNS for the SOA records of domains."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """See `baken.lookups.kind.Lookup`."""
        replies = outside.dns.zone_authorities(names_to_ask(subjects))
        return [_answer(subject, replies.get(subject.value), now=now) for subject in subjects]


def _answer(subject: Subject, reply: ZoneAuthority | None, *, now: datetime) -> LookupAnswer:
    answer = answer_without(KIND.key, subject, question=f"{subject} SOA", reply=reply, now=now)
    if reply is None or not reply.mailbox:
        return answer
    # With the scheme, so that a colon in the mailbox cannot name another.
    text = f"mailto:{reply.mailbox.replace('%', '%25')}"
    (read, *_) = read_contacts(text, own_domain=subject.value)
    if isinstance(read, RefusedRoute):
        return replace(answer, refused=(read,))
    route = FoundRoute(
        read.channel, read.address, Scope.HOST, Basis.ZONE_MAILBOX, confidence=_CONFIDENCE
    )
    held = holds_until(reply, now=now)
    return replace(answer, outcome=Outcome.FOUND, valid_until=held, routes=(route,))


def _open(files: Sequence[GivenFile]) -> Lookup:
    del files  # it reads none
    return ZoneMailbox()


KIND: Final = LookupKind(
    key="zone-mailbox",
    asks_about=SubjectKind.DOMAIN,
    open=_open,
    turn=Turn.GUESS,
    at_once=AT_ONCE,
    is_said_by_subject=True,
)
