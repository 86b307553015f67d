"""A message as plain text. A paragraph is one line: every screen breaks it where it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from baken.channels.blocks import (
    Block,
    Command,
    Entries,
    Facts,
    Heading,
    Link,
    Paragraph,
    SignOff,
    Steps,
)

_LONGEST_RULE: Final = 60


def as_text(blocks: Iterable[Block]) -> str:
    """The blocks with an empty line between them; what belongs to a heading follows at once."""
    pieces: list[str] = []
    before: Block | None = None
    for block in blocks:
        is_attached = (isinstance(before, Heading) and before.level > 1) or isinstance(
            block, Command
        )
        is_attached |= isinstance(before, Command) or isinstance(block, Link)
        if before is not None:
            pieces.append("\n" if is_attached else "\n\n")
        pieces.append("\n".join(_lines(block)))
        before = block
    return "".join(pieces) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield block.text
        case Heading():
            yield block.text
            if block.level == 1:
                yield "=" * min(len(block.text), _LONGEST_RULE)
        case Facts():
            for number, fact in enumerate(block.facts):
                if number:
                    yield ""
                yield fact.title.upper()
                yield from fact.lines
        case Steps():
            for number, item in enumerate(block.items, start=1):
                yield f"{number}. {item}"
        case Command():
            yield f"    {block.text}"
        case Link():
            yield block.url
        case Entries():
            for entry in block.entries:
                yield f"- {entry.title}"
                yield from (f"  {line}" for line in entry.lines)
        case SignOff():
            yield from block.lines
