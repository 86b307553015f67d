"""The columns every feed yields, and what they mean.

A feed turns bytes into Arrow record batches of exactly `OBSERVATION_SCHEMA`. One row says: at this
time, this address showed this. Rows stay in columns until they match somebody.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import pyarrow as pa

from baken.core.classification import AddressRole

EVIDENCE_TYPE: Final = pa.map_(pa.string(), pa.string())
"""The remaining columns of a report row that say something: column name to text, no empties."""

NAME_SOURCE: Final = "hostname_source"
"""The evidence key under which a feed says how its source came by the row's host name ("ptr").

It judges the name and helps nobody to find the system, so warnings do not list it.
"""

COUNTRY: Final = "country"
"""The evidence key under which a feed says in which country its source places the affected address,
in two upper-case letters (ISO 3166-1).

It says who warns, here or abroad, and helps nobody to find the system, so warnings do not list it.
"""

OBSERVATION_SCHEMA: Final = pa.schema(
    [
        # Where the row stood, counted from 1: the line on which its record begins, or, in a report
        # that is not written in lines, the number of the record.
        pa.field("line", pa.int64(), nullable=False),
        # Which feed, by its key, and which of its report types ("scan_rdp").
        pa.field("source", pa.string(), nullable=False),
        pa.field("report_type", pa.string(), nullable=False),
        # What is wrong, as a kebab-case key that is never renamed ("open-rdp").
        pa.field("finding_kind", pa.string(), nullable=False),
        # Its class in the Reference Security Incident Taxonomy ("vulnerable", "vulnerable-system").
        pa.field("rsit_taxonomy", pa.string(), nullable=False),
        pa.field("rsit_type", pa.string(), nullable=False),
        # When the source saw it (not when we read it).
        pa.field("observed_at", pa.timestamp("us", tz="UTC"), nullable=False),
        # The affected address: one of the two, or none when only a name or an account is known.
        # IPv6 is two halves in network order, so that prefixes are shifts and not string work.
        pa.field("ipv4", pa.uint32()),
        pa.field("ipv6_high", pa.uint64()),
        pa.field("ipv6_low", pa.uint64()),
        # When the row names a network: its prefix length, and the address is its first one.
        pa.field("network_bits", pa.uint8()),
        # What part the affected address plays; see AffectedRole.
        pa.field("affected_role", pa.string(), nullable=False),
        # Whose side it is on; see classification.AddressRole.
        pa.field("address_role", pa.string(), nullable=False),
        pa.field("port", pa.uint16()),
        pa.field("transport", pa.string()),  # "tcp" or "udp"
        # Names are lower-case, IDNA, without trailing dot; null when absent or not a host name.
        # `host_name` is one that the source asked for; `hinted_name` one that nobody asked for.
        pa.field("host_name", pa.string()),
        pa.field("hinted_name", pa.string()),
        pa.field("hint_origin", pa.string()),  # name_hint.HintOrigin, with a `hinted_name`
        pa.field("url", pa.string()),
        pa.field("email_domain", pa.string()),
        pa.field("asn", pa.uint32()),
        pa.field("severity", pa.uint8(), nullable=False),  # classification.Severity
        pa.field("cves", pa.list_(pa.string()), nullable=False),  # "CVE-2023-46805", upper case
        pa.field("product", pa.string()),
        pa.field("tlp", pa.string(), nullable=False),  # classification.Tlp
        pa.field("evidence", EVIDENCE_TYPE, nullable=False),
    ]
)


class AffectedRole(StrEnum):
    """What part the affected system played in what was observed."""

    SERVICE = "service"
    """It offers something that answers from outside."""
    SOURCE = "source"
    """It did something: scanned, attacked, called home."""
    TARGET = "target"
    """Something was done to it."""
    SITE = "site"
    """It serves a page or file that should not be there."""
    ACCOUNT = "account"
    """Not a system but an account, known by its e-mail domain."""
    ORGANISATION = "organisation"
    """Not a system but the organisation as such, known by a name."""


_ROLES_BEFORE: Final = {
    AffectedRole.SERVICE.value: AddressRole.VULNERABLE.value,
    AffectedRole.SOURCE.value: AddressRole.ABUSED.value,
    AffectedRole.TARGET.value: AddressRole.VICTIM.value,
    AffectedRole.SITE.value: AddressRole.ABUSED.value,
    AffectedRole.ACCOUNT.value: AddressRole.VICTIM.value,
    AffectedRole.ORGANISATION.value: AddressRole.VICTIM.value,
}


def address_role_before(affected_role: str) -> str:
    """The address role of a row written before rows had one."""
    return _ROLES_BEFORE[affected_role]


IN_FUTURE: Final = "in-future"
"""The reason of a row that was seen later than any clock may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be read: kept with its reason, never dropped."""

    line: int
    """Its line or number, as in `OBSERVATION_SCHEMA`."""
    column: str
    """The column at fault; empty when the row as a whole is."""
    value: str
    """What stood there, cut to 200 characters."""
    reason: str
    """A stable kebab-case key, such as ``bad-address``."""
    explanation: str
    """One sentence for a person: what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """A piece of a report: what could be read and what could not.

    ``rows_read == observations.num_rows + len(quarantined)`` always holds.
    """

    observations: pa.RecordBatch
    quarantined: Sequence[QuarantinedRow]
    warnings: Sequence[str] = ()
    """Said once a file, in one sentence each: an unknown type, a missing column."""

    @property
    def rows_read(self) -> int:
        """How many rows of the report this piece accounts for."""
        return int(self.observations.num_rows) + len(self.quarantined)


@dataclass(frozen=True, slots=True)
class ReportInfo:
    """What is known of a report before its rows are read."""

    source: str
    report_type: str
    is_known_type: bool
    report_date: str | None
    """The date in the file's name, ISO 8601, or None."""


class Report(Protocol):
    """One delivery of a feed, opened: its description, then its rows in pieces."""

    info: ReportInfo

    def batches(self) -> Generator[ParsedBatch, None, None]:
        """The rows, in file order and in pieces of bounded size.

        Raises `baken.core.errors.ReportRefusedError` when the file as a whole cannot be read.
        """
        ...
