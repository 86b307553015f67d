"""What an organisation can be responsible for: a network, an AS number or a domain.

Parse, normalise, contain. Sources: IANA's special-purpose address registries (RFC 6890 and its
updates), IANA's AS number registry (RFC 7607, 5398, 6996, 7300, 6793), the Public Suffix List,
IDNA as UTS 46 reads it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import idna
from publicsuffixlist import PublicSuffixList

from baken.core.errors import AssetRefusedError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DASH: Final = re.compile("[-\N{EN DASH}]")
_RANGE: Final = re.compile(
    rf"[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*\s*{_DASH.pattern}\s*[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*"
)
_NETWORKS_NAMED: Final = 8

WIDEST_IPV4_PREFIX: Final = 8
WIDEST_IPV6_PREFIX: Final = 16

DOCUMENTATION_NETWORKS: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.2.0/24",  # RFC 5737
        "198.51.100.0/24",  # RFC 5737
        "203.0.113.0/24",  # RFC 5737
        "2001:db8::/32",  # RFC 3849
        "3fff::/20",  # RFC 9637
        "198.18.0.0/15",  # RFC 2544: benchmarks; the demo and tests need room
    )
)

SPECIAL_NETWORKS: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ipaddress.ip_network(text), name)
    for text, name in (
        ("0.0.0.0/8", "'this network' (RFC 791)"),
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("100.64.0.0/10", "shared address space of providers (RFC 6598)"),
        ("127.0.0.0/8", "loopback (RFC 1122)"),
        ("169.254.0.0/16", "link-local (RFC 3927)"),
        ("172.16.0.0/12", "private (RFC 1918)"),
        ("192.0.0.0/24", "reserved for protocols (RFC 6890)"),
        ("192.88.99.0/24", "6to4 relay, withdrawn (RFC 7526)"),
        ("192.168.0.0/16", "private (RFC 1918)"),
        ("224.0.0.0/4", "multicast (RFC 5771)"),
        ("240.0.0.0/4", "reserved (RFC 1112)"),
        ("::/8", "reserved, loopback and mapped addresses (RFC 4291)"),
        ("100::/64", "discard only (RFC 6666)"),
        ("64:ff9b::/96", "address translation (RFC 6052)"),
        ("64:ff9b:1::/48", "local address translation (RFC 8215)"),
        ("2001::/23", "reserved for protocols (RFC 2928)"),
        ("2002::/16", "6to4 (RFC 3056)"),
        ("fc00::/7", "unique local (RFC 4193)"),
        ("fe80::/10", "link-local (RFC 4291)"),
        ("fec0::/10", "site-local, withdrawn (RFC 3879)"),
        ("ff00::/8", "multicast (RFC 4291)"),
    )
)

DOCUMENTATION_ASNS: Final = ((64496, 64511), (65536, 65551))  # RFC 5398
RESERVED_ASNS: Final[tuple[tuple[int, int, str], ...]] = (
    (0, 0, "reserved (RFC 7607)"),
    (112, 112, "the shared AS112 project (RFC 7534)"),
    (23456, 23456, "AS_TRANS (RFC 6793)"),
    (64512, 65534, "private use (RFC 6996)"),
    (65535, 65535, "reserved (RFC 7300)"),
    (65552, 131071, "reserved by IANA"),
    (4200000000, 4294967294, "private use (RFC 6996)"),
    (4294967295, 4294967295, "reserved (RFC 7300)"),
)


class AssetKind(StrEnum):
    """What kind of thing an asset is."""

    NETWORK = "network"
    ASN = "asn"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Asset:
    """A network, AS number or domain in its normal form.

    `value` is the text that export writes and import reads back: ``192.0.2.0/24``, ``AS64496``,
    ``example.nl``.
    """

    kind: AssetKind
    value: str
    network: Network | None = None
    asn: int | None = None
    domain: str | None = None


def parse_asset(
    text: str, *, kind: AssetKind | None = None, allow_documentation: bool = False
) -> Asset:
    """The asset that `text` names.

    Without `kind` it is told from the text: ``AS64496`` an AS number, something with an address
    in it a network, anything else a domain. Raises `AssetRefusedError` with the rule's key.
    """
    stripped = text.strip()
    if not stripped:
        raise AssetRefusedError(
            "The asset is empty.",
            remedy="Give a network (192.0.2.0/24), an AS number (AS64496) or a domain.",
            reason="empty",
        )
    match kind or _guess_kind(stripped):
        case AssetKind.NETWORK:
            return _parse_network(stripped, allow_documentation=allow_documentation)
        case AssetKind.ASN:
            return _parse_asn(stripped, allow_documentation=allow_documentation)
        case AssetKind.DOMAIN:
            return _parse_domain(stripped)


def normalise_domain(text: str) -> str:
    """`text` as a lower-case IDNA (UTS 46) name without trailing dot.

    Raises ``ValueError`` when it is not a host name.
    """
    name = text.strip().rstrip(".").lower()
    if name.isascii() and "xn--" not in name:
        encoded = name
    else:
        try:
            encoded = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise ValueError(str(error)) from error
    labels = encoded.split(".")
    if len(encoded) > 253 or len(labels) < 2 or not all(map(_is_label, labels)):
        raise ValueError(f"{text!r} is not a host name")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        # Programs read a number there as IPv4, hexadecimal too (WHATWG URL, 3.5).
        raise ValueError(f"{text!r} looks like an address, not a host name")
    return encoded


def is_public_suffix(domain: str) -> bool:
    """Whether `domain` is one under which anyone registers names (``nl``, ``co.uk``)."""
    return bool(_public_suffixes().is_public(domain))


@lru_cache(maxsize=1 << 14)
def registrable_domain(name: str) -> str:
    """What was registered under a public suffix to get `name`; empty when nothing was."""
    return _public_suffixes().privatesuffix(name) or ""


def has_known_suffix(name: str) -> bool:
    """Whether `name` ends in a suffix of the Public Suffix List (``nl``, not ``php``)."""
    return _listed_suffixes().publicsuffix(name) is not None


@cache
def _listed_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_label(label: str) -> bool:
    # Underscores are no host names, but they occur in reverse names and service records.
    return (
        0 < len(label) <= 63
        and label.replace("-", "").replace("_", "").isalnum()
        and label.isascii()
        and not label.startswith("-")
        and not label.endswith("-")
    )


def _guess_kind(text: str) -> AssetKind:
    digits = text[2:].strip() if text[:2].upper() == "AS" else ""
    if digits.replace(".", "", 1).isdigit():
        return AssetKind.ASN
    if _RANGE.fullmatch(text):
        return AssetKind.NETWORK
    address = text.split("/", 1)[0].strip()
    if ":" in address or address.replace(".", "").isdigit():
        return AssetKind.NETWORK
    return AssetKind.DOMAIN


def _parse_network(text: str, *, allow_documentation: bool) -> Asset:
    if _RANGE.fullmatch(text):
        raise AssetRefusedError(
            f"{text!r} is a range from one address to another.",
            remedy=f"Write its networks, each in a row of its own{_networks_between(text)}.",
            reason="bad-network",
        )
    try:
        interface = ipaddress.ip_interface("/".join(part.strip() for part in text.split("/")))
    except ValueError as error:
        raise AssetRefusedError(
            f"{text!r} is not a network.",
            remedy="Write it as 192.0.2.0/24, 2001:db8::/32 or a single address.",
            reason="bad-network",
        ) from error
    network: Network = interface.network
    if interface.ip != network.network_address:
        raise AssetRefusedError(
            f"{text!r} has bits set to the right of its prefix.",
            remedy=f"Write {network} for the whole network, or {interface.ip} for one address.",
            reason="host-bits-set",
        )
    widest = WIDEST_IPV4_PREFIX if network.version == 4 else WIDEST_IPV6_PREFIX
    if network.prefixlen < widest:
        raise AssetRefusedError(
            f"{network} is wider than /{widest}.",
            remedy="Register the prefixes that the organisation really holds.",
            reason="prefix-too-wide",
        )
    _refuse_special(network, allow_documentation=allow_documentation)
    return Asset(kind=AssetKind.NETWORK, value=str(network), network=network)


def _networks_between(text: str) -> str:
    """`: ` and the networks that the range `text` consists of; empty where they cannot be named."""
    try:
        ends = [ipaddress.ip_address(end.strip()) for end in _DASH.split(text)]
    except ValueError:
        return ""
    match ends:
        case [ipaddress.IPv4Address() as first, ipaddress.IPv4Address() as last] if first <= last:
            networks = [str(one) for one in ipaddress.summarize_address_range(first, last)]
        case [ipaddress.IPv6Address() as first, ipaddress.IPv6Address() as last] if first <= last:
            networks = [str(one) for one in ipaddress.summarize_address_range(first, last)]
        case _:
            return ""
    more = " and so on" if len(networks) > _NETWORKS_NAMED else ""
    return f": {', '.join(networks[:_NETWORKS_NAMED])}{more}"


def _refuse_special(network: Network, *, allow_documentation: bool) -> None:
    for documentation in DOCUMENTATION_NETWORKS:
        if _overlap(network, documentation):
            if allow_documentation and _is_within(network, documentation):
                return
            raise AssetRefusedError(
                f"{_lies_in(network, documentation)}, a range for documentation and tests.",
                remedy="Register the organisation's own prefix.",
                reason="documentation-range",
            )
    for special, name in SPECIAL_NETWORKS:
        if _overlap(network, special):
            raise AssetRefusedError(
                f"{_lies_in(network, special)}: {name}.",
                remedy="Register public address space; nobody outside can see this range.",
                reason="special-range",
            )


def _lies_in(network: Network, special: Network) -> str:
    if network == special:
        return f"Nobody holds {network}"
    return f"{network} {'lies in' if _is_within(network, special) else 'covers'} {special}"


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _is_within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def _parse_asn(text: str, *, allow_documentation: bool) -> Asset:
    digits = text[2:].strip() if text[:2].upper() == "AS" else text
    high, dot, low = digits.partition(".")  # asdot notation, RFC 5396
    is_number = high.isdigit() and (not dot or low.isdigit())
    # Longer ones are refused before int() must read them.
    if not (digits.isascii() and is_number and len(digits) <= 20):
        raise AssetRefusedError(
            f"{text!r} is not an AS number.", remedy="Write it as AS64496.", reason="bad-asn"
        )
    number = int(high) * 65536 + int(low) if dot else int(high)
    if number > 4294967295 or (dot and int(low) > 65535):
        raise AssetRefusedError(
            f"{text!r} is larger than an AS number can be.",
            remedy="Write a number up to 4294967294.",
            reason="bad-asn",
        )
    if any(first <= number <= last for first, last in DOCUMENTATION_ASNS):
        if not allow_documentation:
            raise AssetRefusedError(
                f"AS{number} is meant for documentation and tests (RFC 5398).",
                remedy="Register the organisation's own AS number.",
                reason="documentation-asn",
            )
    else:
        for first, last, name in RESERVED_ASNS:
            if first <= number <= last:
                raise AssetRefusedError(
                    f"AS{number} is {name}.",
                    remedy="Register the organisation's own AS number.",
                    reason="reserved-asn",
                )
    return Asset(kind=AssetKind.ASN, value=f"AS{number}", asn=number)


def _parse_domain(text: str) -> Asset:
    try:
        domain = normalise_domain(text.removeprefix("*."))
    except ValueError as error:
        if is_public_suffix(text.strip().strip(".").lower()):
            raise _public_suffix_error(text) from error
        raise AssetRefusedError(
            f"{text!r} is not a domain.",
            remedy="Write a name such as example.nl, without scheme, path or address.",
            reason="bad-domain",
        ) from error
    if is_public_suffix(domain):
        raise _public_suffix_error(domain)
    return Asset(kind=AssetKind.DOMAIN, value=domain, domain=domain)


def _public_suffix_error(text: str) -> AssetRefusedError:
    return AssetRefusedError(
        f"{text!r} is a public suffix: anyone registers names under it.",
        remedy="Register the organisation's own name below it.",
        reason="public-suffix",
    )
