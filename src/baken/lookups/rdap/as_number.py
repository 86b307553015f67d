"""Lookup: who holds an AS number, and who answers for abuse of what it announces (RDAP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import LookupAnswer, Subject, SubjectKind
from baken.lookups.kind import LookupKind
from baken.lookups.rdap.answer import Answer, ObjectClass
from baken.lookups.rdap.asking import Reply, ask_first_of, found, no_server, without_answer
from baken.lookups.rdap.bootstrap import Bootstrap, read_bootstrap
from baken.lookups.rdap.holders import personal_sets
from baken.lookups.rdap.network import read_as_number
from baken.outside import Outside
from baken.outside.fetching import Web

_KEY: Final = "rdap-as-number"


@dataclass(frozen=True, slots=True)
class RdapAsNumber:
    """Asks the regional registry."""

    bootstrap: Bootstrap

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """As `baken.lookups.kind.Lookup` says."""
        return [self._ask(subject, web=outside.web, now=now) for subject in subjects]

    def _ask(self, subject: Subject, *, web: Web, now: datetime) -> LookupAnswer:
        number = int(subject.value)
        servers = self.bootstrap.for_as_number(number)
        if not servers:
            return no_server(_KEY, subject, now=now)
        reply = ask_first_of(web, servers, f"autnum/{number}")
        if reply.answer is None:
            return without_answer(_KEY, subject, reply, now=now)
        fault = _fault(reply.answer, number)
        if fault:
            return without_answer(_KEY, subject, Reply(reply.url, note=fault), now=now)
        said = read_as_number(reply.answer, text=str(subject), source=reply.url)
        return found(
            _KEY,
            subject,
            said.gathered,
            holder=said.holder,
            source=reply.url,
            personal_sets=personal_sets(reply.answer),
            failed=None,
            now=now,
        )


def _fault(answer: Answer, number: int) -> str:
    """Why `answer` says nothing of `number`; empty when it does."""
    if answer.object_class is not ObjectClass.AS_NUMBER:
        return f"The answer is about another kind of object: {answer.object_class}."
    if not answer.first <= number <= answer.last:
        return f"The answer is about other AS numbers than {number}."
    if answer.last - answer.first >= _WIDEST_BLOCK:
        return f"The registry knows no narrower block than the one of {number}."
    return ""


_WIDEST_BLOCK: Final = 256
"""So many AS numbers at once are a registry's block and nobody's own."""


def _open(given: Sequence[GivenFile]) -> RdapAsNumber:
    return RdapAsNumber(read_bootstrap(given))


KIND: Final = LookupKind(
    key=_KEY, asks_about=SubjectKind.AS_NUMBER, open=_open, reads=GivenFileKind.RDAP_BOOTSTRAP
)
