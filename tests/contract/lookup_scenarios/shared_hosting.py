"""A list of who gives others room, asked about names."""

from __future__ import annotations

from typing import Final

from hosting_samples import write_hosting, write_no_hosting
from lookup_world import HOSTILE_CONTACTS, LookupScenario, World

SCENARIO: Final = LookupScenario(
    World(files=write_hosting),
    found=("site.pages.example", "short.example", "www.short.example"),
    nothing=("pages.example", "xpages.example", "example.nl"),
    failed=(),
    hostile=tuple(f"host-{number}.example" for number in range(len(HOSTILE_CONTACTS))),
    unreadable_files=write_no_hosting,
)
