"""A register asked by domain."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, LookupScenario, World
from register_samples import write_no_register, write_register

SCENARIO: Final = LookupScenario(
    World(files=write_register),
    found=("bakkerij.example", "slagerij.example"),
    nothing=("nobody.example", "dubbel.example"),
    failed=(),
    hostile=tuple(f"vijandig-{number}.example" for number in range(len(HOSTILE_CONTACTS))),
    unreadable_files=write_no_register,
)
