"""Whom other CSIRTs warn, as a file says it: organisations of Cerebrate, or a table.

Cerebrate describes a constituency by its template *CSIRT Constituency*: IPv4 and IPv6 addresses, AS
numbers, domains, countries and sectors, each as often as needed. A file holds its organisations as
JSON, as Cerebrate's API gives them, or the same fields as the columns of a CSV file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from baken.core.asset import (
    WIDEST_IPV4_PREFIX,
    WIDEST_IPV6_PREFIX,
    is_public_suffix,
    normalise_domain,
    registrable_domain,
)
from baken.core.errors import TextRefusedError
from baken.core.text import one_line
from baken.lookups.given_answers import filled_name
from baken.lookups.registries import country_of
from baken.lookups.registry_files.ranges import AddressRange, address_range, as_numbers

_LARGEST: Final = 1 << 26
_MOST_CONTACTS: Final = 5
_BETWEEN: Final = re.compile(r"[\s,;]+")
_DASH: Final = re.compile(r"\s+-\s+")
_NETWORKS: Final = ("ipv4 address", "ipv6 address")
_AS_NUMBERS: Final = "as number"
_DOMAINS: Final = "domain"
_COUNTRIES: Final = ("country code", "country")
_SECTORS: Final = "sector"
_MAILS: Final = ("email", "e-mail", "contacts", "contact")
_PHONES: Final = ("phone", "phone-emergency", "team_contact_number")
_CONSTITUENCY: Final = frozenset({*_NETWORKS, _AS_NUMBERS, _DOMAINS, *_COUNTRIES, _SECTORS})
_REMEDY: Final = (
    "Give organisations of Cerebrate as JSON, or a CSV file with the columns name, email, phone, "
    "IPv4 address, IPv6 address, AS Number, Domain, Country Code and Sector, in UTF-8."
)

Value = TypeVar("Value")
Fields = Mapping[str, tuple[str, ...]]
"""The values of an entry, by the name of the field in lower case."""


@dataclass(frozen=True, slots=True)
class Constituency:
    """Whom one CSIRT warns."""

    csirt: str
    mails: tuple[str, ...]
    """As the file writes them, like `phones`."""
    phones: tuple[str, ...]
    networks: tuple[AddressRange, ...]
    as_numbers: tuple[tuple[int, int], ...]
    """Blocks, both ends included."""
    domains: tuple[str, ...]
    """In their normal form; what lies below one belongs to it too."""
    countries: tuple[str, ...]
    """Whole countries (ISO 3166-1)."""


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """What cannot be read of an entry, so that it says nothing."""

    entry: int
    """Its number in the file, from 1."""
    why: str


def read_constituencies(path: Path, *, name: str) -> Iterator[Constituency | SkippedEntry]:
    """The constituencies in the file at `path`, and what cannot be read of them.

    A country counts as a whole only of a CSIRT of which nothing narrower is said: where networks,
    domains or a sector stand beside it, it says where those are. Raises `TextRefusedError`, naming
    the file `name`, when it cannot be read or names no constituency.
    """
    seen = False
    for number, fields in enumerate(_entries(path, name=name), start=1):
        if not _CONSTITUENCY & fields.keys():
            continue  # an organisation that is no CSIRT, or of whose constituency nothing is said
        seen = True
        yield from _read(number, fields)
    if not seen:
        raise TextRefusedError(f"{name} names no constituency of a CSIRT.", remedy=_REMEDY)


def _entries(path: Path, *, name: str) -> Iterator[Fields]:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "it is no text in UTF-8"
        raise TextRefusedError(f"{name} cannot be read: {why}.", remedy=_REMEDY) from error
    if len(raw) > _LARGEST:
        raise TextRefusedError(f"{name} is larger than {_LARGEST >> 20} MiB.", remedy=_REMEDY)
    if text.lstrip()[:1] in ("[", "{"):
        yield from _entries_of_json(text, name=name)
    else:
        yield from _entries_of_table(text, name=name)


def _entries_of_json(text: str, *, name: str) -> Iterator[Fields]:
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        why = one_line(str(error), limit=100)
        raise TextRefusedError(f"{name} is no whole JSON: {why}.", remedy=_REMEDY) from error
    if isinstance(decoded, dict):
        listed = decoded.get("organisations", decoded.get("Organisation", [decoded]))
    else:
        listed = decoded
    for entry in listed if isinstance(listed, list) else [listed]:
        if isinstance(entry, dict):
            yield _fields_of(entry)


def _fields_of(entry: Mapping[str, Any]) -> Fields:
    """The fields of an organisation: its own, and its meta fields in either form of the API."""
    fields: dict[str, list[str]] = {}
    for key in ("name", *_MAILS, *_PHONES):
        _add(fields, key, entry.get(key))
    meta = entry.get("meta_fields", entry.get("metaFields"))  # as it shows and as it takes them
    if isinstance(meta, dict):  # by template, and in it by field
        for template in meta.values():
            for key, value in template.items() if isinstance(template, dict) else ():
                _add(fields, key, value)
    for one in meta if isinstance(meta, list) else ():
        if isinstance(one, dict):
            _add(fields, str(one.get("field", "")), one.get("value"))
    return {key: tuple(values) for key, values in fields.items()}


def _add(fields: dict[str, list[str]], key: str, value: object) -> None:
    values = value if isinstance(value, list) else [value]
    filled = [str(one) for one in values if isinstance(one, str | int) and str(one).strip()]
    if filled:
        fields.setdefault(key.strip().lower(), []).extend(filled)


def _entries_of_table(text: str, *, name: str) -> Iterator[Fields]:
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    try:
        columns = [column.strip().lower() for column in next(rows, [])]
        if "name" not in columns or not _CONSTITUENCY & set(columns):
            raise TextRefusedError(f"{name} names no constituency of a CSIRT.", remedy=_REMEDY)
        for row in rows:
            fields: dict[str, list[str]] = {}
            for column, cell in zip(columns, row, strict=False):
                whole = column in ("name", _SECTORS, *_PHONES)
                _add(fields, column, [cell] if whole else _several(cell))
            yield {key: tuple(values) for key, values in fields.items()}
    except csv.Error as error:
        raise TextRefusedError(f"{name} is no whole CSV: {error}.", remedy=_REMEDY) from error


def _several(cell: str) -> list[str]:
    """The values in `cell`, between spaces, commas or semicolons; a range is one of them."""
    return _BETWEEN.split(_DASH.sub("-", cell))


def _read(number: int, fields: Fields) -> Iterator[Constituency | SkippedEntry]:
    csirt = filled_name(" ".join(fields.get("name", ())))
    if not csirt:
        yield SkippedEntry(number, "It names no CSIRT.")
        return
    networks, odd_networks = _all_of(map(_network, _values(fields, *_NETWORKS)))
    numbers, odd_numbers = _all_of(map(_as_numbers, _values(fields, _AS_NUMBERS)))
    domains, odd_domains = _all_of(map(_domain, _values(fields, _DOMAINS)))
    countries = [country_of(text) for text in _values(fields, *_COUNTRIES)]
    is_narrower = networks or numbers or domains or fields.get(_SECTORS)
    odd = odd_networks + odd_numbers + odd_domains + countries.count("")
    if odd:
        yield SkippedEntry(number, f"{odd} of its values cannot be read, or hold too much.")
    is_unclear = odd > countries.count("")  # a narrower one stood there, and could not be read
    yield Constituency(
        csirt,
        tuple(islice(_mails(fields), _MOST_CONTACTS)),
        _values(fields, *_PHONES)[:_MOST_CONTACTS],
        tuple(networks),
        tuple(numbers),
        tuple(domains),
        () if is_narrower or is_unclear else tuple(dict.fromkeys(filter(None, countries))),
    )


def _values(fields: Fields, *keys: str) -> tuple[str, ...]:
    return tuple(value.strip() for key in keys for value in fields.get(key, ()))


def _mails(fields: Fields) -> Iterator[str]:
    """The words with an ``@``: a contact may be a sentence."""
    for value in _values(fields, *_MAILS):
        yield from (word.strip("<>()[].") for word in _BETWEEN.split(value) if "@" in word)


def _all_of(values: Iterable[Value | None]) -> tuple[list[Value], int]:
    """Those of `values` that could be read, and how many could not."""
    read = list(values)
    return [value for value in read if value is not None], read.count(None)


def _network(text: str) -> AddressRange | None:
    """None also for one so wide that it is no constituency's."""
    try:
        found = address_range(text)
    except ValueError:
        return None
    bits, widest = (32, WIDEST_IPV4_PREFIX) if found.version == 4 else (128, WIDEST_IPV6_PREFIX)
    return found if found.last - found.first < 1 << (bits - widest) else None


def _as_numbers(text: str) -> tuple[int, int] | None:
    try:
        return as_numbers(text)
    except ValueError:
        return None


def _domain(text: str) -> str | None:
    """A registered domain or a public suffix of two labels or more; None for any other.

    A top-level domain is a country's or everybody's; what lies below a registered domain is looked
    up by that, and would never be found.
    """
    try:
        domain = normalise_domain(text.removeprefix("*."))
    except ValueError:
        return None
    is_looked_up = is_public_suffix(domain) or registrable_domain(domain) == domain
    return domain if "." in domain and is_looked_up else None
