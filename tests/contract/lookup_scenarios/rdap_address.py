"""A regional registry, and what it answers about addresses."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World
from rdap_samples import (
    ABUSE_DESK,
    BAKERY,
    REGISTRY,
    bootstrap_files,
    hostile_entities,
    network,
    rdap_page,
)

from https_peer import Page

_AT: Final = f"{REGISTRY}ip/"
_HOSTILE: Final = [*HOSTILE_CONTACTS, *MANY_CONTACTS[:300]]

SCENARIO: Final = LookupScenario(
    World(
        pages={
            f"{_AT}192.0.2.1": rdap_page(
                network("192.0.2.0", "192.0.2.63", "ASSIGNED PA", BAKERY, ABUSE_DESK)
            ),
            f"{_AT}2001:db8::1": rdap_page(
                network("2001:db8::", "2001:db8:ffff:ffff::", "ALLOCATED PA", ABUSE_DESK)
            ),
            f"{_AT}192.0.2.100": rdap_page(network("192.0.2.0", "192.0.2.63", "", BAKERY)),
            f"{_AT}192.0.2.101": rdap_page(network("128.0.0.0", "223.255.255.255", "", BAKERY)),
            f"{_AT}192.0.2.102": rdap_page(network("nowhere", "192.0.2.255", "")),
            f"{_AT}192.0.2.103": rdap_page([]),
            f"{_AT}192.0.2.104": rdap_page({"errorCode": 503}, status=503),
            f"{_AT}192.0.2.105": Page(b"\x00\xff" * 2_000),
            f"{_AT}192.0.2.200": rdap_page(
                network("192.0.2.128", "192.0.2.255", "ASSIGNED PI", *hostile_entities(_HOSTILE))
            ),
        },
        files=bootstrap_files,
    ),
    found=("192.0.2.1", "2001:db8::1"),
    nothing=("192.0.2.110",),
    failed=(
        "192.0.2.100",
        "192.0.2.101",
        "192.0.2.102",
        "192.0.2.103",
        "192.0.2.104",
        "192.0.2.105",
        "100.64.0.1",
    ),
    hostile=("192.0.2.200",),
)
