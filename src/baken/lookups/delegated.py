"""In which country an address was delegated, and to which holder, out of registries' statistics.

The five regional registries publish a file each of what they delegated (delegated-extended). It
names no holder: an opaque id stands for one, and means nothing beyond the file's registry. So the
answer has no route and no identity, only the country.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import structlog

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import Holder, LookupAnswer, Subject, SubjectKind, Turn
from baken.lookups.given_answers import Findings, GivenAnswers
from baken.lookups.kind import LookupKind
from baken.lookups.registry_files.prefix_table import Address, PrefixTableBuilder, PrefixTables
from baken.lookups.registry_files.statistics import (
    Delegation,
    SkippedLine,
    read_delegations,
)
from baken.lookups.registry_files.text_columns import TextColumns, TextColumnsBuilder
from baken.outside import Outside

_KEY: Final = "delegated"
_AT_ONCE: Final = 100_000
_MOST_ROWS: Final = 32
"""How many delegations around an address are looked at, the narrowest first."""
_COLUMNS: Final = ("file", "registry", "country", "holder")

log = structlog.get_logger()


class Delegated:
    """Answers about addresses."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        self._files = tuple(files)
        self._networks, self._delegations = _loaded(self._files)

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each."""
        del outside  # nobody is asked
        given = GivenAnswers.at(now, files=self._files, lookup=_KEY)
        if given.lack:
            return [given.unknown(subject, note=given.lack) for subject in subjects]
        addresses = [_address(subject.value) for subject in subjects]
        nodes = self._networks.nodes_of(addresses)
        answers = []
        for subject, address, node in zip(subjects, addresses, nodes, strict=True):
            if address is None:
                answers.append(given.unknown(subject, note="It is no address."))
                continue
            holder = self._holder(node, version=address.version, usable=given.usable)
            answers.append(given.answer(subject, Findings(holders=(holder,) if holder else ())))
        return answers

    def countries_of(self, addresses: Sequence[str | None], *, now: datetime) -> list[str]:
        """In which country each of `addresses` was delegated; empty where no usable file says."""
        usable = GivenAnswers.at(now, files=self._files, lookup=_KEY).usable
        read = [None if text is None else _address(text) for text in addresses]
        known: dict[tuple[int, int], str] = {}
        countries = []
        for address, node in zip(read, self._networks.nodes_of(read), strict=True):
            if address is None:
                countries.append("")
                continue
            key = address.version, node
            if key not in known:
                holder = self._holder(node, version=address.version, usable=usable)
                known[key] = holder.country if holder else ""
            countries.append(known[key])
        return countries

    def _holder(self, node: int, *, version: int, usable: frozenset[int]) -> Holder | None:
        """Of the narrowest delegation in a usable file; the file that was given last counts."""
        network = ""
        found: list[dict[str, str]] = []
        for place, one in enumerate(self._networks.rows_from(node, version=version)):
            row = self._delegations.row(one.row)
            if place >= _MOST_ROWS or (found and one.network != network):
                break
            if int(row["file"]) in usable:
                network = one.network
                found.append(row)
        if not found:
            return None
        row = max(found, key=lambda row: self._files[int(row["file"])].given_at)
        return Holder(_handle(row), "", network, country=row["country"])


def _handle(row: dict[str, str]) -> str:
    """The opaque id, apart from the handles of the registry's database; empty without one."""
    return f"{row['registry']}-DELEGATED:{row['holder']}" if row["holder"] else ""


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _loaded(files: Sequence[GivenFile]) -> tuple[PrefixTables, TextColumns]:
    """The networks of all `files`, and their rows."""
    builders = {4: PrefixTableBuilder(4), 6: PrefixTableBuilder(6)}
    rows = TextColumnsBuilder(_COLUMNS)
    for place, file in enumerate(files):
        for one in _delegations(file):
            builders[one.version].add(one.first, one.last, row=rows.length)
            rows.add(str(place), one.registry, one.country, one.holder)
    return PrefixTables(builders[4].build(), builders[6].build()), rows.build()


def _delegations(file: GivenFile) -> Iterator[Delegation]:
    """Those in `file`; how many of its lines were skipped is logged."""
    skipped: list[SkippedLine] = []
    count = 0
    for one in read_delegations(file.path, name=file.name):
        if isinstance(one, Delegation):
            yield one
            continue
        count += 1
        if not skipped:
            skipped.append(one)
    if skipped:
        log.warning(
            "given_file.lines_skipped",
            file=file.name,
            count=count,
            first_line=skipped[0].line,
            why=skipped[0].why,
        )


KIND: Final = LookupKind(
    _KEY,
    SubjectKind.ADDRESS,
    Delegated,
    turn=Turn.GIVEN,
    at_once=_AT_ONCE,
    reads=GivenFileKind.DELEGATED,
)
