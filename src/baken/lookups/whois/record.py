"""What a WHOIS answer says of a domain, as the same values that an RDAP answer is read into.

So whose contact it is, what is a placeholder and who is a private person is judged in one place
for both (`baken.lookups.rdap`). Three layouts are read, and mixtures of them: a key in front of
everything ("Registrant Street: …"), parts under headings, and objects that name each other by
handle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from baken.core.asset import normalise_domain
from baken.core.register_number import normal_register_number
from baken.lookups.rdap.answer import Answer, Entity, ObjectClass
from baken.lookups.rdap.jcard import Card, CardValue, PostalAddress
from baken.lookups.rdap.redaction import Redactions
from baken.lookups.registries import country_of
from baken.lookups.whois.text import WORDS, Line

_MOST_PARTIES: Final = 50
_MOST_VALUES: Final = 20
_HANDLE: Final = re.compile(
    r"(?=.*\d)[A-Za-z0-9]{2,}-[A-Za-z0-9-]{2,}|(?=.*\d)[A-Z]{1,6}\d{2,}|[A-Z]{2,8}:[A-Z0-9-]{2,}"
)
_MAIL: Final = re.compile(r"[^\s,;<>()]+@[^\s,;<>()]+")
_PHONE: Final = re.compile(r"(?:(?:phone|tel)[.:]? *)?\+?[\d][\d ()./-]{6,24}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"company number:? *([0-9A-Z]{4,12})", re.IGNORECASE)
_PERSONS: Final = ("individual", "person", "natural", "sole trader")
_ORGANISATIONS: Final = ("org", "company", "corporation", "legal", "business")


@dataclass(slots=True)
class Party:
    """Somebody whom the answer is about, as it is gathered."""

    roles: set[str] = field(default_factory=set)
    said: dict[str, list[str]] = field(default_factory=dict)
    """By field, as in ``words.toml``."""
    lines: list[str] = field(default_factory=list)
    """Lines without a key, of which the first is a name."""

    def add(self, part: str, value: str) -> None:
        """Keep what is said of it."""
        values = self.said.setdefault(part, [])
        if value and len(values) < _MOST_VALUES:
            values.append(value)

    def first(self, part: str) -> str:
        """The first that is said; empty when nothing is."""
        return next(iter(self.said.get(part, ())), "")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said of it."""
        return not self.lines and not any(self.said.values())


@dataclass(frozen=True, slots=True)
class Record:
    """What an answer says of one domain."""

    domain: str
    """In its normal form; empty where it names none."""
    answer: Answer
    register_number: str
    """The registrant's (`core.register_number`); empty when unsaid."""
    referral: str
    """The server of the registrar's own WHOIS; empty when unsaid."""
    is_of_something_else: bool
    """Whether it is about a network or an AS number."""


def read_record(paragraphs: Sequence[Sequence[Line]]) -> Record:
    """What `paragraphs` say; raises nothing about them."""
    reading = _Reading()
    for paragraph in paragraphs:
        reading.take(paragraph)
    parties = reading.parties_with_roles()
    entities = [_entity(party) for party in parties if not party.is_empty]
    domain = _domain(reading.domain)
    answer = Answer(
        object_class=ObjectClass.DOMAIN,
        handle="",
        name=domain,
        entities=tuple(entities),
        links=(),
        port43="",
        country="",
        type="",
        descriptions=(),
        redactions=Redactions(),
    )
    registrants = [party for party in parties if "registrant" in party.roles]
    return Record(
        domain,
        answer,
        next(filter(None, (_register_number(one, domain) for one in registrants)), ""),
        _domain(reading.referral),
        reading.is_of_something_else and not domain,
    )


