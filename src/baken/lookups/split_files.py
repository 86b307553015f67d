"""Who holds an address or AS number, out of registries' split files, without asking anybody.

The files are given with a permission (`core.given_file`): RPSL split files, ARIN's bulk form or
snapshots of NRTMv4. Both lookups of this module share what was loaded.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import structlog

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import LookupAnswer, Subject, SubjectKind, Turn
from baken.lookups.given_answers import GivenAnswers, states_of
from baken.lookups.kind import LookupKind
from baken.lookups.registry_files.database import RegistryDatabase
from baken.lookups.registry_files.prefix_table import Address
from baken.lookups.registry_files.routes import findings_about_address, findings_about_as_number
from baken.outside import Outside

_KEY: Final = "split-files"
_AS_NUMBER_KEY: Final = "split-files-as-number"
_AT_ONCE: Final = 100_000

log = structlog.get_logger()


class SplitFiles:
    """Answers about addresses."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        self._files = tuple(files)
        self._database = _loaded(self._files)

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each."""
        del outside  # nobody is asked
        given = GivenAnswers.at(now, files=self._files, lookup=_KEY)
        if given.lack:
            return [given.unknown(subject, note=given.lack) for subject in subjects]
        addresses = [_address(subject.value) for subject in subjects]
        found = self._database.view(given.usable).holdings_of(addresses)
        answers = []
        for subject, address, holdings in zip(subjects, addresses, found, strict=True):
            if address is None:
                answers.append(given.unknown(subject, note="It is no address."))
                continue
            findings = findings_about_address(holdings)
            answers.append(given.answer(subject, findings))
        return answers


class SplitFilesAsNumber:
    """Answers about AS numbers."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        self._files = tuple(files)
        self._database = _loaded(self._files)

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each."""
        del outside  # nobody is asked
        given = GivenAnswers.at(now, files=self._files, lookup=_AS_NUMBER_KEY)
        if given.lack:
            return [given.unknown(subject, note=given.lack) for subject in subjects]
        return [self._answer(subject, given) for subject in subjects]

    def _answer(self, subject: Subject, given: GivenAnswers) -> LookupAnswer:
        if not (subject.value.isascii() and subject.value.isdigit() and len(subject.value) <= 10):
            return given.unknown(subject, note="It is no AS number.")
        holdings = self._database.view(given.usable).holdings_of_as_number(int(subject.value))
        return given.answer(subject, findings_about_as_number(holdings))


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _loaded(files: tuple[GivenFile, ...]) -> RegistryDatabase:
    """The database of `files`, loaded once for both lookups as long as the files stay the same."""
    return _load(files, states_of(files))


@lru_cache(maxsize=1)
def _load(files: tuple[GivenFile, ...], states: tuple[tuple[int, int], ...]) -> RegistryDatabase:
    del states  # part of the key: a file that changed is loaded anew
    database = RegistryDatabase(files)
    for skipped in database.skipped:
        if skipped.count:
            log.warning(
                "given_file.objects_skipped",
                file=skipped.file,
                count=skipped.count,
                first_line=skipped.first[0].line,
                why=skipped.first[0].why,
            )
    return database


KIND: Final = LookupKind(
    _KEY,
    SubjectKind.ADDRESS,
    SplitFiles,
    turn=Turn.GIVEN,
    at_once=_AT_ONCE,
    reads=GivenFileKind.SPLIT_FILE,
)
AS_NUMBER_KIND: Final = LookupKind(
    _AS_NUMBER_KEY,
    SubjectKind.AS_NUMBER,
    SplitFilesAsNumber,
    turn=Turn.GIVEN,
    at_once=_AT_ONCE,
    reads=GivenFileKind.SPLIT_FILE,
)
