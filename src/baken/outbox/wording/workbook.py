"""A spreadsheet file (XLSX, ECMA-376) of texts alone: sheets of rows in, the same bytes every time.

Written here because each mail of thousands brings one: the library that writes our exports needs
several times as long (ADR 0025). Every cell is an inline string in a text format: no program takes
it for a formula, a number or a link, neither when it is opened nor when it is edited.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import Final
from xml.sax.saxutils import escape

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL: Final = 32_767
"""How many characters a cell holds at most; a row must not bring more."""

_QUICKEST: Final = 1
_MOST_ROWS: Final = 1_048_576
_CELLS_KEPT: Final = 4096
_LOOKED_AT_FOR_WIDTH: Final = 20
_NARROWEST, _WIDEST = 8, 50
_HEADER: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_FORMAT: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_AS_TEXT: Final = 1  # places of the formats in `_STYLES`
_AS_HEADING: Final = 2
# Number format 49 is "@": text, also after somebody edited the cell.
_STYLES: Final = f"""{_HEADER}<styleSheet xmlns="{_MAIN}">\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"\
 applyFont="1"/></cellXfs></styleSheet>"""
_NOT_IN_XML: Final = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What looks like an escape of ECMA-376, part 1, 22.4.2.4, would be read as the character it means.
_LOOKS_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def workbook(sheets: Sequence[tuple[str, Iterable[Sequence[str]]]]) -> bytes:
    """The file: each sheet by its name, the first of its rows the heading."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in _frame(tuple(name for name, _ in sheets)):
            archive.writestr(_entry(name, packed=False), part)
        for number, (_, rows) in enumerate(sheets, start=1):
            entry = _entry(f"xl/worksheets/sheet{number}.xml", packed=True)
            archive.writestr(entry, _sheet(rows), compresslevel=_QUICKEST)
    return content.getvalue()


def _entry(name: str, *, packed: bool) -> zipfile.ZipInfo:
    """Nothing of the moment of writing goes in: a retry gives the same bytes."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    # To pack a part that is short takes longer than to send it.
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return entry


@cache
def _frame(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What holds the sheets together; the order is that of the packages that others write."""
    numbers = range(1, len(names) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
        f' ContentType="{_FORMAT}.worksheet+xml"/>'
        for number in numbers
    )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return (
        (
            "[Content_Types].xml",
            f'{_HEADER}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_FORMAT}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_FORMAT}.styles+xml"/>'
            f"{types}</Types>",
        ),
        (
            "_rels/.rels",
            f'{_HEADER}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        ),
        (
            "xl/workbook.xml",
            f'{_HEADER}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><bookViews>'
            f"<workbookView/></bookViews><sheets>{listed}</sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            f'{_HEADER}<Relationships xmlns="{_PACKAGE}/relationships">{related}<Relationship'
            f' Id="rId{len(names) + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
            "</Relationships>",
        ),
        ("xl/styles.xml", _STYLES),
    )


def _sheet(rows: Iterable[Sequence[str]]) -> str:
    written = list(islice(rows, _MOST_ROWS))
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" style="{_AS_TEXT}" customWidth="1"/>'
        for number, width in enumerate(_widths(written[:_LOOKED_AT_FOR_WIDTH]), start=1)
    )
    lines = "".join(
        f"<row>{''.join([_cell(value, _AS_TEXT if place else _AS_HEADING) for value in row])}</row>"
        for place, row in enumerate(written)
    )
    return (
        f'{_HEADER}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>{lines}</sheetData></worksheet>"
    )


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        min(max(_NARROWEST, *map(len, column)) + 2, _WIDEST) for column in zip(*rows, strict=True)
    ]


# Kinds, labels and times stand in many cells, and in thousands of mails of a run.
@lru_cache(maxsize=_CELLS_KEPT)
def _cell(value: str, style: int) -> str:
    if not value:
        return f'<c s="{style}"/>'
    text = escape(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value))
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
