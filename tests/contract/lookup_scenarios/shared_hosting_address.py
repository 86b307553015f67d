"""A list of who gives others room, asked about addresses."""

from __future__ import annotations

from typing import Final

from hosting_samples import write_hosting, write_no_hosting
from lookup_world import HOSTILE_CONTACTS, LookupScenario, World

SCENARIO: Final = LookupScenario(
    World(files=write_hosting),
    found=("192.0.2.9", "2001:db8::9"),
    nothing=("203.0.113.9", "2001:db9::1", "no address"),
    failed=(),
    hostile=tuple(f"198.51.100.{number}" for number in range(len(HOSTILE_CONTACTS))),
    unreadable_files=write_no_hosting,
)
