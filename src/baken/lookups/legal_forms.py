"""Names of organisations made comparable: the same name, however its legal form is written.

"Voorbeeld B.V.", "VOORBEELD BV" and "Voorbeeld b.v." are one name. Nothing else is made alike: a
name that differs in a letter is another name. The forms are data: `legal_forms.toml`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

_LONGEST: Final = 300
_APOSTROPHES: Final = str.maketrans("’‘`´", "''''")
_DROPPED: Final = re.compile(r"[.,]")


@dataclass(frozen=True, slots=True)
class NameKey:
    """A name of an organisation in the form in which it is compared."""

    base: str
    """Without its legal form."""
    form: str
    """The key of its legal form; empty where it names none."""


def name_key(name: str) -> NameKey:
    """`name` as it is compared with others; its `base` is empty where it names nobody."""
    plain = _plain(name)
    words = plain.split()
    for count in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        form = _BEHIND.get(" ".join(words[-count:]))
        if form is not None:
            return NameKey(" ".join(words[:-count]), form)
    if len(words) > 1 and words[0] in _BEFORE:
        return NameKey(" ".join(words[1:]), _FORMS[words[0]])
    return NameKey(" ".join(words), "")


def legal_form_of(text: str) -> str:
    """The key of the legal form that `text` is, as a register writes it alone; or empty."""
    return _FORMS.get(" ".join(_plain(text).split()), "")


def is_form_of_one_person(form: str) -> bool:
    """Whether whoever has the legal form of the key `form` is, or may be, one person."""
    return form in _OF_ONE_PERSON


def _plain(text: str) -> str:
    """`text` in lower case, without dots and commas; "B. V." and "B.V." come out alike."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().translate(_APOSTROPHES)
    return _DROPPED.sub(lambda found: "" if found[0] == "." else " ", plain)


_TABLE: Final[dict[str, Any]] = tomllib.loads(
    (files("baken.lookups") / "legal_forms.toml").read_text(encoding="utf-8")
)
_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {written.casefold(): form for form, several in _TABLE["written"].items() for written in several}
)
_IN_NAME: Final = frozenset(_TABLE["in-name"]["forms"])
_BEHIND: Final = MappingProxyType(
    {written: form for written, form in _FORMS.items() if form not in _IN_NAME}
)
_BEFORE: Final = frozenset(_TABLE["before"]["forms"])
_OF_ONE_PERSON: Final = frozenset(_TABLE["of-one-person"]["forms"])
_MOST_WORDS: Final = max(len(written.split()) for written in _FORMS)
