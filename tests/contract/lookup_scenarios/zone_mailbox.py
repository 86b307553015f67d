"""The mailboxes in SOA records."""

from __future__ import annotations

from typing import Final

from lookup_world import LookupScenario, World

from dns_peer import BOGUS, NO_SUCH_NAME, SERVFAIL


def soa(rname: str) -> list[str]:
    """The records of a zone whose RNAME is this."""
    return [f"SOA ns.example.nl. {rname} 1 7200 3600 1209600 3600", "TTL 3600"]


HOSTILE_NAMES: Final = (
    ".",
    "hostmaster.",
    r"a\@b.example.nl.",
    r"a\044b\@c.example.nl.",
    r"a\013\010Bcc\:all\@example.org.example.nl.",
    r"tel\:+31205550100.example.nl.",
    r"a%0d%0ab.example.nl.",
    r"a\?bcc=b.example.nl.",
    r"\226\128\174a.example.nl.",
    r"\255.example.nl.",
    r"a.b\010c.example.nl.",
    "root.localhost.",
    "nobody.invalid.",
    "hostmaster.co.uk.",
)

SCENARIO: Final = LookupScenario(
    World(
        zone={
            "example.nl": soa("hostmaster.example.nl."),
            "other.example.nl": soa(r"jo\.doe.dns.example.nl."),
            "below.example.nl": ["NEGATIVE 600"],
            "gone.example.nl": [NO_SUCH_NAME],
            "invalid.example.nl": soa("nobody.invalid."),
            "down.example.nl": [SERVFAIL],
            "forged.example.nl": [BOGUS],
            **{f"h{n}.example.nl": soa(name) for n, name in enumerate(HOSTILE_NAMES)},
        }
    ),
    found=("example.nl", "other.example.nl"),
    nothing=("below.example.nl", "gone.example.nl", "invalid.example.nl", "co.uk"),
    failed=("down.example.nl", "forged.example.nl"),
    hostile=tuple(f"h{number}.example.nl" for number in range(len(HOSTILE_NAMES))),
)
