"""The security.txt of the domains above hosts."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario, World

from https_peer import Page, text_page
from lookup_scenarios.security_txt import HOSTILE_FILES, file_of, hostile_host, place

_HOSTILE: Final = dict(list(enumerate(HOSTILE_FILES))[::4])
"""Some: each is read by the same code as a host's own."""

SCENARIO: Final = LookupScenario(
    World(
        pages={
            place("shop.example.nl"): file_of("mailto:security@example.nl"),
            place("example.org"): file_of("mailto:security@example.org"),
            "https://example.net/": text_page("welcome"),
            place("example.com"): Page(status=500),
            **{place(hostile_host(n)): page for n, page in _HOSTILE.items()},
            "https://example.nl/": text_page("welcome"),
        }
    ),
    found=("a.shop.example.nl", "www.example.org"),
    nothing=("www.example.net", "example.net", "co.uk"),
    failed=("www.example.com",),
    hostile=tuple(f"www.{hostile_host(number)}" for number in _HOSTILE),
)
