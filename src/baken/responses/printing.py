"""What printing letters comes to, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PrintedBatch:
    """A batch whose files are there."""

    batch: int
    folder: Path
    letters: int
    pages: int


@dataclass(frozen=True, slots=True)
class Printing:
    """What printing came to."""

    batches: tuple[PrintedBatch, ...]
    """Also those that an earlier printing had left unfinished."""
    dropped: tuple[str, ...]
    """Why letters are not printed any more."""
    faults: tuple[str, ...]
    """Why letters that stay in the list could not be set: that is ours to repair."""
    waiting: int
    """How many wait for another day."""


@dataclass(frozen=True, slots=True)
class LetterToPrint:
    """A letter that would be printed."""

    code: str
    addressee: tuple[str, ...]
    """The lines in the window."""
    pages: int


@dataclass(frozen=True, slots=True)
class PrintingPreview:
    """What printing would come to."""

    unfinished: tuple[int, ...]
    """The batches that would be finished first."""
    letters: tuple[LetterToPrint, ...]
    dropped: tuple[str, ...]
    """Why letters would not be printed any more."""
    faults: tuple[str, ...]
    waiting: int
