"""Which security contact stands in the DNS at `_security`, below the very name?

Source: draft-ellis-dns-security-contact-00, a work in progress. The records have no order, and a
parent's are not used: a parent is often somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from baken.core.given_file import GivenFile
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    LookupAnswer,
    Outcome,
    Refusal,
    RefusedRoute,
    Subject,
    SubjectKind,
    Turn,
)
from baken.core.routes import Scope
from baken.lookups.contact_uri import ReadContact, read_contacts, refused_contact
from baken.lookups.dns_replies import AT_ONCE, answer_without, holds_until, names_to_ask
from baken.lookups.kind import Lookup, LookupKind
from baken.outside import Outside
from baken.outside.dns import Texts

MOST_CONTACTS: Final = 5
"""So many contacts are looked at: first the mail addresses, then numbers, then forms."""

_CONFIDENCE: Final = 85  # whoever runs the zone wrote it; some point to a group's central desk
_LONGEST: Final = 2048  # section 3.2: consumers may reject longer records
_SCHEMES: Final = ("mailto", "tel", "https")
# Section 3.2: RFC 3339, in UTC, with a Z.
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?[Zz]", re.ASCII)


@dataclass(frozen=True, slots=True)
class DnsSecurity:
    """Asks the DNS for the TXT records at `_security`."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """See `baken.lookups.kind.Lookup`."""
        owners = [f"_security.{name}" for name in names_to_ask(subjects)]
        replies = outside.dns.texts(owners)
        return [
            _answer(subject, replies.get(f"_security.{subject}"), now=now) for subject in subjects
        ]


@dataclass(slots=True)
class _Records:
    """The values of the fields that the draft defines."""

    contacts: list[str] = field(default_factory=list)
    expiries: list[str] = field(default_factory=list)


def _answer(subject: Subject, reply: Texts | None, *, now: datetime) -> LookupAnswer:
    question = f"_security.{subject} TXT"
    answer = answer_without(KIND.key, subject, question=question, reply=reply, now=now)
    if reply is None or not reply.texts:
        return answer
    records = _read_records(reply.texts)
    contacts = sorted(records.contacts, key=_by_use)
    expires_at = _expiry(records.expiries)
    why = Refusal.WITHOUT_EXPIRY if expires_at is None else Refusal.EXPIRED
    if expires_at is None or expires_at <= now:
        refused = tuple(_refused(contacts, why=why))
        return replace(answer, refused=refused, note=_note(records, expires_at=expires_at))
    routes, refusals = _read_contacts(contacts, own_domain=subject.value)
    answer = replace(answer, refused=tuple(refusals), note=_note(records, expires_at=expires_at))
    if not routes:
        return replace(answer, valid_until=min(answer.valid_until, expires_at))
    held = min(holds_until(reply, now=now), expires_at)
    return replace(answer, outcome=Outcome.FOUND, valid_until=held, routes=tuple(routes))


def _read_records(texts: Sequence[str]) -> _Records:
    """What the draft defines; other records are ignored (section 4)."""
    records = _Records()
    for text in texts:
        name, _, value = text.partition("=")
        match name.lower():
            case "security_contact":
                records.contacts.append(value)
            case "security_expires":
                records.expiries.append(value)
    return records


def _expiry(values: Sequence[str]) -> datetime | None:
    """The one time until which the records hold; None where there is none, or more than one."""
    if len(values) != 1 or not _TIME.fullmatch(values[0]):
        return None
    try:
        return datetime.fromisoformat(values[0].upper())
    except ValueError:
        return None


def _by_use(contact: str) -> int:
    """Sorts what reaches a person soonest first, and what cannot be used last."""
    scheme = contact.partition(":")[0].lower()
    return _SCHEMES.index(scheme) if scheme in _SCHEMES else len(_SCHEMES)


def _read_contacts(
    contacts: Sequence[str], *, own_domain: str
) -> tuple[list[FoundRoute], list[RefusedRoute]]:
    routes, refused = {}, []
    for contact in contacts[:MOST_CONTACTS]:
        for read in islice(_read_contact(contact, own_domain=own_domain), MOST_CONTACTS):
            if isinstance(read, RefusedRoute):
                refused.append(read)
            else:
                routes[read.channel, read.address] = _route(read.channel, read.address)
    refused += islice(_refused(contacts[MOST_CONTACTS:], why=Refusal.TOO_MANY), 1)
    return list(routes.values())[:MOST_CONTACTS], refused


def _read_contact(contact: str, *, own_domain: str) -> Iterator[ReadContact | RefusedRoute]:
    """Section 3.2: an absolute URI, without a fragment and without white space around it."""
    is_uri = ":" in contact and "#" not in contact and contact == contact.strip()
    if len(contact) > _LONGEST or not is_uri:
        yield refused_contact(contact, why=Refusal.NOT_READABLE)
    else:
        yield from read_contacts(contact, own_domain=own_domain)


def _route(channel: FoundChannel, address: str) -> FoundRoute:
    return FoundRoute(channel, address, Scope.OWNER, Basis.OWN_RECORD, _CONFIDENCE)


def _refused(contacts: Sequence[str], *, why: Refusal) -> Iterator[RefusedRoute]:
    return (refused_contact(contact, why=why) for contact in contacts[:MOST_CONTACTS])


def _note(records: _Records, *, expires_at: datetime | None) -> str:
    if not records.contacts and not records.expiries:
        return ""
    if expires_at is None and len(records.expiries) > 1:
        return "It has several security_expires, so that none counts."
    if expires_at is None:
        return "It has no security_expires that can be read."
    if len(records.contacts) > MOST_CONTACTS:
        return f"It names {len(records.contacts)} contacts; {MOST_CONTACTS} are looked at."
    return "" if records.contacts else "It names no contact."


def _open(files: Sequence[GivenFile]) -> Lookup:
    del files  # it reads none
    return DnsSecurity()


KIND: Final = LookupKind(
    key="dns-security",
    asks_about=SubjectKind.NAME,
    open=_open,
    turn=Turn.OWN_WORD,
    at_once=AT_ONCE,
    is_said_by_subject=True,
)
