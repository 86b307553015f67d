"""To which addresses names resolve."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario, World

from dns_peer import BOGUS, NO_SUCH_NAME, SERVFAIL

SCENARIO: Final = LookupScenario(
    World(
        zone={
            "www.example.nl": ["A 192.0.2.7", "AAAA 2001:db8::7", "TTL 3600"],
            "mail.example.nl": ["A 192.0.2.8", "TTL 99999999"],
            "empty.example.nl": ["10 mx.example.nl.", "NEGATIVE 99999999"],
            "gone.example.nl": [NO_SUCH_NAME, "NEGATIVE 900"],
            "half.example.nl": ["A 192.0.2.9", f"AAAA {SERVFAIL}"],
            "forged.example.nl": [BOGUS],
            "many.example.nl": [f"A 192.0.2.{number}" for number in range(200)],
            "endless.example.nl": [f"A 10.{a}.{b}.1" for a in range(20) for b in range(200)],
        }
    ),
    found=("www.example.nl", "mail.example.nl"),
    nothing=("empty.example.nl", "gone.example.nl", "nowhere.example.nl", "co.uk"),
    failed=("half.example.nl", "forged.example.nl"),
    hostile=("many.example.nl", "endless.example.nl"),
)
