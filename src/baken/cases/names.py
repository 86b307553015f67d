"""Names in an order in which those below a name stand together, so that one index finds them."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Func, TextField
from django.db.models.functions import Collate

_BYTE_BY_BYTE: Final = "C"


def label_by_label(column: str) -> Collate:
    """The name in `column` backwards: ``www.example.nl`` is ``ln.elpmaxe.www.``.

    The dot at the end makes a name and all below it begin alike, and no other.
    """
    backwards = Func(
        F(column), template="reverse('.' || %(expressions)s)", output_field=TextField()
    )
    return Collate(backwards, _BYTE_BY_BYTE)


def range_below(domain: str) -> tuple[str, str]:
    """The range (its end not included) in which `domain` and all names below it stand."""
    first = f".{domain}"[::-1]
    return first, first[:-1] + chr(ord(first[-1]) + 1)
