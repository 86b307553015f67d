"""The same files, asked about another kind of subject."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, LookupScenario

from lookup_scenarios.csirt_constituencies import scenario_about

SCENARIO: Final[LookupScenario] = scenario_about(
    found=("64496", "64500"),
    nothing=("64501",),
    hostile=tuple(str(64_600 + number) for number in range(len(HOSTILE_CONTACTS))),
)
