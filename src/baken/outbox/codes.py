"""The code of a notification: what a recipient reads out to have a message checked.

Random and stored: nobody who sees one, or the id of a notification, can make another.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, which are heard and read as something else."""

_BITS: Final = 5
"""How many bits a letter holds."""

_GROUPS: Final = 3
_IN_GROUP: Final = 4
LENGTH: Final = _GROUPS * (_IN_GROUP + 1) - 1

_HEARD_AS: Final = str.maketrans("OIL", "011")
_SHAPE: Final = re.compile(r"([0-9A-Z]{4})[\s-]*([0-9A-Z]{4})[\s-]*([0-9A-Z]{4})", re.ASCII)


BITS: Final = _GROUPS * _IN_GROUP * _BITS
"""How many bits a code holds."""


def new_code() -> str:
    """A code of 60 random bits in groups that can be read out: ``K7QX-4M2P-9DTW``."""
    return code_of(secrets.randbits(BITS))


def code_of(bits: int) -> str:
    """The code that holds the last `BITS` of `bits`."""
    letters = [_LETTERS[bits >> place * _BITS & 31] for place in range(_GROUPS * _IN_GROUP)]
    groups = (letters[first : first + _IN_GROUP] for first in range(0, len(letters), _IN_GROUP))
    return "-".join("".join(group) for group in groups)


def read_code(text: str) -> str:
    """The code that a person typed or heard, as it is stored; empty when `text` cannot be one.

    Small letters, spaces or nothing between the groups, and O, I and L for 0 and 1 are understood.
    """
    shaped = _SHAPE.fullmatch(text.strip().upper())
    groups = [group.translate(_HEARD_AS) for group in shaped.groups()] if shaped else []
    return "-".join(groups) if set("".join(groups)) <= set(_LETTERS) else ""
