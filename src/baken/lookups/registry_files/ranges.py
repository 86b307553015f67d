"""Networks and AS numbers as registries write them: ranges, prefixes, shortened and padded."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

_OCTET: Final = r"(\d{1,3})"
_IPV4: Final = r"\.".join([_OCTET] * 4)
_IPV4_RANGE: Final = re.compile(rf"{_IPV4}\s*-\s*{_IPV4}", re.ASCII)
_DASH: Final = re.compile(r"\s*-\s*")
_AS_NUMBER: Final = re.compile(r"(?:as)?0*(\d{1,10})(?:\s*-\s*(?:as)?0*(\d{1,10}))?", re.IGNORECASE)
_LARGEST_AS_NUMBER: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class AddressRange:
    """From one address to another, both included."""

    version: int
    first: int
    last: int


def address_range(text: str) -> AddressRange:
    """The range that `text` names: ``192.0.2.0 - 192.0.2.255``, ``192.0.2/24``, ``2001:db8::/32``.

    Octets may be padded with zeros and left off at the end of a prefix, as LACNIC does. Raises
    ``ValueError``.
    """
    plain = _IPV4_RANGE.fullmatch(text)
    if plain is not None:
        return _ipv4_range([int(octet) for octet in plain.groups()])
    if len(text) > 100:
        raise ValueError("It is too long for a network.")
    if "/" in text:
        address, _, length = text.partition("/")
        network = ipaddress.ip_network(f"{_padded(address.strip())}/{length.strip()}")
        first, last = int(network.network_address), int(network.broadcast_address)
        return AddressRange(network.version, first, last)
    ends = [_address(end) for end in _DASH.split(text.strip(), maxsplit=1)]
    version = ends[0].version
    if ends[-1].version != version or int(ends[-1]) < int(ends[0]):
        raise ValueError("Its last address is not behind its first.")
    return AddressRange(version, int(ends[0]), int(ends[-1]))


def _ipv4_range(octets: list[int]) -> AddressRange:
    """The range of the eight `octets`: nearly all of a file are, so this is the short way."""
    first = octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]
    last = octets[4] << 24 | octets[5] << 16 | octets[6] << 8 | octets[7]
    if max(octets) > 255 or last < first:
        raise ValueError("It is no range of addresses.")
    return AddressRange(4, first, last)


def as_numbers(text: str) -> tuple[int, int]:
    """The first and the last AS number in ``AS64496``, ``64496`` or ``64496 - 64511``.

    Raises ``ValueError``.
    """
    found = _AS_NUMBER.fullmatch(text.strip()) if text.isascii() else None
    if found is None:
        raise ValueError("It is no AS number.")
    first, last = int(found[1]), int(found[2] or found[1])
    if not first <= last <= _LARGEST_AS_NUMBER:
        raise ValueError("It is no AS number.")
    return first, last


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return ipaddress.ip_address(_unpadded(text))


def _padded(text: str) -> str:
    """`text` with its octets in full: ``192.0`` is ``192.0.0.0``."""
    if ":" in text:
        return text
    octets = _unpadded(text).split(".")
    return ".".join([*octets, *["0"] * (4 - len(octets))])


def _unpadded(text: str) -> str:
    if ":" in text or not all(octet.isdigit() and len(octet) <= 3 for octet in text.split(".")):
        return text
    return ".".join(octet.lstrip("0") or "0" for octet in text.split("."))
