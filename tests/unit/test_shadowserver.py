"""A Shadowserver report through the public door: rows in, observations and quarantine out."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from baken.core.classification import Severity
from baken.core.errors import ReportRefusedError
from baken.core.observation import OBSERVATION_SCHEMA
from baken.feeds import FEEDS, ReadLimits
from baken.feeds.shadowserver import report_table
from shadowserver_reports import Outcome, Read, read_report

HEADER = "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,rdp_protocol,ssl_version"
MOMENT = "2026-11-22 01:02:03"
ROW = "2026-11-22 01:02:03,high,192.0.2.7,tcp,3389,www.example.nl,rdp,64496,NL,RDP,2"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read `text` as the report file `name`."""
    return partial(read_report, tmp_path)


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


NO_HOST_NAMES = [
    *("localhost", "192.0.2.1", "192.0.2.1:8443", "[2001:db8::1]:443", "-x.example.nl", "a..nl"),
    *("two words", "x" * 64 + ".nl", ".example.nl", ".", "-", "/login", "/login.example.nl"),
    *("me@example.nl", "*.example.nl", "0x7f.0.0.0x1", "GET / HTTP/1.1", "a.nl;b.nl", "%2e.nl"),
    *("C:\\www.example.nl", "\\\\", "http://", "http:///www.example.nl", "https://192.0.2.1/x.nl"),
]


def row(**changes: str) -> str:
    values = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    return ",".join({**values, **changes}.values())


def site(read: Read, *, name: str = "compromised_website.csv", **columns: str) -> Outcome:
    """A report with one row about a website that has these columns."""
    header = ",".join(["timestamp", "ip", *columns])
    return read(table(",".join([MOMENT, "192.0.2.7", *columns.values()]), header=header), name=name)


# ── One row, one observation ──────────────────────────────────────────────────────────────────────


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


# ── Whose system it is ────────────────────────────────────────────────────────────────────────────


def test_of_a_compromised_website_the_name_is_the_sites_own(read: Read) -> None:
    outcome = read(
        "timestamp,ip,hostname,http_host,url\n"
        "2026-11-22 00:00:00,192.0.2.1,reverse.example.net,shop.example.nl:8080,/header.php\n",
        name="compromised_website.csv",
    )

    assert outcome.only_row["host_name"] == "shop.example.nl"
    assert outcome.only_row["url"] == "/header.php"


@pytest.mark.parametrize(
    "url", ["http://Shop.Example.nl/x", "https://me:pw@shop.example.nl:8443?q", "//shop.example.nl"]
)
def test_without_a_name_that_in_the_url_counts(read: Read, url: str) -> None:
    outcome = read(
        f"timestamp,url,hostname,ip\n2026-11-22 00:00:00,{url},,192.0.2.1\n", name="malware_url.csv"
    )

    assert outcome.only_row["host_name"] == "shop.example.nl"
    assert outcome.only_row["affected_role"] == "site"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "/login",
            "/shop.example.nl/",
            "login.php",
            "login.php/x",
            "x.example.exe?a=b",
            "?q=a.nl",
        ),
        *("//", "http:///shop.example.nl", "http://.example.nl/", "http://-/", "shop.example.nl"),
        *("http://192.0.2.7/shop.example.nl", "http://[2001:db8::7]:80/shop.example.nl"),
        *(
            "http://192.0.2.7\\@shop.example.nl/",
            "http://two words.example.nl/",
            "http://localhost/",
        ),
        *(
            "http://3221225991/",
            "http://me@192.0.2.7:8080/",
            "javascript:a.example.nl/",
            "hxxp://a[.]nl/",
        ),
    ],
)
def test_a_url_without_a_host_name_gives_none(read: Read, url: str) -> None:
    found = site(read, url=url).only_row

    assert (found["host_name"], found["url"]) == (None, url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "shop.example.nl/",
            "shop.example.nl:8080/x",
            "HTTP://SHOP.EXAMPLE.NL",
            "hxxp://shop.example.nl",
        ),
        *(
            "http://a@b@shop.example.nl?http://x.nl",
            "http:\\\\shop.example.nl\\x",
            "http://shop.example.nl./",
        ),
    ],
)
def test_the_host_of_a_url_is_read_however_it_is_written(read: Read, url: str) -> None:
    assert site(read, url=url).only_row["host_name"] == "shop.example.nl"


# ── Names that nobody asked for ───────────────────────────────────────────────────────────────────


