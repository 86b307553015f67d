"""A small database of a registry: an operator, a company in its network, hostile objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World

from baken.core.given_file import GivenFile, GivenFileKind
from given_files import given_file

DATABASE: Final = """\
# An operator, and a company to which it assigned a part.

inetnum:        192.0.2.0 - 192.0.2.255
netname:        EXAMPLE-CARRIER
country:        NL
org:            ORG-EC1-TEST
status:         ALLOCATED PA
source:         TEST

inetnum:        192.0.2.64 - 192.0.2.127
netname:        EXAMPLE-COMPANY
descr:          Example Company B.V.
country:        NL
org:            ORG-CO1-TEST
status:         ASSIGNED PA
source:         TEST

inetnum:        203.0.113.0 - 203.0.113.255
status:         ASSIGNED PI
source:         TEST

organisation:   ORG-EC1-TEST
org-name:       Example Carrier
abuse-c:        ACR1-TEST
source:         TEST

organisation:   ORG-CO1-TEST
org-name:       Example Company B.V.
address:        Example Street 1
address:        1234 AB Example Town
phone:          +31 20 123 4567
e-mail:         info@company.example
source:         TEST

role:           Abuse desk
nic-hdl:        ACR1-TEST
abuse-mailbox:  abuse@carrier.example
source:         TEST

aut-num:        AS64496
as-name:        EXAMPLE-CARRIER
org:            ORG-EC1-TEST
source:         TEST

aut-num:        AS64497
as-name:        EXAMPLE-OTHER
descr:          Example Other
source:         TEST

aut-num:        AS64499
source:         TEST
"""


def _hostile_objects() -> str:
    """One network and AS number a contact: written as they stand, line ends and all."""
    contacts = [contact.removeprefix("mailto:") for contact in HOSTILE_CONTACTS]
    networks = "".join(
        f"inetnum: 198.51.100.{number} - 198.51.100.{number}\nstatus: ASSIGNED PI\n"
        f"org: ORG-H{number}-TEST\ndescr: {contact}\nsource: TEST\n\n"
        f"organisation: ORG-H{number}-TEST\norg-name: {contact}\naddress: {contact}\n"
        f"address: {contact}\nphone: {contact}\ne-mail: {contact}\nabuse-c: H{number}-TEST\n"
        f"source: TEST\n\n"
        f"role: {contact}\nnic-hdl: H{number}-TEST\nabuse-mailbox: {contact}\nsource: TEST\n\n"
        for number, contact in enumerate(contacts)
    )
    many = "".join(f"e-mail: {contact.removeprefix('mailto:')}\n" for contact in MANY_CONTACTS)
    return (
        f"{networks}aut-num: AS64498\ndescr: \x1b[31m\u202eelpmaxe\nabuse-c: H0-TEST\n"
        f"source: TEST\n\norganisation: ORG-MANY-TEST\norg-name: Many\n{many}source: TEST\n\n"
        "inetnum: 198.51.100.200 - 198.51.100.200\norg: ORG-MANY-TEST\nstatus: ASSIGNED PI\n"
        "source: TEST\n"
    )


def write_database(folder: Path) -> Sequence[GivenFile]:
    """The database in two files, one of them compressed."""
    return (
        given_file(folder, GivenFileKind.SPLIT_FILE, DATABASE, name="registry", packed=True),
        given_file(folder, GivenFileKind.SPLIT_FILE, _hostile_objects(), name="hostile"),
    )


def write_unreadable(folder: Path) -> Sequence[GivenFile]:
    """A file that is no database."""
    return (
        given_file(folder, GivenFileKind.SPLIT_FILE, b"%PDF-1.7\n\x00\xff", name="no-database"),
    )


SCENARIO: Final = LookupScenario(
    World(files=write_database),
    found=("192.0.2.65", "192.0.2.1"),
    nothing=("2001:db8::1", "203.0.113.1"),
    failed=("not-an-address",),
    hostile=(
        *(f"198.51.100.{number}" for number in range(len(HOSTILE_CONTACTS))),
        "198.51.100.200",
    ),
    unreadable_files=write_unreadable,
)
