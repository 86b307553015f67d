"""Unknown systems: what was seen of systems whose owner is no organisation that we know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any, Final

import pyarrow as pa

from baken.core.asset import registrable_domain
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.name_hint import HintOrigin
from baken.core.observation import AffectedRole

IPV4_NEIGHBOURS: Final = 24
IPV6_NEIGHBOURS: Final = 48
"""Addresses that have so many leading bits in common are counted as one network, as long as nothing
says how networks are handed out: what is routed is seldom smaller (RFC 7454 section 6.1.3)."""

_SEEN: Final = pa.timestamp("us", tz="UTC")

UNKNOWN_SYSTEM_SCHEMA: Final = pa.schema(
    [
        # The two that tell one from another, as `UnknownSystem` has them.
        pa.field("finding_kind", pa.string(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
        # As in baken.core.observation.OBSERVATION_SCHEMA, of the newest sighting.
        pa.field("ipv4", pa.uint32()),
        pa.field("ipv6_high", pa.uint64()),
        pa.field("ipv6_low", pa.uint64()),
        pa.field("network_bits", pa.uint8()),
        pa.field("port", pa.uint16()),
        pa.field("transport", pa.string()),
        pa.field("host_name", pa.string()),
        pa.field("hinted_name", pa.string()),
        pa.field("hint_origin", pa.string()),
        pa.field("url_host", pa.string()),
        pa.field("email_domain", pa.string()),
        pa.field("asn", pa.uint32()),
        pa.field("country", pa.string()),
        pa.field("country_by", pa.string()),  # CountryBy; null without a country
        pa.field("product", pa.string()),
        pa.field("address_role", pa.string(), nullable=False),
        pa.field("affected_role", pa.string(), nullable=False),
        pa.field("feed", pa.string(), nullable=False),
        pa.field("report_type", pa.string(), nullable=False),
        # Of all sightings together.
        pa.field("severity", pa.uint8(), nullable=False),  # the gravest
        pa.field("cves", pa.list_(pa.string()), nullable=False),  # sorted
        pa.field("tlp", pa.string(), nullable=False),  # the strictest
        pa.field("operators", pa.list_(pa.int64()), nullable=False),  # sorted
        pa.field("first_seen_at", _SEEN, nullable=False),
        pa.field("last_seen_at", _SEEN, nullable=False),
        pa.field("sightings", pa.int64(), nullable=False),
    ]
)
"""Unknown systems in columns, the newest sighting first; `read_unknown_systems` reads them."""


class CountryBy(StrEnum):
    """Who says in which country an address is."""

    SOURCE = "source"
    """The source that saw it."""
    DELEGATED = "delegated"
    """The registries, in their statistics of what they delegated where."""


@dataclass(frozen=True, slots=True)
class UnknownSystem:
    """One system under one finding kind that no organisation that we know owns.

    Text is empty where nothing is known. What is not said to be of all sightings is what the newest
    one says.
    """

    finding_kind: str
    system: str
    """As a case names it: ``192.0.2.7:3389/tcp``, ``www.example.nl``. Of accounts it is the mail
    domain, for it is its owner who is looked for, and nobody needs to know whose accounts."""
    address: str
    """As `ipaddress` writes it; of a network, its first."""
    network_bits: int | None
    """The prefix length when a network was named, not one address."""
    port: int | None
    transport: str
    host_name: str
    """A name that the source asked for."""
    hinted_name: str
    """A name that nobody asked for: it makes nobody an owner before it is found to resolve to the
    address."""
    hint_origin: HintOrigin | None
    url_host: str
    """The host in the URL, in lower case: a name or an address."""
    email_domain: str
    asn: int | None
    country: str
    """In which the address is, in two upper-case letters (ISO 3166-1)."""
    country_by: CountryBy | None
    """Who says so."""
    product: str
    address_role: AddressRole
    """Neither attacker-controlled nor unknown: such rows are counted apart."""
    affected_role: AffectedRole
    feed: str
    report_type: str
    severity: Severity
    """The gravest of all sightings."""
    cves: tuple[str, ...]
    """Of all sightings, sorted."""
    tlp: Tlp
    """The strictest label of all sightings."""
    operators: tuple[int, ...]
    """The ids of organisations that hold a network or AS number around it: they may be asked to
    pass on. Sorted."""
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int

    @property
    def network(self) -> str:
        """The /24 or /48 around the address, or the network that was named when it is wider; empty
        without an address."""
        if not self.address:
            return ""
        usual = IPV6_NEIGHBOURS if ":" in self.address else IPV4_NEIGHBOURS
        bits = usual if self.network_bits is None else min(usual, self.network_bits)
        return str(ip_network(f"{self.address}/{bits}", strict=False))

    @property
    def domain(self) -> str:
        """What can be registered of the name that was asked for, or of the mail domain."""
        name = self.host_name or self.email_domain
        return registrable_domain(name) if name else ""

    @property
    def hinted_domain(self) -> str:
        """What can be registered of the hinted name."""
        return registrable_domain(self.hinted_name) if self.hinted_name else ""


class GroupBy(StrEnum):
    """What unknown systems are counted by."""

    NETWORK = "network"
    """By /24 and /48; see `UnknownSystem.network`."""
    DOMAIN = "domain"
    """By registered domain; those with a hinted name alone count under it, apart."""
    COUNTRY = "country"


UNKNOWN_GROUP_SCHEMA: Final = pa.schema(
    [
        # Null: those of which it is not known.
        pa.field("value", pa.string()),
        # Whether only names that nobody asked for say so.
        pa.field("is_hint", pa.bool_(), nullable=False),
        pa.field("systems", pa.int64(), nullable=False),
        pa.field("sightings", pa.int64(), nullable=False),
        pa.field("first_seen_at", _SEEN, nullable=False),
        pa.field("last_seen_at", _SEEN, nullable=False),
    ]
)
"""How many unknown systems each network, domain or country has; the most first, then the newest."""


def read_unknown_systems(table: pa.Table) -> Iterator[UnknownSystem]:
    """The rows of `table` (`UNKNOWN_SYSTEM_SCHEMA`) as values, in its order and as it is asked."""
    for batch in table.to_batches(max_chunksize=_AT_ONCE):
        yield from map(_unknown_system, batch.to_pylist())


_AT_ONCE: Final = 10_000


def _unknown_system(row: Mapping[str, Any]) -> UnknownSystem:
    return UnknownSystem(
        finding_kind=row["finding_kind"],
        system=row["system"],
        address=_address(row),
        network_bits=row["network_bits"],
        port=row["port"],
        transport=row["transport"] or "",
        host_name=row["host_name"] or "",
        hinted_name=row["hinted_name"] or "",
        hint_origin=HintOrigin(row["hint_origin"]) if row["hint_origin"] else None,
        url_host=row["url_host"] or "",
        email_domain=row["email_domain"] or "",
        asn=row["asn"],
        country=row["country"] or "",
        country_by=CountryBy(row["country_by"]) if row["country_by"] else None,
        product=row["product"] or "",
        address_role=AddressRole(row["address_role"]),
        affected_role=AffectedRole(row["affected_role"]),
        feed=row["feed"],
        report_type=row["report_type"],
        severity=Severity(row["severity"]),
        cves=tuple(row["cves"]),
        tlp=Tlp(row["tlp"]),
        operators=tuple(row["operators"]),
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        sightings=row["sightings"],
    )


def _address(row: Mapping[str, Any]) -> str:
    if row["ipv4"] is not None:
        return str(IPv4Address(row["ipv4"]))
    if row["ipv6_high"] is not None:
        return str(IPv6Address(row["ipv6_high"] << 64 | row["ipv6_low"]))
    return ""
