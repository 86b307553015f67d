"""The words of a call: what a caller says, in which order, and to whom not; texts in ``_call/``."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Final

from baken.advice.frame import Frame, frame
from baken.advice.words import language_of_words, read_words, unfold

_FOLDER: Final = "_call"
_INSTEAD: Final = "instead"


@dataclass(frozen=True, slots=True)
class CallWords:
    """The words of a call in one language; names in braces are filled in with ``str.format``."""

    title: str
    """{code} {label}"""
    to_call: str
    """{number} {organisation}"""
    to_call_named: str
    """{number} {organisation} {name}"""
    how_to_read: str

    heading_who: str
    who: str
    """{sender_name}"""
    check: str
    """{number} {code}"""
    check_page: str
    """{page} {code}"""
    never: str

    heading_find: str
    find: str
    find_named: str
    """{name}"""
    not_there: str
    say_nothing: str
    voicemail: str
    """{sender_name} {number} {code}"""

    heading_seen: str
    confirm: str
    """{organisation}"""
    say_seen: str
    more_kinds_singular: str
    more_kinds_plural: str
    """{count}"""

    heading_do: str

    heading_end: str
    ask_back: str
    source: str
    """{source}"""
    object: str
    """{number}"""
    record: str
    """{code}"""

    frame: Frame
    """The words that a mail has too, said as in a call."""


def call_words(language: str) -> CallWords:
    """The words of a call. An unknown language gives English."""
    return _call_words(language_of_words(language))


@cache
def _call_words(language: str) -> CallWords:
    words = read_words(_FOLDER, language=language)
    instead = {name: unfold(text) for name, text in words.pop(_INSTEAD).items()}
    own = {name: unfold(text) for name, text in words.items()}
    return CallWords(**own, frame=replace(frame(language), **instead))


CALL_WORDS: Final = frozenset(field.name for field in fields(CallWords)) - {"frame"}
"""The names of the words that a file in ``_call/`` holds, besides those it says otherwise."""
