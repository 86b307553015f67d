"""A regional registry, and what it answers about AS numbers."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World
from rdap_samples import (
    ABUSE_DESK,
    BAKERY,
    REGISTRY,
    as_number,
    bootstrap_files,
    hostile_entities,
    rdap_page,
)

_AT: Final = f"{REGISTRY}autnum/"
_HOSTILE: Final = [*HOSTILE_CONTACTS, *MANY_CONTACTS[:300]]

SCENARIO: Final = LookupScenario(
    World(
        pages={
            f"{_AT}64496": rdap_page(as_number(64496, BAKERY, ABUSE_DESK)),
            f"{_AT}64497": rdap_page(as_number(64497, ABUSE_DESK)),
            f"{_AT}64500": rdap_page(as_number(64501, ABUSE_DESK)),
            f"{_AT}64502": rdap_page(as_number(64502) | {"endAutnum": 99_999}),
            f"{_AT}64503": rdap_page(as_number(64503) | {"startAutnum": "many"}),
            f"{_AT}64504": rdap_page({"errorCode": 400, "title": "no"}),
            f"{_AT}64505": rdap_page(as_number(64505, *hostile_entities(_HOSTILE))),
        },
        files=bootstrap_files,
    ),
    found=("64496", "64497"),
    nothing=("64499",),
    failed=("64500", "64502", "64503", "64504", "4200000000"),
    hostile=("64505",),
)
