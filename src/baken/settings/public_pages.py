"""The settings of the public pages, where a recipient checks a message and answers it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from baken.settings import shapes
from baken.settings.declaration import setting

_LOOPBACK: tuple[shapes.Network, ...] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPages:
    """Where the public pages stand, and who may say whom a request came from."""

    url: str = setting(
        "BAKEN_PUBLIC_URL",
        shapes.PUBLIC_URL,
        default="",
        example="https://check.csirt.example.nl",
        meaning="Where everybody finds the public pages that baken web serves. Without it there "
        "are none, and no message leads to them.",
    )
    listen: tuple[str, int] = setting(
        "BAKEN_PUBLIC_LISTEN",
        shapes.LISTEN_ADDRESS,
        default=("127.0.0.1", 8000),
        example="127.0.0.1:8000",
        meaning="Where baken web waits for the reverse proxy that speaks TLS with the world.",
    )
    proxies: tuple[shapes.Network, ...] = setting(
        "BAKEN_PUBLIC_PROXIES",
        shapes.NETWORKS,
        default=_LOOPBACK,
        example="127.0.0.0/8, ::1/128",
        meaning="From where the reverse proxy asks. Only its X-Forwarded-For is believed, to count "
        "how much one address asks.",
    )
