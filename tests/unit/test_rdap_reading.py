"""No RDAP answer, however broken, is an error or takes long."""

from __future__ import annotations

import ipaddress
import json
import time
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baken.core.lookup import LookupAnswer, Outcome, Subject, SubjectKind
from baken.core.lookup_text import from_json, to_json
from baken.lookups.rdap.address import RdapAddress
from baken.lookups.rdap.as_number import RdapAsNumber
from baken.lookups.rdap.bootstrap import Bootstrap
from baken.lookups.rdap.domain import RdapDomain
from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.fetching import Fetched
from whois_peer import nobody_to_ask

NOW: Final = datetime(2026, 11, 28, tzinfo=UTC)
SERVERS: Final = ("https://rdap.example/",)
WHOLE: Final = Bootstrap(
    domains={"": SERVERS},
    networks={(4, 0): {0: SERVERS}, (6, 0): {0: SERVERS}},
    as_numbers=[(0, 2**32 - 1, SERVERS)],
    hosts={"rdap.example"},
)
ENTITY: Final = {
    "objectClassName": "entity",
    "handle": "ORG-EX1-TEST",
    "roles": ["registrant", "abuse"],
    "remarks": [{"title": "description", "description": ["Example Ltd"]}],
    "links": [{"rel": "self", "href": "https://rdap.example/entity/ORG-EX1-TEST"}],
    "vcardArray": [
        "vcard",
        [
            ["version", {}, "text", "4.0"],
            ["fn", {}, "text", "Example Ltd"],
            ["email", {"pref": "1", "type": ["work"]}, "text", "noc@voorbeeld.example"],
            ["tel", {"type": "voice"}, "uri", "tel:+31205550100"],
            ["adr", {"label": "A\nB", "cc": "NL"}, "text", ["", "", "A 1", "B", "", "1", ""]],
        ],
    ],
}
SEEDS: Final[dict[SubjectKind, dict[str, Any]]] = {
    SubjectKind.DOMAIN: {
        "objectClassName": "domain",
        "ldhName": "voorbeeld.nl",
        "entities": [ENTITY | {"entities": [ENTITY]}],
        "redacted": [
            {
                "name": {"type": "Registrant Email"},
                "method": "emptyValue",
                "postPath": "$.entities[?(@.roles[0]=='registrant')]",
            }
        ],
        "links": [{"rel": "related", "type": "application/rdap+json", "href": "https://a/domain/"}],
    },
    SubjectKind.ADDRESS: {
        "objectClassName": "ip network",
        "startAddress": "192.0.2.0",
        "endAddress": "192.0.2.255",
        "type": "ASSIGNED PA",
        "country": "NL",
        "entities": [ENTITY],
        "links": [{"rel": "up", "href": "https://rdap.example/ip/192.0.0.0/8"}],
    },
    SubjectKind.AS_NUMBER: {
        "objectClassName": "autnum",
        "startAutnum": 64496,
        "endAutnum": 64496,
        "entities": [ENTITY],
    },
}
SUBJECTS: Final = {
    SubjectKind.DOMAIN: "voorbeeld.nl",
    SubjectKind.ADDRESS: "192.0.2.1",
    SubjectKind.AS_NUMBER: "64496",
}
LOOKUPS_OF: Final = {
    SubjectKind.DOMAIN: RdapDomain(WHOLE),
    SubjectKind.ADDRESS: RdapAddress(WHOLE),
    SubjectKind.AS_NUMBER: RdapAsNumber(WHOLE),
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["vcard", "registrant", "mailto:a@b.example", "192.0.2.1/33", "tel:+", "\\n"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


class OneAnswerWeb:
    """A web on which the same body stands everywhere."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(self, url: str, *, accept: str = "*/*", largest: int = 1 << 20) -> Fetched:
        assert accept
        return Fetched(url, 200, {}, self._body[:largest], "192.0.2.53")


def told(kind: SubjectKind, body: bytes) -> LookupAnswer:
    subject = Subject(kind, SUBJECTS[kind])
    outside = Outside(OneAnswerWeb(body), DnsClient(), nobody_to_ask())
    (answer,) = LOOKUPS_OF[kind].ask([subject], outside=outside, now=NOW)
    assert from_json(to_json(answer)) == answer
    return answer


def places(written: Any) -> list[tuple[Any, Any]]:
    """Each member and item in `written`, as its container and its key."""
    found: list[tuple[Any, Any]] = []
    if isinstance(written, dict | list):
        keys = list(written) if isinstance(written, dict) else range(len(written))
        for key in keys:
            found.append((written, key))
            found += places(written[key])
    return found


@settings(max_examples=150)
@given(data=st.data(), kind=st.sampled_from(sorted(SEEDS)))
def test_an_answer_with_anything_anywhere_is_no_error(
    data: st.DataObject, kind: SubjectKind
) -> None:
    written = json.loads(json.dumps(SEEDS[kind]))
    for _ in range(data.draw(st.integers(1, 4))):
        container, key = data.draw(st.sampled_from(places(written)))
        container[key] = data.draw(json_values)
        if not places(written):
            break
    begun = time.monotonic()
    answer = told(kind, json.dumps(written).encode())
    assert time.monotonic() - begun < 2
    for holder in answer.holders:
        if kind is SubjectKind.ADDRESS:
            network = ipaddress.ip_network(holder.network)
            assert ipaddress.ip_address(SUBJECTS[kind]) in network


@settings(max_examples=60)
@given(body=st.binary(max_size=200), kind=st.sampled_from(sorted(SEEDS)))
def test_bytes_that_are_no_answer_are_unknown(body: bytes, kind: SubjectKind) -> None:
    assert told(kind, body).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([ENTITY] * 2_000, id="many entities"),
        pytest.param([ENTITY | {"vcardArray": ["vcard", [["tel", {}, "text", "1"]] * 20_000]}]),
        pytest.param([ENTITY | {"handle": "-" * 500_000}], id="a long handle"),
        pytest.param([ENTITY | {"roles": ["abuse"] * 100_000}], id="many roles"),
    ],
)
@pytest.mark.parametrize("kind", sorted(SEEDS))
def test_a_megabyte_of_anything_is_read_in_bounded_time(kind: SubjectKind, value: Any) -> None:
    begun = time.monotonic()
    told(kind, json.dumps(SEEDS[kind] | {"entities": value}).encode())
    assert time.monotonic() - begun < 3


def test_an_answer_of_entities_within_entities_ends_at_a_depth() -> None:
    deep: dict[str, Any] = dict(ENTITY)
    for _ in range(200):
        deep = ENTITY | {"entities": [deep]}
    answer = told(
        SubjectKind.AS_NUMBER,
        json.dumps(SEEDS[SubjectKind.AS_NUMBER] | {"entities": [deep]}).encode(),
    )
    assert answer.outcome is Outcome.FOUND