def test_a_reverse_name_is_a_hint_and_stays_in_the_evidence(read: Read) -> None:
    outcome = site(read, hostname="192-0-2-7.static.isp.example.nl", hostname_source="ptr")

    assert outcome.only_row["host_name"] is None
    assert outcome.only_row["hinted_name"] == "192-0-2-7.static.isp.example.nl"
    assert outcome.only_row["hint_origin"] == "reverse-lookup"
    assert outcome.evidence["hostname"] == "192-0-2-7.static.isp.example.nl"


def test_beside_a_name_that_was_asked_for_the_hint_stays_a_hint(read: Read) -> None:
    outcome = site(read, http_host="shop.example.nl", hostname="isp.example.net")

    assert outcome.only_row["host_name"] == "shop.example.nl"
    assert outcome.only_row["hinted_name"] == "isp.example.net"


@pytest.mark.parametrize("report_type", sorted(report_table().types))
def test_no_type_takes_a_reverse_name_for_one_that_was_asked_for(
    read: Read, report_type: str
) -> None:
    known = report_table().types[report_type]
    hints = [hint.column for hint in known.hints]
    if not hints:
        pytest.skip("no name in it is a hint")
    names = [f"hint-{place}.example.nl" for place, _ in enumerate(hints)]
    text = table(
        ",".join([MOMENT, *["192.0.2.7" for _ in known.address], *names]),
        header=",".join(["timestamp", *known.address, *hints]),
    )
    outcome = read(text, name=f"{report_type}.csv")

    assert outcome.only_row["host_name"] is None
    assert outcome.only_row["hinted_name"] == "hint-0.example.nl"
    assert outcome.only_row["hint_origin"] == known.hints[0].origin.value
    assert {name: outcome.evidence[name] for name in hints} == dict(zip(hints, names, strict=True))


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        *(("ptr", "reverse-lookup"), ("", "reverse-lookup"), ("unheard-of", "reverse-lookup")),
        *(("certificate", "certificate"), ("SSL cert", "certificate")),
    ],
)
def test_the_row_says_where_its_name_comes_from(read: Read, source: str, origin: str) -> None:
    found = site(read, hostname="www.example.nl", hostname_source=source).only_row

    assert (found["host_name"], found["hint_origin"]) == (None, origin)


def test_without_a_reverse_name_that_in_the_certificate_is_a_hint(read: Read) -> None:
    header = "timestamp,ip,hostname,subject_common_name"
    rows = [f"{MOMENT},192.0.2.1,,www.example.nl", f"{MOMENT},192.0.2.2,a.example.nl,b.example.nl"]
    outcome = read(table(*rows, header=header), name="scan_ssl.csv")

    assert [(found["hinted_name"], found["hint_origin"]) for found in outcome.rows] == [
        ("www.example.nl", "certificate"),
        ("a.example.nl", "reverse-lookup"),
    ]


@pytest.mark.parametrize("report_type", ["malware_url", "spam_url", "phish_url", "sandbox_url"])
def test_the_host_of_a_url_in_a_column_of_its_own_was_asked_for(
    read: Read, report_type: str
) -> None:
    name = f"{report_type}.csv"
    of_name = site(read, name=name, url="http://shop.example.nl/", hostname="shop.example.nl")
    alone = site(read, name=name, url="", hostname="shop.example.nl")
    of_address = site(read, name=name, url="http://192.0.2.7:80/", hostname="isp.example.net")

    for outcome in (of_name, alone):
        assert outcome.only_row["host_name"] == "shop.example.nl"
        assert outcome.only_row["hinted_name"] is None
    assert of_address.only_row["host_name"] is None
    assert of_address.only_row["hinted_name"] == "isp.example.net"
    assert of_address.evidence["hostname"] == "isp.example.net"


@pytest.mark.parametrize("told", ["", "info", "high", "critical"])
def test_whom_criminals_name_as_a_victim_is_told_today(read: Read, told: str) -> None:
    row_of = f"{MOMENT},{told},haven.example.nl,Stichting Haven"
    header = "timestamp,severity,website,entity_name"
    found = read(table(row_of, header=header), name="ransomware_victim.csv")

    assert found.only_row["severity"] == Severity.CRITICAL


def test_a_referring_site_is_not_said_to_be_hacked(read: Read) -> None:
    outcome = read(
        "timestamp,http_referer_ip,http_referer,family\n"
        "2026-11-22 00:00:00,192.0.2.1,http://shop.example.nl/go?u=http://evil.example,kovter\n",
        name="event4_sinkhole_http_referer.csv",
    )

    assert outcome.only_row["finding_kind"] == "website-link-to-malware"
    assert outcome.only_row["address_role"] == "abused"


