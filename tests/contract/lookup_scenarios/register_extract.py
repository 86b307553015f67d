"""A register asked by name."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, LookupScenario, World
from register_samples import write_no_register, write_register

SCENARIO: Final = LookupScenario(
    World(files=write_register),
    found=("bakkerij voorbeeld bv", "De Broodplank", "Slagerij Voorbeeld N.V."),
    nothing=("Slagerij Voorbeeld B.V.", "Bakkerij Voorbeelt B.V.", "Dubbel B.V.", ""),
    failed=(),
    hostile=tuple(f"Vijandig {number} B.V." for number in range(len(HOSTILE_CONTACTS))),
    unreadable_files=write_no_register,
)
