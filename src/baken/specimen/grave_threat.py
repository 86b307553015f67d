"""A grave threat and a few systems that nobody registered, each found or not in its own way.

For the demo: the made-up internet around them, and the report that names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from baken.specimen.internet import Page, Proxied, Record, World
from baken.specimen.registry_answers import (
    RDAP_TYPE,
    Somebody,
    as_number_answer,
    network_answer,
    write_bootstrap,
)

FINDING_KIND: Final = "vulnerable-exchange"
CVE: Final = "CVE-2024-21410"
CHECK_HOST: Final = "check.baken.example.nl"
"""Where the public pages of the demo stand."""

_LOOPBACK: Final = "127.0.0.1"
_REGISTRY: Final = "rdap.registry.example"
_HELD: Final = "203.0.113.0/24"
OPERATOR_MAIL: Final = "abuse@operator.example"
_AS_NUMBER: Final = 64_500
_OPERATOR: Final = Somebody("NET1-EXAMPLE", "Netwerk Voorbeeld B.V.")
_DESK: Final = Somebody("DESK1-EXAMPLE", "Abuse desk", kind="group", mail=OPERATOR_MAIL)


@dataclass(frozen=True, slots=True)
class MadeUpSystem:
    """A system whose owner nobody registered."""

    address: str
    story: str
    """What a reader of the demo has to know of it, in one sentence."""
    network: str
    """As its registry knows it."""
    reverse_name: str = ""
    asked_name: str = ""
    """The name under which the source asked it, in a URL."""
    holder: Somebody | None = None
    """To whom the network was assigned."""


SYSTEMS: Final = (
    MadeUpSystem(
        "203.0.113.10",
        "The registry says to whom the network was assigned, with a telephone number.",
        "203.0.113.8/29",
        holder=Somebody(
            "ORG1-EXAMPLE", "Example Shipping B.V.", mail="it@shipping.example",
            telephone="+31.201234567", language="en",
        ),
    ),
    MadeUpSystem(
        "203.0.113.26",
        "The source asked it by its name, and that host has a security.txt.",
        "203.0.113.16/28",
        asked_name="webmail.tuincentrum.example",
    ),
    MadeUpSystem(
        "203.0.113.41",
        "Its reverse name leads elsewhere: anybody can write any name there, so it counts for "
        "nothing.",
        "203.0.113.32/28",
        reverse_name="mail.slagerij.example",
    ),
    MadeUpSystem(
        "203.0.113.74",
        "The registry knows a postal address of the holder and nothing else.",
        "203.0.113.72/29",
        holder=Somebody(
            "ORG2-EXAMPLE", "Kwekerij Voorbeeld B.V.", street="Dorpsstraat 1",
            postcode="1234 AB", city="Voorbeeldstad",
        ),
    ),
    MadeUpSystem(
        "203.0.113.57",
        "The network was assigned to a private person.",
        "203.0.113.56/29",
        holder=Somebody(
            "PERS1-EXAMPLE", "Private Person", kind="individual", mail="thuis@prive.example"
        ),
    ),
)  # fmt: skip
TOLD_IN_WORDS: Final = tuple(one.address for one in SYSTEMS[:3])
"""Whose ladders the demo shows."""

_TAKE_MAIL: Final = (
    "operator.example", "shipping.example", "tuincentrum.example", "prive.example",
)  # fmt: skip
_FILE: Final = (
    "Contact: mailto:security@tuincentrum.example\n"
    "Preferred-Languages: nl\n"
    "Expires: 2099-01-01T00:00:00Z\n"
)


def world(*, pages_port: int) -> World:
    """The internet around `SYSTEMS`; the public pages are served at `pages_port`."""
    hosts = (_REGISTRY, CHECK_HOST, "webmail.tuincentrum.example")
    records = [Record(host, "A", _LOOPBACK) for host in hosts]
    records.append(Record("mail.slagerij.example", "A", "192.0.2.80"))
    records += [Record(domain, "MX", f"10 mail.{domain}") for domain in _TAKE_MAIL]
    answers = [
        Page(
            f"https://{_REGISTRY}/ip/{one.address}",
            network_answer(
                IPv4Network(one.network),
                is_assigned=one.holder is not None,
                holder=one.holder,
                abuse=_DESK,
            ),
            content_type=RDAP_TYPE,
        )
        for one in SYSTEMS
    ]
    announced = as_number_answer(_AS_NUMBER, holder=_OPERATOR, abuse=_DESK)
    answers.append(
        Page(f"https://{_REGISTRY}/autnum/{_AS_NUMBER}", announced, content_type=RDAP_TYPE)
    )
    file = Page("https://webmail.tuincentrum.example/.well-known/security.txt", _FILE)
    return World(tuple(records), (*answers, file), (Proxied(CHECK_HOST, pages_port),))


def write_registries(folder: Path) -> list[Path]:
    """Write to `folder` which registry answers for `SYSTEMS` (RFC 9224); gives the files."""
    held = {"ipv4": _HELD, "asn": f"{_AS_NUMBER}-{_AS_NUMBER}"}
    for name, numbers in held.items():
        write_bootstrap(folder / f"{name}.json", {_REGISTRY: [numbers]})
    return [folder / f"{name}.json" for name in held]


def write_report(path: Path, *, seen_at: datetime) -> None:
    """Write to `path` a report (scan_exchange) that names each of `SYSTEMS`."""
    rows = [
        f'"{seen_at:%Y-%m-%d %H:%M:%S}",critical,{one.address},tcp,443,{one.reverse_name},ptr,'
        f"exchange;{CVE.lower()},{_AS_NUMBER},{_url(one.asked_name)},15.1.2507.35"
        for one in SYSTEMS
    ]
    header = "timestamp,severity,ip,protocol,port,hostname,hostname_source,tag,asn,url,version"
    path.write_text("\n".join([header, *rows, ""]))


def _url(name: str) -> str:
    return f"https://{name}/owa/" if name else ""