def test_of_a_referer_the_referring_site_is_affected(read: Read) -> None:
    outcome = read(
        "timestamp,http_referer_ip,http_referer,http_host,dst_ip\n"
        "2026-11-22 00:00:00,192.0.2.1,http://shop.example.nl/,evil.example,198.51.100.1\n",
        name="event4_sinkhole_http_referer.csv",
    )

    assert outcome.only_row["host_name"] == "shop.example.nl"
    assert outcome.only_row["ipv4"] == int(ipaddress.ip_address("192.0.2.1"))
    assert outcome.evidence["http_host"] == "evil.example"


@pytest.mark.parametrize(
    ("report_type", "affected", "role"),
    [
        ("event4_sinkhole", "192.0.2.1", "source"),
        ("event4_ddos_participant", "192.0.2.1", "source"),
        ("event4_honeypot_ddos", "192.0.2.1", "source"),
        ("event4_honeypot_ddos_amp", "192.0.2.1", "target"),
        ("event4_honeypot_ddos_target", "198.51.100.1", "target"),
    ],
)
def test_of_two_addresses_the_affected_one_is_taken(
    read: Read, report_type: str, affected: str, role: str
) -> None:
    text = "timestamp,src_ip,dst_ip\n2026-11-22 00:00:00,192.0.2.1,198.51.100.1\n"
    found = read(text, name=f"2026-11-22-{report_type}-example.csv").only_row

    assert found["ipv4"] == int(ipaddress.ip_address(affected))
    assert found["affected_role"] == role


def test_a_leaked_account_is_known_by_its_mail_domain(read: Read) -> None:
    text = 'timestamp,email,service\n2026-11-22 00:00:00,"""odd@part""@Example.NL",vpn\n'
    found = read(text, name="compromised_account.csv").only_row

    assert found["email_domain"] == "example.nl"
    assert found["affected_role"] == "account"
    assert found["ipv4"] is None


def test_a_ransomware_victim_is_known_by_its_website(read: Read) -> None:
    text = (
        "timestamp,entity_name,website,ransomware\n"
        "2026-11-22 00:00:00,Example BV,https://www.example.nl/,example\n"
        "2026-11-22 00:00:00,Nameless BV,,example\n"
    )
    outcome = read(text, name="ransomware_victim.csv")

    assert outcome.only_row["host_name"] == "www.example.nl"
    assert outcome.reasons == [(3, "no-affected-system")]


# ── The name of the file ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "report_type", "date"),
    [
        ("2026-11-22-scan_rdp-example-asn.csv", "scan_rdp", "2026-11-22"),
        ("2026-11-22-scan_http_proxy-nl.csv", "scan_http_proxy", "2026-11-22"),
        ("2026-11-22-scan_http-nl.csv", "scan_http", "2026-11-22"),
        ("2026-11-22-scan_rdp.csv", "scan_rdp", "2026-11-22"),
        ("scan_rdp.csv", "scan_rdp", None),
        ("SCAN_RDP.CSV", "scan_rdp", None),
        ("2026-13-45-scan_rdp-x.csv", "scan_rdp", None),
    ],
)
def test_type_and_date_come_from_the_file_name(
    tmp_path: Path, name: str, report_type: str, date: str | None
) -> None:
    (tmp_path / name).write_text(table(ROW))
    info = FEEDS["shadowserver"].open_report(tmp_path / name).info

    assert (info.report_type, info.report_date, info.is_known_type) == (report_type, date, True)


def test_a_type_given_by_hand_goes_before_the_file_name(read: Read) -> None:
    outcome = read(table(ROW), name="scan_rdp.csv", report_type="scan_vnc")

    assert outcome.only_row["finding_kind"] == "open-vnc"


def test_an_unknown_type_is_kept_whole_with_one_warning(read: Read) -> None:
    header = "timestamp,src_ip,novelty,password,geo"
    rows = [f"2026-11-22 00:00:00,192.0.2.{n},CVE-2026-0001,secret,NL" for n in range(1, 50)]
    outcome = read(
        table(*rows, header=header),
        name="2026-11-22-scan_tomorrow-x.csv",
        limits=ReadLimits(chunk_bytes=200),
    )

    assert len(outcome.rows) == 49
    assert outcome.rows[0]["report_type"] == "scan_tomorrow"
    assert outcome.rows[0]["finding_kind"] == "other-finding"
    assert outcome.rows[0]["evidence"] == [("novelty", "CVE-2026-0001")]
    (warning,) = outcome.warnings
    assert "scan_tomorrow is unknown" in warning


