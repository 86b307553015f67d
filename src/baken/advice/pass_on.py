"""The words of a request to pass on, to a network's operator; their texts are in ``_pass_on/``."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Final

from baken.advice.frame import Frame, frame
from baken.advice.words import language_of_words, read_words, unfold

_FOLDER: Final = "_pass_on"
_INSTEAD: Final = "instead"


@dataclass(frozen=True, slots=True)
class PassOnWords:
    """The words of a request in one language; names in braces are filled in with ``str.format``."""

    subject: str
    """{label} {urgency} {systems}"""
    subject_singular: str
    subject_plural: str
    """{count}"""
    top_line: str
    """{label} {sender_name} {organisation}"""
    intro_singular: str
    """{sender_name}"""
    intro_plural: str
    """{sender_name} {count}"""
    fact_ask: str
    fact_ask_short: str
    fact_ask_short_one: str
    may_tell: str
    answer: str
    """{reply_to}"""
    answer_with_page: str
    """{reply_to}"""
    heading_ask: str
    ask_find: str
    ask_find_one: str
    ask_pass_on: str
    ask_pass_on_one: str
    ask_tell_page: str
    ask_tell_reply: str
    heading_kind: str
    """{subject}"""
    heading_kind_numbered: str
    """{number} {subject}"""
    heading_text: str
    code: str
    """{code}"""
    utc_once: str
    """{at}"""
    utc_several: str
    """{first} {last}"""
    utc_moment: str
    """{at} {port}"""
    why_code: str
    why_code_call: str
    """{contact_line}"""
    attachment: str
    """{file_name}"""
    attachment_one: str
    """{file_name}"""
    attachment_xarf: str
    """{file_name}"""
    attachment_xarf_one: str
    """{file_name}"""
    attachment_xarf_some: str
    """{file_name} {count} {systems}"""
    answer_page: str
    answer_reply: str
    file_name: str
    """{code}"""
    file_name_xarf: str
    """{code}"""
    description: str
    """Of a report for programs: {subject} {code}"""
    sheet_text: str
    column_code: str
    column_first_seen_utc: str
    column_last_seen_utc: str

    frame: Frame
    """The words that a warning has too, said as in a request."""


def pass_on_words(language: str) -> PassOnWords:
    """The words of a request. An unknown language gives English."""
    return _pass_on_words(language_of_words(language))


@cache
def _pass_on_words(language: str) -> PassOnWords:
    words = read_words(_FOLDER, language=language)
    instead = {name: unfold(text) for name, text in words.pop(_INSTEAD).items()}
    own = {name: unfold(text) for name, text in words.items()}
    return PassOnWords(**own, frame=replace(frame(language), **instead))


PASS_ON_WORDS: Final = frozenset(field.name for field in fields(PassOnWords)) - {"frame"}
"""The names of the words that a file in ``_pass_on/`` holds, besides those it says otherwise."""
