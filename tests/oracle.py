"""A slow, obviously correct matcher: every observation against every asset, rule by rule.

It follows docs/explanation/matching.md sentence by sentence and shares no code with the matchers
it judges.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

NAME_ONLY = {
    *("compromised-website", "website-link-to-malware", "malware-url", "phishing-url", "spam-url"),
}
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
STRENGTH = [
    "longest-prefix",
    "domain",
    "email-domain",
    "part-of-network",
    "as-number",
    "site-on-address",
    "covering-prefix",
    "host-of-name",
    "as-number-above",
]
OWNER_RULES = STRENGTH[:6]


@dataclass(frozen=True)
class Held:
    """One asset of one organisation."""

    asset_id: int
    organisation_id: int
    value: Network | int | str
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
    network_bits: int | None = None
    hinted_name: str | None = None
    host_name: str | None = None
    email_domain: str | None = None
    asn: int | None = None

    @property
    def network(self) -> Network | None:
        """What the row is about as a network: an address is one of full length."""
        if self.address is None:
            return None
        bits = self.address.max_prefixlen if self.network_bits is None else self.network_bits
        return ipaddress.ip_network((self.address, bits), strict=False)


def holders_of(seen: Seen, assets: list[Held]) -> list[dict[str, Any]]:
    """The matches of one observation, without its row number, sorted by organisation."""
    valid = [asset for asset in assets if asset.counts_at(seen.observed_at)]
    name_only = seen.finding_kind in NAME_ONLY
    named_site = name_only and seen.host_name is not None
    nameless_site = name_only and seen.host_name is None
    found: list[tuple[str, int, Held, bool]] = []

    around = [a for a in valid if _covers(a.value, seen.network)]
    inside = [a for a in valid if a not in around and _lies_in(a.value, seen.network)]
    longest = max((a.value.prefixlen for a in around), default=None)  # type: ignore[union-attr] # of that kind
    narrowest = [a for a in around if a.value.prefixlen == longest]  # type: ignore[union-attr] # of that kind
    for asset in around + inside:
        same = [a for a in valid if a.value == asset.value]
        if named_site:
            rule = "host-of-name"
        elif asset not in narrowest + inside:
            rule = "covering-prefix"
        elif nameless_site:
            rule = "site-on-address"
        elif asset in inside:
            rule = "part-of-network"
        else:
            rule = "longest-prefix"
        length = asset.value.prefixlen  # type: ignore[union-attr] # of that kind
        found.append((rule, length, asset, rule in OWNER_RULES and _is_shared(same)))

    something_narrower = bool(around)
    for name, rule in ((seen.host_name, "domain"), (seen.email_domain, "email-domain")):
        domains = [a for a in valid if _is_under(name, a.value)]
        most = max((len(a.value.split(".")) for a in domains), default=None)  # type: ignore[union-attr] # of that kind
        winners = [a for a in domains if len(a.value.split(".")) == most]  # type: ignore[union-attr] # of that kind
        found += [(rule, most or 0, asset, _is_shared(winners)) for asset in winners]
        something_narrower = something_narrower or bool(winners)

    numbers = [a for a in valid if isinstance(a.value, int) and a.value == seen.asn]
    for asset in numbers:
        if something_narrower or named_site:
            found.append(("as-number-above", 0, asset, False))
        else:
            rule = "site-on-address" if nameless_site else "as-number"
            found.append((rule, 0, asset, _is_shared(numbers)))

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


def hinted_holders_of(seen: Seen, assets: list[Held]) -> list[dict[str, Any]]:
    """Who holds the hinted name of one observation and is not its owner, sorted by organisation."""
    owners = {m["organisation_id"] for m in holders_of(seen, assets) if m["relation"] == "owner"}
    asked_for = Seen(seen.observed_at, host_name=seen.hinted_name)
    return [
        {"organisation_id": match["organisation_id"], "asset_id": match["asset_id"]}
        for match in holders_of(asked_for, assets)
        if match["organisation_id"] not in owners
    ]


def _covers(value: object, named: Network | None) -> bool:
    """Whether an asset is a network around the whole of the one that is named."""
    return isinstance(value, Network) and named is not None and _is_subnet(named, value)


def _lies_in(value: object, named: Network | None) -> bool:
    """Whether an asset is a network inside the one that is named."""
    return isinstance(value, Network) and named is not None and _is_subnet(value, named)


def _is_subnet(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type] # same version


def _is_under(name: str | None, value: object) -> bool:
    if name is None or not isinstance(value, str):
        return False
    return name == value or name.endswith("." + value)


def _is_shared(assets: list[Held]) -> bool:
    return len({asset.organisation_id for asset in assets}) > 1
