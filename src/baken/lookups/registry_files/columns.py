"""What is kept of registries' objects, in columns: networks, AS numbers, organisations, contacts.

A row of a network or AS number names its organisation and its abuse contact by their handles, as
the registries do; `registry_files.database` joins them when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from baken.lookups.registry_files.objects import RegistryObject, SkippedObject
from baken.lookups.registry_files.prefix_table import PrefixTableBuilder, PrefixTables
from baken.lookups.registry_files.ranges import address_range, as_numbers
from baken.lookups.registry_files.text_columns import TextColumns, TextColumnsBuilder

_LONGEST_HANDLE: Final = 80
_PERSONS: Final = frozenset({"person"})

HOLDING_COLUMNS: Final = (
    "file", "registry", "organisation", "description", "label", "status", "country", "abuse", "irt",
    "mail",
)  # fmt: skip
"""Of a network or AS number. `description` is the holder in words, `label` the short name of the
network; `abuse` and `irt` are handles of contacts, `mail` its own abuse mailbox."""
ORGANISATION_COLUMNS: Final = (
    "file", "registry", "handle", "name", "abuse", "mail", "phone", "address", "country", "type"
)  # fmt: skip
CONTACT_COLUMNS: Final = ("file", "registry", "handle", "name", "mail", "other_mail", "kind")
"""`mail` is an abuse mailbox, `other_mail` where the contact reads mail otherwise."""


@dataclass(frozen=True, slots=True)
class RegistryColumns:
    """All that is kept of the files."""

    networks: PrefixTables
    """Their rows are those of `holdings`."""
    as_numbers: tuple[tuple[int, int, int], ...]
    """First, last, row of `holdings`; by the first."""
    holdings: TextColumns
    organisations: TextColumns
    contacts: TextColumns


@dataclass(slots=True)
class RegistryColumnsBuilder:
    """Takes objects in, in any order, and keeps what names a holder or an abuse contact."""

    _ipv4: PrefixTableBuilder = field(default_factory=lambda: PrefixTableBuilder(4))
    _ipv6: PrefixTableBuilder = field(default_factory=lambda: PrefixTableBuilder(6))
    _as_numbers: list[tuple[int, int, int]] = field(default_factory=list)
    _holdings: TextColumnsBuilder = field(
        default_factory=lambda: TextColumnsBuilder(HOLDING_COLUMNS)
    )
    _organisations: TextColumnsBuilder = field(
        default_factory=lambda: TextColumnsBuilder(ORGANISATION_COLUMNS)
    )
    _contacts: TextColumnsBuilder = field(
        default_factory=lambda: TextColumnsBuilder(CONTACT_COLUMNS)
    )

    def add(self, one: RegistryObject, *, file: str) -> SkippedObject | None:
        """Take in `one` of the file numbered `file`, or say why it cannot be read."""
        match one.kind:
            case "inetnum" | "inet6num" | "nethandle" | "v6nethandle":
                return self._add_network(one, file=file)
            case "aut-num" | "ashandle":
                return self._add_as_number(one, file=file)
            case "organisation" | "orgid":
                return self._add_organisation(one, file=file)
        return self._add_contact(one, file=file)

    def build(self) -> RegistryColumns:
        """All that was taken in."""
        return RegistryColumns(
            PrefixTables(self._ipv4.build(), self._ipv6.build()),
            tuple(sorted(self._as_numbers)),
            self._holdings.build(),
            self._organisations.build(),
            self._contacts.build(),
        )

    def _add_network(self, one: RegistryObject, *, file: str) -> SkippedObject | None:
        text = one.first("netrange", "inetnum", "inet6num")
        try:
            extent = address_range(text)
        except ValueError:
            return SkippedObject(one.line, "Its network cannot be read.")
        builder = self._ipv4 if extent.version == 4 else self._ipv6
        builder.add(extent.first, extent.last, row=self._holdings.length)
        self._add_holding(one, file=file)
        return None

    def _add_as_number(self, one: RegistryObject, *, file: str) -> SkippedObject | None:
        try:
            first, last = as_numbers(one.first("asnumber", "aut-num"))
        except ValueError:
            return SkippedObject(one.line, "Its AS number cannot be read.")
        self._as_numbers.append((first, last, self._holdings.length))
        self._add_holding(one, file=file)
        return None

    def _add_holding(self, one: RegistryObject, *, file: str) -> None:
        self._holdings.add(
            file,
            _registry(one),
            one.first("org", "orgid").upper()[:_LONGEST_HANDLE],
            one.first("owner", "custname", "descr").partition("\n")[0],
            one.first("netname", "as-name", "asname"),
            one.first("status", "nettype"),
            one.first("country").upper()[:2],
            one.first("abuse-c", "abusehandle", "netabusehandle").upper()[:_LONGEST_HANDLE],
            one.first("mnt-irt").upper()[:_LONGEST_HANDLE],
            one.first("abuse-mailbox"),
        )

    def _add_organisation(self, one: RegistryObject, *, file: str) -> SkippedObject | None:
        handle = one.first("organisation", "orgid").upper()
        if not _is_handle(handle):
            return SkippedObject(one.line, "Its handle cannot be read.")
        self._organisations.add(
            file,
            _registry(one),
            handle,
            one.first("org-name", "orgname"),
            one.first("abuse-c", "orgabusehandle").upper()[:_LONGEST_HANDLE],
            one.first("e-mail"),
            one.first("phone"),
            "\n".join(_address_lines(one)),
            one.first("country").upper()[:2],
            one.first("org-type"),
        )
        return None

    def _add_contact(self, one: RegistryObject, *, file: str) -> SkippedObject | None:
        handle = one.first("nic-hdl", "pochandle", "irt").upper()
        if not _is_handle(handle):
            return SkippedObject(one.line, "Its handle cannot be read.")
        abuse, other = one.first("abuse-mailbox"), one.first("e-mail", "mailbox")
        if abuse or other:
            is_person = one.kind in _PERSONS or one.first("isrole").upper() == "N"
            self._contacts.add(
                file,
                _registry(one),
                handle,
                one.first("role", "person", "irt", "lastname"),
                abuse,
                other,
                "person" if is_person else "role",
            )
        return None


def _registry(one: RegistryObject) -> str:
    return one.first("source").split(" ")[0].upper()[:_LONGEST_HANDLE]


def _is_handle(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_HANDLE and text.isprintable() and " " not in text


def _address_lines(one: RegistryObject) -> Iterator[str]:
    """The postal address, RPSL's lines or ARIN's parts."""
    for value in one.all("address"):
        yield from value.split("\n")
    yield from one.all("street")
    town = (one.first("postalcode"), one.first("city"), one.first("state/prov"))
    yield " ".join(filter(None, town))
