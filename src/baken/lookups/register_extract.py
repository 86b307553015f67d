"""Where an organisation is reached by letter and telephone, out of an extract of its register.

The extract is given with a permission (`core.given_file`). An organisation is found by its name,
its number or its domain, as another lookup found them, and only when exactly one entry fits: two
organisations of one name are told apart by nobody here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Final

import structlog

from baken.core.errors import TextRefusedError
from baken.core.given_file import FileContents, GivenFile, GivenFileKind, SkippedRow
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    Refusal,
    RefusedRoute,
    Subject,
    SubjectKind,
    Turn,
)
from baken.core.routes import Scope
from baken.core.text import one_line
from baken.lookups.given_answers import Findings, GivenAnswers
from baken.lookups.kind import LookupKind
from baken.lookups.legal_forms import NameKey, name_key
from baken.lookups.placeholders import refusal_of
from baken.lookups.register_rows import RegisterEntry, read_register
from baken.lookups.telephone import callable_number, is_costly
from baken.outside import Outside

_KEY: Final = "register-extract"
_NUMBER_KEY: Final = "register-extract-number"
_DOMAIN_KEY: Final = "register-extract-domain"
_AT_ONCE: Final = 10_000
_FEWEST_LINES: Final = 2
_SKIPPED_SHOWN: Final = 20
_BY_NAME, _BY_DOMAIN, _BY_NUMBER = 70, 75, 90
"""Confidence, by what led to the entry: names and domains change hands, numbers do not."""

log = structlog.get_logger()


class Register:
    """All entries of the given files, by name, number and domain."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        self._files = tuple(files)
        self._entries: list[tuple[int, RegisterEntry]] = []
        self._by_base: defaultdict[str, list[int]] = defaultdict(list)
        self._by_number: defaultdict[str, list[int]] = defaultdict(list)
        self._by_domain: defaultdict[str, list[int]] = defaultdict(list)
        for place, file in enumerate(self._files):
            skipped = list(self._load(file, place))
            if skipped:
                log.warning(
                    "given_file.rows_skipped",
                    file=file.name,
                    count=len(skipped),
                    first_line=skipped[0].line,
                    why=skipped[0].why,
                )

    def by_name(self, name: str, usable: frozenset[int]) -> list[tuple[int, RegisterEntry]]:
        """The entries with this name, in files of these places.

        One with another legal form is another organisation. Where the name, or an entry, says no
        legal form, nothing is known against it.
        """
        asked = name_key(name)
        found = self._newest(self._by_base.get(asked.base, ()), usable)
        if not asked.form:
            return found
        same = [one for one in found if NameKey(asked.base, asked.form) in one[1].names]
        return same or [one for one in found if NameKey(asked.base, "") in one[1].names]

    def by_number(self, number: str, usable: frozenset[int]) -> list[tuple[int, RegisterEntry]]:
        """The entry with this number."""
        return self._newest(self._by_number.get(number, ()), usable)

    def by_domain(self, domain: str, usable: frozenset[int]) -> list[tuple[int, RegisterEntry]]:
        """The entries with this registered domain."""
        return self._newest(self._by_domain.get(domain, ()), usable)

    def _load(self, file: GivenFile, place: int) -> Iterable[SkippedRow]:
        for one in read_register(file.path, name=file.name):
            if isinstance(one, SkippedRow):
                yield one
                continue
            at = len(self._entries)
            self._entries.append((place, one))
            self._by_number[one.number].append(at)
            for base in {key.base for key in one.names}:
                self._by_base[base].append(at)
            if one.domain:
                self._by_domain[one.domain].append(at)

    def _newest(
        self, places: Iterable[int], usable: frozenset[int]
    ) -> list[tuple[int, RegisterEntry]]:
        """The entries that may be used; of those with one number, that of the file given last."""
        newest: dict[str, tuple[int, RegisterEntry]] = {}
        for at in places:
            file, entry = self._entries[at]
            known = newest.get(entry.number)
            if file in usable and (
                known is None or self._files[known[0]].given_at < self._files[file].given_at
            ):
                newest[entry.number] = (file, entry)
        return list(newest.values())


_Find = Callable[[Register, str, frozenset[int]], list[tuple[int, RegisterEntry]]]


