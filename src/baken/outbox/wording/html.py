"""A message as HTML: the same blocks as the text, small, without anything fetched from outside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from baken.advice import html_frame
from baken.outbox.wording.blocks import (
    Block,
    Command,
    Entries,
    Facts,
    Heading,
    Paragraph,
    SignOff,
    Steps,
)


def as_html(blocks: Iterable[Block], *, title: str, language: str) -> str:
    """The whole document. Everything in `blocks` is text, and is escaped here."""
    return html_frame().substitute(
        language=escape(language), title=escape(title), body="\n".join(map(_element, blocks))
    )


def _element(block: Block) -> str:
    match block:
        case Paragraph():
            css = ' class="small"' if block.is_small else ""
            return f"<p{css}>{escape(block.text)}</p>"
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Facts():
            facts = "\n".join(
                f"<p><strong>{escape(fact.title)}</strong><br>{_lines(fact.lines)}</p>"
                for fact in block.facts
            )
            return f'<div class="facts">\n{facts}\n</div>'
        case Steps():
            items = "\n".join(f"<li>{escape(item)}</li>" for item in block.items)
            return f"<ol>\n{items}\n</ol>"
        case Command():
            return f"<p><code>{escape(block.text)}</code></p>"
        case Entries():
            items = "\n".join(
                f"<li><strong>{escape(entry.title)}</strong><br>\n"
                f'<span class="told">{_lines(entry.lines)}</span></li>'
                for entry in block.entries
            )
            return f"<ul>\n{items}\n</ul>"
        case SignOff():
            return f"<p>{_lines(block.lines)}</p>"


def _lines(lines: Iterable[str]) -> str:
    return "<br>\n".join(map(escape, lines))