# ── Odd but readable ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.rstrip(b"\n"),
        lambda text: b"\n\n" + text + b"\n\n",
    ],
    ids=["byte order mark", "CRLF", "CR", "no last line end", "empty lines"],
)
def test_the_way_a_file_is_written_makes_no_difference(
    read: Read, rewritten: Callable[[bytes], bytes]
) -> None:
    plain = table(ROW, row(ip="192.0.2.8"))
    expected = [{**found, "line": 0} for found in read(plain).rows]
    outcome = read(rewritten(plain.encode()))

    assert [{**found, "line": 0} for found in outcome.rows] == expected
    assert outcome.quarantined == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a, b"', "a, b"),
        ('"say ""hi"""', 'say "hi"'),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"say \"\"hi\"\", twice"', 'say ""hi"", twice'),
        (r'"C:\temp\"', "C:\\temp\\"),
        ('"two\nlines"', "two lines"),
        ('"two\r\nlines, ""quoted"""', 'two lines, "quoted"'),
        ('5" disk', '5" disk'),
        ("a\x00b\x1b[31m\tc", "a b [31m c"),
        ("right\u202eleft", "right left"),
        ('"  padded  "', "padded"),
        ("Übersicht", "Übersicht"),
    ],
)
def test_a_value_is_read_however_it_is_quoted(read: Read, written: str, value: str) -> None:
    outcome = read(table(row(ip="192.0.2.1"), row(rdp_protocol=written), row(ip="192.0.2.3")))

    assert outcome.quarantined == []
    assert [dict(found["evidence"])["rdp_protocol"] for found in outcome.rows] == [
        "RDP",
        value,
        "RDP",
    ]


def test_latin_1_is_read_beside_utf_8(read: Read) -> None:
    lines = [row(rdp_protocol="Zürich").encode("latin-1"), row(rdp_protocol="Zürich").encode()]
    outcome = read(b"\n".join([HEADER.encode(), *lines]) + b"\n")

    assert [dict(found["evidence"])["rdp_protocol"] for found in outcome.rows] == ["Zürich"] * 2


def test_lines_are_numbered_as_they_stand_in_the_file(read: Read) -> None:
    outcome = read(
        table(ROW, row(rdp_protocol='"two\nlines"'), "", row(ip="nonsense"), row(ip="192.0.2.9"))
    )

    assert [found["line"] for found in outcome.rows] == [2, 3, 7]
    assert outcome.reasons == [(6, "bad-address")]


@pytest.mark.parametrize(
    "untidy", ["", " padded ", "a\tb", "\u00a0é\u00a0", "x" * 600, "\u202e", "Zürich", "NL"]
)
def test_what_one_row_says_is_the_same_among_others(read: Read, untidy: str) -> None:
    alone = read(table(row(rdp_protocol=untidy, hostname=untidy, severity=untidy))).only_row
    among = read(table(ROW, row(rdp_protocol=untidy, hostname=untidy, severity=untidy), ROW))

    assert among.rows[1] == {**alone, "line": 3}
    assert [among.rows[0], {**among.rows[2], "line": 2}] == read(table(ROW)).rows * 2


def test_a_column_may_change_its_type_half_way(read: Read) -> None:
    numbers = [row(port=str(port), asn="1", ssl_version="2") for port in range(1, 50)]
    words = [row(port="ssh", asn="AS1", ssl_version="TLS 1.2"), row(ip="2001:db8::1")]
    outcome = read(table(*numbers, *words))

    assert [found["port"] for found in outcome.rows] == [*range(1, 50), None, 3389]
    assert outcome.rows[-1]["ipv4"] is None
    assert dict(outcome.rows[-2]["evidence"])["ssl_version"] == "TLS 1.2"


def test_evidence_keeps_apart_the_rows_that_have_different_columns(read: Read) -> None:
    names = [f"column_{number}" for number in range(70)]
    values = [["" if (row * number) % 3 else f"{row}é{number}" for number in range(70)]
              for row in range(1, 9)]  # fmt: skip
    rows = [",".join(["2026-11-22 00:00:00", "192.0.2.1", *cells]) for cells in values]
    outcome = read(table(*rows, header=",".join(["timestamp", "ip", *names])), name="new_type.csv")

    assert [dict(found["evidence"]) for found in outcome.rows] == [
        {name: value for name, value in zip(names, cells, strict=True) if value} for cells in values
    ]


