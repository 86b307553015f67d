"""Mail addresses: one plain address, and one with or without a name before it.

Sources: RFC 5321 for what can be routed, RFC 5322 for how it is written, IDNA as UTS 46 reads it.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Final

import idna

from baken.core.asset import normalise_domain
from baken.core.text import is_harmful, one_line

_LONGEST_ADDRESS: Final = 254  # RFC 5321 section 4.5.3.1.3, as erratum 1690 corrects it
_MAILBOX: Final = re.compile(r".*<(?P<bracketed>[^<>]+)>|(?P<plain>[^<>,\s]+)")
_LOCAL_PART: Final = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\"]{1,64}")


def routable_address(address: str) -> str:
    """`address` with its domain in ASCII (IDNA), as SMTP and DNS take it.

    Raises ``ValueError`` for what is not one plain address.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = idna.encode(domain.rstrip("."), uts46=True).decode()
    except UnicodeError:  # idna.IDNAError is one
        ascii_domain = ""
    routable = f"{local}@{ascii_domain}"
    if (
        not ascii_domain
        or not _LOCAL_PART.fullmatch(local)
        or any(map(is_harmful, local))
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
        or len(routable.encode()) > _LONGEST_ADDRESS
    ):
        raise ValueError(f"{one_line(address, limit=80)!r} is not a mail address.")
    return routable


def split_mailbox(mailbox: str) -> tuple[str, str]:
    """The name (may be empty) and the plain address of ``Name <a@example.nl>``.

    Raises ``ValueError`` when there is no one address in it.
    """
    name, address = parseaddr(mailbox)
    # `parseaddr` gives the first of several addresses, and something even for nonsense.
    written = _MAILBOX.fullmatch(mailbox.strip())
    if written is None or address != (written["bracketed"] or written["plain"]):
        raise ValueError(f"{one_line(mailbox, limit=80)!r} is not a mail address.")
    return name, routable_address(address)


def domain_of(mailbox: str) -> str:
    """The domain of a mailbox, in its normal form; raises ``ValueError``."""
    return normalise_domain(split_mailbox(mailbox)[1].rpartition("@")[2])
