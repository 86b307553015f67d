"""Climbs the ladder for many systems at once: each question is put once, its answer kept at once.

Each system goes at its own pace: when all that it waits for is answered, its next questions are
looked for among the kept answers, and put to the lookups where none holds. A dead server holds up
those systems alone that wait for it. Answers are kept in groups while others are under way, so that
a crash loses at most those that were just coming in, and the next run goes on from there.
"""

from __future__ import annotations

import queue
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Generic, TypeVar

import structlog
from django.db import transaction

from baken.core.home import NOWHERE, Home
from baken.core.ladder import Answers, Question, Sought, next_questions
from baken.core.lookup import LookupAnswer, Outcome, Subject
from baken.discovery.answers import keep_answers, kept_answers
from baken.lookups import Lookup, LookupKind
from baken.outside import Outside

_log = structlog.get_logger()

AT_ONCE: Final = 32
"""So many questions of one lookup wait for an answer at the same time."""
CALLS_AT_ONCE: Final = 4
"""So many calls, of a lookup that takes several subjects in one: it asks side by side by itself."""
KEPT_TOGETHER: Final = 200
"""At most so many answers are kept in one commit."""
KEPT_EVERY: Final = 0.1
"""Seconds after which an answer is kept, however few came with it."""
_ASKED_AGAIN_AFTER: Final = timedelta(hours=1)

System = TypeVar("System", bound=Hashable)


@dataclass(frozen=True, slots=True)
class OpenLookup:
    """A line of the table of lookups, with the lookup that it opened."""

    kind: LookupKind
    lookup: Lookup


@dataclass(slots=True)
class Climbed(Generic[System]):
    """What came of climbing."""

    answers: dict[System, Answers]
    asked: int = 0
    """Questions that were put to a lookup."""
    known: int = 0
    """Questions whose answer was kept from before."""
    unknown: int = 0
    """Of those that were put: how many no source could answer."""


Progress = Callable[[int], None]
"""Called with the number of systems whose ladder is climbed."""


def climb(
    systems: Mapping[System, Sought],
    *,
    lookups: Sequence[OpenLookup],
    outside: Callable[[LookupKind], Outside],
    clock: Callable[[], datetime],
    progress: Progress,
    save: Callable[[Sequence[LookupAnswer]], None] = lambda _: None,
    home: Home = NOWHERE,
) -> Climbed[System]:
    """All answers about each of `systems`, from what is kept and from `lookups`.

    `outside` gives the clients by which a lookup asks. `save` gets the answers and keeps what
    the clients wrote down, in the transaction that keeps the answers.

    Raises nothing about what a source does. May run any number of times: what it keeps is known by
    lookup and subject.
    """
    climbing = _Climb(
        systems, lookups=lookups, clock=clock, progress=progress, save=save, home=home
    )
    with ExitStack() as pools:
        asking = _Asking(lookups, outside=outside, clock=clock, pools=pools)
        climbing.run(asking)
    return climbing.climbed


class _Climb(Generic[System]):
    """The state of one climb; used by one thread."""

    def __init__(
        self,
        systems: Mapping[System, Sought],
        *,
        lookups: Sequence[OpenLookup],
        clock: Callable[[], datetime],
        progress: Progress,
        save: Callable[[Sequence[LookupAnswer]], None],
        home: Home,
    ) -> None:
        self._save = save
        self._home = home
        self._systems = systems
        self._kinds = [one.kind for one in lookups]
        self._clock = clock
        self._progress = progress
        self._given: dict[System, dict[Question, LookupAnswer]] = {key: {} for key in systems}
        self._open: dict[System, set[Question]] = {}
        self._waiting: defaultdict[Question, list[System]] = defaultdict(list)
        self._answered: dict[Question, LookupAnswer] = {}
        self._done = 0
        self.climbed: Climbed[System] = Climbed(
            {system: Answers(given) for system, given in self._given.items()}
        )

    def run(self, asking: _Asking) -> None:
        """Climb until no system has a question left."""
        new = self._next_of(self._systems)
        while new or self._waiting:
            known = kept_answers(new, now=self._clock())
            self.climbed.known += len(known)
            asking.put([question for question in new if question not in known])
            new = self._take(known.values())
            if not new and self._waiting:
                answers = asking.wait()
                with transaction.atomic():
                    keep_answers(answers)
                    self._save(answers)
                self.climbed.asked += len(answers)
                self.climbed.unknown += sum(one.outcome is Outcome.UNKNOWN for one in answers)
                new = self._take(answers)
            self._progress(self._done)

    def _take(self, answers: Iterable[LookupAnswer]) -> list[Question]:
        """Hand `answers` to the systems that wait for them; the questions that come next."""
        ready: dict[System, None] = {}
        for answer in answers:
            question = (answer.lookup, answer.subject)
            self._answered[question] = answer
            for system in self._waiting.pop(question, ()):
                self._given[system][question] = answer
                self._open[system].discard(question)
                if not self._open[system]:
                    ready[system] = None
        return self._next_of(ready)

    def _next_of(self, systems: Iterable[System]) -> list[Question]:
        """The questions that nobody put yet and for whose answers `systems` wait from now on."""
        new: dict[Question, None] = {}
        for system in systems:
            while questions := self._questions_of(system):
                unanswered = [one for one in questions if one not in self._answered]
                self._given[system].update(
                    (one, self._answered[one]) for one in questions if one in self._answered
                )
                if unanswered:
                    self._open[system] = set(unanswered)
                    for question in unanswered:
                        if question not in self._waiting:
                            new[question] = None
                        self._waiting[question].append(system)
                    break
            else:
                self._done += 1
        return list(new)

    def _questions_of(self, system: System) -> list[Question]:
        answers = self.climbed.answers[system]
        return next_questions(self._systems[system], answers, lookups=self._kinds, home=self._home)


