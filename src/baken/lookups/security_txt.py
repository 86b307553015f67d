"""What does the host's security.txt say, or that of a domain above it? Source: RFC 9116."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from baken.core.asset import registrable_domain
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import Basis, LookupAnswer, Outcome, Subject, SubjectKind, Turn
from baken.lookups.kind import Lookup, LookupKind
from baken.lookups.security_txt_place import NoAnswer, NoFile, find_file, first_url
from baken.lookups.security_txt_routes import routes_of
from baken.lookups.signed_text import KnownKeys
from baken.outside import Outside

_FOUND_HOLDS: Final = timedelta(days=7)
_NONE_HOLDS: Final = timedelta(days=1)
_UNKNOWN_HOLDS: Final = timedelta(hours=1)
_LONGEST_WAIT: Final = timedelta(days=1)
_NEAREST_PARENTS: Final = 2


@dataclass(frozen=True, slots=True)
class SecurityTxtLookup:
    """Asks hosts for their file, until one gives a route."""

    key: str
    basis: Basis
    hosts_of: Callable[[str], Sequence[str]]
    """Whom to ask about a name, in this order; nobody where it is empty."""
    keys: KnownKeys

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """See `baken.lookups.kind.Lookup`."""
        return [self._answer(subject, outside=outside, now=now) for subject in subjects]

    def _answer(self, subject: Subject, *, outside: Outside, now: datetime) -> LookupAnswer:
        without: list[LookupAnswer] = []
        for host in self.hosts_of(subject.value):
            answer = self._answer_of(host, subject=subject, outside=outside, now=now)
            if answer.outcome is Outcome.FOUND:
                return answer
            without.append(answer)
        if not without:
            source = f"the domains above {subject}"
            note = "There is none that was registered."
            held = now + _NONE_HOLDS
            return LookupAnswer(self.key, subject, Outcome.NONE, source, now, held, note=note)
        refused = tuple(route for answer in without for route in answer.refused)
        return replace(min(without, key=_by_what_it_leaves_open), refused=refused)

    def _answer_of(
        self, host: str, *, subject: Subject, outside: Outside, now: datetime
    ) -> LookupAnswer:
        seen = find_file(host, outside=outside, keys=self.keys, now=now)
        answer = LookupAnswer(
            lookup=self.key,
            subject=subject,
            outcome=Outcome.NONE,
            source=first_url(host),
            fetched_at=now,
            valid_until=now + _NONE_HOLDS,
        )
        if isinstance(seen, NoFile):
            return replace(answer, note=seen.note)
        if isinstance(seen, NoAnswer):
            again_at = _ask_again_at(seen.again_at, now=now)
            return replace(answer, outcome=Outcome.UNKNOWN, valid_until=again_at, note=seen.note)
        reading = routes_of(seen, basis=self.basis, now=now)
        answer = replace(
            answer,
            source=seen.asked,
            routes=reading.routes,
            refused=reading.refused,
            note=" ".join(reading.notes),
        )
        expires_at = seen.file.expires_at
        if not reading.routes or expires_at is None:
            return answer
        held = min(expires_at, now + _FOUND_HOLDS)
        return replace(answer, outcome=Outcome.FOUND, valid_until=held)


def _by_what_it_leaves_open(answer: LookupAnswer) -> tuple[bool, bool]:
    """Sorts an answer that is unknown before others, and one with something to show before none."""
    return answer.outcome is not Outcome.UNKNOWN, not answer.refused


def _ask_again_at(again_at: datetime | None, *, now: datetime) -> datetime:
    """What the server asked for, unless it is past or days away."""
    if again_at is None or again_at <= now:
        return now + _UNKNOWN_HOLDS
    return min(again_at, now + _LONGEST_WAIT)


def _host_itself(host: str) -> Sequence[str]:
    return [host]


def _domains_above(host: str) -> Sequence[str]:
    """The nearest domains above `host`, and the one that was registered.

    Never a public suffix: what stands there is everybody's.
    """
    registered = registrable_domain(host)
    above: list[str] = []
    name = host
    while registered and name != registered:
        name = name.partition(".")[2]
        above.append(name)
    return above if len(above) <= _NEAREST_PARENTS else [*above[:_NEAREST_PARENTS], above[-1]]


def _open_own(files: Sequence[GivenFile]) -> Lookup:
    keys = KnownKeys.of_files(files)
    return SecurityTxtLookup(KIND.key, Basis.OWN_FILE, _host_itself, keys)


def _open_parent(files: Sequence[GivenFile]) -> Lookup:
    keys = KnownKeys.of_files(files)
    return SecurityTxtLookup(PARENT_KIND.key, Basis.PARENT_FILE, _domains_above, keys)


KIND: Final = LookupKind(
    key="security-txt",
    asks_about=SubjectKind.NAME,
    open=_open_own,
    turn=Turn.OWN_WORD,
    checks_with=GivenFileKind.OPENPGP_KEYS,
    is_said_by_subject=True,
)
PARENT_KIND: Final = LookupKind(
    key="security-txt-parent",
    asks_about=SubjectKind.NAME,
    open=_open_parent,
    turn=Turn.PARENT_WORD,
    checks_with=GivenFileKind.OPENPGP_KEYS,
    is_said_by_subject=True,
)
