"""Limits how often one address, and everybody together, may ask.

The counts are kept in the memory of the one process that `baken web` is: an address of a visitor
is personal data that nobody needs tomorrow, and a row in the database for each request would make
flooding the pages cheaper for who does it and dearer for us.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from baken.settings.shapes import Network

_MOST_ADDRESSES: Final = 10_000
_OF_ONE_SUBSCRIBER: Final = 64
"""The length of the IPv6 network in which one subscriber takes any address."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many a minute after that."""

    at_once: int
    per_minute: int


class RateLimit:
    """Counts by key as a bucket that fills with time; made for several threads.

    Of more than ten thousand keys the one that asked longest ago is forgotten: by then its bucket
    has mostly filled again.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def seconds_to_wait(self, key: str, *, now: float) -> float:
        """0 when `key` may ask, which is counted; else how long it has to wait.

        `now` is in seconds of a clock that never goes back.
        """
        per_second = self._rate.per_minute / 60
        with self._lock:
            left, at = self._left.pop(key, (float(self._rate.at_once), now))
            left = min(float(self._rate.at_once), left + (now - at) * per_second)
            may = left >= 1
            self._left[key] = (left - 1 if may else left, now)
            if len(self._left) > _MOST_ADDRESSES:
                self._left.popitem(last=False)
        return 0.0 if may else (1 - left) / per_second


def subscriber_of(peer: str, forwarded_for: str, *, proxies: Iterable[Network]) -> str:
    """Who asks: the IPv4 address, or the IPv6 network of 64 bits, that counts as one.

    `peer` is at the other end of the connection; where that is one of `proxies`, the last address
    in `forwarded_for` that is none of them asked. A peer that is no address counts as itself.
    """
    trusted = tuple(proxies)
    for text in (peer, *reversed(forwarded_for.split(","))):
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            break
        found = getattr(address, "ipv4_mapped", None) or address
        if not any(found in network for network in trusted):
            return _counted_as(found)
    return peer


def _counted_as(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _OF_ONE_SUBSCRIBER), strict=False))
