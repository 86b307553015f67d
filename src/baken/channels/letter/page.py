"""Sets a letter into pages: what is said goes to typst as data, so that no text becomes markup."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import segno
import typst

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
from baken.channels.letter.glyphs import drawn
from baken.channels.message import Message, Page
from baken.core.errors import About, ChannelError
from baken.core.postal_address import postal_lines, window_lines
from baken.core.text import one_line

_TEMPLATE: Final = "letter.typ"
_INPUT: Final = "letter"
# Tagged, for who has it read aloud (ISO 14289-1), and kept readable for years (ISO 19005-2).
_STANDARDS: Final[list[typst.PDFStandard]] = ["ua-1", "a-2a"]
# How an object of the file begins; no text stands at the beginning of one.
_PAGE: Final = re.compile(rb"\n\d+ 0 obj\n<</Type/Page/")
_LONG_WORD: Final = re.compile(r"\S{50}(?=\S)")
_BREAK: Final = "\N{ZERO WIDTH SPACE}"


def pdf_of(message: Message, *, return_address: str) -> bytes:
    """The letter as PDF, the same bytes for the same message.

    Raises `ChannelError` about us when it cannot be set.
    """
    content = json.dumps(page_content(message, return_address=return_address), ensure_ascii=False)
    try:
        pdf = typst.compile(
            _template(),
            format="pdf",
            sys_inputs={_INPUT: content},
            ignore_system_fonts=True,  # those that come with typst, so that any machine sets alike
            pdf_standards=_STANDARDS,
            timestamp=int(message.made_at.timestamp()),
        )
    except RuntimeError as error:
        raise ChannelError(
            f"The letter could not be set: {one_line(str(error), limit=300)}",
            about=About.US,
            permanent=False,
        ) from error
    assert isinstance(pdf, bytes)
    return pdf


def pages_in(pdf: bytes) -> int:
    """How many pages a letter has that `pdf_of` gave."""
    return len(_PAGE.findall(pdf))


def page_content(message: Message, *, return_address: str) -> Mapping[str, Any]:
    """What the template gets: texts, each on one line, and nothing that it would run."""
    page = message.page or _plain_page(message)
    return {
        "language": message.language,
        "label": str(message.tlp),
        "return": _text(", ".join(postal_lines(return_address))),
        "to": [_text(line) for line in window_lines(message.recipient_address)],
        "attention": _text(message.recipient_name),
        "date": _text(page.date),
        "subject": _text(message.subject),
        "code": page.code,
        "numbering": page.numbering,
        "check": _text(page.check_text),
        "url": page.check_url,
        "qr": qr_code(f"{page.check_url}?code={page.code}") if page.check_url else "",
        "blocks": [_block(block, page) for block in page.blocks],
    }


def qr_code(url: str) -> str:
    """The code that a camera reads, as SVG; level M survives a fold."""
    drawing = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawing, kind="svg", border=4, xmldecl=False)
    return drawing.getvalue().decode()


@cache
def _template() -> bytes:
    return files(__package__).joinpath(_TEMPLATE).read_bytes()


def _plain_page(message: Message) -> Page:
    """The page of a message that has its text alone."""
    return Page(
        blocks=[Paragraph(line) for line in message.text.splitlines() if line.strip()],
        date=f"{message.made_at:%Y-%m-%d}",
        code="",
        check_text="",
        check_url="",
        answer_text="",
        numbering="{page} / {pages}",
    )


def _block(block: Block, page: Page) -> Mapping[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "text": _text(block.text), "small": block.is_small}
        case Heading():
            return {"kind": "heading", "text": _text(block.text), "level": block.level}
        case Facts():
            facts = [{"title": _text(f.title), "lines": _texts(f.lines)} for f in block.facts]
            return {"kind": "facts", "facts": facts}
        case Steps():
            return {"kind": "steps", "items": _texts(block.items)}
        case Command():
            return {"kind": "command", "text": _text(block.text)}
        case Link(is_secret=True):
            text = _text(page.answer_text)
            return {"kind": "camera", "text": text, "qr": qr_code(block.url)}
        case Link():
            return {"kind": "paragraph", "text": _text(block.url), "small": False}
        case Entries():
            entries = [{"title": _text(e.title), "lines": _texts(e.lines)} for e in block.entries]
            return {"kind": "entries", "entries": entries}
        case SignOff():
            return {"kind": "sign-off", "lines": _texts(block.lines)}


def _texts(lines: Sequence[str]) -> list[str]:
    return [_text(line) for line in lines]


def _text(text: str) -> str:
    """`text` on one line, of what the fonts can draw; a word without end is broken."""
    composed = unicodedata.normalize("NFC", one_line(text))
    return _LONG_WORD.sub(lambda long: long[0] + _BREAK, drawn(composed))
