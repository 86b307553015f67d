"""Registries, registrars and what they answer about domains."""

from __future__ import annotations

from typing import Final

from lookup_world import HOSTILE_CONTACTS, MANY_CONTACTS, LookupScenario, World
from rdap_samples import (
    ABUSE_DESK,
    BAKERY,
    REGISTRAR,
    REGISTRAR_ENTITY,
    REGISTRY,
    bootstrap_files,
    domain,
    hostile_entities,
    rdap_page,
)

from https_peer import Page

_AT: Final = f"{REGISTRY}domain/"
_HOSTILE: Final = [*HOSTILE_CONTACTS, *MANY_CONTACTS[:300]]

SCENARIO: Final = LookupScenario(
    World(
        pages={
            f"{_AT}bakkerij.nl": rdap_page(domain("BAKKERIJ.NL", BAKERY, REGISTRAR_ENTITY)),
            f"{_AT}thin.com": rdap_page(
                domain(
                    "thin.com",
                    REGISTRAR_ENTITY,
                    links=[
                        {
                            "rel": "related",
                            "type": "application/rdap+json",
                            "href": f"{REGISTRAR}domain/thin.com",
                        }
                    ],
                )
            ),
            f"{REGISTRAR}domain/thin.com": rdap_page(domain("thin.com", BAKERY)),
            f"{_AT}moved.nl": Page(status=302, headers={"location": f"{REGISTRAR}moved"}),
            f"{REGISTRAR}moved": rdap_page(domain("moved.nl", BAKERY)),
            f"{_AT}empty.nl": rdap_page(domain("empty.nl")),
            f"{_AT}another.nl": rdap_page(domain("bakkerij.nl", BAKERY)),
            f"{_AT}entity.nl": rdap_page(BAKERY),
            f"{_AT}words.nl": Page(b"<html>Sorry</html>"),
            f"{_AT}deep.nl": Page(b'{"entities":[' * 50_000),
            f"{_AT}forbidden.nl": rdap_page({"errorCode": 403}, status=403),
            f"{_AT}broken.nl": rdap_page({"errorCode": 500}, status=500),
            f"{_AT}busy.nl": rdap_page({"errorCode": 429}, status=429),
            f"{_AT}round.nl": Page(status=302, headers={"location": f"{_AT}round.nl"}),
            f"{_AT}hostile.nl": rdap_page(
                domain("hostile.nl", *hostile_entities(_HOSTILE), ABUSE_DESK)
            ),
        },
        files=bootstrap_files,
    ),
    found=("bakkerij.nl", "thin.com", "moved.nl"),
    nothing=("empty.nl", "nobody.nl"),
    failed=(
        "another.nl",
        "entity.nl",
        "words.nl",
        "deep.nl",
        "forbidden.nl",
        "broken.nl",
        "busy.nl",
        "round.nl",
        "elsewhere.org",
    ),
    hostile=("hostile.nl",),
)
