"""Registries' files, loaded: who holds an address or AS number, and whose abuse desk it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from baken.core.asset import WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX
from baken.core.given_file import GivenFile
from baken.core.lookup import NetworkStanding
from baken.core.text import one_line
from baken.lookups.given_answers import filled_name
from baken.lookups.registries import is_block_of_registry, standing_of
from baken.lookups.registry_files.columns import RegistryColumnsBuilder
from baken.lookups.registry_files.objects import SkippedObject, read_objects
from baken.lookups.registry_files.prefix_table import Address, NetworkRow
from baken.lookups.registry_files.text_columns import KeyedRows

_MOST_HOLDINGS: Final = 8
"""How many networks around an address are looked at, the narrowest first."""
_MOST_ROWS: Final = 4 * _MOST_HOLDINGS
_MOST_BLOCKS: Final = 1_000
"""How many blocks of AS numbers before a number are looked through for one that holds it."""
_MOST_SKIPPED: Final = 100


@dataclass(frozen=True, slots=True)
class AbuseContact:
    """A mailbox of a contact, as the registry writes it."""

    mail: str
    name: str
    is_abuse_mailbox: bool
    """Whether it is named for abuse; else it is where the contact reads mail."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of a registry; its texts are as the registry writes them."""

    handle: str
    """With the registry: "RIPE:ORG-EX1-RIPE"."""
    name: str
    mail: str
    phone: str
    address: tuple[str, ...]
    country: str
    type: str
    """What it is to the registry: ``LIR``, ``OTHER``; may be empty."""
    abuse: AbuseContact | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A network or AS number, and who holds it."""

    network: str
    """In CIDR text, or "AS64496"."""
    standing: NetworkStanding
    organisation: Organisation | None
    description: str
    """The holder in words, on one line; may be empty."""
    label: str
    """The short name of the network."""
    country: str
    abuse: AbuseContact | None
    """Named by the network itself."""


@dataclass(frozen=True, slots=True)
class SkippedInFile:
    """Objects of a file that could not be read."""

    file: str
    count: int
    first: tuple[SkippedObject, ...]


class RegistryDatabase:
    """The files that were given, in columns; may be asked from many threads."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """Load `files`; raises `TextRefusedError` for one that cannot be read at all."""
        builder = RegistryColumnsBuilder()
        self.skipped = tuple(_load(builder, file, place) for place, file in enumerate(files))
        newest = sorted(range(len(files)), key=lambda place: files[place].given_at, reverse=True)
        self.age = {str(place): age for age, place in enumerate(newest)}
        """By file, how many newer ones there are."""
        self.columns = builder.build()
        self.organisations = KeyedRows(self.columns.organisations)
        self.contacts = KeyedRows(self.columns.contacts)

    def view(self, usable: frozenset[int]) -> RegistryView:
        """What the files at the positions `usable` say; for one thread, and for one question."""
        return RegistryView(self, usable)


class RegistryView:
    """What some of the files say. What was joined once is kept: systems have neighbours."""

    def __init__(self, database: RegistryDatabase, usable: frozenset[int]) -> None:
        self._database = database
        self._usable = frozenset(map(str, usable))
        self._around: dict[tuple[int, int], tuple[Holding, ...]] = {}
        self._organisations: dict[tuple[str, str], Organisation | None] = {}
        self._contacts: dict[tuple[str, str], AbuseContact | None] = {}

    def holdings_of(self, addresses: Sequence[Address | None]) -> Iterator[tuple[Holding, ...]]:
        """For each address the networks that hold it, the narrowest first."""
        networks = self._database.columns.networks
        nodes = networks.nodes_of(addresses)
        for address, node in zip(addresses, nodes, strict=True):
            if address is None or not node:
                yield ()
                continue
            key = address.version, node
            if key not in self._around:
                rows = networks.rows_from(node, version=address.version)
                self._around[key] = tuple(self._holdings(rows))
            yield self._around[key]

    def holdings_of_as_number(self, number: int) -> tuple[Holding, ...]:
        """The blocks of AS numbers that hold `number`, the narrowest first."""
        blocks = self._database.columns.as_numbers
        end = bisect_right(blocks, number, key=lambda block: block[0])
        holding = [
            block for block in blocks[max(0, end - _MOST_BLOCKS) : end] if block[1] >= number
        ]
        holding.sort(key=lambda block: (block[1] - block[0], block[2]))
        rows = (NetworkRow(f"AS{number}", row) for _, _, row in holding)
        return tuple(self._holdings(rows))

    def _holdings(self, rows: Iterable[NetworkRow]) -> Iterator[Holding]:
        for one, row in self._newest(rows)[:_MOST_HOLDINGS]:
            yield self._holding(one.network, row)

    def _newest(self, rows: Iterable[NetworkRow]) -> list[tuple[NetworkRow, dict[str, str]]]:
        """Those of usable files, of each network and registry as the newest file has it."""
        age = self._database.age
        found = []
        for one in rows:
            row = self._database.columns.holdings.row(one.row)
            is_block = is_block_of_registry(row["label"]) or _is_too_wide(one.network)
            if row["file"] in self._usable and not is_block:
                found.append((one, row))
            if len(found) >= _MOST_ROWS:
                break
        ages: dict[tuple[str, str], int] = {}
        for one, row in found:
            key = one.network, row["registry"]
            ages[key] = min(ages.get(key, len(age)), age[row["file"]])
        return [
            (one, row)
            for one, row in found
            if ages[one.network, row["registry"]] == age[row["file"]]
        ]

    def _holding(self, network: str, row: dict[str, str]) -> Holding:
        abuse = self._contact(row["registry"], row["abuse"] or row["irt"])
        if abuse is None and row["mail"]:
            abuse = AbuseContact(row["mail"], "", is_abuse_mailbox=True)
        return Holding(
            network,
            standing_of(row["status"]),
            self._organisation(row["registry"], row["organisation"]),
            filled_name(row["description"]) if row["description"] else "",
            one_line(row["label"], limit=100),
            row["country"],
            abuse,
        )

    def _organisation(self, registry: str, handle: str) -> Organisation | None:
        key = registry, handle
        if key not in self._organisations:
            row = self._newest_row(self._database.organisations, registry, handle)
            self._organisations[key] = self._organisation_of(row) if row else None
        return self._organisations[key]

    def _organisation_of(self, row: dict[str, str]) -> Organisation:
        return Organisation(
            f"{row['registry']}:{row['handle']}",
            filled_name(row["name"]),
            row["mail"],
            row["phone"],
            tuple(row["address"].split("\n")),
            row["country"],
            row["type"],
            self._contact(row["registry"], row["abuse"]),
        )

    def _contact(self, registry: str, handle: str) -> AbuseContact | None:
        key = registry, handle
        if key not in self._contacts:
            row = self._newest_row(self._database.contacts, registry, handle)
            self._contacts[key] = _contact_of(row) if row else None
        return self._contacts[key]

    def _newest_row(self, table: KeyedRows, registry: str, handle: str) -> dict[str, str] | None:
        rows = [row for row in table.rows(registry, handle) if row["file"] in self._usable]
        return min(rows, key=lambda row: self._database.age[row["file"]], default=None)


def _is_too_wide(network: str) -> bool:
    """Whether `network`, a prefix in CIDR text or an AS number, is so wide that it is no holder's.

    The objects at the root of a database cover all addresses.
    """
    address, slash, length = network.partition("/")
    widest = WIDEST_IPV6_PREFIX if ":" in address else WIDEST_IPV4_PREFIX
    return bool(slash) and int(length) < widest


def _contact_of(row: dict[str, str]) -> AbuseContact | None:
    if row["mail"]:
        return AbuseContact(row["mail"], row["name"], is_abuse_mailbox=True)
    if row["kind"] == "person":
        return None  # a person's own mailbox is no desk
    return AbuseContact(row["other_mail"], row["name"], is_abuse_mailbox=False)


def _load(builder: RegistryColumnsBuilder, file: GivenFile, place: int) -> SkippedInFile:
    count = 0
    first: list[SkippedObject] = []
    for one in read_objects(file.path, name=file.name):
        skipped = one if isinstance(one, SkippedObject) else builder.add(one, file=str(place))
        if skipped is not None:
            count += 1
            if len(first) < _MOST_SKIPPED:
                first.append(skipped)
    return SkippedInFile(file.name, count, tuple(first))
