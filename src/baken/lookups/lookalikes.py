"""Domains that are written to look like another: mixed scripts, or foreign letters that look Latin.

Source: UTS 39 (Unicode Security Mechanisms), its "highly restrictive" level, cut down to what needs
no table but a short one.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import idna

_TOGETHER: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
"""Scripts that one word may mix, as Unicode's character names begin (UTS 39 section 5.2)."""
_LIKE_LATIN: Final = frozenset("асеорхуіјѕԁһӏԛԝвкмнт" + "αικνορτυχγηεωβ")
"""Cyrillic and Greek letters that a reader takes for Latin ones."""
_PHONETIC: Final = range(0x0250, 0x02B0)
"""IPA letters: Latin by their names, and in no name of an organisation ("ɡ" for "g")."""


def is_lookalike(domain: str) -> bool:
    """Whether a label of `domain` (in ASCII, IDNA) is written as no honest name is."""
    labels = domain.split(".")
    # Where the suffix is of the same script too, the name is simply of that script.
    is_latin_suffix = not labels[-1].startswith("xn--")
    return any(
        _is_odd(label, is_latin_suffix=is_latin_suffix)
        for label in labels
        if label.startswith("xn--")
    )


def _is_odd(label: str, *, is_latin_suffix: bool) -> bool:
    try:
        letters = [one for one in idna.decode(label) if one.isalpha()]
    except UnicodeError:  # idna.IDNAError is one
        return True
    scripts = {unicodedata.name(one, "?").split()[0] for one in letters}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        return True
    if any(ord(one) in _PHONETIC for one in letters):
        return True
    return is_latin_suffix and bool(letters) and _LIKE_LATIN.issuperset(letters)