class _Reading:
    """Gathers an answer paragraph by paragraph."""

    def __init__(self) -> None:
        self.domain = ""
        self.referral = ""
        self.is_of_something_else = False
        self._parties: list[Party] = []
        self._by_role: dict[str, Party] = {}
        """Of the layout with a key in front of everything."""
        self._by_handle: dict[str, Party] = {}
        self._handles: list[tuple[str, str]] = []
        """Which handle has which role."""
        self._under: Party | None = None
        """Whom the lines under the last heading are about."""
        self._wanted: str = ""
        """What the next line without a key says: ``domain``, or a field of the registrant."""

    def take(self, paragraph: Sequence[Line]) -> None:
        """Read `paragraph`."""
        keys = {line.key for line in paragraph}
        if self._is_object(paragraph, keys):
            self._take_object(paragraph)
            return
        if self._under is not None and not self._under.is_empty:
            self._under = None
        heading = -1
        for line in paragraph:
            heading = self._take_line(line, heading)

    def parties_with_roles(self) -> list[Party]:
        """All of whom it is known what they are to the domain."""
        for role, handle in self._handles:
            party = self._by_handle.get(handle.upper())
            if party is not None:
                party.roles.add(role)
        return [party for party in self._parties if party.roles and party.roles != {"nobody"}]

    def _party(self, role: str = "") -> Party:
        party = Party({role} if role else set())
        if len(self._parties) < _MOST_PARTIES:
            self._parties.append(party)
        return party

    def _is_object(self, paragraph: Sequence[Line], keys: set[str]) -> bool:
        """Whether it is about one party alone, which others name by its handle."""
        first = paragraph[0]
        if keys & _DOMAIN_KEYS or not first.key:
            return False
        if keys & _HANDLE_KEYS:
            return True
        known = {handle.upper() for _, handle in self._handles}
        is_named = first.key == "contact" and first.value.upper() in known
        is_registrar = first.key == "registrar" and bool({"address", "e-mail", "phone"} & keys)
        return is_named or is_registrar

    def _take_object(self, paragraph: Sequence[Line]) -> None:
        first = paragraph[0]
        party = self._party()
        lines = list(paragraph)
        if first.key == "registrar":
            party.roles.add("registrar")
            party.add("name", first.value)
            lines = lines[1:]
        elif first.key == "contact" and not {line.key for line in lines} & _HANDLE_KEYS:
            party.add("handle", first.value)
            lines = lines[1:]
        for line in lines:
            part = _FIELDS.get(line.key, "")
            if part:
                party.add(part, line.value)
        if party.first("handle"):
            self._by_handle[party.first("handle").upper()] = party

    def _take_line(self, line: Line, heading: int) -> int:
        """Read one line; gives the indent of the heading that it stands under, or -1."""
        if line.key in _OTHER_KEYS and line.value:
            self.is_of_something_else = True
        if line.key in _DOMAIN_KEYS and not self.domain:
            self.domain = line.value
            self._wanted = "" if line.value else "domain"
            return -1
        if self._wanted == "domain" and not line.key:
            self.domain, self._wanted = line.text, ""
            return -1
        if line.key in _REFERRALS and line.value and not self.referral:
            self.referral = line.value
        text = line.text.rstrip(":").strip().lower()
        belongs = _OF_REGISTRANT.get(text) if not line.value else None
        if belongs:
            self._under, self._wanted = self._registrant(), belongs
            return line.indent
        role = _ROLES.get(line.key or text)
        if role is not None:
            return self._begin(line, role)
        if self._is_in_front(line):
            return heading
        if self._under is not None and line.indent >= heading:
            self._add_to(self._under, line)
            return heading
        self._under, self._wanted = None, ""
        return -1

    def _begin(self, line: Line, role: str) -> int:
        """Read a heading, or a key that names somebody."""
        self._wanted = ""
        if line.value and (line.key.endswith("-c") or _HANDLE.fullmatch(line.value)):
            self._handles.append((role, line.value))
            self._under = None
            return -1
        self._under = self._party(role)
        if line.value:
            known = self._by_role.get(role)
            if known is not None and known.is_empty:
                self._under = known
            self._under.add("organisation" if line.key == "owner" else "name", line.value)
            self._by_role.setdefault(role, self._under)
        return line.indent

    def _is_in_front(self, line: Line) -> bool:
        """Read a line as "Registrant Street: …" is; whether it is one."""
        for role_words, role in _IN_FRONT:
            part = _FIELDS.get(line.key.removeprefix(role_words).strip(), "")
            if line.key.startswith(f"{role_words} ") and part:
                self._in_front(role).add(part, line.value)
                return True
        return False

    def _in_front(self, role: str) -> Party:
        if self._under is not None and role in self._under.roles:
            return self._under
        self._under = None
        if role not in self._by_role:
            self._by_role[role] = self._party(role)
        return self._by_role[role]

    def _add_to(self, party: Party, line: Line) -> None:
        if self._wanted:
            party.add(self._wanted, line.text)
            return
        part = _FIELDS.get(line.key, "")
        if part:
            party.add(part, line.value)
        elif not line.key or "@" in line.text or _PHONE.fullmatch(line.text):
            party.lines.append(line.text)

    def _registrant(self) -> Party:
        known = [party for party in self._parties if "registrant" in party.roles]
        return known[-1] if known else self._party("registrant")


