"""A small register of organisations, as files, for the scenarios of its lookups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lookup_world import HOSTILE_CONTACTS

from baken.core.given_file import GivenFile, GivenFileKind
from given_files import given_file

HEADER: Final = "number,country,name,trade_names,legal_form,address,phone,domain"
ROWS: Final = f"""\
{HEADER}
10000001,NL,Bakkerij Voorbeeld,De Broodplank,BV,Markt 1|1234 AC Aa,020 794 0001,bakkerij.example
10000002,NL,Slagerij Voorbeeld N.V.,,,Markt 2|1234 AC Voorbeeldstad,+31 20 794 0002,slagerij.example
10000003,NL,Dubbel B.V.,,,Markt 3|1234 AC Voorbeeldstad,+31 20 794 0003,dubbel.example
10000004,NL,DUBBEL BV,,,Markt 4|1234 AC Voorbeeldstad,+31 20 794 0004,dubbel.example
"""


def write_register(folder: Path) -> Sequence[GivenFile]:
    """The register in two files: one as above, one with hostile text in every place."""
    rows = [HEADER.replace(",", ";")]
    for number, text in enumerate(HOSTILE_CONTACTS):
        line = " ".join(text.split("\\n")).replace(";", " ").replace("\\r", " ")
        line = line.replace('"', "'").replace("\\n", " ")
        rows.append(
            f"2000{number:04};NL;Vijandig {number} B.V.;{line};BV;{line}|{line};{line};"
            f"vijandig-{number}.example"
        )
    return (
        given_file(folder, GivenFileKind.REGISTER_EXTRACT, ROWS, name="register"),
        given_file(folder, GivenFileKind.REGISTER_EXTRACT, "\n".join(rows), name="hostile"),
    )


def write_no_register(folder: Path) -> Sequence[GivenFile]:
    """A file that is no register."""
    return (
        given_file(folder, GivenFileKind.REGISTER_EXTRACT, b"%PDF-1.7\n\x00\xff", name="other"),
    )
