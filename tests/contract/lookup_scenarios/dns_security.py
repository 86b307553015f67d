"""Security contacts in the DNS."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World

from dns_peer import BLOCKED, BOGUS, NO_SUCH_NAME, SERVFAIL, txt

EXPIRES: Final = txt("security_expires=2027-01-01T00:00:00Z")


def contact(uri: str) -> str:
    """A record that names a contact."""
    return txt(f"security_contact={uri}")


SCENARIO: Final = LookupScenario(
    World(
        zone={
            "_security.www.example.nl": [contact("mailto:security@example.nl"), EXPIRES],
            "_security.mail.example.nl": [contact("https://example.nl/report"), EXPIRES],
            "_security.late.example.nl": [
                contact("mailto:security@example.nl"),
                txt("security_expires=2026-11-01T00:00:00Z"),
            ],
            "_security.twice.example.nl": [
                contact("mailto:security@example.nl"),
                EXPIRES,
                txt("security_expires=2027-02-01T00:00:00Z"),
            ],
            "_security.other.example.nl": [txt("v=spf1 -all"), "NEGATIVE 600"],
            "_security.none.example.nl": [NO_SUCH_NAME, "NEGATIVE 99999999"],
            "_security.example.nl": [contact("mailto:parent@example.nl"), EXPIRES],
            "_security.down.example.nl": [SERVFAIL],
            "_security.forged.example.nl": [BOGUS],
            "_security.blocked.example.nl": [BLOCKED],
            **{
                f"_security.h{number}.example.nl": [contact(one), EXPIRES]
                for number, one in enumerate(HOSTILE_CONTACTS)
            },
            "_security.many.example.nl": [*map(contact, MANY_CONTACTS[:400]), EXPIRES],
            "_security.endless.example.nl": [*map(contact, MANY_CONTACTS[:1000]), EXPIRES],
            "_security.binary.example.nl": ['TXT "security_contact=\\\\000\\\\255"', EXPIRES],
        }
    ),
    found=("www.example.nl", "mail.example.nl"),
    nothing=(
        "late.example.nl",
        "twice.example.nl",
        "other.example.nl",
        "none.example.nl",
        "child.example.nl",
        "co.uk",
    ),
    failed=("down.example.nl", "forged.example.nl", "blocked.example.nl"),
    hostile=(
        *(f"h{number}.example.nl" for number in range(len(HOSTILE_CONTACTS))),
        "many.example.nl",
        "endless.example.nl",
        "binary.example.nl",
    ),
)
