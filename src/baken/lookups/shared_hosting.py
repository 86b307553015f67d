"""Who gives others room: names below its own, or machines in its network.

The list is given as a file with a permission (`core.given_file`). What stands in it is used by many
others, so that its holder is not taken for the owner; whoever is listed can pass on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

import structlog

from baken.core.asset import WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX, normalise_domain
from baken.core.errors import TextRefusedError
from baken.core.given_file import FileContents, GivenFile, GivenFileKind, SkippedRow
from baken.core.lookup import (
    Basis,
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
from baken.lookups.contact_uri import ReadContact, read_contacts
from baken.lookups.given_answers import Findings, GivenAnswers
from baken.lookups.kind import LookupKind
from baken.lookups.legal_forms import NameKey, name_key
from baken.lookups.placeholders import refusal_of
from baken.lookups.table_rows import rows_of
from baken.outside import Outside

_KEY: Final = "shared-hosting"
_ADDRESS_KEY: Final = "shared-hosting-address"
_HOLDER_KEY: Final = "shared-hosting-holder"
_AT_ONCE: Final = 10_000
_FEWEST_CELLS: Final = 2
_LONGEST: Final = 200
_SKIPPED_SHOWN: Final = 20
_CONFIDENCE: Final = 80
_REMEDY: Final = (
    "Give a table in UTF-8 with tabs or commas: what is the provider's (a name, .suffix, network, "
    "mail address or holder's name), the provider, and where to report. The first row is a header."
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Provider:
    """Who gives room, and how it is told of what happens there."""

    name: str
    report_to: str
    """As written: a mail address, or the address of a form; may be empty."""
    network: str = ""
    """In which it gives room, in CIDR text; empty where a name or a holder is listed."""


@dataclass(frozen=True, slots=True)
class _Row:
    what: str | Network | NameKey
    is_desk: bool
    provider: Provider


@dataclass(slots=True)
class _Listed:
    """What one file lists."""

    names: dict[str, Provider] = field(default_factory=dict)
    suffixes: dict[str, Provider] = field(default_factory=dict)
    """Without the dot before them."""
    networks: dict[Network, Provider] = field(default_factory=dict)
    holders: dict[str, list[tuple[NameKey, Provider]]] = field(default_factory=dict)
    """By the name without its legal form."""
    desks: set[str] = field(default_factory=set)
    """Mail addresses, in lower case."""

    def of_name(self, name: str) -> Provider | None:
        """Who gives room below whose name `name` lies; the nearest counts."""
        if name in self.names:
            return self.names[name]
        labels = name.split(".")
        for start in range(1, len(labels)):
            above = ".".join(labels[start:])
            found = self.suffixes.get(above) or self.names.get(above)
            if found is not None:
                return found
        return None

    def of_address(self, text: str) -> Provider | None:
        """Who gives room in the narrowest network around the address `text`."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        for length in range(address.max_prefixlen, 0, -1):
            network = ipaddress.ip_network((address, length), strict=False)
            if network in self.networks:
                return self.networks[network]
        return None

    def of_holder(self, name: str) -> Provider | None:
        """Who gives room and goes by `name`, however its legal form is written."""
        asked = name_key(name)
        for key, provider in self.holders.get(asked.base, ()):
            if not key.form or not asked.form or key.form == asked.form:
                return provider
        return None

    def add(self, row: _Row) -> None:
        """Take `row` in; an earlier one of the same stays."""
        match row.what:
            case NameKey():
                self.holders.setdefault(row.what.base, []).append((row.what, row.provider))
            case str() if row.is_desk:
                self.desks.add(row.what)
            case str() if row.what.startswith("."):
                self.suffixes.setdefault(row.what[1:], row.provider)
            case str():
                self.names.setdefault(row.what, row.provider)
            case _:
                self.networks.setdefault(row.what, row.provider)


_Find = Callable[[_Listed, str], Provider | None]


class SharedHosting:
    """Answers about names, addresses or holders."""

    def __init__(self, files: Sequence[GivenFile], *, key: str, find: _Find) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        self._files = tuple(files)
        self._listed = [_load(file) for file in self._files]
        self._key = key
        self._find = find

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
        found = (self._find(self._listed[place], subject.value) for place in sorted(given.usable))
        provider = next(filter(None, found), None)
        if provider is None:
            return given.answer(subject, Findings())
        return given.answer(subject, _findings(provider))


def hosting_desks(files: Iterable[GivenFile], *, now: datetime) -> frozenset[str]:
    """The mail addresses, in lower case, of those who give room, as `files` of the kind list them.

    Raises `TextRefusedError` for one that cannot be read at all.
    """
    mine = [
        _load(file)
        for file in files
        if file.kind is GivenFileKind.SHARED_HOSTING and file.given_at <= now < file.valid_until
    ]
    return frozenset().union(*(listed.desks for listed in mine))


