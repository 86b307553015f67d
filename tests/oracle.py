"""A slow, obviously correct matcher: every observation against every asset, rule by rule.

It follows docs/explanation/matching.md sentence by sentence and shares no code with the matchers
it judges.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NAME_ONLY = {"compromised-website", "malware-url", "phishing-url", "spam-url"}
STRENGTH = [
    "longest-prefix",
    "domain",
    "email-domain",
    "as-number",
    "covering-prefix",
    "host-of-name",
    "as-number-above",
]
OWNER_RULES = STRENGTH[:4]


@dataclass(frozen=True)
class Held:
    """One asset of one organisation."""

    asset_id: int
    organisation_id: int
    value: ipaddress.IPv4Network | ipaddress.IPv6Network | int | str
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def counts_at(self, moment: datetime) -> bool:
        if self.valid_from is not None and moment < self.valid_from:
            return False
        return self.valid_until is None or moment < self.valid_until


@dataclass(frozen=True)
class Seen:
    """One observation, as far as matching looks at it."""

    observed_at: datetime
    finding_kind: str = "open-rdp"
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
    host_name: str | None = None
    email_domain: str | None = None
    asn: int | None = None


def holders_of(seen: Seen, assets: list[Held]) -> list[dict[str, Any]]:
    """The matches of one observation, without its row number, sorted by organisation."""
    valid = [asset for asset in assets if asset.counts_at(seen.observed_at)]
    name_only = seen.finding_kind in NAME_ONLY
    found: list[tuple[str, int, Held, bool]] = []

    networks = [a for a in valid if _contains(a.value, seen.address)]
    longest = max((a.value.prefixlen for a in networks), default=None)  # type: ignore[union-attr]
    narrowest = [a for a in networks if a.value.prefixlen == longest]  # type: ignore[union-attr]
    for asset in networks:
        length = asset.value.prefixlen  # type: ignore[union-attr]
        if name_only:
            found.append(("host-of-name", length, asset, False))
        elif asset in narrowest:
            found.append(("longest-prefix", length, asset, _is_shared(narrowest)))
        else:
            found.append(("covering-prefix", length, asset, False))

    something_narrower = bool(networks)
    for name, rule in ((seen.host_name, "domain"), (seen.email_domain, "email-domain")):
        domains = [a for a in valid if _is_under(name, a.value)]
        most = max((len(a.value.split(".")) for a in domains), default=None)  # type: ignore[union-attr]
        winners = [a for a in domains if len(a.value.split(".")) == most]  # type: ignore[union-attr]
        found += [(rule, most or 0, asset, _is_shared(winners)) for asset in winners]
        something_narrower = something_narrower or bool(winners)

    numbers = [a for a in valid if isinstance(a.value, int) and a.value == seen.asn]
    for asset in numbers:
        if something_narrower or name_only:
            found.append(("as-number-above", 0, asset, False))
        else:
            found.append(("as-number", 0, asset, _is_shared(numbers)))

    found.sort(key=lambda f: (f[2].organisation_id, STRENGTH.index(f[0]), -f[1], f[2].asset_id))
    strongest: dict[int, dict[str, Any]] = {}
    for rule, _, asset, is_shared in found:
        strongest.setdefault(
            asset.organisation_id,
            {
                "organisation_id": asset.organisation_id,
                "asset_id": asset.asset_id,
                "relation": "owner" if rule in OWNER_RULES else "operator",
                "rule": rule,
                "is_shared": is_shared,
            },
        )
    return list(strongest.values())


def _contains(value: object, address: object) -> bool:
    if not isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return False
    if not isinstance(address, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return False
    return address.version == value.version and address in value


def _is_under(name: str | None, value: object) -> bool:
    if name is None or not isinstance(value, str):
        return False
    return name == value or name.endswith("." + value)


def _is_shared(assets: list[Held]) -> bool:
    return len({asset.organisation_id for asset in assets}) > 1
