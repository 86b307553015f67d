"""What a regional registry answers by RDAP (RFC 9083), made up; and which one answers for what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Final

RDAP_TYPE: Final = "application/rdap+json"


@dataclass(frozen=True, slots=True)
class Somebody:
    """An organisation, a desk or a person, as a registry names it."""

    handle: str
    name: str
    kind: str = "org"
    """"org", "group" for a desk, "individual" for a person."""
    mail: str = ""
    telephone: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    language: str = ""
    remark: str = ""
    """The title of a remark, such as that something was left out."""

    def entity(self, role: str) -> dict[str, object]:
        """It as an entity in `role`."""
        card: list[list[object]] = [
            ["version", {}, "text", "4.0"],
            ["kind", {}, "text", self.kind],
            ["fn", {}, "text", self.name],
        ]
        if self.mail:
            card.append(["email", {}, "text", self.mail])
        if self.telephone:
            card.append(["tel", {"type": "voice"}, "uri", f"tel:{self.telephone}"])
        if self.street:
            address = ["", "", self.street, self.city, "", self.postcode, "NL"]
            card.append(["adr", {}, "text", address])
        if self.language:
            card.append(["lang", {}, "language-tag", self.language])
        return {
            "objectClassName": "entity",
            "handle": self.handle,
            "roles": [role],
            "vcardArray": ["vcard", card],
            **({"remarks": [{"title": self.remark}]} if self.remark else {}),
        }


def network_answer(
    network: IPv4Network,
    *,
    is_assigned: bool,
    holder: Somebody | None = None,
    abuse: Somebody | None = None,
) -> str:
    """The answer about an address of `network`; the country is the Netherlands."""
    parties = (("registrant", holder), ("abuse", abuse))
    return json.dumps(
        {
            "objectClassName": "ip network",
            "startAddress": str(network[0]),
            "endAddress": str(network[-1]),
            "type": "ASSIGNED PA" if is_assigned else "ALLOCATED PA",
            "country": "NL",
            "entities": [one.entity(role) for role, one in parties if one is not None],
        }
    )


def domain_answer(domain: str, *, parties: Sequence[tuple[str, Somebody]]) -> str:
    """The answer about `domain`, with whoever stands around it, each in a role."""
    return json.dumps(
        {
            "objectClassName": "domain",
            "ldhName": domain,
            "entities": [one.entity(role) for role, one in parties],
        }
    )


def as_number_answer(number: int, *, holder: Somebody, abuse: Somebody) -> str:
    """The answer about an AS number and who announces networks under it."""
    return json.dumps(
        {
            "objectClassName": "autnum",
            "startAutnum": number,
            "endAutnum": number,
            "country": "NL",
            "entities": [holder.entity("registrant"), abuse.entity("abuse")],
        }
    )


def write_bootstrap(path: Path, held: Mapping[str, Sequence[str]]) -> None:
    """Write to `path` which registry answers for which networks, domains or AS numbers (RFC 9224).

    `held` holds them by the host name of the registry.
    """
    services = [[list(held_here), [f"https://{host}/"]] for host, held_here in held.items()]
    path.write_text(json.dumps({"version": "1.0", "services": services}))


@dataclass(frozen=True, slots=True)
class HeldNetwork:
    """A network in a registry's database: assigned to its holder, or without one allocated."""

    first: IPv4Address
    last: IPv4Address
    holder: Somebody | None
    desk: Somebody | None
    """Who answers for abuse of it."""


def write_split_file(path: Path, networks: Iterable[HeldNetwork]) -> None:
    """Write `networks` as objects of RPSL (RFC 2622), with whoever they name."""
    objects: dict[str, list[tuple[str, str]]] = {}
    for network in networks:
        holder, desk = network.holder, network.desk
        lines = [
            ("inetnum", f"{network.first} - {network.last}"),
            ("country", "NL"),
            ("status", "ALLOCATED PA" if holder is None else "ASSIGNED PA"),
        ]
        if holder is not None and holder.kind == "individual":
            lines.append(("descr", holder.name))
        elif holder is not None:
            lines.append(("org", holder.handle))
            objects[holder.handle] = [
                ("organisation", holder.handle),
                ("org-name", holder.name),
                ("e-mail", holder.mail),
                ("phone", holder.telephone),
            ]
        if desk is not None:
            lines.append(("abuse-c", desk.handle))
            objects[desk.handle] = [
                ("role", desk.name), ("nic-hdl", desk.handle), ("abuse-mailbox", desk.mail),
            ]  # fmt: skip
        objects[str(network.first) + str(network.last)] = lines
    path.write_text("\n".join(_object(lines) for lines in objects.values()))


def _object(lines: Sequence[tuple[str, str]]) -> str:
    written = [f"{name}: {value}\n" for name, value in (*lines, ("source", "TEST")) if value]
    return "".join(written)
