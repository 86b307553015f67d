"""A draft of a request for who registered a domain; its texts are in ``_registrant_request/``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baken.advice.words import language_of_words, read_words, unfold

_FOLDER: Final = "_registrant_request"
_BULLET: Final = "- "


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a request says of itself; each is text of ours, or was checked."""

    domain: str
    number: str
    right: str
    due: str
    """A day, as people write it there."""
    days: str
    """How long what is given is used."""
    sender_name: str
    reply_to: str
    contact_line: str
    """Where the reader checks that it is from us; empty when there is no such place."""


def registrant_request_text(facts: RequestFacts, *, language: str) -> str:
    """The draft: its subject in the first line, then a blank line, then the text.

    An unknown language gives English.
    """
    words = read_words(_FOLDER, language=language_of_words(language))
    values = {name: getattr(facts, name) for name in RequestFacts.__slots__}

    def said(key: str) -> str:
        return unfold(words[key]).format_map(values)

    listed = "\n".join(f"{_BULLET}{one}" for one in words["data"])
    paragraphs = [
        said("greeting"),
        said("who"),
        said("why"),
        f"{said('what')}\n\n{listed}",
        said("person"),
        said("right"),
        said("use"),
        said("when"),
        said("refusal"),
        *([said("check")] if facts.contact_line else []),
        f"{said('closing')}\n\n{facts.sender_name}",
    ]
    return "\n\n".join([said("subject"), *paragraphs]) + "\n"
