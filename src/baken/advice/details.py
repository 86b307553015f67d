"""What details of a system are called, in the reader's words; the names are in ``_details/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from baken.advice.words import language_of_words, read_words

_FOLDER: Final = "_details"


@dataclass(frozen=True, slots=True)
class DetailName:
    """What one detail is called, and who says its value."""

    text: str
    is_said_by_system: bool
    """Whether the system says it of itself; otherwise the source says it."""
    is_in_mail: bool = True
    """Whether the mail tells it; otherwise the attachment alone does."""


def detail_names(language: str) -> Mapping[str, DetailName]:
    """The name of each detail that is told, by what the data call it; the most important first."""
    return _names(language_of_words(language))


@cache
def _names(language: str) -> Mapping[str, DetailName]:
    groups = read_words(_FOLDER, language=language)
    return MappingProxyType(
        {
            key: DetailName(
                text,
                is_said_by_system=group == "by_system",
                is_in_mail=group != "attachment",
            )
            for group, names in groups.items()
            for key, text in names.items()
        }
    )
