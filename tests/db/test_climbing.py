"""Climbing the ladder for many systems: each question once, kept, gone on with after a crash."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from baken.core.finding_kinds import Layer
from baken.core.given_file import GivenFile
from baken.core.ladder import Sought
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
from baken.core.routes import Scope
from baken.discovery.models import KeptAnswer
from baken.discovery.selectors import answers_about
from baken.discovery.services import Climbed, OpenLookup, climb, forget_old_answers
from baken.lookups import LookupKind
from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.fetching import Fetched, FetchError, FetchFailure
from whois_peer import nobody_to_ask

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)


class NoWeb:
    """A web that is away."""

    def get(self, url: str, *, accept: str = "*/*", largest: int = 0) -> Fetched:
        raise FetchError(FetchFailure.NOT_REACHED, f"{url} ({accept}, {largest}) is away.")


def outside(_kind: LookupKind) -> Outside:
    return Outside(NoWeb(), DnsClient(), nobody_to_ask())


Says = Callable[[Subject], LookupAnswer]


class SayingLookup:
    """Answers each subject as it is told, counts what it is asked, and may take its time."""

    def __init__(self, says: Says, *, seconds: float = 0.0) -> None:
        self._says = says
        self._seconds = seconds
        self.asked: Counter[str] = Counter()
        self.largest_portion = 0
        self._lock = threading.Lock()

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        del outside, now  # it asks nobody
        with self._lock:
            self.asked.update(subject.value for subject in subjects)
            self.largest_portion = max(self.largest_portion, len(subjects))
        time.sleep(self._seconds)
        return [self._says(subject) for subject in subjects]


def opened(
    key: str, asks_about: SubjectKind, turn: Turn, lookup: SayingLookup, at_once: int = 1
) -> OpenLookup:
    def open_(_files: Sequence[GivenFile]) -> SayingLookup:
        return lookup

    kind = LookupKind(
        key, asks_about, open_, turn=turn, at_once=at_once, resolves_names=key == "names"
    )
    return OpenLookup(kind, lookup)


def said(
    key: str,
    subject: Subject,
    outcome: Outcome = Outcome.FOUND,
    *,
    mail: str = "",
    addresses: tuple[str, ...] = (),
    valid_for: timedelta = timedelta(days=1),
) -> LookupAnswer:
    routes = (FoundRoute(FoundChannel.MAIL, mail, Scope.OWNER, Basis.OWN_FILE, 90),) if mail else ()
    return LookupAnswer(
        key, subject, outcome, "made up", NOW, NOW + valid_for, routes, addresses=addresses
    )


def names_resolving_to(address: str) -> SayingLookup:
    return SayingLookup(lambda subject: said("names", subject, addresses=(address,)))


def own_words(seconds: float = 0.0) -> SayingLookup:
    return SayingLookup(
        lambda subject: said("own-file", subject, mail=f"security@{subject.value}"),
        seconds=seconds,
    )


def system(name: str, address: str = "192.0.2.7") -> Sought:
    return Sought(Layer.DEVICE, address=address, hinted_names=(name,))


def climbed(systems: dict[str, Sought], *lookups: OpenLookup, now: datetime = NOW) -> Climbed[str]:
    return climb(
        systems,
        lookups=lookups,
        outside=outside,
        clock=lambda: now,
        progress=lambda _: None,
    )


def test_a_name_that_many_systems_share_is_asked_about_once() -> None:
    names, files = names_resolving_to("192.0.2.7"), own_words()
    systems = {f"system {number}": system("vpn.example.nl") for number in range(50)}
    done = climbed(
        systems,
        opened("names", SubjectKind.NAME, Turn.RESOLVED, names),
        opened("own-file", SubjectKind.NAME, Turn.OWN_WORD, files),
    )
    assert names.asked == {"vpn.example.nl": 1}
    assert files.asked == {"vpn.example.nl": 1}
    assert done.asked == 2
    routes = {
        route.address
        for answers in done.answers.values()
        for answer in answers.by_question.values()
        for route in answer.routes
    }
    assert routes == {"security@vpn.example.nl"}
    assert all(len(answers.by_question) == 2 for answers in done.answers.values())


def test_what_is_kept_is_not_asked_again_within_its_lifetime() -> None:
    names, files = names_resolving_to("192.0.2.7"), own_words()
    lookups = (
        opened("names", SubjectKind.NAME, Turn.RESOLVED, names),
        opened("own-file", SubjectKind.NAME, Turn.OWN_WORD, files),
    )
    first = climbed({"one": system("vpn.example.nl")}, *lookups)
    again = climbed({"one": system("vpn.example.nl")}, *lookups, now=NOW + timedelta(hours=23))
    assert (again.asked, again.known) == (0, 2)
    assert again.answers == first.answers
    later = climbed({"one": system("vpn.example.nl")}, *lookups, now=NOW + timedelta(hours=25))
    assert later.asked >= 1
    assert names.asked == {"vpn.example.nl": 2}


def test_a_lookup_over_files_takes_many_subjects_in_one_call() -> None:
    given = SayingLookup(lambda subject: said("split-files", subject, Outcome.NONE))
    systems = {
        f"system {number}": Sought(Layer.DEVICE, address=f"192.0.2.{number}")
        for number in range(100)
    }
    climbed(systems, opened("split-files", SubjectKind.ADDRESS, Turn.GIVEN, given, at_once=1000))
    assert given.largest_portion == 100
    assert KeptAnswer.objects.filter(outcome="none").count() == 100


def test_a_lookup_that_breaks_leaves_the_others_running_and_the_answer_unknown() -> None:
    def breaks(subject: Subject) -> LookupAnswer:
        raise RuntimeError(subject.value)

    files = own_words()
    done = climbed(
        {"one": system("vpn.example.nl")},
        opened("names", SubjectKind.NAME, Turn.RESOLVED, names_resolving_to("192.0.2.7")),
        opened("registry", SubjectKind.ADDRESS, Turn.OWN_WORD, SayingLookup(breaks)),
        opened("own-file", SubjectKind.NAME, Turn.OWN_WORD, files),
    )
    assert files.asked == {"vpn.example.nl": 1}
    assert done.unknown == 1
    (broken,) = answers_about([Subject(SubjectKind.ADDRESS, "192.0.2.7")])
    assert broken.outcome is Outcome.UNKNOWN
    assert "RuntimeError" in broken.note


def test_a_lookup_that_answers_something_else_is_not_believed() -> None:
    other = Subject(SubjectKind.ADDRESS, "198.51.100.9")
    lookup = SayingLookup(lambda _: said("registry", other, mail="cert@example.nl"))
    done = climbed(
        {"one": Sought(Layer.DEVICE, address="192.0.2.7")},
        opened("registry", SubjectKind.ADDRESS, Turn.REGISTRY, lookup),
    )
    assert done.unknown == 1
    assert not answers_about([other])


def test_a_slow_source_holds_up_only_the_systems_that_wait_for_it() -> None:
    slow = SayingLookup(lambda subject: said("registry", subject, Outcome.NONE), seconds=1.0)
    files = own_words()
    came: list[int] = []
    systems = {
        f"fast {number}": Sought(Layer.APPLICATION, asked_name=f"www{number}.example.nl")
        for number in range(20)
    }
    systems["slow"] = Sought(Layer.DEVICE, address="192.0.2.7")
    climb(
        systems,
        lookups=(
            opened("registry", SubjectKind.ADDRESS, Turn.OWN_WORD, slow),
            opened("own-file", SubjectKind.NAME, Turn.OWN_WORD, files),
        ),
        outside=outside,
        clock=lambda: NOW,
        progress=came.append,
    )
    assert 20 in came
    assert came[-1] == 21


def test_after_a_crash_it_goes_on_with_what_was_kept() -> None:
    class BrokenOffError(Exception):
        pass

    files = own_words()
    systems = {
        f"system {number}": Sought(Layer.APPLICATION, asked_name=f"www{number}.example.nl")
        for number in range(400)
    }
    lookup = opened("own-file", SubjectKind.NAME, Turn.OWN_WORD, files)

    def crash(done: int) -> None:
        if done > 100:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        climb(systems, lookups=[lookup], outside=outside, clock=lambda: NOW, progress=crash)
    kept = KeptAnswer.objects.count()
    assert kept > 100
    done = climbed(systems, lookup)
    assert (done.known, done.asked) == (kept, 400 - kept)
    assert KeptAnswer.objects.count() == 400


def test_an_answer_is_forgotten_a_month_after_it_ended() -> None:
    climbed(
        {"one": Sought(Layer.APPLICATION, asked_name="www.example.nl")},
        opened("own-file", SubjectKind.NAME, Turn.OWN_WORD, own_words()),
    )
    assert forget_old_answers(now=NOW + timedelta(days=30)) == 0
    assert forget_old_answers(now=NOW + timedelta(days=32)) == 1
    assert not KeptAnswer.objects.exists()
