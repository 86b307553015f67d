"""A small outside for lookups: a DNS server, a web server, WHOIS servers, and given files.

What a lookup is tried with is a `LookupScenario`: a world, and subjects by what the world says of
them. A new lookup adds a module of its own to the folder lookup_scenarios.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

from baken.core.given_file import GivenFile
from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.keeping import MemoryBudgets, MemoryLog
from baken.outside.web import WebClient, WebLimits
from baken.outside.whois import WhoisClient, WhoisLimits
from dns_peer import NO_SUCH_NAME, SERVFAIL, SILENT, DnsPeer
from https_peer import NOT_FOUND, SILENT_PAGE, HttpsPeer, Page, closed_port
from whois_peer import SILENT as WHOIS_SILENT
from whois_peer import Said, WhoisPeer

NOW: Final = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
"""The time at which everything is asked."""

State = Literal["well", "dead", "closed", "silent"]
"""All servers answer; or none is there; or no web server is; or none ever answers."""

_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True)
class World:
    """What there is to be found."""

    zone: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    """By name, its records as `dns_peer` takes them; another name does not exist, but the hosts of
    `pages` have an address."""
    pages: Mapping[str, Page] = field(default_factory=lambda: MappingProxyType({}))
    """By URL; at another stands nothing (404)."""
    whois: Mapping[str, Mapping[str, Said]] = field(default_factory=lambda: MappingProxyType({}))
    """By WHOIS server, what it answers to a question; to another that there is no match."""
    files: Callable[[Path], Sequence[GivenFile]] = lambda _: ()
    """Writes the files that were given to a folder."""


@dataclass(frozen=True)
class LookupScenario:
    """A world, and subjects of one lookup, by what the world says of them."""

    world: World
    found: tuple[str, ...]
    """Two or more, of each of which it has something to say: a route, a holder, an address."""
    nothing: tuple[str, ...]
    """It answers, and has nothing."""
    failed: tuple[str, ...]
    """It answers with what cannot be read, or with a failure of its own."""
    hostile: tuple[str, ...]
    """It answers with all of what `hostile` holds that its form can carry."""
    unreadable_files: Callable[[Path], Sequence[GivenFile]] | None = None
    """Of a lookup that asks nobody outside: files in place of its own that cannot be read."""

    @property
    def is_asked_outside(self) -> bool:
        """Whether it asks over a network, which may be away."""
        return self.unreadable_files is None


HOSTILE_CONTACTS: Final = (
    "mailto:security@example.nl\r\nBcc: all@example.org",
    "mailto:security@example.nl%0d%0aBcc:%20all@example.org",
    "mailto:security@example.nl?bcc=all@example.org&subject=x",
    "mailto:first@example.nl,second@example.nl",
    "mailto:s\N{CYRILLIC SMALL LETTER IE}curity@example.nl",
    "mailto:security@ex\N{CYRILLIC SMALL LETTER A}mple.nl",
    "mailto:\N{RIGHT-TO-LEFT OVERRIDE}ytiruces@example.nl",
    "mailto:se\x00cu\x1b[31mrity@example.nl",
    "mailto:=?utf-8?q?security?=@example.nl",
    'mailto:"a b"@example.nl',
    "mailto:security@[127.0.0.1]",
    "mailto:security@localhost",
    f"mailto:{'x' * 5_000}@example.nl",
    "tel:+31-not-a-number",
    "tel:112",
    "tel:+31201234567;ext=1\r\nX: y",
    "javascript:alert(1)",
    "http://www.example.nl/form",
    "https://staff:secret@example.nl/form",
    "https://127.0.0.1/form",
    "https://[::1]/form",
    "https://www.example.nl/\N{RIGHT-TO-LEFT OVERRIDE}mrof",
    "https://www.example.nl/a\r\nb",
    f"https://www.example.nl/{'x' * 5_000}",
    "<script>alert(1)</script>",
    "Please write to us.",
    "",
)
"""What no route may be made of as it stands."""
MANY_CONTACTS: Final = tuple(f"mailto:desk-{number}@example.nl" for number in range(5_000))


def scenario_of(key: str) -> LookupScenario:
    """The scenario of the lookup `key`: `SCENARIO` in the module that is named after it."""
    module = importlib.import_module(f"lookup_scenarios.{key.replace('-', '_')}")
    scenario = module.SCENARIO
    assert isinstance(scenario, LookupScenario)
    return scenario


@contextmanager
def outside_of(
    world: World, *, state: State = "well", seconds_a_question: float = 2.0
) -> Iterator[Outside]:
    """The clients that Baken asks with, in `world`."""
    hosts = {urlsplit(url).hostname or "" for url in world.pages}

    def records(name: str) -> list[str]:
        if name in registries.addresses and state != "dead":
            return [f"A {registries.addresses[name]}"]
        if name in hosts and state != "dead":
            return [*world.zone.get(name, ()), f"A {_LOOPBACK}"]
        match state:
            case "dead" | "closed":
                return [SERVFAIL]
            case "silent":
                return [SILENT]
        return list(world.zone.get(name, [NO_SUCH_NAME]))

    def page(url: str) -> Page:
        return SILENT_PAGE if state == "silent" else world.pages.get(url, NOT_FOUND)

    def saying(server: str, question: str) -> Said:
        said = world.whois[server].get(question, b"No match.\r\n")
        return WHOIS_SILENT if state == "silent" else said

    with ExitStack() as running:
        registries = running.enter_context(WhoisPeer(saying, servers=list(world.whois)))
        peer = running.enter_context(DnsPeer(records))
        https = running.enter_context(HttpsPeer(page, hosts=hosts))
        dns = DnsClient([peer.server], seconds_a_question=seconds_a_question)
        web = WebClient(
            dns,
            trust=https.trusting(),
            contact="https://csirt.example.nl/requests",
            log=MemoryLog(),
            budgets=MemoryBudgets(),
            limits=WebLimits(
                further_networks=(ip_network(_LOOPBACK),),
                port=https.server[1] if state in ("well", "silent") else closed_port()[1],
                seconds=5 * seconds_a_question,
                seconds_of_silence=seconds_a_question,
            ),
            now=lambda: NOW,
        )
        running.callback(web.close)
        whois = WhoisClient(
            dns,
            log=MemoryLog(),
            budgets=MemoryBudgets(),
            limits=WhoisLimits(
                further_networks=(ip_network("127.0.0.0/8"),),
                port=registries.port if state in ("well", "silent") else closed_port()[1],
                at_once_per_server=16,
                seconds=5 * seconds_a_question,
                seconds_of_silence=seconds_a_question,
            ),
            now=lambda: NOW,
        )
        yield Outside(web, dns, whois)
