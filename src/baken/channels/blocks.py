"""The pieces of a message, before they become text or HTML; both show all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, on one line."""

    text: str
    is_small: bool = False
    """What a reader need not read first: the label at the top, where the address comes from."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A few words in bold, and what they announce: one line, or several."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the first screen says in brief."""

    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a chapter (level 1), or of a part of one (level 2)."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do, in order."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address of ours on the web, as it stands."""

    url: str
    is_secret: bool = False
    """Whether it holds a secret: on paper it is too long to type, and a camera reads it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One system, and what is told of it."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Entries:
    """Systems."""

    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class SignOff:
    """The last lines."""

    lines: Sequence[str]


Block = Paragraph | Facts | Heading | Steps | Command | Link | Entries | SignOff
