"""Organisations that never signed up: found, called, written to, asked to pass on; for a dump."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final
from unittest.mock import patch

from baken import lookups
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.routes import Scope
from baken.discovery.services import add_given_file, add_registrant_request
from baken.jobs.discovered_cases import open_discovered_cases
from baken.jobs.discovery import discover
from baken.jobs.found_routes import add_route
from baken.jobs.letters import print_letters
from baken.lookups import LookupKind
from baken.occasions.selectors import find_occasion
from baken.outbox.models import LedgerSecret, Notification
from baken.outbox.services import record_all_passed_on
from baken.outside import Outside
from baken.responses.services import record_answer, record_call, record_returned, record_sent
from baken.settings.environment import Settings

_ANSWERED_AT: Final = datetime(2026, 11, 10, 7, tzinfo=UTC)
_FOR_GOOD: Final = datetime(2099, 1, 1, tzinfo=UTC)
_MAIL, _PHONE, _LETTER = FoundChannel.MAIL, FoundChannel.PHONE, FoundChannel.LETTER
_OWNERS: Final = {
    "198.51.100.135": ("MADE:1", "Smederij Voorbeeld", _MAIL, "info@smederij.example.net"),
    "198.51.100.136": ("MADE:2", "Drukkerij Voorbeeld", _PHONE, "+31201230001"),
    "198.51.100.137": ("MADE:3", "Molen Voorbeeld", _LETTER,
                     "Molen Voorbeeld; Dorpsstraat 1; 1234 AB Voorbeeldstad"),
    "198.51.100.138": ("MADE:4", "Kwekerij Voorbeeld", _MAIL, "info@kwekerij.example.net"),
}  # fmt: skip
_ONLY_AN_OPERATOR: Final = "198.51.100.139"
_NOBODY: Final = "198.51.100.140"
UNKNOWN: Final = (*_OWNERS, _ONLY_AN_OPERATOR, _NOBODY)
"""The addresses whose owners nobody registered."""


class _AddressBook:
    """Answers as a registry would, out of its head."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        del outside, now  # it asks nobody, and its answers are of one made-up moment
        return [_answer_about(subject) for subject in subjects]


def _answer_about(subject: Subject) -> LookupAnswer:
    nothing = LookupAnswer(
        "address-book", subject, Outcome.NONE, "the address book", _ANSWERED_AT, _FOR_GOOD
    )
    if subject.value == _ONLY_AN_OPERATOR:
        desk = FoundRoute(
            _MAIL, "abuse@room.example.net", Scope.NETWORK, Basis.ALLOCATION_ABUSE, 80
        )
        around = Holder(
            "MADE:9", "Room to let", "198.51.100.128/26", NetworkStanding.ALLOCATION, "NL"
        )
        return replace(nothing, outcome=Outcome.FOUND, routes=(desk,), holders=(around,))
    if subject.value not in _OWNERS:
        return nothing
    handle, name, channel, address = _OWNERS[subject.value]
    route = FoundRoute(channel, address, Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 80)
    holder = Holder(handle, name, f"{subject.value}/32", NetworkStanding.ASSIGNMENT, "NL")
    return replace(nothing, outcome=Outcome.FOUND, routes=(route,), holders=(holder,))


@contextmanager
def _one_lookup() -> Iterator[None]:
    def opened(_files: Sequence[GivenFile]) -> _AddressBook:
        return _AddressBook()

    kind = LookupKind("address-book", SubjectKind.ADDRESS, opened, at_once=1000)
    with patch.object(lookups, "LOOKUPS", MappingProxyType({kind.key: kind})):
        yield


def find_out(key: str, folder: Path, *, settings: Settings, now: datetime) -> None:
    """Ask whom to tell under the threat with that key, and write who was found."""
    # Both are random otherwise.
    LedgerSecret.objects.create(answer_key="a5" * 32, address_salt="5a" * 32)
    given = folder / "statistics.txt"
    given.write_text("2|example|20261101|0|19830101|20261101|+0000\n")
    add_given_file(
        given, kind=GivenFileKind.DELEGATED, name="statistics", permission="public", by="ada",
        valid_until=_FOR_GOOD, now=now,
    )  # fmt: skip
    add_registrant_request(
        "smederij.example.net", asked_of="the registry", right="its terms, article 5", by="ada",
        due_at=None, now=now,
    )  # fmt: skip
    add_route(
        _NOBODY, channel=_MAIL, address="desk@found.example.net", organisation="Found by hand",
        source="their website", by="bram", now=now,
    )  # fmt: skip
    with _one_lookup():
        discover(key, settings=settings, progress=lambda *_: None)
    open_discovered_cases(find_occasion(key), settings=settings)


def answer_all(folder: Path, *, settings: Settings, now: datetime) -> None:
    """What came back: a call, a letter, answers by the link, and an operator that passed it on."""
    told = {
        one.addressee.address.partition(";")[0]: one
        for one in Notification.objects.filter(state=Notification.State.ACCEPTED).select_related(
            "addressee"
        )
    }
    record_call(told["+31201230001"].code, outcome="no-answer", by="ada", now=now)
    print_letters(folder / "letters", settings=settings, now=now)
    letter = told["Molen Voorbeeld"].code
    record_sent(codes=[letter], now=now)
    record_returned(letter, reason="moved", now=now)
    record_answer(told["info@smederij.example.net"].pk, kind="working-on-it", text="Ok.", now=now)
    record_answer(told["info@kwekerij.example.net"].pk, kind="not-ours", text="", now=now)
    record_all_passed_on(told["abuse@room.example.net"].pk, now=now)
