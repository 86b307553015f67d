"""A contact as RFC 9116 writes it, `mailto:`, `tel:` or `https:`, read into an address.

What a stranger wrote here ends in a header, on a telephone or on an analyst's screen. So only the
plain forms are taken, and everything else is refused with its reason.

Sources: RFC 9116 section 2.5.3, RFC 6068 (mailto), RFC 3966 (tel), RFC 3986.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from baken.core.lookup import FoundChannel, Refusal, RefusedRoute
from baken.core.text import is_harmful, one_line
from baken.lookups.contact_address import (
    RefusedAddressError,
    form_address,
    mail_address,
    phone_number,
)
from baken.lookups.placeholders import refusal_of

_LONGEST: Final = 500
_SHOWN: Final = 200
_NUMBER: Final = re.compile(r"\+[0-9]{5,15}")
_SEPARATORS: Final = re.compile(r"[-.() \u00a0]")
_EXAMPLES: Final = frozenset({"example.com", "example.net", "example.org"})
"""RFC 2606: they stand in templates."""


@dataclass(frozen=True, slots=True)
class ReadContact:
    """A contact with its address in the normal form of `core.lookup.FoundRoute`."""

    channel: FoundChannel
    address: str
    has_scheme: bool = True
    """False for a bare mail address, which RFC 9116 does not allow and many write."""


def read_contacts(text: str, *, own_domain: str) -> Iterator[ReadContact | RefusedRoute]:
    """What the value of one Contact field names, at least one each; several for a `mailto:` list.

    `own_domain` is the domain of whoever wrote it: what lies below it is no placeholder and looks
    like no other. Raises nothing about `text`.
    """
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if not colon:
        scheme, rest = "", text
    if scheme.lower() == "mailto":
        # A comma that belongs to an address is percent-encoded (RFC 6068 section 2).
        parts = rest.removeprefix("//").partition("?")[0].split(",")
    else:
        parts = [rest]
    for part in parts:
        try:
            if len(text) > _LONGEST or any(map(is_harmful, text)):
                raise RefusedAddressError(Refusal.NOT_READABLE)
            yield _read_one(scheme.lower(), part.strip(), own_domain=own_domain)
        except RefusedAddressError as refused:
            shown = text if len(parts) == 1 else part
            yield refused_contact(shown, why=refused.why)


def refused_contact(text: str, *, why: Refusal) -> RefusedRoute:
    """`text`, made harmless and short, as what is shown to an analyst."""
    return RefusedRoute(one_line(text[: 2 * _SHOWN], limit=_SHOWN), why)


def _read_one(scheme: str, rest: str, *, own_domain: str) -> ReadContact:
    match scheme:
        case "mailto":
            return ReadContact(FoundChannel.MAIL, _read_mail(_decoded(rest), own_domain=own_domain))
        case "tel":
            return ReadContact(FoundChannel.PHONE, _read_number(_decoded(rest)))
        case "https":
            return ReadContact(FoundChannel.FORM, _read_form(rest, own_domain=own_domain))
        case "":
            address = _read_mail(rest, own_domain=own_domain)
            return ReadContact(FoundChannel.MAIL, address, has_scheme=False)
    raise RefusedAddressError(refusal_of(f"{scheme}:{rest}") or Refusal.NOT_READABLE)


def _decoded(rest: str) -> str:
    try:
        decoded = unquote(rest, errors="strict")
    except UnicodeDecodeError as error:
        raise RefusedAddressError(Refusal.NOT_READABLE) from error
    if any(map(is_harmful, decoded)):  # `%0d%0aBcc:` becomes a line of its own
        raise RefusedAddressError(Refusal.NOT_READABLE)
    return decoded


def _read_mail(text: str, *, own_domain: str) -> str:
    address = mail_address(text, own_domain=own_domain)
    _refuse_example(address.rpartition("@")[2], own_domain=own_domain)
    return address


def _read_number(text: str) -> str:
    digits = _SEPARATORS.sub("", text.partition(";")[0])
    if not _NUMBER.fullmatch(digits):
        raise RefusedAddressError(refusal_of(text) or Refusal.NOT_READABLE)
    return phone_number(digits)


def _read_form(rest: str, *, own_domain: str) -> str:
    address = form_address(f"https:{rest}", own_domain=own_domain)
    _refuse_example(urlsplit(address).hostname or "", own_domain=own_domain)
    return address


def _refuse_example(domain: str, *, own_domain: str) -> None:
    """Raises `RefusedAddressError` for a domain that stands in templates, but its own owner's."""
    is_own = bool(own_domain) and f".{domain}".endswith(f".{own_domain}")
    if not is_own and any(f".{domain}".endswith(f".{one}") for one in _EXAMPLES):
        raise RefusedAddressError(Refusal.PLACEHOLDER)
