"""What the tests of the web client share: an authority, a DNS server, and clients of both."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network
from typing import Final

import trustme

from baken.outside.dns import DnsClient
from baken.outside.fetching import FetchError, FetchFailure
from baken.outside.keeping import MemoryBudgets, MemoryLog
from baken.outside.web import WebClient, WebLimits, make_trust
from dns_peer import NO_SUCH_NAME, DnsPeer
from raw_https_peer import Behaviour, RawHttpsPeer

NAME: Final = "www.example.nl"
URL: Final = f"https://{NAME}/"
ELSEWHERE: Final = "other.example.org"
CONTACT: Final = "https://csirt.example.nl/requests"
LOOPBACK: Final = ip_network("127.0.0.1/32")
NOW: Final = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@cache
def authority() -> trustme.CA:
    """The authority that the clients trust."""
    return trustme.CA()


@cache
def certificate(*names: str) -> trustme.LeafCert:
    """A certificate of the authority for `names`."""
    return authority().issue_cert(*names)


@cache
def _trust() -> ssl.SSLContext:
    with authority().cert_pem.tempfile() as path:
        return make_trust(path)


def a_record(name: str) -> list[str]:
    """A zone in which both names lead to loopback."""
    return ["A 127.0.0.1"] if name in (NAME, ELSEWHERE) else [NO_SUCH_NAME]


@dataclass
class WebWorld:
    """A running server, a client of it, and what was written down."""

    peer: RawHttpsPeer
    dns: DnsPeer
    web: WebClient
    log: MemoryLog = field(default_factory=MemoryLog)
    budgets: MemoryBudgets = field(default_factory=MemoryBudgets)


@contextmanager
def web_world(
    behave: Behaviour,
    *,
    zone: Callable[[str], list[str]] = a_record,
    leaf: trustme.LeafCert | None = None,
    address: str = "127.0.0.1",
    now: Callable[[], datetime] = lambda: NOW,
    budgets: MemoryBudgets | None = None,
    **limits: object,
) -> Iterator[WebWorld]:
    """A server for both names that does as `behave` says, and a client with these `limits`."""
    log, counted = MemoryLog(), budgets or MemoryBudgets()
    offered = leaf or certificate(NAME, ELSEWHERE)
    with (
        RawHttpsPeer(behave, certificate=offered, address=address) as peer,
        DnsPeer(zone) as dns,
    ):
        chosen = {"further_networks": (LOOPBACK,), "port": peer.port, "seconds": 3.0, **limits}
        web = WebClient(
            DnsClient([dns.server], seconds_a_question=0.5, log=log, now=now),
            trust=_trust(),
            contact=CONTACT,
            log=log,
            budgets=counted,
            limits=WebLimits(**chosen),  # type: ignore[arg-type] # each test names fields
            now=now,
        )
        yield WebWorld(peer, dns, web, log, counted)
        web.close()


def failure_of(world: WebWorld, url: str = URL, *, largest: int = 1 << 20) -> FetchFailure:
    """How getting `url` fails; it must."""
    return error_of(world, url, largest=largest).failure


def error_of(world: WebWorld, url: str = URL, *, largest: int = 1 << 20) -> FetchError:
    """The error that getting `url` raises; it must."""
    try:
        came = world.web.get(url, largest=largest)
    except FetchError as error:
        assert str(error).endswith("."), "an error is a sentence"
        return error
    raise AssertionError(f"{url} was answered: {came.status}")
