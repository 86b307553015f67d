"""A made-up lookup: an address book on the web, with one line a desk.

It imports of Baken what any lookup may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from baken.core.given_file import GivenFile
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    LookupAnswer,
    Outcome,
    Refusal,
    RefusedRoute,
    Subject,
    SubjectKind,
)
from baken.core.mail_address import routable_address
from baken.core.routes import Scope
from baken.core.text import one_line
from baken.lookups import LookupKind
from baken.outside import Outside
from baken.outside.fetching import FetchError

KEY: Final = "made-up-book"

_MOST_DESKS: Final = 5
_HOLDS: Final = {
    Outcome.FOUND: timedelta(days=7),
    Outcome.NONE: timedelta(days=1),
    Outcome.UNKNOWN: timedelta(hours=1),
}


class MadeUpBook:
    """Asks for the page of a name: its first line is the title, each other a mail address."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each."""
        return [_answer(subject, outside=outside, now=now) for subject in subjects]


def _answer(subject: Subject, *, outside: Outside, now: datetime) -> LookupAnswer:
    source = f"https://book.example.net/desks/{subject}"
    outcome, note, found, refused = Outcome.UNKNOWN, "", [], []
    try:
        page = outside.web.get(source, largest=1 << 16)
    except FetchError as error:
        note = one_line(str(error), limit=200)
    else:
        title, *desks = page.body.decode(errors="replace").split("\n")
        if page.status == 404:
            outcome = Outcome.NONE
        elif page.status != 200 or title != "desks":
            note = "The book answered with what is no page of it."
        else:
            found, refused = _read(desks[:_MOST_DESKS])
            outcome = Outcome.FOUND if found else Outcome.NONE
    valid_until = now + _HOLDS[outcome]
    return LookupAnswer(
        KEY,
        subject,
        outcome,
        source,
        fetched_at=now,
        valid_until=valid_until,
        routes=tuple(found),
        refused=tuple(refused),
        note=note,
    )


def _read(desks: Sequence[str]) -> tuple[list[FoundRoute], list[RefusedRoute]]:
    found, refused = [], []
    for desk in desks:
        try:
            address = routable_address(desk.encode("ascii").decode())
        except ValueError:
            refused.append(RefusedRoute(one_line(desk, limit=200), Refusal.NOT_READABLE))
        else:
            found.append(FoundRoute(FoundChannel.MAIL, address, Scope.OWNER, Basis.REGISTRANT, 50))
    return found, refused


def _open(files: Sequence[GivenFile]) -> MadeUpBook:
    del files  # it reads none
    return MadeUpBook()


KIND: Final = LookupKind(KEY, SubjectKind.NAME, _open)
