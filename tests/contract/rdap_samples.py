"""Made-up RDAP answers, as registries and registrars write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from baken.core.given_file import GivenFile, GivenFileKind
from https_peer import Page

Json = dict[str, Any]

REGISTRY: Final = "https://rdap.registry.example/"
REGISTRAR: Final = "https://rdap.registrar.example/"
BOOTSTRAPS: Final[Mapping[str, Json]] = {
    "dns.json": {
        "version": "1.0",
        "services": [
            [["nl", "com"], ["http://rdap.registry.example", REGISTRY]],
            [["example"], [REGISTRAR]],
        ],
    },
    "ipv4.json": {
        "services": [
            [["192.0.0.0/8", "203.0.0.0/8"], [REGISTRY]],
            [["198.51.100.0/24"], [REGISTRY + "narrow/"]],
            [["198.0.0.0/8"], [REGISTRY + "wide/"]],
        ]
    },
    "ipv6.json": {"services": [[["2001:db8::/32"], [REGISTRY]]]},
    "asn.json": {"services": [[["64496-64511"], [REGISTRY]]]},
    "object-tags.json": {"services": [[["it@registry.example"], ["TEST"], [REGISTRY]]]},
}
EARLY: Final = datetime(2026, 11, 1, tzinfo=UTC)
LATE: Final = datetime(2027, 11, 1, tzinfo=UTC)


def bootstrap_files(
    folder: Path, files: Mapping[str, Json | bytes] = BOOTSTRAPS
) -> list[GivenFile]:
    """`files` written to `folder`, each given with a permission."""
    given = []
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        given.append(
            GivenFile(GivenFileKind.RDAP_BOOTSTRAP, path, name, EARLY, LATE, "published by IANA")
        )
    return given


def rdap_page(answer: Any, *, status: int = 200) -> Page:
    """`answer` as an RDAP server sends it."""
    return Page(
        json.dumps(answer).encode(),
        status=status,
        headers={"content-type": "application/rdap+json"},
    )


def card(*properties: Sequence[Any]) -> list[Any]:
    """A jCard with `properties`: (name, value), or (name, parameters, value)."""
    listed: list[list[Any]] = [["version", {}, "text", "4.0"]]
    for one in properties:
        name, parameters, value = one if len(one) == 3 else (one[0], {}, one[1])
        is_uri = isinstance(value, str) and value.startswith(("tel:", "https:"))
        listed.append([name, parameters, "uri" if is_uri else "text", value])
    return ["vcard", listed]


def entity(handle: str, roles: Sequence[str], *properties: Sequence[Any], **more: Any) -> Json:
    """An entity with a card of `properties`."""
    return {
        "objectClassName": "entity",
        "handle": handle,
        "roles": list(roles),
        "vcardArray": card(*properties),
        **more,
    }


def domain(name: str, *entities: Json, **more: Any) -> Json:
    """The answer about a domain."""
    return {"objectClassName": "domain", "ldhName": name, "entities": list(entities), **more}


def network(first: str, last: str, kind: str, *entities: Json, **more: Any) -> Json:
    """The answer about a network."""
    return {
        "objectClassName": "ip network",
        "startAddress": first,
        "endAddress": last,
        "type": kind,
        "country": "NL",
        "entities": list(entities),
        **more,
    }


def as_number(number: int, *entities: Json, **more: Any) -> Json:
    """The answer about an AS number."""
    return {
        "objectClassName": "autnum",
        "startAutnum": number,
        "endAutnum": number,
        "entities": list(entities),
        **more,
    }


BAKERY: Final = entity(
    "ORG-BAK1-TEST",
    ["registrant"],
    ("kind", "org"),
    ("fn", "Bakkerij Voorbeeld B.V."),
    ("lang", {"pref": "2"}, "en"),
    ("lang", {"pref": "1"}, "nl"),
    ("email", {"pref": "2"}, "info@bakkerij.example"),
    ("email", {"pref": "1"}, "it@bakkerij.example"),
    ("tel", {"type": ["work", "fax"]}, "tel:+31-20-555-0199"),
    ("tel", {"type": ["work", "voice"]}, "tel:+31-20-555-0100;ext=12"),
    ("adr", {"cc": "NL"}, ["", "", ["Dorpsstraat 1"], "Voorbeeld", "", "1234 AB", ""]),
)
ABUSE_DESK: Final = entity(
    "AR1-TEST",
    ["abuse"],
    ("kind", "group"),
    ("fn", "Abuse Desk"),
    ("email", "abuse@hoster.example"),
    ("tel", "+31 20 555 0101"),
)
REGISTRAR_ENTITY: Final = entity(
    "9999",
    ["registrar"],
    ("fn", "Registrar Example Ltd"),
    ("email", "info@registrar.example"),
    entities=[entity("", ["abuse"], ("fn", ""), ("email", "abuse@registrar.example"))],
)


def hostile_entities(contacts: Sequence[str]) -> list[Json]:
    """Entities of every role with `contacts` in every place of their cards."""
    return [
        entity(
            contact,
            ["registrant", "abuse", "technical"],
            ("fn", contact),
            ("org", contact),
            ("kind", "org"),
            ("lang", contact),
            ("email", contact.removeprefix("mailto:")),
            ("email", contact),
            ("tel", contact),
            ("contact-uri", contact),
            ("adr", {"label": contact, "cc": contact}, ["", "", contact, contact, "", "", contact]),
            remarks=[{"title": contact, "type": f"redacted {contact}"}],
        )
        for contact in contacts
    ]
