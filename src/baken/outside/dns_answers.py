"""What the DNS says: a value for each kind of question, and why there is no answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SHORTEST_VALID: Final = 60
LONGEST_VALID: Final = 7 * 86_400
"""Every answer is kept at least and at most so many seconds, whatever its TTL."""


class Answered(StrEnum):
    """What became of a question."""

    FOUND = "found"
    """The name exists; it may have no record of the type that was asked for."""
    NO_SUCH_NAME = "no-such-name"
    UNKNOWN = "unknown"
    """No answer in time, or none that says anything: it may be different in a moment."""


class DnsFailure(StrEnum):
    """Why a question is not answered, as far as the resolver says so."""

    NO_SERVER = "no-server"
    """The system names no resolver."""
    NO_NAME = "no-name"
    """What was asked about cannot be a name."""
    NOT_ALLOWED = "not-allowed"
    """What we know may not be shown by asking (PAP)."""
    TOO_SLOW = "too-slow"
    SERVER = "server"
    """The resolver was not reached, failed, or refused."""
    SIGNATURES = "signatures"
    """The zone is signed, and its signatures do not hold (RFC 8914: 6 to 12, and 25)."""
    WITHHELD = "withheld"
    """The resolver answers otherwise than the zone does: forged, blocked, censored or filtered."""
    TOO_LARGE = "too-large"
    NOT_READABLE = "not-readable"
    """What came is no DNS."""


@dataclass(frozen=True, slots=True, order=True)
class MailExchange:
    """One host that takes mail for a domain; the lowest preference is tried first."""

    preference: int
    host: str
    """In lower case, without the last dot; empty in a null MX (RFC 7505): it takes no mail."""


@dataclass(frozen=True, slots=True)
class MailExchanges:
    """What the DNS says of who takes mail for a domain."""

    answered: Answered
    exchanges: tuple[MailExchange, ...] = ()
    """In order of preference."""
    seconds_valid: int = 0
    """For so long it may be kept; 0 when unknown. Of no records: as the zone's SOA says."""
    failure: DnsFailure | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """To which addresses a name leads."""

    answered: Answered
    """UNKNOWN when either question, for IPv4 or for IPv6, had no answer: there may be more."""
    addresses: tuple[str, ...] = ()
    """IPv4 before IPv6, each in its usual form."""
    seconds_valid: int = 0
    """For so long all of this may be kept (the lowest TTL)."""
    failure: DnsFailure | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """The TXT records of a name."""

    answered: Answered
    texts: tuple[str, ...] = ()
    """Each record's strings put together; what is no UTF-8 is U+FFFD. In the order of the text:
    records have none."""
    seconds_valid: int = 0
    failure: DnsFailure | None = None


@dataclass(frozen=True, slots=True)
class ZoneAuthority:
    """The SOA record that a name has itself: it is the top of a zone."""

    answered: Answered
    mailbox: str = ""
    """Of whoever runs the zone (RNAME), with an ``@`` for its first dot (RFC 1035 section 8).
    Empty where the name has no SOA record, or one that names nobody."""
    seconds_valid: int = 0
    failure: DnsFailure | None = None
