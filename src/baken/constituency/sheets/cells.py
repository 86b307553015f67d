"""One cell of a constituency file: from text to a value, or refused with the reason.

Each reader takes the text of a cell, trimmed and without the apostrophe that guards against
formulas, and raises `CellRefusedError`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from baken.core.asset import Asset, AssetKind, normalise_domain, parse_asset
from baken.core.errors import AssetRefusedError
from baken.core.mail_address import routable_address
from baken.core.text import is_harmful

HOME_REGION: Final = "NL"
"""The country of telephone numbers that name none (ISO 3166)."""

LONGEST_ADDRESS: Final = 500

_LONGEST_ASSET: Final = 300
# Names of no place: what they mean is another thing on each machine, or nothing.
_NO_ZONES: Final = frozenset({"localtime", "Factory"})
_YES: Final = ("yes", "ja", "true")
_YES_OR_NO: Final = (*_YES, "no", "nee", "false")


class CellRefusedError(Exception):
    """A cell that cannot be taken: a stable key, what is wrong, and what would be right."""

    def __init__(self, reason: str, explanation: str, remedy: str) -> None:
        super().__init__(explanation)
        self.reason = reason
        self.explanation = explanation
        self.remedy = remedy


def line_of_text(*, longest: int) -> Callable[[str], str]:
    """A reader of one line without control characters, of at most `longest` characters."""

    def read(text: str) -> str:
        for character in text:
            if is_harmful(character):
                name = unicodedata.name(character, "a control character")
                raise CellRefusedError(
                    "control-character",
                    f"The cell holds U+{ord(character):04X} ({name.lower()}).",
                    "Write it on one line, without line breaks and invisible characters.",
                )
        if len(text) > longest:
            raise CellRefusedError(
                "too-long",
                f"The cell has {len(text)} characters; {longest} fit.",
                "Shorten it.",
            )
        return text

    return read


def required(read: Callable[[str], str]) -> Callable[[str], str]:
    """`read`, but refusing an empty cell."""

    def read_filled(text: str) -> str:
        if not text:
            raise CellRefusedError("empty", "The cell is empty.", "Fill it in.")
        return read(text)

    return read_filled


def choice(
    choices: Collection[str], *, default: str = "", empty_means: str = ""
) -> Callable[[str], str]:
    """A reader of one of `choices` in any case; an empty cell is `default`.

    `empty_means` says in words what that is, where the default does not.
    """
    meaning = empty_means or default
    or_empty = f", or leave it empty for {meaning}" if meaning else ""

    def read(text: str) -> str:
        if text and text.lower() not in choices:
            raise CellRefusedError(
                "unknown-choice",
                f"{_short(text)!r} is none of {', '.join(choices)}.",
                f"Write one of {', '.join(choices)}{or_empty}.",
            )
        return text.lower() or str(default)

    return read


def read_yes_or_no(text: str) -> bool | None:
    """Yes or no, in English or Dutch; an empty cell says neither."""
    return choice(_YES_OR_NO)(text) in _YES if text else None


def read_time_zone(text: str) -> str:
    """The IANA name of a time zone as it is spelled there, from any case; empty stays empty."""
    if not text:
        return ""
    name = _zone_names().get(text.lower())
    if name is None:
        alike = _zones_of_place(text)
        raise CellRefusedError(
            "unknown-time-zone",
            f"{_short(text)!r} is not the name of a time zone.",
            f"Perhaps you mean {' or '.join(alike)}."
            if alike
            else "Write its IANA name, such as Europe/Amsterdam or America/Curacao, or leave it "
            "empty for the zone of the service.",
        )
    return name


@cache
def _zone_names() -> dict[str, str]:
    """All names that this machine knows, by their small letters."""
    return {name.lower(): name for name in available_timezones() - _NO_ZONES}


def _zones_of_place(text: str) -> list[str]:
    """The zones that end in the place that `text` ends in, such as New York."""
    place = text.lower().replace(" ", "_").rpartition("/")[2]
    names = _zone_names().items()
    return sorted(name for small, name in names if small.rpartition("/")[2] == place)


def read_percentage(text: str) -> int:
    """A whole number from 0 to 100; an empty cell is 100."""
    if text and not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise CellRefusedError(
            "bad-number",
            f"{_short(text)!r} is not a whole number from 0 to 100.",
            "Write a number from 0 to 100, or leave it empty for 100.",
        )
    return int(text or 100)


def address_reader(read: Callable[[str], str]) -> Callable[[str], str]:
    """A reader of one address; `read` raises ``ValueError`` with what is wrong with it."""

    def read_address(text: str) -> str:
        line_of_text(longest=LONGEST_ADDRESS)(text)
        try:
            return line_of_text(longest=LONGEST_ADDRESS)(read(text))
        except ValueError as error:
            raise CellRefusedError(
                "bad-address", str(error), "Write one address as its channel takes it."
            ) from error

    return read_address


def read_contact_cells(text: str) -> tuple[str, str]:
    """The mail address and the telephone number of a contact, as one cell names them together."""
    parts = text.split()
    phone = "".join(part for part in parts if "@" not in part)
    return read_email(" ".join(part for part in parts if "@" in part)), read_phone(phone)


def read_email(text: str) -> str:
    """A mail address with its domain in lower case (IDNA); empty stays empty."""
    if not text:
        return ""
    line_of_text(longest=254)(text)
    local, _, domain = text.rpartition("@")
    try:
        address = f"{local}@{normalise_domain(domain)}"
        if '"' in local:
            raise ValueError("quoted local part")
        validate_email(routable_address(address))
    except (ValueError, ValidationError) as error:
        raise CellRefusedError(
            "bad-email",
            f"{_short(text)!r} is not a mail address.",
            "Write one address such as security@example.nl, without a name or brackets.",
        ) from error
    return line_of_text(longest=254)(address)


def read_phone(text: str) -> str:
    """A telephone number in E.164; without a country code it is read as Dutch."""
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise CellRefusedError(
            "bad-phone",
            f"{_short(text)!r} is not a telephone number that can be called.",
            "Write it as +31 70 123 45 67, or as 070 123 45 67 when it is Dutch.",
        )
    if number.extension:
        raise CellRefusedError(
            "phone-extension",
            f"{_short(text)!r} has an extension, which is not kept with the number.",
            "Write a direct number, or put the extension in the contact's name.",
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def read_moment(text: str) -> datetime | None:
    """An ISO 8601 date (midnight UTC) or time (UTC unless it says otherwise); empty is None."""
    return _moment(text) if text else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CellRefusedError(
            "bad-date",
            f"{_short(text)!r} is not a date of the calendar in ISO 8601.",
            "Write it as 2026-07-01 or 2026-07-01T12:00:00Z, or give the cell a date format.",
        ) from error


def asset_reader(*, allow_documentation: bool) -> Callable[[str], Asset | None]:
    """A reader of a network, AS number or domain; a bare number is an AS number."""

    def read(text: str) -> Asset | None:
        if len(text) > _LONGEST_ASSET:
            line_of_text(longest=_LONGEST_ASSET)(text)
        if "://" in text:
            raise CellRefusedError(
                "bad-domain",
                f"{_short(text)!r} is the address of a page.",
                "Write the domain alone, such as example.nl.",
            )
        kind = AssetKind.ASN if text.isascii() and text.isdigit() else None
        try:
            return parse_asset(text, kind=kind, allow_documentation=allow_documentation)
        except AssetRefusedError as error:
            raise CellRefusedError(error.reason, error.message, error.remedy) from error

    return read


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
