"""Telephone numbers as outside sources write them, in the one form in which they are called."""

from __future__ import annotations

from typing import Final

import phonenumbers

_LONGEST: Final = 100
_COSTLY: Final = (
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
)


def callable_number(text: str, *, country: str = "") -> str:
    """`text` in E.164 ("+31205550100"), or empty where it is no number that can be called.

    `text` may be a `tel:` URI (RFC 3966), may have spaces, dots and an extension, which is left
    off. `country` (ISO 3166-1) is where it is when it names none.
    """
    written = text[:_LONGEST].strip()
    if written[:4].lower() == "tel:":
        written = written[4:]
    try:
        number = phonenumbers.parse(written, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_costly(number: str) -> bool:
    """Whether whoever calls `number` (in E.164) pays for more than a call: 0900 and the like."""
    return phonenumbers.number_type(phonenumbers.parse(number, None)) in _COSTLY
