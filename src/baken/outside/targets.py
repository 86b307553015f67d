"""Which URLs and addresses may be asked: https, on a known port, at a global address.

There is one reading of a URL, that of `httpx2.URL`: what is checked here is what is connected to.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import httpx2

from baken.outside.fetching import FetchError, FetchFailure

HTTPS_PORT: Final = 443
LONGEST_URL: Final = 2_048

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME: Final = re.compile(r"(?=.{1,253}$)([a-z0-9_-]{1,63}\.)*[a-z0-9-]{1,63}")
# "127.1", "2130706433" and "0x7f.1" are addresses to some programs: WHATWG URL, "ends in a number".
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")

_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")  # RFC 4291, what IANA assigns from
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
# What not every supported version of Python knows to be reserved.
_6TO4_RELAYS: Final = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526: no longer used
_DOCUMENTATION: Final = ipaddress.IPv6Network("3fff::/20")  # RFC 9637
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked, once its address is known to be a good one."""

    url: httpx2.URL
    """Without a fragment, and without a last dot in the host."""
    host: str
    """A name in lower case, or an address."""
    address: IPv4Address | IPv6Address | None
    """Where the host is an address."""


def read_target(url: str, *, ports: Collection[int] = (HTTPS_PORT,)) -> Target:
    """What `url` leads to. Raises `FetchError` for what is never asked."""
    try:
        return target_of(httpx2.URL(url), ports=ports)
    except httpx2.InvalidURL:
        raise _refused("This is no web address.") from None


def target_of(url: httpx2.URL, *, ports: Collection[int]) -> Target:
    """What `url` leads to, with the checks of `read_target`."""
    if len(str(url)) > LONGEST_URL:
        raise _refused("The web address is too long.")
    if url.scheme != "https":
        raise _refused("The web address is not https.")
    host = url.raw_host.decode("ascii").lower().removesuffix(".")
    if url.userinfo:
        raise _refused("The web address holds a login.")
    port = url.port or HTTPS_PORT
    if port not in ports:
        raise _refused(f"Port {port} of a web server is not asked.")
    address = _literal(host)
    return Target(url.copy_with(host=host, fragment=None), host, address)


def is_name(host: str) -> bool:
    """Whether `host` is a name of two labels or more that leads to an address by the DNS alone."""
    try:
        return "." in host and _literal(host) is None
    except FetchError:
        return False


def is_allowed(address: IPv4Address | IPv6Address, *, further: Collection[Network] = ()) -> bool:
    """Whether `address` is one that anybody on the internet may ask, or in a `further` network."""
    if any(address in network for network in further):
        return True
    if isinstance(address, IPv4Address):
        return _is_global_ipv4(address)
    if address.scope_id is not None:
        return False
    inner = _embedded(address)
    if address.ipv4_mapped is None and address not in _NAT64:
        is_global = address.is_global and address in _GLOBAL_IPV6 and address not in _DOCUMENTATION
    else:
        is_global = True
    return is_global and all(_is_global_ipv4(one) for one in inner)


def _is_global_ipv4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and address not in _6TO4_RELAYS
    )


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses to which a packet for `address` may be sent on in the end."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.teredo is not None:
        return address.teredo
    if address.sixtofour is not None:
        return (address.sixtofour,)
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _NAT64 or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return (low,)
    return ()


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` is; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        if not _NAME.fullmatch(host) or _NUMBER.fullmatch(host.rsplit(".", 1)[-1]):
            raise _refused("The host of the web address is no name and no address.") from None
        return None


def _refused(message: str) -> FetchError:
    return FetchError(FetchFailure.NOT_ALLOWED, message)
