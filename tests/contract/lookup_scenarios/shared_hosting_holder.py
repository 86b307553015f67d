"""A list of who gives others room, asked about names of holders."""

from __future__ import annotations

from typing import Final

from hosting_samples import write_hosting, write_no_hosting
from lookup_world import HOSTILE_CONTACTS, LookupScenario, World

SCENARIO: Final = LookupScenario(
    World(files=write_hosting),
    found=("ROOM FOR ALL BV", "Other Room Ltd."),
    nothing=("Room for All N.V.", "Room", ""),
    failed=(),
    hostile=tuple(f"Vijandig {number} B.V." for number in range(len(HOSTILE_CONTACTS))),
    unreadable_files=write_no_hosting,
)
