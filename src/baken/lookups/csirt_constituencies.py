"""Which other CSIRT warns about a system, by the constituencies that were given as files.

Four lookups: by the address, the AS number, the registered domain, and the country. Each answers
with the CSIRT that warns instead of us, and how that is reached. All share what was loaded.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import structlog

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    RefusedRoute,
    Subject,
    SubjectKind,
    Turn,
)
from baken.core.routes import Scope
from baken.lookups.constituency_file import Constituency, SkippedEntry, read_constituencies
from baken.lookups.given_answers import (
    Findings,
    GivenAnswers,
    checked_mail,
    checked_number,
    states_of,
)
from baken.lookups.kind import LookupKind
from baken.lookups.registry_files.prefix_table import PrefixTableBuilder, PrefixTables
from baken.outside import Outside

_AT_ONCE: Final = 100_000
_SURE: Final = 90
_OF_COUNTRY: Final = 80
"""Confidence in a CSIRT by the country alone."""
_MOST_NAMED: Final = 5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A constituency, and the position of the file that says it."""

    file: int
    constituency: Constituency


class Constituencies:
    """The files that were given, loaded; may be asked from many threads."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        by_age = sorted(range(len(files)), key=lambda place: files[place].given_at, reverse=True)
        self._entries = [
            _Entry(place, one) for place in by_age for one in _constituencies(files[place])
        ]
        builders = {4: PrefixTableBuilder(4), 6: PrefixTableBuilder(6)}
        blocks: list[tuple[int, int, int]] = []
        self._by_domain: dict[str, list[int]] = {}
        self._by_country: dict[str, list[int]] = {}
        for row, entry in enumerate(self._entries):
            one = entry.constituency
            for network in one.networks:
                builders[network.version].add(network.first, network.last, row=row)
            blocks += [(first, last, row) for first, last in one.as_numbers]
            for domain in one.domains:
                self._by_domain.setdefault(domain, []).append(row)
            for country in one.countries:
                self._by_country.setdefault(country, []).append(row)
        self._networks = PrefixTables(builders[4].build(), builders[6].build())
        self._blocks = sorted(blocks)

    def of_address(self, text: str) -> Iterator[_Entry]:
        """Those whose network holds the address, the narrowest first. Raises ``ValueError``."""
        address = ipaddress.ip_address(text)
        (node,) = self._networks.nodes_of([address])
        for one in self._networks.rows_from(node, version=address.version):
            yield self._entries[one.row]

    def of_as_number(self, text: str) -> Iterator[_Entry]:
        """Those whose AS numbers hold it, the narrowest block first. Raises ``ValueError``."""
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise ValueError("It is no AS number.")
        number = int(text)
        end = bisect_right(self._blocks, number, key=lambda block: block[0])
        holding = [block for block in self._blocks[:end] if block[1] >= number]
        for _, _, row in sorted(holding, key=lambda block: (block[1] - block[0], block[2])):
            yield self._entries[row]

    def of_domain(self, text: str) -> Iterator[_Entry]:
        """Those that name the domain or one above it, the most specific first."""
        labels = text.split(".")
        for start in range(len(labels)):
            for row in self._by_domain.get(".".join(labels[start:]), ()):
                yield self._entries[row]

    def of_country(self, text: str) -> Iterator[_Entry]:
        """Those whose constituency the whole country is."""
        for row in self._by_country.get(text, ()):
            yield self._entries[row]


Find = Callable[[Constituencies, str], Iterator[_Entry]]


@dataclass(frozen=True, slots=True)
class CsirtConstituencies:
    """Answers about subjects of one kind."""

    key: str
    find: Find
    files: tuple[GivenFile, ...]
    loaded: Constituencies

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each."""
        del outside  # nobody is asked
        given = GivenAnswers.at(now, files=self.files, lookup=self.key)
        if given.lack:
            return [given.unknown(subject, note=given.lack) for subject in subjects]
        return [self._answer(subject, given) for subject in subjects]

    def _answer(self, subject: Subject, given: GivenAnswers) -> LookupAnswer:
        try:
            found = [
                entry.constituency
                for entry in self.find(self.loaded, subject.value)
                if entry.file in given.usable
            ]
        except ValueError:
            return given.unknown(subject, note=f"It is no {subject.kind.value.replace('-', ' ')}.")
        return given.answer(subject, _findings(found, subject))


def _findings(found: Sequence[Constituency], subject: Subject) -> Findings:
    """The first of `found`, which stand the most specific first, and of those the newest file's."""
    if not found:
        return Findings()
    first, *others = found
    is_country = subject.kind is SubjectKind.COUNTRY
    basis = Basis.NATIONAL_CSIRT if is_country else Basis.CSIRT_CONSTITUENCY
    routes: list[FoundRoute] = []
    refused: list[RefusedRoute] = []
    for channel, address in _ways(first, country=subject.value if is_country else ""):
        if isinstance(address, RefusedRoute):
            refused.append(address)
            continue
        confidence = _OF_COUNTRY if is_country else _SURE
        routes.append(
            FoundRoute(channel, address, Scope.NETWORK, basis, confidence, name=first.csirt)
        )
    names = dict.fromkeys(one.csirt for one in others if one.csirt != first.csirt)
    also = ", ".join(list(names)[:_MOST_NAMED])
    return Findings(
        tuple(dict.fromkeys(routes)),
        (Holder("", first.csirt, handed_over_to=first.csirt),),
        tuple(dict.fromkeys(refused)),
        note=f"It is in the constituency of others too: {also}." if also else "",
    )


def _ways(one: Constituency, *, country: str) -> Iterator[tuple[FoundChannel, str | RefusedRoute]]:
    for mail in one.mails:
        yield FoundChannel.MAIL, checked_mail(mail)
    for phone in one.phones:
        yield FoundChannel.PHONE, checked_number(phone, country=country)


def _constituencies(file: GivenFile) -> Iterator[Constituency]:
    """Those in `file`; how many of its entries could not be read is logged."""
    skipped: list[SkippedEntry] = []
    for one in read_constituencies(file.path, name=file.name):
        if isinstance(one, Constituency):
            yield one
        else:
            skipped.append(one)
    if skipped:
        log.warning(
            "given_file.entries_skipped",
            file=file.name,
            count=len(skipped),
            first_entry=skipped[0].entry,
            why=skipped[0].why,
        )


@lru_cache(maxsize=1)
def _loaded(files: tuple[GivenFile, ...], states: tuple[tuple[int, int], ...]) -> Constituencies:
    del states  # part of the key: a file that changed is loaded anew
    return Constituencies(files)


def _kind(key: str, asks_about: SubjectKind, find: Find) -> LookupKind:
    def opened(files: Sequence[GivenFile]) -> CsirtConstituencies:
        given = tuple(files)
        return CsirtConstituencies(key, find, given, _loaded(given, states_of(given)))

    return LookupKind(
        key,
        asks_about,
        opened,
        turn=Turn.GIVEN,
        at_once=_AT_ONCE,
        reads=GivenFileKind.CSIRT_CONSTITUENCIES,
    )


ADDRESS_KIND: Final = _kind("csirt-constituencies", SubjectKind.ADDRESS, Constituencies.of_address)
AS_NUMBER_KIND: Final = _kind(
    "csirt-constituencies-as-number", SubjectKind.AS_NUMBER, Constituencies.of_as_number
)
DOMAIN_KIND: Final = _kind(
    "csirt-constituencies-domain", SubjectKind.DOMAIN, Constituencies.of_domain
)
COUNTRY_KIND: Final = _kind(
    "csirt-constituencies-country", SubjectKind.COUNTRY, Constituencies.of_country
)
