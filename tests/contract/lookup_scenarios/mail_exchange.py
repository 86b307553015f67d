"""Whether domains take mail."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario, World

from dns_peer import BOGUS, NO_SUCH_NAME, SERVFAIL

ZONE: Final = {
    "example.nl": ["10 mx.example.nl.", "TTL 3600"],
    "implicit.example.nl": ["A 192.0.2.7"],
    "null.example.nl": ["0 ."],
    "bare.example.nl": ['TXT "x"', "NEGATIVE 600"],
    "gone.example.nl": [NO_SUCH_NAME],
    "down.example.nl": [SERVFAIL],
    "forged.example.nl": [BOGUS],
    "half.example.nl": [f"A {SERVFAIL}", f"AAAA {SERVFAIL}"],
    "many.example.nl": [f"{number} mx-{number}.example.nl." for number in range(400)],
    "endless.example.nl": [f"{number} mx.example.nl." for number in range(2_000)],
}

SCENARIO: Final = LookupScenario(
    World(zone=ZONE),
    found=("example.nl", "implicit.example.nl", "null.example.nl"),
    nothing=("bare.example.nl", "gone.example.nl", "co.uk"),
    failed=("down.example.nl", "forged.example.nl", "half.example.nl"),
    hostile=("many.example.nl", "endless.example.nl"),
)
