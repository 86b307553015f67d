"""The words: what was seen, why it matters, and what to do, per finding kind, in Dutch and English.

A finding kind has a folder with ``nl.toml`` and ``en.toml``. A kind without a folder that is about
one service gets ``_service/``, which says that the service can be reached and no more. Any other
gets the words of its type in the Reference Security Incident Taxonomy (RSIT), from ``_rsit/``. The
words around them, the same in every warning, are in ``_base/``. To add a kind, add its folder; no
code changes.

In the files, the lines of a paragraph are folded into one, and a line indented by four spaces is a
command that stays on its own line. All text is plain text: the channel that sends it escapes it.
Names in braces are filled from what was seen; see `baken.advice.filling`.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Final

from baken.advice.call import CALL_WORDS, CallWords, call_words
from baken.advice.details import DetailName, detail_names
from baken.advice.filling import Values, filled, is_plain_name, list_of
from baken.advice.frame import Frame, frame, html_frame
from baken.advice.letter import LetterWords, letter_words
from baken.advice.pass_on import PASS_ON_WORDS, PassOnWords, pass_on_words
from baken.advice.registrant_request import RequestFacts, registrant_request_text
from baken.advice.route_sources import route_source
from baken.advice.words import (
    COMMAND_INDENT,
    LANGUAGES,
    Advice,
    language_of_words,
    read_words,
    unfold,
)
from baken.core.finding_kinds import finding_kinds

__all__ = [
    "CALL_WORDS",
    "COMMAND_INDENT",
    "LANGUAGES",
    "PASS_ON_WORDS",
    "Advice",
    "CallWords",
    "DetailName",
    "Frame",
    "LetterWords",
    "PassOnWords",
    "RequestFacts",
    "Values",
    "advice_for",
    "call_words",
    "detail_names",
    "filled",
    "frame",
    "html_frame",
    "is_plain_name",
    "letter_words",
    "list_of",
    "pass_on_words",
    "registrant_request_text",
    "route_source",
    "written_kinds",
]

_FALLBACK_TYPE: Final = "undetermined"
_SERVICE: Final = "_service"
_TYPES: Final = "_rsit"
_KIND: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def advice_for(finding_kind: str, *, rsit_type: str, language: str) -> Advice:
    """The advice for a finding kind: its own, else a service's, its RSIT type's, *undetermined*'s.

    An unknown language gives English. Kind and type may come straight from a feed: a name that is
    not a written folder never reaches the file system.
    """
    written_language = language_of_words(language)
    if finding_kind in written_kinds():
        return _advice(finding_kind, "", written_language)
    facts = finding_kinds().get(finding_kind)
    if facts is not None and facts.protocol:
        return _advice(_SERVICE, "", written_language)
    written_type = rsit_type if rsit_type in _written_types() else _FALLBACK_TYPE
    return _advice(written_type, _TYPES, written_language)


@cache
def written_kinds() -> frozenset[str]:
    """The finding kinds that have words of their own."""
    return _folders()


@cache
def _written_types() -> frozenset[str]:
    return _folders(_TYPES)


def _folders(*parent: str) -> frozenset[str]:
    folder = files(__name__).joinpath(*parent)
    return frozenset(
        child.name for child in folder.iterdir() if child.is_dir() and _KIND.fullmatch(child.name)
    )


@cache
def _advice(kind: str, parent: str, language: str) -> Advice:
    words = read_words(*filter(None, (parent, kind)), language=language)
    return Advice(
        kind=kind,
        language=language,
        subject=words["subject"],
        seen=unfold(words["seen"]),
        matters=unfold(words["matters"]),
        now=tuple(words["now"]),
        later=tuple(words["later"]),
        check=unfold(words["check"]),
    )
