"""Where the address of who did not sign up comes from, in words."""

from __future__ import annotations

from baken.advice.words import language_of_words, read_words, unfold

_FOLDER = "_route_sources"


def route_source(key: str, *, language: str) -> str:
    """What the source `key` (an import, or a lookup) is, for "Your address comes from: …".

    The key itself where nobody worded it. An unknown language gives English.
    """
    words = read_words(_FOLDER, language=language_of_words(language))
    return unfold(words[key]) if key in words else key
