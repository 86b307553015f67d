"""Addresses as strangers write them, in the one form in which they are used, or refused.

What a stranger wrote ends in a header, on a telephone or on an analyst's screen. So only the plain
forms are taken, whichever source gave them, and everything else is refused with its reason.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from baken.core.asset import is_public_suffix, normalise_domain
from baken.core.lookup import Refusal
from baken.core.mail_address import routable_address
from baken.lookups.lookalikes import is_lookalike
from baken.lookups.placeholders import refusal_of, refusal_of_domain
from baken.lookups.telephone import callable_number, is_costly

_LONGEST_URL: Final = 500
_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=&~'-]*")
"""Of a stranger's mailbox: RFC 5322 allows more, which only programs find a use for."""
_URL: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


class RefusedAddressError(Exception):
    """A text that is no address which may be used."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


def mail_address(text: str, *, own_domain: str = "") -> str:
    """`text` as a mail address; raises `RefusedAddressError`.

    `own_domain` is the domain of whoever wrote it: what lies below it is no placeholder and looks
    like no other.
    """
    _refuse_placeholder(text)
    try:
        address = routable_address(text)
        local, _, domain = address.rpartition("@")
        if not _LOCAL_PART.fullmatch(local):
            raise RefusedAddressError(Refusal.NOT_READABLE)
        _check_domain(normalise_domain(domain), own_domain=own_domain)
    except ValueError as error:
        raise RefusedAddressError(Refusal.NOT_READABLE) from error
    _refuse_placeholder(address)
    return address


def phone_number(text: str, *, country: str = "") -> str:
    """`text` in E.164, of `country` where it names none; raises `RefusedAddressError`."""
    _refuse_placeholder(text)
    number = callable_number(text, country=country)
    if not number:
        raise RefusedAddressError(Refusal.NOT_READABLE)
    if is_costly(number):
        raise RefusedAddressError(Refusal.COSTLY_NUMBER)
    return number


def form_address(url: str, *, own_domain: str = "") -> str:
    """The https address `url` of a form; raises `RefusedAddressError`."""
    _refuse_placeholder(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # A name before `@` is how one host is made to look like another.
        is_plain = (
            parts.scheme == "https"
            and "@" not in parts.netloc
            and port in (None, 443)
            and len(url) <= _LONGEST_URL
            and _URL.fullmatch(url)
        )
        if not host or not is_plain:
            raise RefusedAddressError(Refusal.NOT_READABLE)
        name = normalise_domain(host)
    except ValueError as error:
        raise RefusedAddressError(Refusal.NOT_READABLE) from error
    _check_domain(name, own_domain=own_domain)
    return urlunsplit(("https", name, parts.path or "/", parts.query, parts.fragment))


def _check_domain(domain: str, *, own_domain: str) -> None:
    """Raises `RefusedAddressError` for a domain that nobody's contact lies below."""
    if "_" in domain or "." not in domain or is_public_suffix(domain):
        raise RefusedAddressError(Refusal.NOT_READABLE)
    if own_domain and f".{domain}".endswith(f".{own_domain}"):
        return
    why = refusal_of_domain(domain)
    if why is not None:
        raise RefusedAddressError(why)
    if is_lookalike(domain):
        raise RefusedAddressError(Refusal.LOOKALIKE)


def _refuse_placeholder(text: str) -> None:
    why = refusal_of(text)
    if why is not None:
        raise RefusedAddressError(why)
