"""The usual addresses of domains that take mail."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario, World

from lookup_scenarios.mail_exchange import ZONE

SCENARIO: Final = LookupScenario(
    World(zone=ZONE),
    found=("example.nl", "implicit.example.nl"),
    nothing=("null.example.nl", "bare.example.nl", "gone.example.nl", "co.uk"),
    failed=("down.example.nl", "forged.example.nl", "half.example.nl"),
    hostile=("many.example.nl", "endless.example.nl"),
)
