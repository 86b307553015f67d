"""Requests that leave the house, within limits and written down: `dns`, and `web`."""

from __future__ import annotations

from dataclasses import dataclass

from baken.outside.dns import DnsClient
from baken.outside.fetching import Web

__all__ = ["Outside"]


@dataclass(frozen=True, slots=True)
class Outside:
    """The clients by which anything outside is asked."""

    web: Web
    dns: DnsClient
