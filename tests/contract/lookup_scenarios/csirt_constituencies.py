"""Constituencies of CSIRTs, as Cerebrate gives them and as a table; hostile ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World

from baken.core.given_file import GivenFile, GivenFileKind
from given_files import given_file

ORGANISATIONS: Final = [
    {
        "name": "CSIRT of Belgium",
        "contacts": "Write to <cert@csirt.example>, at any time.",
        "meta_fields": {
            "CSIRT Constituency": {"Country": "Belgium", "Country Code": "BE"},
            "CSIRT Network organisation fields": {"team_contact_number": "+32 2 555 12 12"},
        },
    },
    {
        "name": "CSIRT of the schools",
        "meta_fields": [
            {"field": "IPv4 address", "value": "192.0.2.0/25"},
            {"field": "IPv6 address", "value": "2001:db8::/48"},
            {"field": "AS Number", "value": "AS64496"},
            {"field": "Domain", "value": "school.example"},
            {"field": "Country Code", "value": "NL"},
            {"field": "email", "value": "cert@school.example"},
        ],
    },
    {"name": "A company", "meta_fields": []},
]
TABLE: Final = """\
name;email;phone;IPv4 address;AS Number;Domain;Country Code;Sector
CSIRT of Germany;cert@csirt.example;;;;;DE;
CSIRT of the health sector of Germany;cert@health.example;;;;;DE;Health
CSIRT of operators;noc@carrier.example;;192.0.2.0 - 192.0.2.255;64496-64500;carrier.example;;
"""


def _hostile() -> str:
    """One CSIRT a contact: as its name, its way to be reached, and its constituency."""
    entries = [
        {
            "name": contact or "None",
            "contacts": contact,
            "phone": contact,
            "meta_fields": [
                {"field": "IPv4 address", "value": contact},
                {"field": "IPv4 address", "value": f"203.0.113.{number}"},
                {"field": "AS Number", "value": str(64_600 + number)},
                {"field": "Domain", "value": f"hostile-{number}.example"},
                {"field": "Domain", "value": contact},
                {"field": "Country Code", "value": contact},
            ],
        }
        for number, contact in enumerate(HOSTILE_CONTACTS)
    ]
    several = [contact.removeprefix("mailto:") for contact in MANY_CONTACTS]
    entries += [
        {
            "name": "Many",
            "contacts": several,
            "meta_fields": {"CSIRT Constituency": {"Country Code": "FR", "IPv4 address": []}},
        },
        {"name": 7, "meta_fields": {"CSIRT Constituency": "LU"}},
        {"name": ["a"], "meta_fields": [["field", "Country Code"], {"field": 7, "value": {}}]},
        {
            "name": "Everything",
            "meta_fields": [
                {"field": "IPv4 address", "value": "0.0.0.0/0"},
                {"field": "AS Number", "value": "0-99999999999"},
                {"field": "Domain", "value": "example"},
                {"field": "Country Code", "value": "IT"},
            ],
        },
    ]
    return json.dumps({"organisations": entries})


def write_constituencies(folder: Path) -> Sequence[GivenFile]:
    """All of them, in three files."""
    kind = GivenFileKind.CSIRT_CONSTITUENCIES
    return (
        given_file(folder, kind, json.dumps(ORGANISATIONS), name="organisations"),
        given_file(folder, kind, TABLE, name="table"),
        given_file(folder, kind, _hostile(), name="hostile"),
    )


def write_unreadable(folder: Path) -> Sequence[GivenFile]:
    """A file that is neither JSON nor a table."""
    kind = GivenFileKind.CSIRT_CONSTITUENCIES
    return (given_file(folder, kind, b"%PDF-1.7\n\x00\xff", name="other"),)


def scenario_about(
    *, found: tuple[str, ...], nothing: tuple[str, ...], hostile: tuple[str, ...]
) -> LookupScenario:
    """What one of the lookups over these files is tried with."""
    return LookupScenario(
        World(files=write_constituencies),
        found=found,
        nothing=nothing,
        failed=(),
        hostile=hostile,
        unreadable_files=write_unreadable,
    )


SCENARIO: Final = scenario_about(
    found=("192.0.2.65", "192.0.2.200", "2001:db8::1"),
    nothing=("203.0.113.200", "10.0.0.1", "2001:db8:1::1"),
    hostile=tuple(f"203.0.113.{number}" for number in range(len(HOSTILE_CONTACTS))),
)
