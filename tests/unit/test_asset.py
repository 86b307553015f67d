"""Networks, AS numbers and domains: their normal form, and what nobody may register."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core.asset import (
    DOCUMENTATION_NETWORKS,
    SPECIAL_NETWORKS,
    Asset,
    AssetKind,
    is_public_suffix,
    normalise_domain,
    parse_asset,
)
from baken.core.errors import AssetRefusedError

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(
    lambda labels: ".".join([*labels, "example.nl"])
)
IPV4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda pair: ipaddress.IPv4Network(pair, strict=False)
)
IPV6 = st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 128)).map(
    lambda pair: ipaddress.IPv6Network(pair, strict=False)
)


def parse(text: str) -> Asset:
    return parse_asset(text, allow_documentation=True)


def reason_for(text: str) -> str:
    with pytest.raises(AssetRefusedError) as refusal:
        parse_asset(text)
    assert refusal.value.remedy
    return refusal.value.reason


class TestNormalForm:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (" 192.0.2.0/24 ", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.0 / 24", "192.0.2.0/24"),
            ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
            ("2001:DB8:0:0::/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("as64496", "AS64496"),
            ("AS 64496", "AS64496"),
            ("AS1.0", "AS65536"),
            ("WWW.Example.NL.", "www.example.nl"),
            ("*.example.nl", "example.nl"),
            ("bücher.example.nl", "xn--bcher-kva.example.nl"),
            ("XN--BCHER-KVA.example.nl", "xn--bcher-kva.example.nl"),
            ("Straße.example.nl", "xn--strae-oqa.example.nl"),
            ("example。nl", "example.nl"),
            ("_dmarc.example.nl", "_dmarc.example.nl"),
        ],
    )
    def test_is_one_text_for_each_thing(self, text: str, value: str) -> None:
        assert parse(text).value == value

    @given(st.one_of(NAMES, IPV4.map(str), IPV6.map(str), st.integers(0, 2**32).map("AS{}".format)))
    def test_is_a_fixed_point(self, text: str) -> None:
        try:
            once = parse(text)
        except AssetRefusedError:
            return
        assert parse(once.value) == once

    @given(st.text(max_size=40) | st.text("0123456789.:/*xnas-", max_size=20))
    def test_any_text_is_an_asset_or_refused_with_a_reason(self, text: str) -> None:
        try:
            asset = parse(text)
        except AssetRefusedError:
            assert reason_for(text)
            return
        assert parse(asset.value) == asset
        assert asset.value.isascii()

    @given(NAMES)
    def test_of_a_name_knows_no_case_and_no_dot_at_the_end(self, name: str) -> None:
        assert normalise_domain(f"{name.upper()}.") == normalise_domain(name) == name

    @given(st.text("äöüßéñçøå", min_size=1, max_size=8))
    def test_of_a_name_beyond_ascii_is_its_idna_form(self, label: str) -> None:
        domain = normalise_domain(f"{label}.example.nl")
        assert domain.startswith("xn--")
        assert normalise_domain(domain) == domain
        assert normalise_domain(f"{label.upper()}.example.nl".replace("SS", "ß")) == domain

    @given(IPV4 | IPV6)
    def test_of_a_network_is_the_network(self, network: ipaddress.IPv4Network) -> None:
        try:
            asset = parse(str(network))
        except AssetRefusedError:
            return
        assert asset.network == network
        assert (asset.kind, asset.asn, asset.domain) == (AssetKind.NETWORK, None, None)


class TestRefusals:
    @given(st.sampled_from(SPECIAL_NETWORKS), st.data())
    def test_no_part_of_a_special_range_may_be_registered(
        self, special: tuple[ipaddress.IPv4Network, str], data: st.DataObject
    ) -> None:
        network, _ = special
        offset = data.draw(st.integers(0, network.num_addresses - 1))
        assert reason_for(str(network[offset])) in ("special-range", "documentation-range")

    @given(st.sampled_from(DOCUMENTATION_NETWORKS), st.data())
    def test_documentation_needs_to_be_allowed(
        self, network: ipaddress.IPv4Network, data: st.DataObject
    ) -> None:
        address = str(network[data.draw(st.integers(0, network.num_addresses - 1))])
        assert reason_for(address) == "documentation-range"
        assert parse(address).network is not None

    @given(IPV4.filter(lambda network: network.prefixlen < 8))
    def test_ipv4_wider_than_8_is_refused(self, network: ipaddress.IPv4Network) -> None:
        assert reason_for(str(network)) == "prefix-too-wide"

    @given(IPV6.filter(lambda network: network.prefixlen < 16))
    def test_ipv6_wider_than_16_is_refused(self, network: ipaddress.IPv6Network) -> None:
        assert reason_for(str(network)) == "prefix-too-wide"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("192.0.2.1-192.0.2.5", "192.0.2.1/32, 192.0.2.2/31, 192.0.2.4/31"),
            ("2001:db8:: - 2001:db8::ffff", "2001:db8::/112"),
        ],
    )
    def test_a_range_is_refused_with_the_networks_that_it_consists_of(
        self, text: str, said: str
    ) -> None:
        with pytest.raises(AssetRefusedError) as refused:
            parse(text)
        assert said in refused.value.remedy

    @pytest.mark.parametrize("text", ["192.0.2.9-192.0.2.1", "1.2.3.-5.6", "::-1.2.3.4", ".-."])
    def test_a_range_of_nothing_is_refused_without_any(self, text: str) -> None:
        assert reason_for(text) == "bad-network"

    def test_a_network_around_documentation_is_refused_even_when_that_is_allowed(self) -> None:
        with pytest.raises(AssetRefusedError, match="documentation"):
            parse("198.51.0.0/16")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "empty"),
            ("  ", "empty"),
            ("192.0.2.7/24", "host-bits-set"),
            ("192.0.2.0/33", "bad-network"),
            ("192.0.2.1-192.0.2.5", "bad-network"),
            ("192.0.2.5 - 192.0.2.1", "bad-network"),
            ("2001:db8::1-2001:db8::5", "bad-network"),
            ("192.0.2.1–192.0.2.5", "bad-network"),
            ("AS64511", "documentation-asn"),
            ("AS65536", "documentation-asn"),
            ("AS0", "reserved-asn"),
            ("AS64512", "reserved-asn"),
            ("AS4294967295", "reserved-asn"),
            ("AS4294967296", "bad-asn"),
            ("AS1.65536", "bad-asn"),
            ("nl", "public-suffix"),
            ("NL.", "public-suffix"),
            ("co.uk", "public-suffix"),
            ("*.co.uk", "public-suffix"),
            ("a..example.nl", "bad-domain"),
            ("-a.example.nl", "bad-domain"),
            (f"{'a' * 64}.example.nl", "bad-domain"),
            ("example.nl/path", "bad-domain"),
            ("a b.example.nl", "bad-domain"),
        ],
    )
    def test_name_the_rule(self, text: str, reason: str) -> None:
        assert reason_for(text) == reason

    def test_a_name_below_a_public_suffix_is_no_suffix(self) -> None:
        assert is_public_suffix("co.uk")
        assert not is_public_suffix("example.co.uk")
