"""To which addresses does the name resolve?

Whoever holds an address can write any name there, and a certificate can claim one. Only where the
name leads back to the very address of the system may it lead further; that is compared elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile
from baken.core.lookup import LookupAnswer, Outcome, Subject, SubjectKind, Turn
from baken.lookups.dns_replies import AT_ONCE, answer_without, holds_until, names_to_ask
from baken.lookups.kind import Lookup, LookupKind
from baken.outside import Outside
from baken.outside.dns import Addresses

MOST_ADDRESSES: Final = 64


@dataclass(frozen=True, slots=True)
class NameAddresses:
    """Asks the DNS for the A and AAAA records of names."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """See `baken.lookups.kind.Lookup`."""
        replies = outside.dns.addresses(names_to_ask(subjects))
        return [_answer(subject, replies.get(subject.value), now=now) for subject in subjects]


def _answer(subject: Subject, reply: Addresses | None, *, now: datetime) -> LookupAnswer:
    answer = answer_without(KIND.key, subject, question=f"{subject} A, AAAA", reply=reply, now=now)
    if reply is None or not reply.addresses:
        return answer
    answer = replace(answer, addresses=reply.addresses[:MOST_ADDRESSES])
    if answer.outcome is Outcome.UNKNOWN:
        return answer  # one of the two questions failed: there may be more
    note = ""
    if len(reply.addresses) > MOST_ADDRESSES:
        note = f"It has {len(reply.addresses)} addresses; {MOST_ADDRESSES} are looked at."
    held = holds_until(reply, now=now)
    return replace(answer, outcome=Outcome.FOUND, valid_until=held, note=note)


def _open(files: Sequence[GivenFile]) -> Lookup:
    del files  # it reads none
    return NameAddresses()


KIND: Final = LookupKind(
    key="name-addresses",
    asks_about=SubjectKind.NAME,
    open=_open,
    turn=Turn.RESOLVED,
    resolves_names=True,
    at_once=AT_ONCE,
)
