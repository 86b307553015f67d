"""Every matcher gives what the rules say: compared with the oracle on made-up constituencies."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baken.core.observation import OBSERVATION_SCHEMA
from baken.matching import ASSET_SCHEMA, HINT_SCHEMA, MATCH_SCHEMA, Matcher
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import AssetIndex, build_index
from oracle import Held, Seen, hinted_holders_of, holders_of

START = datetime(2026, 11, 1, tzinfo=UTC)
Make = Callable[[pa.Table], Matcher]
MATCHERS = {"array": 400, "spark": 6}
"""The matchers, and how many made-up examples each is given: a job on a cluster takes a second."""


@pytest.fixture(params=MATCHERS)
def examples(request: pytest.FixtureRequest) -> int:
    return MATCHERS[request.param]


@pytest.fixture
def make_matcher(examples: int, request: pytest.FixtureRequest) -> Make:
    if examples == MATCHERS["array"]:
        return lambda assets: ArrayMatcher(build_index(assets, as_of=START + timedelta(days=3)))
    return request.getfixturevalue("make_spark_matcher")


def asset_table(assets: list[Held]) -> pa.Table:
    rows = []
    for held in assets:
        is_network = isinstance(held.value, (ipaddress.IPv4Network, ipaddress.IPv6Network))
        kind = "network" if is_network else "asn" if isinstance(held.value, int) else "domain"
        row = dict.fromkeys(ASSET_SCHEMA.names)
        row |= {"asset_id": held.asset_id, "organisation_id": held.organisation_id, "kind": kind}
        row |= {kind: held.value if isinstance(held.value, int) else str(held.value)}
        row |= {"valid_from": held.valid_from, "valid_until": held.valid_until}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=ASSET_SCHEMA)


def observation_batch(seen: list[Seen]) -> pa.RecordBatch:
    rows = []
    for line, one in enumerate(seen, start=2):
        number = int(one.address) if one.address else 0
        is_ipv4 = isinstance(one.address, ipaddress.IPv4Address)
        is_ipv6 = isinstance(one.address, ipaddress.IPv6Address)
        rows.append(
            {
                "line": line,
                "source": "shadowserver",
                "report_type": "scan_rdp",
                "finding_kind": one.finding_kind,
                "rsit_taxonomy": "vulnerable",
                "rsit_type": "vulnerable-system",
                "observed_at": one.observed_at,
                "ipv4": number if is_ipv4 else None,
                "ipv6_high": number >> 64 if is_ipv6 else None,
                "ipv6_low": number & (2**64 - 1) if is_ipv6 else None,
                "network_bits": one.network_bits,
                "affected_role": "service",
                "address_role": "vulnerable",
                "host_name": one.host_name,
                "hinted_name": one.hinted_name,
                "hint_origin": one.hinted_name and "reverse-lookup",
                "email_domain": one.email_domain,
                "asn": one.asn,
                "severity": 3,
                "cves": [],
                "tlp": "TLP:AMBER",
                "evidence": [],
            }
        )
    return pa.RecordBatch.from_pylist(rows, schema=OBSERVATION_SCHEMA)


def matches(make_matcher: Make, seen: list[Seen], assets: list[Held]) -> list[dict[str, Any]]:
    table = make_matcher(asset_table(assets)).match(observation_batch(seen))
    assert table.schema == MATCH_SCHEMA
    return list(table.to_pylist())


def expected(seen: list[Seen], assets: list[Held]) -> list[dict[str, Any]]:
    return [
        {"row": row} | match for row, one in enumerate(seen) for match in holders_of(one, assets)
    ]


# Few networks, names and numbers, so that generated things meet often.
IPV4 = ["192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/26", "192.0.2.200/32", "198.18.0.0/15"]
IPV6 = ["2001:db8::/32", "2001:db8::/64", "2001:db8::/65", "2001:db8::1/128", "2001:d00::/24"]
NAMES = ["example.nl", "shop.example.nl", "a.shop.example.nl", "example.com", "xample.nl"]
ADDRESSES = ["192.0.2.1", "192.0.2.130", "192.0.2.200", "198.19.255.255", "203.0.113.9"]
ADDRESSES += ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:8000::1", "2001:db8:1::", "2001:d01::1"]
TIMES = st.integers(0, 6).map(lambda day: START + timedelta(days=day))

asset_values = st.one_of(
    st.sampled_from(IPV4 + IPV6).map(ipaddress.ip_network),
    st.sampled_from(NAMES),
    st.integers(64496, 64498),
)


@st.composite
def constituencies(draw: st.DrawFn) -> list[Held]:
    held = []
    for asset_id in range(draw(st.integers(0, 14))):
        start, end = draw(st.none() | TIMES), draw(st.none() | TIMES)
        if start is not None and end is not None and start >= end:
            end = None
        value = draw(asset_values)
        held.append(Held(asset_id + 1, draw(st.integers(1, 5)), value, start, end))
    return held


NAMES_SEEN = [*NAMES, "www.example.nl", "nl", "a.b.c.example.com"]


@st.composite
def sightings(draw: st.DrawFn) -> Seen:
    address = draw(st.none() | st.sampled_from(ADDRESSES).map(ipaddress.ip_address))
    bits = None
    if address is not None and draw(st.booleans()):
        bits = draw(st.integers(0, address.max_prefixlen))
        address = ipaddress.ip_network((address, bits), strict=False).network_address
    return Seen(
        observed_at=draw(TIMES),
        finding_kind=draw(st.sampled_from(["open-rdp", "compromised-website"])),
        address=address,
        network_bits=bits,
        host_name=draw(st.none() | st.sampled_from(NAMES_SEEN)),
        hinted_name=draw(st.none() | st.sampled_from(NAMES_SEEN)),
        email_domain=draw(st.none() | st.sampled_from([*NAMES, "mail.shop.example.nl"])),
        asn=draw(st.none() | st.integers(64496, 64499)),
    )


observations = st.lists(sightings(), max_size=12)


def test_a_matcher_agrees_with_the_oracle(make_matcher: Make, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(assets=constituencies(), seen=observations)
    def agrees(assets: list[Held], seen: list[Seen]) -> None:
        assert matches(make_matcher, seen, assets) == expected(seen, assets)

    agrees()


@settings(max_examples=200, deadline=None)
@given(assets=constituencies(), seen=observations)
def test_who_is_left_out_for_a_name_that_nobody_asked_for(
    assets: list[Held], seen: list[Seen]
) -> None:
    matcher = ArrayMatcher(build_index(asset_table(assets), as_of=START + timedelta(days=3)))
    batch = observation_batch(seen)
    hinted = matcher.hinted(batch, matcher.match(batch))
    assert hinted.schema == HINT_SCHEMA
    assert hinted.to_pylist() == [
        {"row": row} | holder
        for row, one in enumerate(seen)
        for holder in hinted_holders_of(one, assets)
    ]


@pytest.mark.parametrize(
    ("address_type", "width"), [(ipaddress.IPv4Address, 32), (ipaddress.IPv6Address, 128)]
)
def test_every_prefix_length_contains_what_it_should(
    make_matcher: Make, examples: int, address_type: Any, width: int
) -> None:
    @settings(max_examples=max(4, examples // 4), deadline=None)
    @given(
        length=st.integers(1, width),
        address=st.integers(0, 2**width - 1),
        flipped=st.none() | st.integers(0, width - 1),
    )
    def contains(length: int, address: int, flipped: int | None) -> None:
        network = ipaddress.ip_network((address_type(address), length), strict=False)
        other = address if flipped is None else address ^ (1 << flipped)
        seen, held = [Seen(START, address=address_type(other))], [Held(1, 1, network)]
        assert matches(make_matcher, seen, held) == expected(seen, held)

    contains()


@pytest.mark.parametrize(
    ("address_type", "width"), [(ipaddress.IPv4Address, 32), (ipaddress.IPv6Address, 128)]
)
def test_a_named_network_concerns_what_lies_around_and_inside_it(
    make_matcher: Make, examples: int, address_type: Any, width: int
) -> None:
    lengths = st.integers(0, width)

    @settings(max_examples=max(4, examples // 2), deadline=None)
    @given(
        named=lengths,
        held=st.lists(st.tuples(st.integers(1, width), st.integers(0, width)), max_size=8),
        address=st.sampled_from([0, 2**width - 1]) | st.integers(0, 2**width - 1),
    )
    def concerns(named: int, held: list[tuple[int, int]], address: int) -> None:
        network = ipaddress.ip_network((address_type(address), named), strict=False)
        # Near one another: each differs from the address in one bit, or in none.
        values = [
            ipaddress.ip_network(
                (address_type(address ^ (1 << bit >> 1) & (2**width - 1)), length), strict=False
            )
            for length, bit in held
        ]
        assets = [Held(n, 1 + n % 3, value) for n, value in enumerate(values, start=1)]
        seen = [Seen(START, address=network.network_address, network_bits=named)]
        assert matches(make_matcher, seen, assets) == expected(seen, assets)

    concerns()


def test_two_holders_of_the_same_narrowest_prefix_both_match_and_it_says_so(
    make_matcher: Make,
) -> None:
    network = ipaddress.ip_network("192.0.2.0/24")
    found = matches(
        make_matcher,
        [Seen(START, address=ipaddress.ip_address("192.0.2.7"))],
        [Held(1, 1, network), Held(2, 2, network)],
    )
    assert [(m["organisation_id"], m["rule"], m["is_shared"]) for m in found] == [
        (1, "longest-prefix", True),
        (2, "longest-prefix", True),
    ]


def test_the_holder_of_a_shared_address_is_only_operator_of_a_hacked_site(
    make_matcher: Make,
) -> None:
    found = matches(
        make_matcher,
        [
            Seen(
                START,
                finding_kind="compromised-website",
                address=ipaddress.ip_address("192.0.2.7"),
                host_name="www.example.nl",
            )
        ],
        [Held(1, 1, ipaddress.ip_network("192.0.2.0/24")), Held(2, 2, "example.nl")],
    )
    assert [(m["organisation_id"], m["relation"], m["rule"]) for m in found] == [
        (1, "operator", "host-of-name"),
        (2, "owner", "domain"),
    ]


WORKED_OUT = [
    Held(1, 1, ipaddress.ip_network("198.51.100.0/24")),
    Held(
        2, 2, ipaddress.ip_network("198.51.100.64/28"),
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC),
    ),
    Held(3, 3, 64496),
    Held(4, 4, "example.nl"),
    Held(5, 5, "shop.example.nl"),
    Held(6, 6, ipaddress.ip_network("2001:db8::/32")),
    Held(7, 7, ipaddress.ip_network("2001:db8:10::/48")),
    Held(8, 7, ipaddress.ip_network("2001:db8:10:1::/64")),
    Held(9, 8, ipaddress.ip_network("203.0.113.128/25")),
    Held(10, 9, ipaddress.ip_network("203.0.113.128/25")),
]  # fmt: skip
"""The constituency of docs/explanation/matching.md; A to J are 1 to 9."""
IN_MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def seen_at(network: str, **facts: Any) -> Seen:
    address, _, bits = network.partition("/")
    return Seen(
        facts.pop("observed_at", IN_MARCH),
        address=ipaddress.ip_address(address),
        network_bits=int(bits) if bits else None,
        **facts,
    )


@pytest.mark.parametrize(
    ("seen", "rules"),
    [
        # A name that nobody asked for.
        (seen_at("192.0.2.9", hinted_name="www.example.nl"), {}),
        (
            seen_at("198.51.100.7", hinted_name="www.example.nl", asn=64496),
            {1: "longest-prefix", 3: "as-number-above"},
        ),
        (
            seen_at("198.51.100.7", host_name="shop.example.nl", hinted_name="www.example.nl"),
            {1: "longest-prefix", 5: "domain"},
        ),
        # A site without a name.
        (
            seen_at(
                "198.51.100.70", finding_kind="malware-url", asn=64496,
                hinted_name="mail.example.nl",
            ),
            {1: "covering-prefix", 2: "site-on-address", 3: "as-number-above"},
        ),
        (seen_at("203.0.113.5", finding_kind="malware-url", asn=64496), {3: "site-on-address"}),
        (
            seen_at("198.51.100.70", finding_kind="malware-url", host_name="example.com"),
            {1: "host-of-name", 2: "host-of-name"},
        ),
        # A row that names a network.
        (
            seen_at("198.51.100.0/25", asn=64496),
            {1: "longest-prefix", 2: "part-of-network", 3: "as-number-above"},
        ),
        (
            seen_at("198.51.100.0/25", asn=64496, observed_at=datetime(2026, 8, 1, tzinfo=UTC)),
            {1: "longest-prefix", 3: "as-number-above"},
        ),
        (seen_at("198.51.100.72/29"), {1: "covering-prefix", 2: "longest-prefix"}),
        (
            seen_at("203.0.113.0/24", asn=64496),
            {3: "as-number", 8: "part-of-network", 9: "part-of-network"},
        ),
        (seen_at("2001:db8:10::/60"), {6: "covering-prefix", 7: "longest-prefix"}),
    ],
)  # fmt: skip
def test_the_examples_of_the_explanation(
    make_matcher: Make, seen: Seen, rules: dict[int, str]
) -> None:
    found = matches(make_matcher, [seen], WORKED_OUT)
    assert {match["organisation_id"]: match["rule"] for match in found} == rules
    assert found == expected([seen], WORKED_OUT)


def test_an_index_in_a_file_knows_named_networks_too(tmp_path: Path) -> None:
    path = tmp_path / "assets.arrow"
    build_index(asset_table(WORKED_OUT), as_of=IN_MARCH).save(path)
    index = AssetIndex.open(path)
    assert index is not None
    seen = [seen_at("198.51.100.0/25", asn=64496), seen_at("2001:db8:10::/44")]
    assert matches(lambda _: ArrayMatcher(index), seen, WORKED_OUT) == expected(seen, WORKED_OUT)


def test_an_asset_counts_up_to_and_not_including_its_end(make_matcher: Make) -> None:
    asset = Held(1, 1, "example.nl", START, START + timedelta(days=1))
    just_before = Seen(START + timedelta(days=1, microseconds=-1), host_name="example.nl")
    at_the_end = Seen(START + timedelta(days=1), host_name="example.nl")
    assert [m["row"] for m in matches(make_matcher, [just_before, at_the_end], [asset])] == [0]


def test_nothing_registered_and_nothing_observed_give_an_empty_answer(make_matcher: Make) -> None:
    assert matches(make_matcher, [], []) == []
    assert matches(make_matcher, [Seen(START, host_name="example.nl")], []) == []
