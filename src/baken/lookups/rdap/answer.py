"""RDAP answers (RFC 9083) as values: the object, and the entities around it.

Nothing in an answer is trusted: numbers and depth are limited, whatever has another form than the
standard's is left out, and an answer that says nothing readable is an `AnswerError`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

from baken.core.text import one_line
from baken.lookups.rdap.jcard import Card, read_card
from baken.lookups.rdap.redaction import Redactions, read_redactions

_DEEPEST: Final = 4
"""Entities within entities: a registry needs two."""
_MOST_ENTITIES: Final = 200
_MOST_LISTED: Final = 50
_LONGEST_TEXT: Final = 300

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AnswerError(Exception):
    """The answer cannot be used; the message says why in one plain sentence."""


class ObjectClass(StrEnum):
    """What an answer is about."""

    DOMAIN = "domain"
    NETWORK = "ip network"
    AS_NUMBER = "autnum"
    ENTITY = "entity"


@dataclass(frozen=True, slots=True)
class Link:
    """Where more is to be had."""

    relation: str
    url: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody in an answer: an organisation, a desk, a person, or whoever maintains the entry."""

    handle: str
    roles: frozenset[str]
    """In lower case, without white space around them."""
    card: Card
    entities: tuple[Entity, ...] = ()
    links: tuple[Link, ...] = ()
    port43: str = ""
    remarks: tuple[str, ...] = ()
    """The types and titles of its remarks, in lower case."""
    redactions: Redactions = field(default_factory=Redactions)

    def within(self) -> Iterator[Entity]:
        """Those below it, nearest first."""
        for one in self.entities:
            yield one
        for one in self.entities:
            yield from one.within()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer about one object."""

    object_class: ObjectClass
    handle: str
    name: str
    """Of a domain its name in ASCII and lower case, else what the registry calls the object."""
    entities: tuple[Entity, ...]
    """Those directly around the object."""
    links: tuple[Link, ...]
    port43: str
    country: str
    """As the answer writes it."""
    type: str
    """How a network was handed out, in the registry's words."""
    descriptions: tuple[str, ...]
    """The lines of its remarks that describe it: at some registries the holder's name."""
    redactions: Redactions
    first: int = 0
    """Of a network its first address, of AS numbers the first; as a number."""
    last: int = 0
    version: int = 0
    """Of a network: 4 or 6."""

    def everybody(self) -> Iterator[Entity]:
        """All entities, those directly around the object first."""
        yield from self.entities
        for one in self.entities:
            yield from one.within()


def read_answer(body: bytes) -> Answer:
    """The answer in `body`; raises `AnswerError`."""
    try:
        decoded = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerError("The answer is no JSON.") from error
    if not isinstance(decoded, dict):
        raise AnswerError("The answer is no JSON object.")
    if "errorCode" in decoded:
        raise AnswerError("The answer is the description of an error.")
    return _read_object(decoded)


def _read_object(written: dict[str, object]) -> Answer:
    object_class = _object_class(written)
    first, last, version = _extent(written, object_class)
    return Answer(
        object_class=object_class,
        handle=_text(written, "handle"),
        name=_domain_name(written)
        if object_class is ObjectClass.DOMAIN
        else _text(written, "name"),
        entities=_around(written, object_class),
        links=tuple(_links(written)),
        port43=_text(written, "port43").lower(),
        country=_text(written, "country"),
        type=_text(written, "type"),
        descriptions=tuple(_descriptions(written)),
        redactions=read_redactions(written.get("redacted")),
        first=first,
        last=last,
        version=version,
    )


def _object_class(written: dict[str, object]) -> ObjectClass:
    said = _text(written, "objectClassName").lower()
    if said:
        try:
            return ObjectClass(said)
        except ValueError:
            raise AnswerError(f"The answer is about another kind of object: {said}.") from None
    # Before RFC 9083 not every registry said it.
    for member, object_class in (
        ("startAddress", ObjectClass.NETWORK),
        ("startAutnum", ObjectClass.AS_NUMBER),
        ("ldhName", ObjectClass.DOMAIN),
        ("vcardArray", ObjectClass.ENTITY),
    ):
        if member in written:
            return object_class
    raise AnswerError("The answer does not say what it is about.")


