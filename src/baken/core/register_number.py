"""Numbers under which registers of organisations keep an organisation, made comparable."""

from __future__ import annotations

import re
from typing import Final

_PUNCTUATION: Final = re.compile(r"[\s./-]+")
_NUMBER: Final = re.compile(r"[A-Z]{0,4}[0-9][0-9A-Z]{1,18}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def normal_register_number(text: str, *, country: str) -> str:
    """``NL:12345678``: the number `text` in the register of `country` (ISO 3166-1).

    Without punctuation and zeros in front, which some sources leave out. Raises ``ValueError`` for
    what is no number, or no country.
    """
    number = _PUNCTUATION.sub("", text).upper()
    land = country.strip().upper()
    if not _NUMBER.fullmatch(number) or not number.isascii():
        raise ValueError("This is no number of a register.")
    if not _COUNTRY.fullmatch(land):
        raise ValueError("The country of the register is not two letters.")
    return f"{land}:{number.lstrip('0') or '0'}"
