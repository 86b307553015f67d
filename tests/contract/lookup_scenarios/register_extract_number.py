"""A register asked by number."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, LookupScenario, World
from register_samples import write_no_register, write_register

SCENARIO: Final = LookupScenario(
    World(files=write_register),
    found=("NL:10000001", "NL:10000003"),
    nothing=("NL:10000009", "BE:10000001", "10000001"),
    failed=(),
    hostile=tuple(f"NL:2000{number:04}" for number in range(len(HOSTILE_CONTACTS))),
    unreadable_files=write_no_register,
)