def test_a_long_value_is_cut(read: Read) -> None:
    assert len(read(table(row(rdp_protocol="é" * 3000))).evidence["rdp_protocol"]) == 500


def test_a_column_under_its_old_name_is_found(read: Read) -> None:
    text = "timestamp,ip,host,size\n2026-11-22 00:00:00,192.0.2.1,www.example.nl,12\n"
    outcome = read(text, name="scan_chargen.csv")

    assert outcome.only_row["hinted_name"] == "www.example.nl"
    assert outcome.evidence["response_size"] == "12"


def test_an_old_file_without_severity_is_read_without_a_word(read: Read) -> None:
    outcome = read("timestamp,ip\n2026-11-22 00:00:00,192.0.2.1\n", name="scan_telnet.csv")

    assert outcome.only_row["severity"] == 2
    assert outcome.warnings == []


@pytest.mark.parametrize("text", ["", "\n\n", "<html>502 Bad gateway</html>\n", "rommel\n"])
def test_what_has_no_header_of_a_report_is_refused(read: Read, text: str) -> None:
    with pytest.raises(ReportRefusedError, match=r"is empty|is no report"):
        read(text)


def test_a_first_line_that_is_too_long_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-22-scan_rdp-test.csv"
    path.write_text("\n" + "timestamp,ip,port" * 100 + "\n2026-11-22 00:00:00,192.0.2.1,3389\n")
    limits = ReadLimits(max_line_bytes=1000)
    with pytest.raises(ReportRefusedError, match=r"first line of .* is longer than 1,000 bytes"):
        list(FEEDS["shadowserver"].open_report(path, limits=limits).batches())


def test_a_row_of_the_future_is_quarantined(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-22-scan_rdp-test.csv"
    path.write_text(
        "timestamp,ip,port\n"
        "2026-11-22 00:00:00,192.0.2.1,3389\n"
        "2099-01-01 00:00:00,192.0.2.2,3389\n"
    )
    limits = ReadLimits(not_after=datetime(2026, 11, 24, tzinfo=UTC))
    (batch,) = FEEDS["shadowserver"].open_report(path, limits=limits).batches()
    assert batch.observations.num_rows == 1
    assert [(row.line, row.reason) for row in batch.quarantined] == [(3, "in-future")]


@pytest.mark.parametrize("header", [HEADER, "timestamp,ip,port"])
def test_a_file_with_only_a_header_gives_no_rows(read: Read, header: str) -> None:
    outcome = read(header)

    assert (outcome.rows, outcome.quarantined, outcome.warnings) == ([], [], [])


def test_a_column_whose_name_looks_like_a_pattern_is_a_column(read: Read) -> None:
    text = "timestamp,ip,^.*$,note\n2026-11-22 00:00:00,192.0.2.1,one,two\n"
    outcome = read(text, name="scan_wonder.csv")

    assert outcome.evidence == {".*$": "one", "note": "two"}


# ── Rows that cannot be read ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.0.2", "bad-address"),
        ("192.0.2.256", "bad-address"),
        ("192.0.02.1", "bad-address"),
        ("192.0.2.1.5", "bad-address"),
        ("+1.2.3.4", "bad-address"),
        ("1", "bad-address"),
        ("2001:db8::1::2", "bad-address"),
        ("fe80::1%eth0", "bad-address"),
        ("www.example.nl", "bad-address"),
        *(
            (f"192.0.2.0/{length}", "bad-network")
            for length in ("", "0", "7", "33", "024", "+24", "x")
        ),
        *(
            (f"2001:db8::/{length}", "bad-network")
            for length in ("", "0", "15", "129", "1e1", "/64")
        ),
        *(("::ffff:192.0.2.0/96", "bad-network"), ("192.0.02.0/24", "bad-network")),
        *(("192.0.2.0/0.0.0.255", "bad-network"), ("192.0.2.0/255.0.255.0", "bad-network")),
        *(("2001:db8::/255.255.255.0", "bad-network"), ("192.0.2.0-192.0.2.7", "bad-address")),
        *(
            ("www.example.nl/24", "bad-address"),
            ("192.0.2/24", "bad-address"),
            ("/24", "bad-address"),
        ),
    ],
)
def test_a_row_with_a_bad_address_is_quarantined(read: Read, address: str, reason: str) -> None:
    outcome = read(table(row(ip=address), ROW))

    fault = outcome.only_fault
    assert (fault.line, fault.column, fault.value, fault.reason) == (2, "ip", address, reason)
    assert outcome.only_row["line"] == 3


