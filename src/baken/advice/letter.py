"""The words of a letter: those of a mail, said as on paper; the texts are in ``_letter/``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from baken.advice.frame import Frame, frame
from baken.advice.words import language_of_words, read_words, unfold

_FOLDER: Final = "_letter"
_INSTEAD: Final = "instead"
_WITH_NUMBER: Final = "with_number"


@dataclass(frozen=True, slots=True)
class LetterWords:
    """The words of a letter in one language."""

    numbering: str
    """{page} {pages}"""
    check: str
    """What stands beside the code for a camera that leads to the check page."""
    camera: str
    """What stands beside one that leads to the page for answers."""
    frame: Frame
    """The words that a mail has too, said as on paper."""


def letter_words(language: str, *, has_number: bool) -> LetterWords:
    """The words of a letter, with `has_number` those that name our published number.

    An unknown language gives English.
    """
    return _letter_words(language_of_words(language), has_number)


@cache
def _letter_words(language: str, has_number: bool) -> LetterWords:
    words = read_words(_FOLDER, language=language)
    instead = words[_INSTEAD] | (words[_WITH_NUMBER] if has_number else {})
    return LetterWords(
        numbering=words["numbering"],
        check=words["check"],
        camera=words["camera"],
        frame=replace(frame(language), **{name: unfold(text) for name, text in instead.items()}),
    )