def _entity(party: Party) -> Entity:
    """`party` as an RDAP answer would have it."""
    lines = list(party.lines)
    handle = party.first("handle")
    if lines and _HANDLE.fullmatch(lines[0]):
        handle = handle or lines.pop(0)
    name = party.first("name")
    if lines and not name and not party.first("organisation"):
        name = re.sub(r"\s*\[Tag = [^\]]*\]", "", lines.pop(0))
    # Where persons stand in the place of organisations, they are still told by their name.
    name = name or party.first("organisation")
    mails = [*_mails(party.said.get("mail", ())), *_mails(lines)]
    phones = party.said.get("phone", [])
    phones = [*phones, *(line for line in lines if _PHONE.fullmatch(line))]
    rest = [
        line
        for line in lines
        if not _MAIL.search(line) and not _PHONE.fullmatch(line) and "://" not in line
    ]
    card = Card(
        kind=_kind(party),
        name=name,
        organisation=party.first("organisation"),
        mails=tuple(CardValue(text) for text in dict.fromkeys(mails)),
        telephones=tuple(
            CardValue(re.sub(r"(?i)^(?:phone|tel)[.:]? *", "", text))
            for text in dict.fromkeys(phones)
        ),
        addresses=tuple(_addresses(party, rest)),
    )
    return Entity(handle=handle, roles=frozenset(party.roles), card=card)


def _mails(texts: Sequence[str]) -> Iterator[str]:
    """The mail addresses in `texts`; a text without one stands for itself, to be refused."""
    for text in texts:
        found = _MAIL.findall(text)
        yield from found or ([text] if " " in text and "@" not in text and "://" in text else [])


def _kind(party: Party) -> str:
    """As jCard calls it (RFC 6350 section 6.1.4); empty when unsaid."""
    said = party.first("type").lower()
    if "yes" in party.first("anonymous").lower():
        return "individual" if "registrar" not in party.roles else ""
    if any(word in said for word in _ORGANISATIONS):
        return "org"
    if any(word in said for word in _PERSONS):
        return "individual"
    return "group" if "role" in said else ""


def _addresses(party: Party, rest: Sequence[str]) -> Iterator[PostalAddress]:
    country = party.first("country")
    street = party.said.get("address", [])
    city, postal = party.first("city"), party.first("postal")
    if street and city:
        lines = [*street, f"{postal} {city}".strip()]
        yield PostalAddress(tuple(lines), country, has_street_and_city=True)
        return
    lines = [*street, *rest]
    names = (party.first("organisation"), party.first("name"))
    lines = [line for line in lines if line.strip("- ") and line not in names]
    if lines and not country and country_of(lines[-1]):
        country = lines.pop()
    if lines or country:
        yield PostalAddress(tuple(lines), country, has_street_and_city=len(lines) > 1)


def _register_number(party: Party, domain: str) -> str:
    """The number of `party` in the register of its country, else of the domain's."""
    said = party.first("number")
    if not said:
        found = _NUMBER.search(" ".join(party.said.get("type", ())))
        said = found[1] if found else ""
    top = domain.rpartition(".")[2]
    own = country_of("gb" if top == "uk" else top)
    try:
        return normal_register_number(said, country=country_of(party.first("country")) or own)
    except ValueError:
        return ""


def _domain(text: str) -> str:
    """The domain that `text` is, or empty."""
    plain = text.strip().lower().removeprefix("whois://").rstrip("/.").partition(" ")[0]
    try:
        domain = normalise_domain(plain)
    except ValueError:
        return ""
    return domain if "." in domain else ""


def _by_words(table: str) -> Mapping[str, str]:
    return MappingProxyType({word: key for key, words in WORDS[table].items() for word in words})


_ROLES: Final = _by_words("roles")
_FIELDS: Final = _by_words("fields")
_OF_REGISTRANT: Final = _by_words("of-registrant")
_DOMAIN_KEYS: Final = frozenset(WORDS["domain"]["keys"])
_OTHER_KEYS: Final = frozenset(WORDS["domain"]["other"])
_HANDLE_KEYS: Final = frozenset({"nic-hdl", "nic-hdl-br"})
_REFERRALS: Final = frozenset(WORDS["referral"]["keys"])
_IN_FRONT: Final = tuple(sorted(_ROLES.items(), key=lambda item: -len(item[0])))
"""The longest first: "registrar abuse contact" before "registrar"."""
