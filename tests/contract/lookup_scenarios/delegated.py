"""Statistics of a registry: delegations to holders, reserved space, hostile lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lookup_world import HOSTILE_CONTACTS, LookupScenario, World

from baken.core.given_file import GivenFile, GivenFileKind
from given_files import given_file

STATISTICS: Final = """\
# Comments stand anywhere.
2.3|test|20261101|3|19830705|20261101|+0000
test|*|ipv4|*|2|summary
test|*|ipv6|*|1|summary
test|NL|ipv4|192.0.2.0|256|20100712|allocated|holder-1
test|NL|ipv6|2001:db8::|32|20100712|assigned|holder-2
test||ipv4|203.0.113.0|256||reserved|
test|NL|asn|64496|1|20100712|allocated|holder-1
"""


def _hostile_lines() -> str:
    """One address a contact, in the country and as the holder; and numbers too large to be."""
    lines = [
        f"test|{text}|ipv4|198.51.100.{number}|1|{text}|allocated|{text}"
        for number, text in enumerate(HOSTILE_CONTACTS)
    ]
    huge = "9" * 5_000
    lines += [
        f"test|NL|ipv4|198.51.100.200|{huge}|20100712|allocated|x",
        "test|NL|ipv4|198.51.100.200|0|20100712|allocated|x",
        "test|NL|ipv6|2001:db8:1::|129|20100712|allocated|x",
        f"test|NL|ipv4|198.51.100.200|1|20100712|allocated|{huge}",
    ]
    return "\n".join(lines)


def write_statistics(folder: Path) -> Sequence[GivenFile]:
    """The statistics in two files, one of them compressed."""
    return (
        given_file(folder, GivenFileKind.DELEGATED, STATISTICS, name="statistics", packed=True),
        given_file(folder, GivenFileKind.DELEGATED, _hostile_lines(), name="hostile"),
    )


def write_unreadable(folder: Path) -> Sequence[GivenFile]:
    """A file that holds no statistics."""
    return (given_file(folder, GivenFileKind.DELEGATED, b"%PDF-1.7\n\x00\xff", name="other"),)


SCENARIO: Final = LookupScenario(
    World(files=write_statistics),
    found=("192.0.2.65", "2001:db8::1"),
    nothing=("203.0.113.1", "10.0.0.1"),
    failed=("not-an-address",),
    hostile=(
        *(f"198.51.100.{number}" for number in range(len(HOSTILE_CONTACTS))),
        "198.51.100.200",
    ),
    unreadable_files=write_unreadable,
)
