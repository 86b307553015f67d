"""The same files, asked about another kind of subject."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, LookupScenario

from lookup_scenarios.csirt_constituencies import scenario_about

SCENARIO: Final[LookupScenario] = scenario_about(
    found=("school.example", "carrier.example"),
    nothing=("example.nl",),
    hostile=tuple(f"hostile-{number}.example" for number in range(len(HOSTILE_CONTACTS))),
)