class RegisterExtract:
    """Answers about what leads to an entry in one way: by name, by number or by domain."""

    def __init__(
        self, files: Sequence[GivenFile], *, key: str, find: _Find, scope: Scope, confidence: int
    ) -> None:
        self._files = tuple(files)
        self._register = _loaded(self._files)
        self._key = key
        self._find = find
        self._scope = scope
        self._confidence = confidence

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each."""
        del outside  # nobody is asked
        given = GivenAnswers.at(now, files=self._files, lookup=self._key)
        if given.lack:
            return [given.unknown(subject, note=given.lack) for subject in subjects]
        return [self._answer(subject, given) for subject in subjects]

    def _answer(self, subject: Subject, given: GivenAnswers) -> LookupAnswer:
        found = self._find(self._register, subject.value, given.usable)
        if not found:
            return given.answer(subject, Findings())
        if len(found) > 1:
            shown = one_line(f"{subject.value}: {len(found)} entries", limit=200)
            refused = (RefusedRoute(shown, Refusal.SEVERAL_ENTRIES),)
            note = f"{len(found)} organisations in the register go by it, so none is taken."
            return given.answer(subject, Findings(refused=refused, note=note))
        [(_, entry)] = found
        return given.answer(subject, self._findings(entry))

    def _findings(self, entry: RegisterEntry) -> Findings:
        if entry.is_person:
            return Findings(
                holders=(Holder("", "", country=entry.country, is_person=True),),
                refused=(RefusedRoute("the entry in the register", Refusal.PRIVATE_PERSON),),
            )
        found = [*self._phones(entry), *self._letters(entry)]
        return Findings(
            routes=tuple(one for one in found if isinstance(one, FoundRoute)),
            holders=(Holder("", entry.name, country=entry.country),),
            refused=tuple(one for one in found if isinstance(one, RefusedRoute)),
        )

    def _phones(self, entry: RegisterEntry) -> Iterable[FoundRoute | RefusedRoute]:
        if not entry.phone:
            return
        why = refusal_of(entry.phone)
        number = "" if why else callable_number(entry.phone, country=entry.country)
        if number and not is_costly(number):
            yield self._route(FoundChannel.PHONE, number, entry)
        else:
            why = why or (Refusal.COSTLY_NUMBER if number else Refusal.NOT_READABLE)
            yield RefusedRoute(one_line(entry.phone, limit=200), why)

    def _letters(self, entry: RegisterEntry) -> Iterable[FoundRoute | RefusedRoute]:
        if not entry.address:
            return
        refusals = [why for line in entry.address if (why := refusal_of(line)) is not None]
        if refusals or len(entry.address) < _FEWEST_LINES:
            why = refusals[0] if refusals else Refusal.NOT_READABLE
            yield RefusedRoute(one_line(", ".join(entry.address), limit=200), why)
            return
        lines = [entry.name, *entry.address]
        if lines[-1].upper() != entry.country:
            lines.append(entry.country)
        yield self._route(FoundChannel.LETTER, "\n".join(lines), entry)

    def _route(self, channel: FoundChannel, address: str, entry: RegisterEntry) -> FoundRoute:
        return FoundRoute(
            channel,
            address,
            self._scope,
            Basis.REGISTER_EXTRACT,
            self._confidence,
            name=entry.name,
        )


def _loaded(files: tuple[GivenFile, ...]) -> Register:
    """The register in `files`, loaded once for its lookups as long as the files stay the same."""
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
    return _load(files, tuple(states))


@lru_cache(maxsize=1)
def _load(files: tuple[GivenFile, ...], states: tuple[tuple[int, int], ...]) -> Register:
    del states  # part of the key: a file that changed is loaded anew
    return Register(files)


def _look_over(file: GivenFile) -> FileContents:
    entries, skipped = 0, list[SkippedRow]()
    for one in read_register(file.path, name=file.name):
        if isinstance(one, SkippedRow):
            skipped.append(one)
        else:
            entries += 1
    return FileContents(entries, len(skipped), tuple(islice(skipped, _SKIPPED_SHOWN)))


def _open_names(files: Sequence[GivenFile]) -> RegisterExtract:
    return RegisterExtract(
        files, key=_KEY, find=Register.by_name, scope=Scope.OWNER, confidence=_BY_NAME
    )


def _open_numbers(files: Sequence[GivenFile]) -> RegisterExtract:
    return RegisterExtract(
        files, key=_NUMBER_KEY, find=Register.by_number, scope=Scope.OWNER, confidence=_BY_NUMBER
    )


def _open_domains(files: Sequence[GivenFile]) -> RegisterExtract:
    return RegisterExtract(
        files, key=_DOMAIN_KEY, find=Register.by_domain, scope=Scope.NAME, confidence=_BY_DOMAIN
    )


def _kind(
    key: str, asks_about: SubjectKind, opens: Callable[[Sequence[GivenFile]], RegisterExtract]
) -> LookupKind:
    return LookupKind(
        key,
        asks_about,
        opens,
        turn=Turn.GIVEN,
        at_once=_AT_ONCE,
        reads=GivenFileKind.REGISTER_EXTRACT,
        look_over=_look_over,
    )


KIND: Final = _kind(_KEY, SubjectKind.HOLDER, _open_names)
NUMBER_KIND: Final = _kind(_NUMBER_KEY, SubjectKind.REGISTER_NUMBER, _open_numbers)
DOMAIN_KIND: Final = _kind(_DOMAIN_KEY, SubjectKind.DOMAIN, _open_domains)
