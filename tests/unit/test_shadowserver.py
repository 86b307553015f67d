"""A row of a Shadowserver report through the public door: what each column becomes."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

import pytest

from baken.core.observation import OBSERVATION_SCHEMA
from shadowserver_reports import HEADER, MOMENT, ROW, Read, row, site, table

NO_HOST_NAMES = [
    *("localhost", "192.0.2.1", "192.0.2.1:8443", "[2001:db8::1]:443", "-x.example.nl", "a..nl"),
    *("two words", "x" * 64 + ".nl", ".example.nl", ".", "-", "/login", "/login.example.nl"),
    *("me@example.nl", "*.example.nl", "0x7f.0.0.0x1", "GET / HTTP/1.1", "a.nl;b.nl", "%2e.nl"),
    *("C:\\www.example.nl", "\\\\", "http://", "http:///www.example.nl", "https://192.0.2.1/x.nl"),
]


def test_a_row_becomes_an_observation_with_everything_it_says(read: Read) -> None:
    assert read(table(ROW)).only_row == {
        "line": 2,
        "source": "shadowserver",
        "report_type": "scan_rdp",
        "finding_kind": "open-rdp",
        "rsit_taxonomy": "vulnerable",
        "rsit_type": "vulnerable-system",
        "observed_at": datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC),
        "ipv4": int(ipaddress.ip_address("192.0.2.7")),
        "ipv6_high": None,
        "ipv6_low": None,
        "affected_role": "service",
        "address_role": "vulnerable",
        "network_bits": None,
        "hinted_name": "www.example.nl",
        "hint_origin": "reverse-lookup",
        "port": 3389,
        "transport": "tcp",
        "host_name": None,
        "url": None,
        "email_domain": None,
        "asn": 64496,
        "severity": 3,
        "cves": [],
        "product": None,
        "tlp": "TLP:AMBER",
        "evidence": [
            ("hostname", "www.example.nl"),
            ("rdp_protocol", "RDP"),
            ("ssl_version", "2"),
            ("tag", "rdp"),
        ],
    }


def test_the_batch_has_exactly_the_columns_of_an_observation(read: Read) -> None:
    for batch in read(table(ROW)).batches:
        assert batch.observations.schema.equals(OBSERVATION_SCHEMA)
        batch.observations.validate(full=True)


@pytest.mark.parametrize(
    "address", ["2001:db8::7", "2001:DB8:0:0:0:0:0:7", "3fff::1", "2001:db8:ffff:ffff::192.0.2.1"]
)
def test_an_ipv6_address_is_two_halves(read: Read, address: str) -> None:
    found = read(table(row(ip=address)), name="scan6_rdp.csv").only_row

    whole = int(ipaddress.ip_address(address))
    assert (found["ipv4"], found["ipv6_high"], found["ipv6_low"]) == (
        None,
        whole >> 64,
        whole & (2**64 - 1),
    )


def test_ipv4_written_as_mapped_ipv6_is_ipv4(read: Read) -> None:
    found = read(table(row(ip="::ffff:192.0.2.7"))).only_row

    assert found["ipv4"] == int(ipaddress.ip_address("192.0.2.7"))
    assert found["ipv6_high"] is None


@pytest.mark.parametrize(
    ("text", "network"),
    [
        *(("192.0.2.88/29", "192.0.2.88/29"), ("192.0.2.91/29", "192.0.2.88/29")),
        *(("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.1/31", "192.0.2.0/31")),
        *(("10.0.0.0/8", "10.0.0.0/8"), ("::ffff:192.0.2.88/125", "192.0.2.88/29")),
        *(("2001:db8::/32", "2001:db8::/32"), ("2001:DB8::ffff/64", "2001:db8::/64")),
        *(("2001:db8::7/127", "2001:db8::6/127"), ("2001::/16", "2001::/16")),
        *(("192.0.2.88/255.255.255.248", "192.0.2.88/29"), ("10.0.0.0/255.0.0.0", "10.0.0.0/8")),
    ],
)
def test_a_network_is_its_first_address_and_its_length(read: Read, text: str, network: str) -> None:
    expected = ipaddress.ip_network(network)

    assert read(table(row(ip=text))).network == expected
    assert read(table(ROW, row(ip=text), row(ip="2001:db8::1"), ROW)).rows[1]["network_bits"] == (
        expected.prefixlen
    )


@pytest.mark.parametrize("text", ["192.0.2.60/32", "2001:db8::60/128", "::ffff:192.0.2.60/128"])
def test_a_network_as_long_as_an_address_is_an_address(read: Read, text: str) -> None:
    address = text.partition("/")[0]

    assert read(table(row(ip=text))).rows == read(table(row(ip=address))).rows
    assert read(table(row(ip=text))).only_row["network_bits"] is None


@pytest.mark.parametrize("address", ["0.0.0.0", "255.255.255.255", "198.51.100.100", "203.0.113.9"])  # noqa: S104
def test_every_ipv4_address_is_its_number(read: Read, address: str) -> None:
    assert read(table(row(ip=address))).only_row["ipv4"] == int(ipaddress.ip_address(address))


def test_columns_are_found_by_name_in_any_order(read: Read) -> None:
    names, values = HEADER.split(","), ROW.split(",")
    turned = table(",".join(reversed(values)), header=",".join(reversed(names)))

    assert read(turned).rows == read(table(ROW)).rows


def test_column_names_may_be_quoted_and_in_capitals(read: Read) -> None:
    header = ",".join(f'" {name.upper()} "' for name in HEADER.split(","))

    assert read(table(ROW, header=header)).rows == read(table(ROW)).rows


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T01:02:03Z", datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)),
        ("2026-11-22 01:02:03.25", datetime(2026, 11, 22, 1, 2, 3, 250000, tzinfo=UTC)),
        ("2026-11-22T01:02:03+02:00", datetime(2026, 11, 21, 23, 2, 3, tzinfo=UTC)),
        ("2024-02-29 00:00:00", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_iso_8601_times_are_read(read: Read, text: str, moment: datetime) -> None:
    assert read(table(row(timestamp=text))).only_row["observed_at"] == moment


@pytest.mark.parametrize(
    ("text", "severity"), [("critical", 4), ("INFO", 0), ("", 3), ("dreadful", 3)]
)
def test_the_severity_of_the_row_goes_before_the_default(
    read: Read, text: str, severity: int
) -> None:
    assert read(table(row(severity=text))).only_row["severity"] == severity


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "ssh", "33.5"])
def test_a_bad_port_costs_the_port_and_not_the_row(read: Read, port: str) -> None:
    assert read(table(row(port=port))).only_row["port"] is None


@pytest.mark.parametrize("asn", ["", "0", "AS64496", "4294967296"])
def test_a_bad_as_number_costs_the_number_and_not_the_row(read: Read, asn: str) -> None:
    assert read(table(row(asn=asn))).only_row["asn"] is None


@pytest.mark.parametrize(
    ("report_type", "transport"),
    [
        *(("scan_snmp", "udp"), ("scan6_snmp", "udp"), ("scan_dns", "udp"), ("scan_rdp", "tcp")),
        *(("scan_ldap_tcp", "tcp"), ("scan_ldap_udp", "udp"), ("scan_mssql", "udp")),
        *(("scan_netis_router", "udp"), ("scan_exchange", "tcp"), ("scan_synfulknock", "tcp")),
        *(("scan_memcached", None), ("scan_slp", None), ("scan_ics", None), ("device_id", None)),
        *(("event4_sinkhole", None), ("scan_tomorrow", None)),
    ],
)
def test_without_a_protocol_the_transport_is_that_of_the_type_if_it_has_one(
    read: Read, report_type: str, transport: str | None
) -> None:
    name = f"{report_type}.csv"
    header = "timestamp,ip,src_ip,port,protocol"
    row_of = f"{MOMENT},192.0.2.1,192.0.2.1,161"
    absent = table(row_of, header=header.removesuffix(",protocol"))
    rows = table(f"{row_of},", f"{row_of},icmp", f"{row_of},TCP", f"{row_of},udp", header=header)

    assert read(absent, name=name).only_row["transport"] == transport
    assert [found["transport"] for found in read(rows, name=name).rows] == [
        *(transport, None),
        *("tcp", "udp"),
    ]


@pytest.mark.parametrize(
    ("report_type", "port"), [("scan_tftp", 69), ("scan_ssdp", 1900), ("scan_xdmcp", 177)]
)
def test_a_service_that_answers_from_any_port_has_the_port_that_was_asked(
    read: Read, report_type: str, port: int
) -> None:
    rows = [f"{MOMENT},192.0.2.1,udp,{answered}" for answered in ("35067", "56709", "")]
    found = read(table(*rows, header="timestamp,ip,protocol,port"), name=f"{report_type}.csv")

    assert [(one["port"], one["transport"]) for one in found.rows] == [(port, "udp")] * 3


def test_a_transport_other_than_tcp_and_udp_is_left_out(read: Read) -> None:
    assert read(table(row(protocol="UDP"))).only_row["transport"] == "udp"
    assert read(table(row(protocol="icmp"))).only_row["transport"] is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WWW.Example.NL.", "www.example.nl"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_sip.example.nl", "_sip.example.nl"),
        ("a--b.example.nl", "a--b.example.nl"),
    ],
)
def test_host_names_are_normalised(read: Read, text: str, name: str) -> None:
    assert read(table(row(hostname=text))).only_row["hinted_name"] == name
    assert site(read, http_host=text).only_row["host_name"] == name


@pytest.mark.parametrize("text", NO_HOST_NAMES)
def test_what_is_no_host_name_is_kept_as_evidence_only(read: Read, text: str) -> None:
    hinted, asked = read(table(row(hostname=text))), site(read, http_host=text)

    assert hinted.only_row["hinted_name"] is None
    assert hinted.only_row["hint_origin"] is None
    assert asked.only_row["host_name"] is None
    assert hinted.evidence["hostname"] == asked.evidence["http_host"] == text.strip()


def test_cve_numbers_are_taken_from_the_tag_once_and_in_capitals(read: Read) -> None:
    tag = "exchange;cve-2021-26855;CVE-2021-26855;cve-2023-46805"

    assert read(table(row(tag=tag))).only_row["cves"] == ["CVE-2021-26855", "CVE-2023-46805"]


@pytest.mark.parametrize(
    ("tag", "cves"),
    [
        ("cve-1999-0001", ["CVE-1999-0001"]),
        ("Cve-2026-123456789", ["CVE-2026-123456789"]),
        ("http;CVE-2026-1234567890123456789", ["CVE-2026-1234567890123456789"]),
        (
            "cve-2026-1111_rce,cve-2026-2222|cVE-2026-33333",
            ["CVE-2026-1111", "CVE-2026-2222", "CVE-2026-33333"],
        ),
        ("cve-2026-123;cve-26-1234;cve;cve-", []),
        (f"cve-2026-{'1' * 20};cve-2026-2222;cve-2026-{'3' * 400}", ["CVE-2026-2222"]),
    ],
)
def test_a_cve_number_has_four_digits_or_more(read: Read, tag: str, cves: list[str]) -> None:
    assert read(table(row(tag=f'"{tag}"'))).only_row["cves"] == cves


def test_the_cve_a_scanner_attacks_with_is_no_weakness_of_the_scanner(read: Read) -> None:
    outcome = read(
        "timestamp,src_ip,vulnerability_id\n2026-11-22 00:00:00,192.0.2.1,CVE-2021-26855\n",
        name="event4_honeypot_http_scan.csv",
    )

    assert outcome.only_row["cves"] == []
    assert outcome.evidence["vulnerability_id"] == "CVE-2021-26855"


def test_vendor_model_and_version_name_the_product(read: Read) -> None:
    outcome = read(
        "timestamp,ip,device_vendor,device_model,device_version\n"
        "2026-11-22 00:00:00,192.0.2.1,Example, Box,9\n2026-11-22 00:00:00,192.0.2.2,,,\n",
        name="device_id.csv",
    )

    assert [row["product"] for row in outcome.rows] == ["Example Box 9", None]


def test_place_and_sector_are_not_kept(read: Read) -> None:
    assert "geo" not in read(table(ROW)).evidence
