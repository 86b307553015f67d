"""Requests that leave the house, with limits and deadlines: `dns`, and the web (`fetching`)."""

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
