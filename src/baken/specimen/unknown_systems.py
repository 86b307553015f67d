"""Systems whose owner nobody registered, in a made-up internet that knows who owns each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from baken.specimen.internet import Page, Record, World

_FIRST: Final = int(IPv4Address("198.18.0.0"))  # RFC 2544: kept for benchmarks, 2^17 addresses
_NETWORK: Final = 8
_REGISTRIES: Final = 40
"""So many RDAP servers: no more than two requests go to one at the same time."""
_LOOPBACK: Final = "127.0.0.1"
_RDAP: Final = "application/rdap+json"
_ABUSE: Final = "abuse@operator.example"
_SORTS: Final = ("holder", "holder", "operator", "wrong-name", "person", "dead")


@dataclass(frozen=True, slots=True)
class UnknownOne:
    """One system, and the truth about it."""

    address: str
    sort: str
    """holder, operator, wrong-name (its reverse name leads to another's), person, dead."""
    host_name: str
    """Its reverse name; empty for most."""
    owner_mail: str
    """Where its owner reads mail; empty where nobody may be taken for the owner."""


def make_unknown_systems(count: int) -> list[UnknownOne]:
    """`count` systems, at most 16,384, of each sort in turn; each in a network of its own."""
    systems = []
    for number in range(count):
        sort = _SORTS[number % len(_SORTS)]
        address = str(IPv4Address(_FIRST + number * _NETWORK + 1))
        name = f"host.other-{number}.example" if sort == "wrong-name" else ""
        mail = f"it@bedrijf-{number}.example" if sort == "holder" else ""
        systems.append(UnknownOne(address, sort, name, mail))
    return systems


def world_of(systems: list[UnknownOne]) -> World:
    """The internet around `systems`."""
    records = [Record(_registry(number), "A", _LOOPBACK) for number in range(_REGISTRIES)]
    pages = []
    for number, system in enumerate(systems):
        url = f"https://{_registry(_place(system) % _REGISTRIES)}/ip/{system.address}"
        if system.sort == "dead":
            pages.append(Page(url, status=500))
            continue
        pages.append(Page(url, json.dumps(_network(number, system)), content_type=_RDAP))
        domain = f"bedrijf-{number}.example"
        if system.owner_mail:
            records.append(Record(domain, "MX", f"10 mail.{domain}"))
        if system.host_name:
            records += [
                Record(system.host_name, "A", _LOOPBACK),
                Record(f"other-{number}.example", "A", _LOOPBACK),
            ]
            pages += [
                Page(f"https://{host}/.well-known/security.txt", _WRONG)
                for host in (system.host_name, f"other-{number}.example")
            ]
    records.append(Record("operator.example", "MX", "10 mail.operator.example"))
    return World(tuple(records), tuple(pages))


_WRONG: Final = "Contact: mailto:wrong@other.example\nExpires: 2099-01-01T00:00:00Z\n"


def write_bootstrap(systems: list[UnknownOne], path: Path) -> None:
    """Write to `path` which registry answers for which network (RFC 9224)."""
    networks: dict[int, list[str]] = {}
    for system in systems:
        place = _place(system)
        first = IPv4Address(_FIRST + place * _NETWORK)
        networks.setdefault(place % _REGISTRIES, []).append(f"{first}/29")
    services = [[held, [f"https://{_registry(one)}/"]] for one, held in networks.items()]
    path.write_text(json.dumps({"version": "1.0", "services": services}))


def write_report(systems: list[UnknownOne], path: Path, *, seen_at: datetime) -> None:
    """Write to `path` a report (scan_rdp) with a row for each of `systems`."""
    rows = [
        f'"{seen_at:%Y-%m-%d %H:%M:%S}",high,{one.address},tcp,3389,{one.host_name},rdp,64500,RDP'
        for one in systems
    ]
    header = "timestamp,severity,ip,protocol,port,hostname,tag,asn,rdp_protocol"
    path.write_text("\n".join([header, *rows, ""]))


def _registry(number: int) -> str:
    return f"rdap-{number}.registry.example"


def _place(system: UnknownOne) -> int:
    return (int(IPv4Address(system.address)) - _FIRST) // _NETWORK


def _network(number: int, system: UnknownOne) -> dict[str, object]:
    first = IPv4Address(_FIRST + number * _NETWORK)
    entities = [_entity("AR1-TEST", "abuse", kind="group", name="Abuse Desk", mail=_ABUSE)]
    if system.sort == "holder":
        entities.append(
            _entity(
                f"ORG-{number}-TEST", "registrant", kind="org", name=f"Bedrijf {number} B.V.",
                mail=system.owner_mail,
            )
        )  # fmt: skip
    if system.sort == "person":
        mail = f"jan@thuis-{number}.example"
        entities.append(
            _entity(f"P{number}-TEST", "registrant", kind="individual", name="Jan Jansen",
                    mail=mail)
        )  # fmt: skip
    assigned = system.sort in ("holder", "person")
    return {
        "objectClassName": "ip network",
        "startAddress": str(first),
        "endAddress": str(first + _NETWORK - 1),
        "type": "ASSIGNED PA" if assigned else "ALLOCATED PA",
        "country": "NL",
        "entities": entities,
    }


def _entity(handle: str, role: str, *, kind: str, name: str, mail: str) -> dict[str, object]:
    properties = {"version": "4.0", "kind": kind, "fn": name, "email": mail}
    card = [[key, {}, "text", value] for key, value in properties.items()]
    return {
        "objectClassName": "entity", "handle": handle, "roles": [role],
        "vcardArray": ["vcard", card],
    }  # fmt: skip
