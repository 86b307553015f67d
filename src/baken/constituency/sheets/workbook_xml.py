"""What the reader of workbooks leaves out, found in their XML: lost results, errors, links, hidden.

The reader gives an empty cell for a formula without a stored result and for an error. So such cells
are marked in the XML before it reads: their text then says what is wrong with them.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

MOST_MARKS: Final = 10_000
"""A workbook with more such cells is refused as a whole: it was never computed."""

MISSING_RESULT: Final = "missing-result"
ERROR_VALUE: Final = "error-value"

_SIGN: Final = "\ue000"
"""A character that Unicode gives no meaning (private use); what it stands in is never taken."""

_PREFIX: Final = rb"((?:[\w.-]+:)?)"
_WITH_FORMULA: Final = re.compile(
    rb"<" + _PREFIX + rb"c((?:\s[^<>]*)?)>(\s*<\1f[\s/>].*?)</\1c>", re.DOTALL
)
_WITH_ERROR: Final = re.compile(
    rb"<" + _PREFIX + rb"""c(\s[^<>]*?\bt\s*=\s*["']e["'][^<>]*)>(.*?)</\1c>""", re.DOTALL
)
_VALUE: Final = re.compile(rb"<(?:[\w.-]+:)?v(?:\s[^<>]*)?>([^<]*)</")
_FORMULA: Final = re.compile(rb"<(?:[\w.-]+:)?f(?:\s[^<>]*)?>([^<]*)</")
_INLINE: Final = re.compile(rb"<(?:[\w.-]+:)?is[\s/>]")
_IS_TEXT: Final = re.compile(rb"""\bt\s*=\s*["']str["']""")
_REFERENCE: Final = re.compile(rb"""\sr\s*=\s*["'][A-Za-z0-9]*["']""")
_ATTRIBUTE: Final = re.compile(rb"""([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LINK_PLACE: Final = re.compile(r"^([A-Z]{1,3})([0-9]{1,7})(?::|$)")
_CUT_ENTITY: Final = re.compile(rb"&[^;]*$")
_SHOWN: Final = 300


class TooManyMarksError(Exception):
    """More cells without a result than a workbook has that was ever saved by a spreadsheet."""


def mark_cells(xml: bytes) -> bytes:
    """`xml` of a sheet in which cells without a result, and errors, are texts that say so.

    Raises `TooManyMarksError`.
    """
    marks = 0

    def marked(found: re.Match[bytes], reason: str, shown: bytes) -> bytes:
        nonlocal marks
        marks += 1
        if marks > MOST_MARKS:
            raise TooManyMarksError
        place = _REFERENCE.search(found[2])
        sign = f"&#x{ord(_SIGN):X};".encode()
        text = sign + reason.encode() + sign + _CUT_ENTITY.sub(b"", shown[:_SHOWN])
        return (
            b'<{p}c{r} t="inlineStr"><{p}is><{p}t>{text}</{p}t></{p}is></{p}c>'.replace(
                b"{r}", place[0] if place else b""
            )
            .replace(b"{p}", found[1])
            .replace(b"{text}", text)
        )

    def of_error(found: re.Match[bytes]) -> bytes:
        value = _VALUE.search(found[3])
        return marked(found, ERROR_VALUE, value[1] if value else b"")

    def of_formula(found: re.Match[bytes]) -> bytes:
        value = _VALUE.search(found[3])
        is_empty_text = value is not None and _IS_TEXT.search(found[2])
        if (value and value[1].strip()) or is_empty_text or _INLINE.search(found[3]):
            return found[0]
        formula = _FORMULA.search(found[3])
        return marked(found, MISSING_RESULT, b"=" + (formula[1] if formula else b""))

    if b"e" in xml and re.search(rb"""\bt\s*=\s*["']e["']""", xml):
        xml = _WITH_ERROR.sub(of_error, xml)
    if re.search(rb"<(?:[\w.-]+:)?f[\s/>]", xml):
        xml = _WITH_FORMULA.sub(of_formula, xml)
    return xml


def read_mark(text: str) -> tuple[str, str] | None:
    """The reason that a marked cell bears, and what stood there; None of any other text."""
    if not text.startswith(_SIGN):
        return None
    reason, _, shown = text[1:].partition(_SIGN)
    return (reason, shown) if reason in (MISSING_RESULT, ERROR_VALUE) else None


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What stands beside the cells of a sheet."""

    hidden_rows: int = 0
    hidden_columns: int = 0
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """By row and column, counted from 1: where a link of the cell leads."""


def facts_of_sheets(archive: zipfile.ZipFile) -> dict[str, SheetFacts]:
    """The facts of each sheet by its name; of one that cannot be found there are none."""
    names = frozenset(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    targets = _targets(archive.read("xl/_rels/workbook.xml.rels"))
    found = {}
    for sheet in _elements(archive.read("xl/workbook.xml"), b"sheet"):
        target = targets.get(_relation(sheet), "")
        path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        if target and path in names:
            relations = f"{posixpath.dirname(path)}/_rels/{posixpath.basename(path)}.rels"
            links = _targets(archive.read(relations)) if relations in names else {}
            found[sheet.get("name", "")] = _facts_of(archive.read(path), links)
    return found


def _facts_of(xml: bytes, targets: Mapping[str, str]) -> SheetFacts:
    links = {}
    for link in _elements(xml, b"hyperlink") if targets else ():
        place = _LINK_PLACE.match(link.get("ref", "").upper())
        target = targets.get(_relation(link), "")
        if place and target:
            links[int(place[2]), column_number(place[1])] = target
    hidden = {"1", "true"}
    rows = _elements(xml, b"row") if b"hidden" in xml else ()
    columns = _elements(xml, b"col") if b"hidden" in xml else ()
    return SheetFacts(
        hidden_rows=sum(row.get("hidden") in hidden for row in rows),
        hidden_columns=sum(column.get("hidden") in hidden for column in columns),
        links=links,
    )


def column_number(letters: str) -> int:
    """The number of a column, from 1 for ``A`` on."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """The letters of a column, ``A`` for 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _targets(xml: bytes) -> dict[str, str]:
    return {one.get("Id", ""): one.get("Target", "") for one in _elements(xml, b"Relationship")}


def _relation(element: Mapping[str, str]) -> str:
    """The value of ``r:id``, whatever the prefix."""
    return next((value for name, value in element.items() if name.endswith(":id")), "")


def _elements(xml: bytes, name: bytes) -> Iterator[dict[str, str]]:
    """The attributes of each element of that name."""
    for found in re.finditer(rb"<(?:[\w.-]+:)?" + name + rb"(\s[^<>]*)>", xml):
        yield {
            key.decode("utf-8", "replace"): html.unescape((one or other).decode("utf-8", "replace"))
            for key, one, other in _ATTRIBUTE.findall(found[1])
        }
