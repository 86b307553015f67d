"""The security.txt of hosts."""

from __future__ import annotations

import itertools
from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World

from https_peer import Page, text_page

EXPIRES: Final = "Expires: 2027-03-01T00:00:00Z\n"


def place(host: str) -> str:
    """Where the file of `host` belongs."""
    return f"https://{host}/.well-known/security.txt"


def file_of(*contacts: str) -> Page:
    """A file that is in order but for what `contacts` hold."""
    return text_page("".join(f"Contact: {contact}\n" for contact in contacts) + EXPIRES)


ODD_FILES: Final = (
    b"\x00\xff" * 2_000,
    ("Contact: mailto:security@example.nl\n" + EXPIRES).encode("utf-16"),
    b"Contact: mailto:\x00security@example.nl\n" + EXPIRES.encode(),
    b"Contact: " + b"x" * 30_000,
    b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 900,
    b"-----BEGIN PGP SIGNED MESSAGE-----\n\n-----BEGIN PGP SIGNATURE-----\n" + b"A" * 30_000,
    b"Policy: https://[\nExpires: 99999999999999999999-01-01\nContact: https://[::1\n",
    b"Preferred-Languages: " + b"nl\xe2\x80\xae," * 90 + b"\nEncryption: data:text/html,x\n",
    b":\n" * 10_000,
)
HOSTILE_FILES: Final = (
    # As many in a file as are looked at.
    *(file_of(*HOSTILE_CONTACTS[n : n + 5]) for n in range(0, len(HOSTILE_CONTACTS), 5)),
    file_of(*MANY_CONTACTS[:800]),
    file_of(*MANY_CONTACTS),
    *(text_page(body) for body in ODD_FILES),
)


def hostile_host(number: int) -> str:
    """The host of one of `HOSTILE_FILES`."""
    return f"hostile-{number}.example.nl"


SCENARIO: Final = LookupScenario(
    World(
        pages={
            place("www.example.nl"): file_of("mailto:security@example.nl", "tel:+44-20-7946-0123"),
            "https://mail.example.nl/security.txt": file_of("https://example.nl/report"),
            "https://none.example.nl/": text_page("welcome"),
            place("page.example.nl"): Page(
                b"<html>not found", headers={"content-type": "text/html"}
            ),
            place("late.example.nl"): text_page(
                "Contact: mailto:security@example.nl\nExpires: 2026-11-01T00:00:00Z\n"
            ),
            place("broken.example.nl"): Page(status=500),
            place("closed.example.nl"): Page(status=403),
            place("endless.example.nl"): Page(lambda: itertools.repeat(b"# endless\n" * 100)),
            place("plain.example.nl"): Page(
                status=302, headers={"location": "http://plain.example.nl/security.txt"}
            ),
            place("circle.example.nl"): Page(
                status=302, headers={"location": place("circle.example.nl")}
            ),
            **{place(hostile_host(n)): page for n, page in enumerate(HOSTILE_FILES)},
        }
    ),
    found=("www.example.nl", "mail.example.nl"),
    nothing=("none.example.nl", "page.example.nl", "late.example.nl"),
    failed=(
        "broken.example.nl",
        "closed.example.nl",
        "endless.example.nl",
        "plain.example.nl",
        "circle.example.nl",
    ),
    hostile=tuple(map(hostile_host, range(len(HOSTILE_FILES)))),
)
