"""What a security.txt gives: routes, or the reason why its contacts are shown and not used.

Source: RFC 9116, above all its sections 2.5 (fields) and 5 (security considerations).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from baken.core.asset import registrable_domain
from baken.core.lookup import Basis, FoundRoute, Refusal, RefusedRoute
from baken.core.routes import Scope
from baken.core.text import one_line
from baken.lookups.contact_uri import ReadContact, read_contacts, refused_contact
from baken.lookups.security_txt_place import FoundFile, host_of
from baken.lookups.signed_text import Signature

MOST_CONTACTS: Final = 5
_LONG: Final = timedelta(days=366)
_CONFIDENCE: Final = {
    Basis.OWN_FILE: 90,  # whoever runs the host wrote it; some point to a group's central desk
    Basis.PARENT_FILE: 60,  # a host below may be another organisation's
}
_SIGNED: Final = 8
"""More confidence for a signature by a key that was checked before."""
_WITHOUT_SCHEME: Final = 15
"""Less for a bare mail address: whoever wrote it did not check the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a found file gives."""

    routes: tuple[FoundRoute, ...]
    """In the file's order of preference."""
    refused: tuple[RefusedRoute, ...]
    notes: tuple[str, ...]
    """What is odd about it, each a plain English sentence."""


def routes_of(found: FoundFile, *, basis: Basis, now: datetime) -> Reading:
    """The routes that `found` gives at `now`, with what was refused of it and why."""
    why = _why_not(found, now=now)
    contacts = found.file.contacts
    looked_at, beyond = contacts[:MOST_CONTACTS], contacts[MOST_CONTACTS:]
    routes: list[FoundRoute] = []
    refused: list[RefusedRoute] = []
    notes = list(_notes(found, now=now))
    if why is None:
        own_domain = registrable_domain(host_of(found.asked))
        read = [one for text in looked_at for one in read_contacts(text, own_domain=own_domain)]
        for one in read[:MOST_CONTACTS]:
            if isinstance(one, RefusedRoute):
                refused.append(one)
            else:
                routes.append(_route(one, found=found, basis=basis))
        beyond = (*(_shown(one) for one in read[MOST_CONTACTS:]), *beyond)
        if any(isinstance(one, ReadContact) and not one.has_scheme for one in read):
            notes.append("A contact is a bare mail address, without mailto.")
    else:
        refused += [refused_contact(text, why=why) for text in looked_at]
    refused += [refused_contact(text, why=Refusal.TOO_MANY) for text in islice(beyond, 1)]
    if len(beyond) > 1:
        notes.append(f"It names {len(beyond)} contacts beyond those looked at.")
    return Reading(_each_once(routes), tuple(refused), tuple(notes))


def _why_not(found: FoundFile, *, now: datetime) -> Refusal | None:
    """Why none of its contacts is used; the gravest reason first."""
    expires_at = found.file.expires_at
    if found.file.signature is Signature.BAD:
        return Refusal.BAD_SIGNATURE
    if not found.is_canonical:
        return Refusal.NOT_CANONICAL
    if expires_at is None:
        return Refusal.WITHOUT_EXPIRY
    return Refusal.EXPIRED if expires_at <= now else None


def _route(contact: ReadContact, *, found: FoundFile, basis: Basis) -> FoundRoute:
    is_signed = _is_signed_for_here(found)
    confidence = _CONFIDENCE[basis]
    confidence += _SIGNED if is_signed else 0
    confidence -= 0 if contact.has_scheme else _WITHOUT_SCHEME
    return FoundRoute(
        channel=contact.channel,
        address=contact.address,
        scope=Scope.OWNER,
        basis=basis,
        confidence=confidence,
        language=found.file.language,
        signed_by=found.file.fingerprint if is_signed else "",
        encryption=found.file.encryption,
    )


def _is_signed_for_here(found: FoundFile) -> bool:
    """Whether a known key signed it, for this place: a signed file can be copied to any host.

    Section 2.5.2 recommends Canonical in a signed file for this reason.
    """
    return found.file.signature is Signature.GOOD and bool(found.file.canonical)


def _notes(found: FoundFile, *, now: datetime) -> Iterator[str]:
    file, expires_at = found.file, found.file.expires_at
    if found.asked != found.came_from:
        yield f"A redirect led to {one_line(found.came_from, limit=200)}."
    if file.signature is Signature.UNKNOWN_KEY:
        yield "Its signature was ignored: it is broken, or of a key that we do not know."
    if file.signature is Signature.GOOD and not file.canonical:
        yield "Its signature was ignored: without Canonical it may be copied from elsewhere."
    if file.expires and expires_at is None:
        yield "Its Expires is no time as RFC 3339 writes it."
    if len(file.expires) > 1:
        yield "It has several Expires; the earliest counts."
    if expires_at is not None and expires_at - now > _LONG:
        yield "Its Expires lies more than a year ahead."
    if not file.contacts:
        yield "It names no contact."
    if found.media_type and found.media_type != "text/plain":
        yield f"It is served as {one_line(found.media_type, limit=60)}, not as text/plain."


def _shown(one: ReadContact | RefusedRoute) -> str:
    return one.text if isinstance(one, RefusedRoute) else one.address


def _each_once(routes: list[FoundRoute]) -> tuple[FoundRoute, ...]:
    return tuple({(route.channel, route.address): route for route in reversed(routes)}.values())[
        ::-1
    ]
