"""A made-up constituency: 60 organisations in nine sectors, on reserved ranges and names."""

from __future__ import annotations

import csv
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECTORS: Final = (
    ("haven", "Havenbedrijf"),
    ("drinkwater", "Drinkwaterbedrijf"),
    ("zorg", "Zorggroep"),
    ("onderwijs", "Scholengroep"),
    ("transport", "Transport"),
    ("voedsel", "Voedselverwerking"),
    ("chemie", "Chemie"),
    ("detailhandel", "Winkelketen"),
    ("maakindustrie", "Machinefabriek"),
)
"""Key and name of the nine sectors."""

_PLACES: Final = ("Noord", "Oost", "Zuid", "West", "Midden", "Kust", "Delta")


@dataclass(frozen=True, slots=True)
class MadeUpOrganisation:
    """One organisation that does not exist."""

    reference: str
    name: str
    sector: str
    network: ipaddress.IPv4Network
    domain: str
    language: str
    has_contact: bool

    def address(self, number: int) -> str:
        """The address with that number in its network, from 0."""
        return str(self.network[number])


def made_up_organisations(count: int = 60) -> list[MadeUpOrganisation]:
    """The organisations; every thirtieth has no contact, every fifth reads English."""
    # The first ones hold parts of 198.51.100.0/24, the others of the range for benchmarks.
    near = list(ipaddress.IPv4Network("198.51.100.0/24").subnets(new_prefix=28))
    far = list(ipaddress.IPv4Network("198.18.0.0/18").subnets(new_prefix=26))
    networks = [*near, *far][:count]
    organisations = []
    for number, network in enumerate(networks):
        sector, noun = SECTORS[number % len(SECTORS)]
        place = _PLACES[(number // len(SECTORS)) % len(_PLACES)]
        organisations.append(
            MadeUpOrganisation(
                reference=f"voorbeeld-{number + 1:02}",
                name=f"{noun} {place}",
                sector=sector,
                network=network,
                domain=f"{noun.lower()}-{place.lower()}.example.nl",
                language="en" if number % 5 == 4 else "nl",
                has_contact=number % 30 != 29,
            )
        )
    return organisations


def write_constituency(folder: Path, organisations: Sequence[MadeUpOrganisation]) -> list[Path]:
    """Write `organisations` as the three CSV files that ``baken import`` takes; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "organisations": [
            ["reference", "name", "sector"],
            *([one.reference, one.name, one.sector] for one in organisations),
        ],
        "contacts": [
            ["organisation", "name", "role", "email", "phone", "language", "channel"],
            *(
                [one.reference, "", "security", f"security@{one.domain}", "", one.language, "mail"]
                for one in organisations
                if one.has_contact
            ),
        ],
        "assets": [
            ["organisation", "asset", "valid_from", "valid_until"],
            *([one.reference, str(one.network), "", ""] for one in organisations),
            *([one.reference, one.domain, "", ""] for one in organisations),
            # A provider above the first sixteen: it is operator there, not owner.
            [organisations[-1].reference, "198.51.100.0/24", "", ""],
            # Two things that nobody may register.
            [organisations[0].reference, "10.0.0.0/8", "", ""],
            [organisations[1].reference, "co.uk", "", ""],
        ],
    }
    paths = []
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        paths.append(path)
    return paths
