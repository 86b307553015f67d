"""A message as HTML: the same blocks as the text, small, without anything fetched from outside."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final

from baken.advice import html_frame
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

# The same advice stands in thousands of mails of a run.
_escaped: Final = lru_cache(maxsize=4096)(escape)


def as_html(blocks: Iterable[Block], *, title: str, language: str) -> str:
    """The whole document. Everything in `blocks` is text, and is escaped here."""
    return html_frame().substitute(
        language=_escaped(language), title=_escaped(title), body="\n".join(map(_element, blocks))
    )


def _element(block: Block) -> str:
    match block:
        case Paragraph():
            css = ' class="small"' if block.is_small else ""
            return f"<p{css}>{_escaped(block.text)}</p>"
        case Heading():
            return f"<h{block.level}>{_escaped(block.text)}</h{block.level}>"
        case Facts():
            facts = "\n".join(
                f"<p><strong>{_escaped(fact.title)}</strong><br>{_lines(fact.lines)}</p>"
                for fact in block.facts
            )
            return f'<div class="facts">\n{facts}\n</div>'
        case Steps():
            items = "\n".join(f"<li>{_escaped(item)}</li>" for item in block.items)
            return f"<ol>\n{items}\n</ol>"
        case Command():
            return f"<p><code>{_escaped(block.text)}</code></p>"
        case Link():
            return f'<p><a href="{_escaped(block.url)}">{_escaped(block.url)}</a></p>'
        case Entries():
            items = "\n".join(
                f"<li><strong>{_escaped(entry.title)}</strong><br>\n"
                f'<span class="told">{_lines(entry.lines)}</span></li>'
                for entry in block.entries
            )
            return f"<ul>\n{items}\n</ul>"
        case SignOff():
            return f"<p>{_lines(block.lines)}</p>"


def _lines(lines: Iterable[str]) -> str:
    return "<br>\n".join(map(_escaped, lines))
