"""What a reader sees of a mail before scrolling."""

from __future__ import annotations

import textwrap
from email.message import EmailMessage
from typing import Final

from baken.cli.output import say

WIDTH: Final = 76
_LINES: Final = 24


def say_first_screen(mail: EmailMessage, *, lines: int = _LINES) -> None:
    """Print the head and the first `lines` of `mail`, between rules."""
    say("-" * WIDTH)
    for name in ("From", "To", "Subject"):
        say(f"{name}: {mail[name]}")
    body = mail.get_body(("plain",))
    for line in broken(body.get_content() if body else "")[:lines]:
        say(line)
    say("-" * WIDTH)


def broken(text: str) -> list[str]:
    """The lines of `text`, broken as a narrow window breaks them."""
    return [
        line
        for written in text.splitlines()
        for line in (textwrap.wrap(written, WIDTH, break_on_hyphens=False) or [""])
    ]
