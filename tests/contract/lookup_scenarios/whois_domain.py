"""Registries without RDAP, the registrar that one refers to, and what they answer by WHOIS."""

from __future__ import annotations

import itertools
from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World
from rdap_samples import REGISTRY, bootstrap_files

from whois_peer import BROKEN_OFF, Said

IANA: Final = "whois.iana.org"
NIC: Final = "whois.nic.example.net"
REGISTRAR: Final = "whois.registrar.example.net"
BOOTSTRAP: Final = {"dns.json": {"services": [[["nl"], [REGISTRY]]]}}

REGISTERED: Final = b"""\
Domain Name: bakkerij.xx
Registrar: Registrar Ltd
Registrar Abuse Contact Email: abuse@registrar.example
Registrant Name: Hostmaster
Registrant Organization: Bakkerij Voorbeeld B.V.
Registrant Street: Markt 1
Registrant City: Voorbeeldstad
Registrant Country: NL
Registrant Phone: +31.207940001
Registrant Email: it@bakkerij.example
Name Server: ns1.bakkerij.example
"""


def _hostile() -> bytes:
    texts = [text.replace("\r", " ").replace("\n", " ") for text in HOSTILE_CONTACTS]
    texts += MANY_CONTACTS[:300]
    fields = ("Name", "Organization", "Street", "Country", "Phone", "Email")
    lines = ["Domain Name: hostile.xx"]
    lines += [
        f"Registrant {one}: {text.removeprefix('mailto:')}" for text in texts for one in fields
    ]
    lines += [f"Tech Email: {text}" for text in texts]
    return "\r\n".join(lines).encode()


_ANSWERS: Final[dict[str, Said]] = {
    "bakkerij.xx": REGISTERED,
    "thin.xx": f"Domain Name: THIN.XX\r\nRegistrar WHOIS Server: {REGISTRAR}\r\n".encode(),
    "latin.xx": "domain: latin.xx\n\n[Holder]\nType: ORG\nName: B\u00e4ckerei GmbH\n"
    "Address: Stra\u00dfe 1\nCity: K\u00f6ln\nEmail: it@baeckerei.example\n".encode("cp1252"),
    "empty.xx": b"domain: empty.xx\nstatus: active\nnserver: ns1.example.net\n",
    "another.xx": REGISTERED,
    "network.xx": b"inetnum: 192.0.2.0 - 192.0.2.255\norg-name: Bakkerij\n",
    "busy.xx": b"whois.nic.example.net: Server too busy, try again later\r\n",
    "words.xx": b"<html>Sorry</html>",
    "nothing.xx": b"",
    "cut.xx": BROKEN_OFF,
    "endless.xx": lambda: itertools.repeat(b"x" * 4_096),
    "hostile.xx": _hostile(),
}

SCENARIO: Final = LookupScenario(
    World(
        whois={
            IANA: {
                "xx": f"domain:       XX\n\nwhois:        {NIC}\n\nstatus: ACTIVE\n".encode(),
                "yy": b"domain:       YY\n\nstatus: ACTIVE\n",
                "zz": b"domain:       ZZ\n\nwhois:        127.0.0.1\n",
            },
            NIC: _ANSWERS,
            REGISTRAR: {"thin.xx": REGISTERED.replace(b"bakkerij.xx", b"thin.xx")},
        },
        files=lambda folder: bootstrap_files(folder, BOOTSTRAP),
    ),
    found=("bakkerij.xx", "thin.xx", "latin.xx"),
    nothing=("nobody.xx", "empty.xx"),
    failed=(
        "another.xx",
        "network.xx",
        "words.xx",
        "nothing.xx",
        "cut.xx",
        "endless.xx",
        "elsewhere.yy",
        "inside.zz",
        "rdap.nl",
        "busy.xx",
    ),
    hostile=("hostile.xx",),
)
