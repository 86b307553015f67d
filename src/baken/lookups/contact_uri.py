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
from urllib.parse import unquote, urlsplit, urlunsplit

from baken.core.asset import is_public_suffix, normalise_domain
from baken.core.lookup import FoundChannel, Refusal, RefusedRoute
from baken.core.mail_address import routable_address
from baken.core.text import is_harmful, one_line
from baken.lookups.lookalikes import is_lookalike
from baken.lookups.placeholders import refusal_of, refusal_of_domain
from baken.lookups.telephone import callable_number, is_costly

_LONGEST: Final = 500
_SHOWN: Final = 200
_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=&~'-]*")
"""Of a stranger's mailbox: RFC 5322 allows more, which only programs find a use for."""
_NUMBER: Final = re.compile(r"\+[0-9]{5,15}")
_SEPARATORS: Final = re.compile(r"[-.() \u00a0]")
_URL: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_EXAMPLES: Final = frozenset({"example.com", "example.net", "example.org"})
"""RFC 2606: they stand in templates."""


@dataclass(frozen=True, slots=True)
class ReadContact:
    """A contact with its address in the normal form of `core.lookup.FoundRoute`."""

    channel: FoundChannel
    address: str
    has_scheme: bool = True
    """False for a bare mail address, which RFC 9116 does not allow and many write."""


class _RefusedError(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


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
                raise _RefusedError(Refusal.NOT_READABLE)
            yield _read_one(scheme.lower(), part.strip(), own_domain=own_domain)
        except _RefusedError as refused:
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
    raise _RefusedError(refusal_of(f"{scheme}:{rest}") or Refusal.NOT_READABLE)


def _decoded(rest: str) -> str:
    try:
        decoded = unquote(rest, errors="strict")
    except UnicodeDecodeError as error:
        raise _RefusedError(Refusal.NOT_READABLE) from error
    if any(map(is_harmful, decoded)):  # `%0d%0aBcc:` becomes a line of its own
        raise _RefusedError(Refusal.NOT_READABLE)
    return decoded


def _read_mail(text: str, *, own_domain: str) -> str:
    _refuse_placeholder(text)
    try:
        address = routable_address(text)
        local, _, domain = address.rpartition("@")
        if not _LOCAL_PART.fullmatch(local):
            raise _RefusedError(Refusal.NOT_READABLE)
        _check_domain(normalise_domain(domain), own_domain=own_domain)
    except ValueError as error:
        raise _RefusedError(Refusal.NOT_READABLE) from error
    _refuse_placeholder(address)
    return address


def _read_number(text: str) -> str:
    _refuse_placeholder(text)
    digits = _SEPARATORS.sub("", text.partition(";")[0])
    if not _NUMBER.fullmatch(digits):
        raise _RefusedError(Refusal.NOT_READABLE)
    number = callable_number(digits)
    if not number:
        raise _RefusedError(Refusal.NOT_READABLE)
    if is_costly(number):
        raise _RefusedError(Refusal.COSTLY_NUMBER)
    return number


def _read_form(rest: str, *, own_domain: str) -> str:
    url = f"https:{rest}"
    _refuse_placeholder(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # A name before `@` is how one host is made to look like another.
        if not host or "@" in parts.netloc or port not in (None, 443) or not _URL.fullmatch(rest):
            raise _RefusedError(Refusal.NOT_READABLE)
        name = normalise_domain(host)
    except ValueError as error:
        raise _RefusedError(Refusal.NOT_READABLE) from error
    _check_domain(name, own_domain=own_domain)
    return urlunsplit(("https", name, parts.path or "/", parts.query, parts.fragment))


def _check_domain(domain: str, *, own_domain: str) -> None:
    """Raises `_RefusedError` for a domain that nobody's contact lies below."""
    if "_" in domain or is_public_suffix(domain):
        raise _RefusedError(Refusal.NOT_READABLE)
    if own_domain and f".{domain}".endswith(f".{own_domain}"):
        return
    if domain in _EXAMPLES or any(domain.endswith(f".{one}") for one in _EXAMPLES):
        raise _RefusedError(Refusal.PLACEHOLDER)
    why = refusal_of_domain(domain)
    if why is not None:
        raise _RefusedError(why)
    if is_lookalike(domain):
        raise _RefusedError(Refusal.LOOKALIKE)


def _refuse_placeholder(text: str) -> None:
    why = refusal_of(text)
    if why is not None:
        raise _RefusedError(why)
