"""Which addresses does a domain that takes mail usually have? Nobody said that they are read.

Source: RFC 2142 (mailbox names for common roles); RFC 5321 section 4.5.1 asks for `postmaster`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    LookupAnswer,
    Outcome,
    Subject,
    SubjectKind,
    Turn,
)
from baken.core.mail_address import routable_address
from baken.core.routes import Scope
from baken.lookups.dns_replies import AT_ONCE, answer_without, holds_until, names_to_ask
from baken.lookups.kind import Lookup, LookupKind
from baken.lookups.mail_domains import MailDomain, mail_domains
from baken.outside import Outside

USUAL_MAILBOXES: Final = (
    ("security", 30),  # whose work it is, where there is such a desk
    ("abuse", 25),
    ("postmaster", 20),  # exists nearly everywhere, and is read least
)
"""The mailboxes that are tried, the most fitting first, each with the confidence in it.

No more than three: each further one is a message to a stranger who did not ask for it.
`hostmaster` and `webmaster` are left out: the zone's SOA record names the one, and the other is
mostly a mailbox for advertisements.
"""


@dataclass(frozen=True, slots=True)
class UsualAddresses:
    """Asks the DNS whether domains take mail, and gives addresses where they do."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """See `baken.lookups.kind.Lookup`."""
        replies = mail_domains(names_to_ask(subjects), dns=outside.dns)
        return [_answer(subject, replies.get(subject.value), now=now) for subject in subjects]


def _answer(subject: Subject, reply: MailDomain | None, *, now: datetime) -> LookupAnswer:
    answer = answer_without(KIND.key, subject, question=f"{subject} MX", reply=reply, now=now)
    if reply is None or reply.takes_mail is None:
        return answer
    if not reply.takes_mail:
        return replace(answer, note="The domain takes no mail.")
    routes = _routes(subject.value)
    if not routes:
        return replace(answer, note="Mail addresses cannot have this name as their domain.")
    held = holds_until(reply, now=now)
    return replace(answer, outcome=Outcome.FOUND, valid_until=held, routes=routes)


def _routes(domain: str) -> tuple[FoundRoute, ...]:
    try:
        addresses = [routable_address(f"{mailbox}@{domain}") for mailbox, _ in USUAL_MAILBOXES]
    except ValueError:
        return ()
    return tuple(
        FoundRoute(FoundChannel.MAIL, address, Scope.NAME, Basis.USUAL_ADDRESS, confidence)
        for address, (_, confidence) in zip(addresses, USUAL_MAILBOXES, strict=True)
    )


def _open(files: Sequence[GivenFile]) -> Lookup:
    del files  # it reads none
    return UsualAddresses()


KIND: Final = LookupKind(
    key="usual-addresses",
    asks_about=SubjectKind.DOMAIN,
    open=_open,
    turn=Turn.GUESS,
    at_once=AT_ONCE,
)
