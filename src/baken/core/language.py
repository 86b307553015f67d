"""The languages we write in."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language that every text is written in, by its ISO 639-1 code."""

    NL = "nl"
    EN = "en"

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        return {Language.NL: "Nederlands", Language.EN: "English"}[self]
