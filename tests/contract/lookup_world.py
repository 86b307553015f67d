"""A small outside for lookups: a DNS server, a web server, and files that were given.

What a lookup is tried with is a `LookupScenario`: a world, and subjects by what the world says of
them. A new lookup adds a module of its own to the folder lookup_scenarios.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

from peer_web import PeerWeb

from baken.core.given_file import GivenFile
from baken.outside import Outside
from baken.outside.dns import DnsClient
from dns_peer import NO_SUCH_NAME, SERVFAIL, SILENT, DnsPeer
from https_peer import NOT_FOUND, SILENT_PAGE, HttpsPeer, Page, closed_port

State = Literal["well", "dead", "silent"]


@dataclass(frozen=True)
class World:
    """What there is to be found."""

    zone: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    """By name, its records as `dns_peer` takes them; another name does not exist."""
    pages: Mapping[str, Page] = field(default_factory=lambda: MappingProxyType({}))
    """By URL; at another stands nothing (404)."""
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
    """Clients that ask `world`; or a dead one, or one that takes questions and never answers."""

    def records(name: str) -> list[str]:
        match state:
            case "dead":
                return [SERVFAIL]
            case "silent":
                return [SILENT]
        return list(world.zone.get(name, [NO_SUCH_NAME]))

    def page(url: str) -> Page:
        return SILENT_PAGE if state == "silent" else world.pages.get(url, NOT_FOUND)

    hosts = {urlsplit(url).hostname or "" for url in world.pages}
    with ExitStack() as running:
        dns = running.enter_context(DnsPeer(records))
        https = running.enter_context(HttpsPeer(page, hosts=hosts))
        server = closed_port() if state == "dead" else https.server
        web = running.enter_context(
            PeerWeb(server, trusting=https.trusting(), seconds_a_question=seconds_a_question)
        )
        yield Outside(web, DnsClient([dns.server], seconds_a_question=seconds_a_question))
