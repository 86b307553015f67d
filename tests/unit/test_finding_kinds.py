"""What is true of each finding kind: complete, of allowed values, and refused when it is not."""

from __future__ import annotations

import pytest

from baken.advice import written_kinds
from baken.core.detail import NEWS_NAMES
from baken.core.finding_kinds import (
    NAME_ONLY_KINDS,
    Layer,
    finding_kinds,
    parse_finding_kinds,
)
from baken.feeds.shadowserver import report_table

TABLE = report_table()
REPORTED = [*TABLE.types.values(), TABLE.unknown]


def test_every_kind_that_a_report_brings_or_that_has_words_is_listed_and_no_other() -> None:
    reported = TABLE.finding_kinds
    assert finding_kinds().keys() == reported | written_kinds()


def test_every_value_is_one_of_those_allowed() -> None:
    for key, kind in finding_kinds().items():
        assert kind.key == key
        assert isinstance(kind.layer, Layer)
        assert isinstance(kind.is_name_only, bool)
        assert kind.protocol == kind.protocol.strip()
        assert set(kind.transports) <= {"tcp", "udp"}
        assert bool(kind.transports) == bool(kind.protocol), key
        assert set(kind.news) <= set(NEWS_NAMES)


def test_every_layer_is_that_of_some_kind() -> None:
    assert {kind.layer for kind in finding_kinds().values()} == set(Layer)


def test_kinds_about_one_site_of_many_are_name_only() -> None:
    assert {
        *("compromised-website", "website-link-to-malware"),
        *("malware-url", "phishing-url", "spam-url"),
    } == NAME_ONLY_KINDS
    assert all(finding_kinds()[key].layer is Layer.APPLICATION for key in NAME_ONLY_KINDS)


def test_a_new_cve_is_news_only_where_a_report_reads_the_systems_own_cves() -> None:
    reading = [report_type for report_type in REPORTED if report_type.cves]
    reads_cves = {report_type.finding_kind for report_type in reading}
    reads_cves |= {rule.finding_kind for report_type in reading for rule in report_type.rules}
    has_news = {key for key, kind in finding_kinds().items() if "cve" in kind.news}
    assert has_news
    assert has_news <= reads_cves


@pytest.mark.parametrize(
    ("key", "layer", "protocol", "transports"),
    [
        ("open-rdp", Layer.SERVICE, "RDP", ("tcp",)),
        ("open-ldap", Layer.SERVICE, "LDAP", ("tcp", "udp")),
        ("compromised-iot-device", Layer.DEVICE, "", ()),
        ("ip-spoofing", Layer.NETWORK, "", ()),
        ("leaked-account", Layer.ACCOUNT, "", ()),
        ("ransomware-victim", Layer.ORGANISATION, "", ()),
    ],
)
def test_the_layer_is_where_somebody_can_act(
    key: str, layer: Layer, protocol: str, transports: tuple[str, ...]
) -> None:
    kind = finding_kinds()[key]
    assert (kind.layer, kind.protocol, kind.transports) == (layer, protocol, transports)


def test_what_is_left_out_is_nothing() -> None:
    kind = parse_finding_kinds('made-up = { layer = "device" }')["made-up"]
    assert not kind.is_name_only
    assert (kind.protocol, kind.transports, kind.news) == ("", (), ())


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('open-x = { layer = "service", colour = "red" }', "open-x: it has unknown keys: colour"),
        ("open-x = { is_name_only = true }", "open-x: it needs a layer"),
        ('open-x = { layer = "cloud" }', "open-x: it needs a layer, one of application"),
        ("open-x = { layer = [] }", "open-x: it needs a layer"),
        ('open-x = { layer = "service", is_name_only = "yes" }', "open-x: .* is_name_only"),
        ('open-x = { layer = "service", protocol = "X" }', "open-x: .* both protocol and"),
        ('open-x = { layer = "service", transports = ["tcp"] }', "open-x: .* both protocol and"),
        (
            'open-x = { layer = "service", protocol = 7, transports = ["tcp"] }',
            "open-x: .* protocol that is no text",
        ),
        (
            'open-x = { layer = "service", protocol = "X", transports = ["sctp"] }',
            "open-x: it has unknown transports: sctp",
        ),
        ('open-x = { layer = "service", news = ["smell"] }', "open-x: it has unknown news: smell"),
        ('open-x = { layer = "service", news = [["cve"]] }', "open-x: it has unknown news: "),
        ('open-x = { layer = "service", news = "cve" }', "open-x: it has news that are no list"),
        ('Open_X = { layer = "service" }', "Open_X: it is not in kebab case"),
        ("open-x = 1", "open-x: it is no table"),
    ],
)
def test_a_line_that_is_wrong_is_refused_with_its_kind(line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_finding_kinds(f'open-rdp = {{ layer = "service" }}\n{line}\n')
