"""What a lookup is to the rest of the house, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from baken.core.given_file import FileContents, GivenFile, GivenFileKind
from baken.core.lookup import LookupAnswer, Subject, SubjectKind, Turn
from baken.outside import Outside


class Lookup(Protocol):
    """Puts one question to one outside source, or to what was given as files."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """An answer for each of `subjects`, in their order; from any number of threads at once.

        Raises nothing about what a source answers or fails to: then the answer is *unknown*.
        """
        ...


@dataclass(frozen=True, slots=True)
class LookupKind:
    """One line of the table of lookups."""

    key: str
    """The key under which its answers are kept, in kebab case; never renamed."""
    asks_about: SubjectKind
    """The kind of subject that it can be asked about."""
    open: Callable[[Sequence[GivenFile]], Lookup]
    """A lookup over the files of its kind `reads`, which may take a while to load. Raises
    `baken.core.errors.TextRefusedError` for a file that cannot be read at all."""
    turn: Turn = Turn.REGISTRY
    """When it is asked: a later turn only where the earlier ones found nothing."""
    resolves_names: bool = False
    """Whether its answers say to which addresses a name resolves."""
    judges_mail: bool = False
    """Whether its answers say if a domain takes mail."""
    at_once: int = 1
    """How many subjects one call takes at most: 1 where each waits for a server."""
    reads: GivenFileKind | None = None
    """The kind of given files that it looks into; without any, it is asked nothing. None: it asks
    the outside."""
    checks_with: GivenFileKind | None = None
    """The kind of given files that `open` gets too, where there are any: without them it asks all
    the same."""
    stands_in_for: str = ""
    """The key of a lookup: it is asked only about what that one, asked before, could not answer."""
    look_over: Callable[[GivenFile], FileContents] | None = None
    """Of a lookup over files of rows: how many entries such a file holds, and which rows are none.
    Raises `baken.core.errors.TextRefusedError` for a file that cannot be read at all."""
    is_said_by_subject: bool = False
    """Whether the host or name itself says it, so that whoever broke in can have written it."""
