"""Requests that leave the house, within limits and written down: `dns`, `web` and `whois`."""

from __future__ import annotations

from dataclasses import dataclass

from baken.outside.dns import DnsClient
from baken.outside.fetching import Web
from baken.outside.whois import WhoisClient

__all__ = ["Outside"]


@dataclass(frozen=True, slots=True)
class Outside:
    """The clients by which anything outside is asked."""

    web: Web
    dns: DnsClient
    whois: WhoisClient
