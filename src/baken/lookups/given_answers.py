"""Answers out of given files: from which they come, until when they hold, and what they refuse.

Every lookup over given files answers by `GivenAnswers`, so that an expired file is never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile
from baken.core.lookup import (
    FoundRoute,
    Holder,
    LookupAnswer,
    Outcome,
    RefusedRoute,
    Subject,
)
from baken.core.text import one_line
from baken.lookups.contact_address import RefusedAddressError, mail_address, phone_number
from baken.lookups.placeholders import refusal_of

_KEPT: Final = 1 << 16
"""How many checked texts are remembered: the desk of an operator stands around every address."""
_HOLDS: Final = MappingProxyType(
    {
        Outcome.FOUND: timedelta(days=7),
        Outcome.NONE: timedelta(days=1),
        Outcome.UNKNOWN: timedelta(hours=1),
    }
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the files say of one subject."""

    routes: tuple[FoundRoute, ...] = ()
    holders: tuple[Holder, ...] = ()
    refused: tuple[RefusedRoute, ...] = ()
    note: str = ""
    is_unknown: bool = False
    """Whether the files leave it open; `note` says why."""


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """The files of one lookup that may be used at one time."""

    lookup: str
    usable: frozenset[int]
    """Their positions among the files that were given."""
    _files: tuple[GivenFile, ...]
    _now: datetime

    @classmethod
    def at(cls, now: datetime, *, files: Sequence[GivenFile], lookup: str) -> GivenAnswers:
        """Those of `files` whose permission has not run out at `now`, for the lookup `lookup`."""
        usable = frozenset(
            place for place, file in enumerate(files) if file.given_at <= now < file.valid_until
        )
        return cls(lookup, usable, tuple(files), now)

    @property
    def lack(self) -> str:
        """Why no file may be used; empty where one may."""
        if self.usable:
            return ""
        if not self._files:
            return "No file is given to look it up in."
        early = [file.name for file in self._files if self._now < file.given_at]
        late = [file.name for file in self._files if file.valid_until <= self._now]
        said = [
            f"{words}: {one_line(', '.join(names), limit=150)}."
            for words, names in (
                ("The permission to use the given files has run out", late),
                ("These given files may not be used yet", early),
            )
            if names
        ]
        return " ".join(said)

    def answer(self, subject: Subject, findings: Findings) -> LookupAnswer:
        """The answer about `subject`. It holds no longer than the permission for any usable file:
        what one says may hide what another says."""
        files = [self._files[place] for place in sorted(self.usable)]
        outcome = _outcome(findings)
        until = min([self._now + _HOLDS[outcome], *(file.valid_until for file in files)])
        return LookupAnswer(
            self.lookup,
            subject,
            outcome,
            _source(files),
            fetched_at=self._now,
            valid_until=until,
            routes=findings.routes,
            holders=findings.holders,
            refused=findings.refused,
            note=findings.note,
        )

    def unknown(self, subject: Subject, *, note: str) -> LookupAnswer:
        """The answer that leaves `subject` open; `note` says why."""
        return self.answer(subject, Findings(note=note, is_unknown=True))


def states_of(files: Sequence[GivenFile]) -> tuple[tuple[int, int], ...]:
    """When each of `files` was changed and how large it is, by which it is loaded anew.

    Raises `TextRefusedError` for one that is not there.
    """
    states = []
    for file in files:
        try:
            state = file.path.stat()
        except OSError as error:
            raise TextRefusedError(
                f"{file.name} cannot be opened: {error.strerror}.",
                remedy="Put the file where it was, or give it anew.",
            ) from error
        states.append((state.st_mtime_ns, state.st_size))
    return tuple(states)


@lru_cache(maxsize=_KEPT)
def checked_mail(text: str) -> str | RefusedRoute:
    """The mail address that `text` is, ready to be used; or why it is none."""
    try:
        return mail_address(text.strip())
    except RefusedAddressError as refused:
        return RefusedRoute(one_line(text, limit=200), refused.why)


@lru_cache(maxsize=_KEPT)
def checked_number(text: str, *, country: str) -> str | RefusedRoute:
    """The number that `text` is, in E.164; or why it is none. `country` is where it is."""
    try:
        return phone_number(text, country=country)
    except RefusedAddressError as refused:
        return RefusedRoute(one_line(text, limit=200), refused.why)


@lru_cache(maxsize=_KEPT)
def filled_name(text: str) -> str:
    """`text` on one line, at most 200 characters; empty where it stands for no name."""
    return "" if refusal_of(text) else one_line(text, limit=200)


def _outcome(findings: Findings) -> Outcome:
    if findings.is_unknown:
        return Outcome.UNKNOWN
    return Outcome.FOUND if findings.routes or findings.holders else Outcome.NONE


def _source(files: Sequence[GivenFile]) -> str:
    """The names of the files with the days on which they were given."""
    dated = [f"{one_line(file.name, limit=100)} of {file.given_at:%Y-%m-%d}" for file in files]
    return ", ".join(dated[:10]) or "given files"