def _extent(written: dict[str, object], object_class: ObjectClass) -> tuple[int, int, int]:
    """From where to where a network or a block of AS numbers goes, and the version of IP."""
    if object_class is ObjectClass.NETWORK:
        first, last = _address(written, "startAddress"), _address(written, "endAddress")
        if first.version != last.version or int(first) > int(last):
            raise AnswerError("The network of the answer has no first and last address.")
        return int(first), int(last), first.version
    if object_class is ObjectClass.AS_NUMBER:
        start = written.get("startAutnum")
        end = written.get("endAutnum", start)
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start <= end < 2**32:
            raise AnswerError("The answer does not say which AS numbers it is about.")
        return start, end, 0
    return 0, 0, 0


def _address(written: dict[str, object], member: str) -> Address:
    text = _text(written, member).partition("/")[0]
    if "." in text:
        # Some registries fill up with zeros, which `ipaddress` refuses for being octal elsewhere.
        text = ".".join(part.lstrip("0") or "0" for part in text.split("."))
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise AnswerError("The network of the answer has no first and last address.") from None


def _domain_name(written: dict[str, object]) -> str:
    return _text(written, "ldhName").lower().rstrip(".")


def _around(written: dict[str, object], object_class: ObjectClass) -> tuple[Entity, ...]:
    reader = _EntityReader()
    if object_class is ObjectClass.ENTITY:
        one = reader.read(written, depth=1)
        return (one,) if one else ()
    return tuple(reader.read_all(written.get("entities"), depth=1))


class _EntityReader:
    """Reads entities, and stops at a number and a depth."""

    def __init__(self) -> None:
        self._left = _MOST_ENTITIES

    def read_all(self, written: object, *, depth: int) -> Iterator[Entity]:
        if isinstance(written, dict):  # one entity where a list belongs
            written = [written]
        if not isinstance(written, list) or depth > _DEEPEST:
            return
        for one in written[: self._left]:
            entity = self.read(one, depth=depth)
            if entity:
                yield entity

    def read(self, written: object, *, depth: int) -> Entity | None:
        if not isinstance(written, dict) or self._left <= 0:
            return None
        self._left -= 1
        roles = written.get("roles")
        return Entity(
            handle=_text(written, "handle"),
            roles=frozenset(
                one_line(role[:_LONGEST_TEXT]).lower()
                for role in (roles[:_MOST_LISTED] if isinstance(roles, list) else [roles])
                if isinstance(role, str)
            ),
            card=read_card(written.get("vcardArray")),
            entities=tuple(self.read_all(written.get("entities"), depth=depth + 1)),
            links=tuple(_links(written)),
            port43=_text(written, "port43").lower(),
            remarks=tuple(_remark_names(written)),
            redactions=read_redactions(written.get("redacted")),
        )


def _text(written: dict[str, object], member: str) -> str:
    value = written.get(member)
    return one_line(value[:_LONGEST_TEXT]) if isinstance(value, str) else ""


def _dicts(written: dict[str, object], member: str) -> Iterator[dict[str, object]]:
    listed = written.get(member)
    for one in listed[:_MOST_LISTED] if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield one


def _links(written: dict[str, object]) -> Iterator[Link]:
    for one in _dicts(written, "links"):
        url = one.get("href")
        if isinstance(url, str) and len(url) <= 2_000 and url.isascii() and url.isprintable():
            yield Link(_text(one, "rel").lower(), url, _text(one, "type").lower())


def _remark_names(written: dict[str, object]) -> Iterator[str]:
    for one in _dicts(written, "remarks"):
        for member in ("type", "title"):
            name = _text(one, member).lower().rstrip(".")
            if name:
                yield name


def _descriptions(written: dict[str, object]) -> Iterator[str]:
    """RIPE leaves the title of a description out; ARIN's comments have another."""
    for one in _dicts(written, "remarks"):
        lines = one.get("description")
        if _text(one, "title").lower() in ("", "description") and isinstance(lines, list):
            for line in lines[:_MOST_LISTED]:
                if isinstance(line, str):
                    yield one_line(line[:_LONGEST_TEXT])