def _findings(provider: Provider) -> Findings:
    found = list(_ways(provider))
    return Findings(
        routes=tuple(
            FoundRoute(
                one.channel,
                one.address,
                Scope.HOST,
                Basis.SHARED_HOSTING,
                _CONFIDENCE,
                name=provider.name,
            )
            for one in found
            if isinstance(one, ReadContact)
        ),
        holders=(Holder("", provider.name, provider.network, gives_room=True),),
        refused=tuple(one for one in found if isinstance(one, RefusedRoute)),
    )


def _ways(provider: Provider) -> Iterator[ReadContact | RefusedRoute]:
    if provider.report_to:
        yield from islice(read_contacts(provider.report_to, own_domain=""), 1)


def _load(file: GivenFile) -> _Listed:
    listed, skipped = _Listed(), list[SkippedRow]()
    for one in _read(file):
        if isinstance(one, SkippedRow):
            skipped.append(one)
        else:
            listed.add(one)
    if skipped:
        log.warning(
            "given_file.rows_skipped",
            file=file.name,
            count=len(skipped),
            first_line=skipped[0].line,
            why=skipped[0].why,
        )
    return listed


def _look_over(file: GivenFile) -> FileContents:
    rows = list(_read(file))
    skipped = [one for one in rows if isinstance(one, SkippedRow)]
    return FileContents(len(rows) - len(skipped), len(skipped), tuple(skipped[:_SKIPPED_SHOWN]))


def _read(file: GivenFile) -> Iterator[_Row | SkippedRow]:
    """The rows of `file`; raises `TextRefusedError` for what is no such table."""
    try:
        rows = rows_of(file.path)
        _, header = next(rows, (0, "It is empty."))
        if isinstance(header, str) or len(header) < _FEWEST_CELLS:
            raise _refused(file, "is no table")
        for line, cells in rows:
            if isinstance(cells, str):
                yield SkippedRow(line, cells)
            elif any(cell.strip() for cell in cells):
                yield _row(line, [*(cell.strip() for cell in cells), "", "", ""])
    except OSError as error:
        raise _refused(file, f"cannot be opened: {error.strerror or error}") from error


def _row(line: int, cells: Sequence[str]) -> _Row | SkippedRow:
    text, name, report_to = cells[:3]
    provider = one_line(name, limit=_LONGEST)
    if refusal_of(provider) is Refusal.PLACEHOLDER:
        return SkippedRow(line, "It names no provider.")
    what = _what(text)
    if what is None:
        return SkippedRow(line, "It does not say what is the provider's.")
    is_desk = isinstance(what, str) and "@" in what
    network = "" if isinstance(what, str | NameKey) else str(what)
    return _Row(what, is_desk, Provider(provider, report_to[:_LONGEST], network))


def _what(text: str) -> str | Network | NameKey | None:
    """A name, a suffix with its dot, a mail address, a network, or the name of a holder."""
    if not text or len(text) > _LONGEST or urlsplit(text).scheme in ("http", "https"):
        return None
    if "/" in text and " " not in text:
        return _network(text)
    if "@" in text and " " not in text:
        return text.lower()
    if "." in text and " " not in text and not text.endswith("."):
        try:
            dot = "." if text.startswith(".") else ""
            name = normalise_domain(text.lstrip("."))
        except ValueError:
            return None
        return f"{dot}{name}" if "." in name else None
    key = name_key(text)
    return key if key.base and refusal_of(text) is None else None


def _network(text: str) -> Network | None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return None
    widest = WIDEST_IPV4_PREFIX if network.version == 4 else WIDEST_IPV6_PREFIX
    return network if network.prefixlen >= widest else None


def _refused(file: GivenFile, why: str) -> TextRefusedError:
    return TextRefusedError(f"The list of hosting {file.name} {why}.", remedy=_REMEDY)


def _kind(key: str, asks_about: SubjectKind, find: _Find) -> LookupKind:
    def opens(files: Sequence[GivenFile]) -> SharedHosting:
        return SharedHosting(files, key=key, find=find)

    return LookupKind(
        key,
        asks_about,
        opens,
        turn=Turn.GIVEN,
        at_once=_AT_ONCE,
        reads=GivenFileKind.SHARED_HOSTING,
        look_over=_look_over,
    )


KIND: Final = _kind(_KEY, SubjectKind.NAME, _Listed.of_name)
ADDRESS_KIND: Final = _kind(_ADDRESS_KEY, SubjectKind.ADDRESS, _Listed.of_address)
HOLDER_KIND: Final = _kind(_HOLDER_KEY, SubjectKind.HOLDER, _Listed.of_holder)