@pytest.mark.parametrize(
    "time",
    ["", "yesterday", "2026-02-30 00:00:00", "2026-11-22 25:00:00", "1970-01-01 00:00:00",
     "2026-11-22", "2026-1-2 3:4:5", "9999-01-01 00:00:00", "1763769600"],
)  # fmt: skip
def test_a_row_with_a_bad_time_is_quarantined(read: Read, time: str) -> None:
    fault = read(table(row(timestamp=time))).only_fault

    assert (fault.column, fault.value, fault.reason) == ("timestamp", time, "bad-time")


def test_a_row_that_concerns_nobody_is_quarantined(read: Read) -> None:
    assert read(table(row(ip="", hostname=""))).reasons == [(2, "no-affected-system")]


def test_a_row_known_only_by_name_is_kept(read: Read) -> None:
    assert read(table(row(ip=""))).only_row["hinted_name"] == "www.example.nl"


def test_rows_with_too_few_or_too_many_fields_are_quarantined(read: Read) -> None:
    outcome = read(table(ROW.rpartition(",")[0], ROW, ROW + ",more", ROW + ",", "alone"))

    assert outcome.reasons == [(n, "wrong-field-count") for n in (2, 4, 5, 6)]
    assert outcome.only_row["line"] == 3


@pytest.mark.parametrize("kept", [1, 30, len(ROW) - 3])
def test_a_row_that_the_end_of_the_file_cuts_off_is_truncated(read: Read, kept: int) -> None:
    outcome = read(table(ROW) + ROW[:kept])

    assert outcome.reasons == [(3, "truncated-row")]
    assert len(outcome.rows) == 1


def test_a_quote_that_the_end_of_the_file_leaves_open_is_truncated(read: Read) -> None:
    assert read(table(ROW) + ROW[:-5] + '"RD').reasons == [(3, "truncated-row")]


def test_a_stray_quote_costs_its_own_line_only(read: Read) -> None:
    outcome = read(table(ROW, row(tag='"open'), ROW, ROW, row(tag='"fine"'), ROW))

    assert outcome.reasons == [(3, "unterminated-quote")]
    assert [found["line"] for found in outcome.rows] == [2, 4, 5, 6, 7]


def test_a_row_with_senseless_quotes_is_quarantined(read: Read) -> None:
    outcome = read(table(ROW, row(tag='"a"b'), ROW))

    assert outcome.reasons == [(3, "bad-quoting")]
    assert len(outcome.rows) == 2


def test_lines_that_a_stray_quote_joins_are_read_one_by_one(read: Read) -> None:
    # The end of the first line is within quotes, but no column that is read stands there.
    header = HEADER + ",region"
    lines = [f'{row(tag=tag)},"NL' for tag in ("5", '5"')]
    outcome = read(table(*lines, f"{ROW},NL", header=header))

    assert outcome.reasons == [(2, "unterminated-quote"), (3, "wrong-field-count")]
    assert outcome.only_row["line"] == 4


def test_a_line_beyond_all_measure_is_quarantined(read: Read) -> None:
    outcome = read(
        table(ROW, row(tag="x" * 5000), ROW), limits=ReadLimits(max_line_bytes=1000, chunk_bytes=64)
    )

    assert outcome.reasons == [(3, "line-too-long")]
    assert [found["line"] for found in outcome.rows] == [2, 4]


@pytest.mark.parametrize("missing", ["timestamp", "ip"])
def test_a_file_without_a_needed_column_is_quarantined_row_by_row(read: Read, missing: str) -> None:
    header = HEADER.replace(missing, "other").replace("hostname", "another")
    outcome = read(table(ROW, ROW, header=header))

    assert [(fault.column, fault.reason) for fault in outcome.quarantined] == [
        (missing, "missing-column")
    ] * 2
    (warning,) = outcome.warnings
    assert missing in warning


def test_a_quarantined_value_is_cut_and_explained(read: Read) -> None:
    fault = read(table(row(ip="9" * 999))).only_fault

    assert len(fault.value) == 200
    assert "192.0.2.1" in fault.explanation


def test_a_first_line_with_thousands_of_fields_is_no_report(read: Read) -> None:
    with pytest.raises(ReportRefusedError):
        read("," * 5000)
