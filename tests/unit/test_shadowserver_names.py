"""Whose system a Shadowserver row is about: by address, by the name asked for, by a hint."""

from __future__ import annotations

import ipaddress

import pytest

from baken.core.classification import Severity
from baken.feeds.shadowserver import report_table
from shadowserver_reports import MOMENT, Read, site, table

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
