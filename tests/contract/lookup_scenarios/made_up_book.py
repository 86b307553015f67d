"""The made-up address book of tests/made_up_lookup.py."""

from __future__ import annotations

import itertools
from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World

from https_peer import Page, text_page

_BOOK: Final = "https://book.example.net/desks/"
_DESKS: Final = [*HOSTILE_CONTACTS, *MANY_CONTACTS]

SCENARIO: Final = LookupScenario(
    World(
        pages={
            f"{_BOOK}www.example.nl": text_page("desks\nsecurity@example.nl"),
            f"{_BOOK}mail.example.nl": text_page("desks\nabuse@example.nl\nhelp@example.nl"),
            f"{_BOOK}empty.example.nl": text_page("desks"),
            f"{_BOOK}wrong.example.nl": text_page(b"\x00\xff" * 2_000),
            f"{_BOOK}broken.example.nl": Page(status=500),
            f"{_BOOK}endless.example.nl": Page(lambda: itertools.repeat(b"x" * 1_000)),
            f"{_BOOK}hostile.example.nl": text_page(
                "\n".join(["desks", *(desk.removeprefix("mailto:") for desk in _DESKS)])
            ),
        }
    ),
    found=("www.example.nl", "mail.example.nl"),
    nothing=("empty.example.nl", "nobody.example.nl"),
    failed=("wrong.example.nl", "broken.example.nl", "endless.example.nl"),
    hostile=("hostile.example.nl",),
)
