"""A small list of who gives others room, as files, for the scenarios of its lookups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lookup_world import HOSTILE_CONTACTS

from baken.core.given_file import GivenFile, GivenFileKind
from given_files import given_file

_LISTED: Final = """\
what\tprovider\twhere to report
.pages.example\tPages\tabuse@pages.example
short.example\tShort\thttps://short.example/report
192.0.2.0/24\tRoom\tabuse@room.example
2001:db8::/32\tRoom\tabuse@room.example
Room for All B.V.\tRoom\tabuse@room.example
Other Room\tOther Room\tnoc@other-room.example
desk@room.example\tRoom\tabuse@room.example
"""


def write_hosting(folder: Path) -> Sequence[GivenFile]:
    """The list in two files: one as above, one with hostile text in every place."""
    rows = ["what\tprovider\twhere to report"]
    for number, text in enumerate(HOSTILE_CONTACTS):
        plain = " ".join(text.split()).replace('"', "'")
        listed = (f"host-{number}.example", f"198.51.100.{number}/32", f"Vijandig {number} B.V.")
        rows += [f"{what}\t{plain or 'x'}\t{plain}" for what in listed]
        rows.append(f"{plain}\t{plain}\t{plain}")
    kind = GivenFileKind.SHARED_HOSTING
    return (
        given_file(folder, kind, _LISTED, name="hosting"),
        given_file(folder, kind, "\n".join(rows), name="hostile"),
    )


def write_no_hosting(folder: Path) -> Sequence[GivenFile]:
    """A file that is no table."""
    return (given_file(folder, GivenFileKind.SHARED_HOSTING, b"%PDF-1.7\n\x00\xff", name="other"),)
