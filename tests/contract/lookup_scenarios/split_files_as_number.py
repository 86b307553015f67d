"""The database of the scenario split_files, asked about AS numbers."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario, World

from lookup_scenarios.split_files import write_database, write_unreadable

SCENARIO: Final = LookupScenario(
    World(files=write_database),
    found=("64496", "64497"),
    nothing=("64499", "64511"),
    failed=("AS64496", "99999999999"),
    hostile=("64498",),
    unreadable_files=write_unreadable,
)