class _Asking:
    """Puts questions to the lookups in threads of their own, and gives the answers as they come."""

    def __init__(
        self,
        lookups: Sequence[OpenLookup],
        *,
        outside: Callable[[LookupKind], Outside],
        clock: Callable[[], datetime],
        pools: ExitStack,
    ) -> None:
        self._lookups = {one.kind.key: one for one in lookups}
        self._outside = {one.kind.key: outside(one.kind) for one in lookups}
        self._clock = clock
        self._came: queue.SimpleQueue[Sequence[LookupAnswer]] = queue.SimpleQueue()
        # A pool for each, so that a slow source takes no threads from the others.
        self._pools = {
            one.kind.key: pools.enter_context(
                ThreadPoolExecutor(
                    AT_ONCE if one.kind.at_once == 1 else CALLS_AT_ONCE, one.kind.key
                )
            )
            for one in lookups
        }
        for pool in self._pools.values():
            pools.callback(pool.shutdown, cancel_futures=True)

    def put(self, questions: Iterable[Question]) -> None:
        """Put `questions`, as many at once as each lookup takes."""
        by_lookup: defaultdict[str, list[Subject]] = defaultdict(list)
        for key, subject in questions:
            by_lookup[key].append(subject)
        for key, subjects in by_lookup.items():
            at_once = self._lookups[key].kind.at_once
            for start in range(0, len(subjects), at_once):
                self._pools[key].submit(self._ask, key, subjects[start : start + at_once])

    def wait(self) -> list[LookupAnswer]:
        """The answers that came, at least one, at most some hundreds."""
        answers = list(self._came.get())
        until = monotonic() + KEPT_EVERY
        while len(answers) < KEPT_TOGETHER and (left := until - monotonic()) > 0:
            try:
                answers += self._came.get(timeout=left)
            except queue.Empty:
                break
        return answers

    def _ask(self, key: str, subjects: Sequence[Subject]) -> None:
        now = self._clock()
        try:
            answers = self._lookups[key].lookup.ask(subjects, outside=self._outside[key], now=now)
            answers = _checked(key, subjects, answers)
        except Exception as error:  # a fault in one lookup must not end the climb of all systems
            _log.exception("lookup.failed", lookup=key, subjects=len(subjects))
            answers = [_failed(key, subject, error, now=now) for subject in subjects]
        self._came.put(answers)


def _checked(
    key: str, subjects: Sequence[Subject], answers: Sequence[LookupAnswer]
) -> Sequence[LookupAnswer]:
    """`answers`, where each is to the question that was put."""
    asked = [(key, subject) for subject in subjects]
    got = [(answer.lookup, answer.subject) for answer in answers]
    if got != asked:
        raise ValueError(f"The lookup {key} answered something else than it was asked.")
    return answers


def _failed(key: str, subject: Subject, error: Exception, *, now: datetime) -> LookupAnswer:
    return LookupAnswer(
        lookup=key,
        subject=subject,
        outcome=Outcome.UNKNOWN,
        source=key,
        fetched_at=now,
        valid_until=now + _ASKED_AGAIN_AFTER,
        note=f"A fault of ours: {type(error).__name__}.",
    )
