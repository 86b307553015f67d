"""Descriptions of files in the store, and what a place for files must be able to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Protocol


class ListedFile(Protocol):
    """A file as the database lists it. It is read only when it is exactly that."""

    @property
    def path(self) -> str:
        """Where it lies, from the root of the store, with slashes."""
        ...

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        ...

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal."""
        ...


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that is complete, and what a reader may know without opening it."""

    path: str
    size_bytes: int
    sha256: str
    day: date
    """The day (UTC) on which all of its rows were observed."""
    rows: int
    observed_from: datetime
    observed_until: datetime
    finding_kinds: tuple[str, ...]
    """In alphabetical order."""
    has_cves: bool
    """At least one row names a CVE."""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file as it is found in a place, listed or not."""

    path: str
    size_bytes: int
    modified_at: datetime


class NewFile(Protocol):
    """A file that is being written; nobody sees it before `commit`."""

    def write(self, data: bytes) -> None:
        """Add `data` at the end."""
        ...

    def commit(self) -> None:
        """Put it in its place, whole and lasting."""
        ...

    def discard(self) -> None:
        """Leave nothing of it. May be called at any time before `commit`."""
        ...


class Place(Protocol):
    """Where files lie. Paths are from its root, with slashes.

    Every method raises `baken.core.errors.StoreUnavailableError` or
    `baken.core.errors.StoreFullError` when the place cannot do it.
    """

    def create(self, path: str) -> NewFile:
        """A new file at `path`; one that stands there is replaced on `commit`."""
        ...

    def fetch(self, path: str) -> AbstractContextManager[Path]:
        """The whole file, on this machine, for as long as the context lasts.

        Raises `FileNotFoundError`.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """The file for reading parts of it. Raises `FileNotFoundError`."""
        ...

    def remove(self, path: str) -> None:
        """Make sure that no file is at `path`."""
        ...

    def walk(self) -> Iterator[PlacedFile]:
        """Every file, also those that a crash left half."""
        ...
