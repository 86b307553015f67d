"""jCards (RFC 7095): the contact data in an RDAP answer, read as far as it is well formed.

A property that is malformed is left out, the others count: registries write many of them wrong,
and one bad line must not lose a contact. A card that is none at all gives an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from baken.core.text import many_lines, one_line

_MOST_PROPERTIES: Final = 100
_LONGEST_VALUE: Final = 500
_LEAST_PREFERRED: Final = 100  # RFC 6350 section 5.3: from 1 to 100, and nothing said is last


@dataclass(frozen=True, slots=True)
class CardValue:
    """One value of a card, on one line."""

    text: str
    types: frozenset[str] = frozenset()
    """In lower case: "voice", "fax", "work", "abuse"."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """A postal address of a card."""

    lines: tuple[str, ...]
    """As they stand on an envelope, without the name of the recipient and the country."""
    country: str
    """As the card writes it: a code of two letters or a name; may be empty."""
    has_street_and_city: bool
    """Whether it is enough to deliver a letter, as far as its form says."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a jCard says of whom it is about; preferred values come first."""

    kind: str = ""
    """"individual", "group", "org"; empty when unsaid."""
    name: str = ""
    """The formatted name (fn)."""
    organisation: str = ""
    has_personal_name: bool = False
    """Whether it gives both a family name and a given name (n)."""
    mails: tuple[CardValue, ...] = ()
    telephones: tuple[CardValue, ...] = ()
    forms: tuple[CardValue, ...] = ()
    """Where a contact can be written to (contact-uri, RFC 8605)."""
    addresses: tuple[PostalAddress, ...] = ()
    language: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        return self == Card()

    @property
    def has_contact(self) -> bool:
        """Whether it gives any way to reach somebody."""
        return bool(self.mails or self.telephones or self.forms or self.addresses)


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    parameters: dict[str, tuple[str, ...]]
    values: list[object]


def read_card(card: object) -> Card:
    """The jCard `card`, as JSON was decoded; an empty card where it is none."""
    if not isinstance(card, list) or len(card) < 2 or card[0] != "vcard":
        return Card()
    # Some write the properties without the list around them.
    listed = card[1] if len(card) == 2 else card[1:]
    if not isinstance(listed, list):
        return Card()
    properties = [one for one in map(_read_property, listed[:_MOST_PROPERTIES]) if one]
    properties.sort(key=_preference)  # is stable: equals stay as they were written
    return Card(
        kind=_first(properties, "kind").lower(),
        name=_first(properties, "fn"),
        organisation=_first(properties, "org"),
        has_personal_name=any(_is_personal(one) for one in properties if one.name == "n"),
        mails=tuple(_values(properties, "email")),
        telephones=tuple(_values(properties, "tel")),
        forms=tuple(_values(properties, "contact-uri")),
        addresses=tuple(filter(None, (_address(one) for one in properties if one.name == "adr"))),
        language=_first(properties, "lang"),
    )


def _read_property(written: object) -> _Property | None:
    """A property of RFC 7095 section 3.3: name, parameters, type and at least one value."""
    if not isinstance(written, list) or len(written) < 4:
        return None
    name, parameters, value_type = written[:3]
    if not isinstance(name, str) or not isinstance(value_type, str):
        return None
    if not isinstance(parameters, dict):
        # An empty object that became a text or a list says nothing wrong.
        parameters = {}
    return _Property(
        name.lower(),
        {key.lower(): tuple(_texts(value)) for key, value in parameters.items()},
        written[3:],
    )


def _texts(value: object, *, depth: int = 2) -> Iterator[str]:
    """The texts in a value that may be a list, or a list of lists."""
    if isinstance(value, str):
        yield value[:_LONGEST_VALUE]
    elif isinstance(value, list) and depth:
        for one in value[:_MOST_PROPERTIES]:
            yield from _texts(one, depth=depth - 1)


def _preference(one: _Property) -> int:
    pref = "".join(one.parameters.get("pref", ()))
    return int(pref) if pref.isascii() and pref.isdigit() and len(pref) <= 3 else _LEAST_PREFERRED


def _values(properties: list[_Property], name: str) -> Iterator[CardValue]:
    seen = set()
    for one in properties:
        if one.name != name:
            continue
        types = frozenset(kind.lower() for kind in one.parameters.get("type", ()))
        for value in one.values:
            text = one_line(" ".join(_texts(value)))
            if text and text not in seen:
                seen.add(text)
                yield CardValue(text, types)


def _first(properties: list[_Property], name: str) -> str:
    return next((value.text for value in _values(properties, name)), "")


def _is_personal(name: _Property) -> bool:
    parts = name.values[0]
    return (
        isinstance(parts, list)
        and len(parts) >= 2
        and all(isinstance(part, str) and part.strip() for part in parts[:2])
    )


def _address(adr: _Property) -> PostalAddress | None:
    """By its seven parts (RFC 6350 section 6.3.1), or by its label where these are empty."""
    code = one_line("".join(adr.parameters.get("cc", ())), limit=2)
    value = adr.values[0]
    parts = [list(_lines(part)) for part in value] if isinstance(value, list) else []
    if len(parts) == 7 and any(parts[:6]):
        box, extended, street, city, region, postal_code, country = parts
        town = " ".join([*postal_code, *city])
        lines = [*extended, *box, *street, *filter(None, [town]), *region]
        # Some write all of it into the first parts.
        is_whole = bool((street or box or extended) and city) or len([*extended, *box]) >= 3
        return PostalAddress(tuple(lines), code or " ".join(country), has_street_and_city=is_whole)
    label = [line for text in adr.parameters.get("label", ()) for line in _lines(text)]
    if label:
        return PostalAddress(tuple(label), code, has_street_and_city=len(label) >= 2)
    country_alone = " ".join(parts[6]) if len(parts) == 7 else ""
    if code or country_alone:
        return PostalAddress((), code or country_alone, has_street_and_city=False)
    return None


def _lines(value: object) -> Iterator[str]:
    for text in _texts(value):
        # APNIC escapes line ends twice.
        for line in many_lines(text.replace("\\n", "\n")).split("\n"):
            plain = one_line(line).strip(" ,-")
            if plain:
                yield plain
