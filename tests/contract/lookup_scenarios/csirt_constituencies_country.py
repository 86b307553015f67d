"""The same files, asked about another kind of subject."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario

from lookup_scenarios.csirt_constituencies import scenario_about

SCENARIO: Final[LookupScenario] = scenario_about(
    found=("BE", "DE", "FR"),
    nothing=("LU", "NL", "IT"),
    hostile=("XX", "", "LU"),
)
