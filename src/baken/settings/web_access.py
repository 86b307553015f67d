"""The settings of requests to servers that are not ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from baken.settings import shapes
from baken.settings.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAccess:
    """How the web is asked whom to tell about a system."""

    further_networks: tuple[shapes.Network, ...] = setting(
        "BAKEN_WEB_NETWORKS",
        shapes.NETWORKS,
        default=(),
        example="127.0.0.0/8, ::1/128",
        meaning="Networks that lookups may ask though they are not global. Only for the demo and "
        "for tests.",
    )
    port: int = setting(
        "BAKEN_WEB_PORT",
        shapes.PORT,
        default=443,
        example="443",
        meaning="Where web servers are asked. Another than 443 only for the demo and for tests.",
    )
    whois_port: int = setting(
        "BAKEN_WHOIS_PORT",
        shapes.PORT,
        default=43,
        example="43",
        meaning="Where WHOIS servers are asked. Another than 43 only for the demo and for tests.",
    )
    ca_file: Path | None = setting(
        "BAKEN_WEB_CA_FILE",
        shapes.PEM_FILE,
        default=None,
        example="/etc/ssl/our-ca.pem",
        meaning="Authorities that lookups trust besides those of the system.",
    )
    at_once: int = setting(
        "BAKEN_WEB_AT_ONCE",
        shapes.whole_number("a number, 1 to 1000", least=1, most=1000),
        default=64,
        example="64",
        meaning="How many web servers are asked at the same time; never more than two requests go "
        "to one host.",
    )
    seconds: float = setting(
        "BAKEN_WEB_SECONDS",
        shapes.SECONDS,
        default=20.0,
        example="20",
        meaning="How long one question to the web may take, with all that it is sent on to.",
    )
