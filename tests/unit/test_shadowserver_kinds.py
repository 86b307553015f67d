"""What a Shadowserver report says a row is: its type, an older name of it, and its own tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from baken.core.classification import RSIT_TYPES, AddressRole, Severity
from baken.core.finding_kinds import finding_kinds
from baken.feeds import FEEDS
from baken.feeds.shadowserver import report_table
from shadowserver_reports import MOMENT, Outcome, Read

TABLE = report_table()
TOLD_NOBODY = {AddressRole.ATTACKER_CONTROLLED, AddressRole.UNKNOWN}
BROKEN_INTO = ("system-compromise", "critical", "victim")


def rows_of(read: Read, report_type: str, *rows: dict[str, str]) -> Outcome:
    """A report of that type with these columns in each row."""
    known = TABLE.report_type(report_type)
    names = dict.fromkeys(
        [*known.address, *known.names[:1], *([known.email] if known.email else [])]
    )
    usual = {name: "192.0.2.7" if name.endswith("ip") else "www.example.nl" for name in names}
    usual |= {known.email: "someone@example.nl"} if known.email else {}
    header = dict.fromkeys(["timestamp", *usual, *(name for row in rows for name in row)])
    lines = [
        ",".join({"timestamp": MOMENT, **usual, **row}.get(name, "") for name in header)
        for row in rows
    ]
    return read("\n".join([",".join(header), *lines, ""]), name=f"{report_type}.csv")


# ── Whose side the address is on ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("report_type", sorted(TABLE.types))
def test_each_row_has_the_address_role_of_its_type(read: Read, report_type: str) -> None:
    found = rows_of(read, report_type, {}).only_row

    assert found["address_role"] == TABLE.types[report_type].address_role.value


def test_nobody_is_told_of_these_types_and_of_every_other_somebody_is() -> None:
    silent = {name for name, known in TABLE.types.items() if known.address_role in TOLD_NOBODY}

    assert silent == {
        *("event4_honeypot_ddos", "scan_post_exploitation_framework"),
        *("sandbox_conn", "sandbox_dns", "sandbox_url"),
    }
    assert TABLE.unknown.address_role is AddressRole.UNKNOWN


@pytest.mark.parametrize(
    ("report_type", "role"),
    [
        *(
            ("scan_rdp", "vulnerable"),
            ("special", "vulnerable"),
            ("event4_ip_spoofer", "vulnerable"),
        ),
        *(("event4_sinkhole", "victim"), ("event6_sinkhole_http", "victim")),
        *(("compromised_website", "victim"), ("compromised_iot6", "victim")),
        *(("scan_synfulknock", "victim"), ("event4_honeypot_ddos_amp", "victim")),
        *(("event4_honeypot_ddos_target", "victim"), ("compromised_account", "victim")),
        *(("event4_honeypot_brute_force", "abused"), ("event4_ddos_participant", "abused")),
        *(("malware_url", "abused"), ("blocklist", "abused"), ("phish_url", "abused")),
        *(("event4_honeypot_ddos", "attacker-controlled"), ("sandbox_conn", "unknown")),
    ],
)
def test_the_role_follows_from_what_was_seen(report_type: str, role: str) -> None:
    assert TABLE.types[report_type].address_role == role


@pytest.mark.parametrize(
    ("network", "system"),
    [
        *(("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.0/32", None), ("", None), ("x/24", None)),
        ("2001:db8::/40", "2001:db8::/40"),
    ],
)
def test_of_a_spoofing_test_the_network_is_affected(
    read: Read, network: str, system: str | None
) -> None:
    outcome = rows_of(read, "event4_ip_spoofer", {"network": network})

    if system is None:
        assert outcome.only_row["ipv4"] == 0xC0000207
        assert outcome.only_row["network_bits"] is None
    else:
        assert str(outcome.network) == system
    assert outcome.only_row["address_role"] == "vulnerable"


def test_ipv6_reports_have_the_role_of_their_ipv4_twins() -> None:
    for name, known in TABLE.types.items():
        twin = TABLE.types.get(name.replace("event6", "event4").replace("scan6", "scan"), known)
        assert known.address_role is twin.address_role, name


def test_a_type_that_nobody_knows_is_stored_and_told_to_nobody(read: Read) -> None:
    found = rows_of(read, "scan_tomorrow", {"ip": "192.0.2.7", "tag": "webshell"}).only_row

    assert (found["finding_kind"], found["address_role"]) == ("other-finding", "unknown")


# ── What a row says itself ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("report_type", "tag", "kind"),
    [
        ("scan_exchange", "exchange;webshell", "web-shell"),
        ("scan6_exchange", "webshell", "web-shell"),
        ("scan_http_vulnerable", "HTTP; WebShell ;cve-2026-1111", "web-shell"),
        ("scan_http_vulnerable", "ivanti;cve-2025-0282;backdoor", "back-door"),
        ("scan_http", "cisco-ios-xe|device-implant", "back-door"),
        ("scan_smb", "smb;doublepulsar", "back-door"),
        ("compromised_website", "cisco-ios-xe;device-implant", "back-door"),
        ("scan_http", "citrix-webshell", "web-shell"),
        ("scan_ssl", "cisco-ios-xe-implant;vpn", "back-door"),
        ("compromised_website", "cisco-ios-xe-implant", "back-door"),
        ("compromised_website", "fortinet-compromised", "compromised-system"),
        ("scan_http_vulnerable", "Ivanti-Backdoor", "back-door"),
        ("special", "citrix;compromised", "compromised-system"),
        ("special", "cleo-compromised", "compromised-system"),
        ("device_id", "hacked", "compromised-system"),
    ],
)
def test_a_tag_of_a_break_in_makes_the_row_one(
    read: Read, report_type: str, tag: str, kind: str
) -> None:
    found = rows_of(read, report_type, {"severity": "info", "tag": tag}).only_row

    rsit, severity, role = BROKEN_INTO
    assert found["finding_kind"] == kind
    assert (found["rsit_taxonomy"], found["rsit_type"]) == (RSIT_TYPES[rsit], rsit)
    assert (found["severity"], found["address_role"]) == (Severity.from_key(severity), role)
    assert ("tag", tag.strip()) in found["evidence"]


@pytest.mark.parametrize(
    ("report_type", "tag"),
    [
        *(("scan_exchange", "exchange;cve-2021-26855"), ("scan_exchange", "no-webshell;webshells")),
        *(
            ("scan_http_vulnerable", "webshell-scanner"),
            ("scan_http_vulnerable", "not compromised"),
        ),
        *(
            ("compromised_website", "webshell;backdoored"),
            ("compromised_iot", "compromised;implant"),
        ),
        *(
            ("event4_sinkhole", "backdoor"),
            ("event4_honeypot_http_scan", "webshell"),
            ("scan_rdp", ""),
        ),
    ],
)
def test_any_other_tag_leaves_the_row_what_its_type_says(
    read: Read, report_type: str, tag: str
) -> None:
    known = TABLE.types[report_type]
    found = rows_of(read, report_type, {"tag": tag}).only_row

    assert found["finding_kind"] == known.finding_kind
    assert (found["rsit_type"], found["address_role"]) == (known.rsit_type, known.address_role)
    assert found["severity"] == known.severity


def test_each_row_is_judged_by_its_own_tag(read: Read) -> None:
    tags = ["exchange", "exchange;webshell", "", "exchange;backdoor", "exchange;webshell", "x;y"]
    rows = [{"tag": tag, "ip": f"192.0.2.{place}"} for place, tag in enumerate(tags)]
    outcome = rows_of(read, "scan_exchange", *rows, {"tag": "webshell", "ip": "nowhere"})

    usual = ("vulnerable-exchange", "vulnerable-system", "vulnerable")
    assert [
        (found["finding_kind"], found["rsit_type"], found["address_role"]) for found in outcome.rows
    ] == [
        usual,
        ("web-shell", "system-compromise", "victim"),
        usual,
        ("back-door", "system-compromise", "victim"),
        ("web-shell", "system-compromise", "victim"),
        usual,
    ]
    assert outcome.reasons == [(8, "bad-address")]


def test_the_severity_of_a_rule_is_a_floor(read: Read) -> None:
    rows = [{"tag": "rdp;bluekeep", "severity": ""}, {"tag": "rdp", "severity": ""}]
    flagged = [{"tag": "rdp", "bluekeep_vulnerable": value} for value in "YN"]

    assert [found["severity"] for found in rows_of(read, "scan_rdp", *rows).rows] == [4, 3]
    assert [found["severity"] for found in rows_of(read, "scan_rdp", *flagged).rows] == [4, 3]
    assert {found["finding_kind"] for found in rows_of(read, "scan_rdp", *rows).rows} == {
        "open-rdp"
    }


def test_a_file_that_lies_open_is_no_missing_update(read: Read) -> None:
    rows = [{"tag": tag} for tag in ("exposed-env", "http;exposed-git", "http")]
    found = rows_of(read, "scan_http_vulnerable", *rows).rows

    assert [(row["finding_kind"], row["rsit_type"], row["severity"]) for row in found] == [
        ("exposed-file", "information-disclosure", 4),
        ("exposed-file", "information-disclosure", 4),
        ("vulnerable-http", "vulnerable-system", 4),
    ]
    assert {row["address_role"] for row in found} == {"vulnerable"}


@pytest.mark.parametrize(
    ("report_type", "tag", "kind", "severity"),
    [
        ("scan_ssl", "ssl", "open-tls", 0),
        ("scan_ssl", '"ssl,ssl-freak,vpn"', "ssl-freak", 1),
        ("scan6_ssl", '"ssl,ssl-freak,ssl-poodle"', "ssl-poodle", 1),
        ("scan_smtp", "smtp;21nails", "vulnerable-smtp", 4),
        ("population_isakmp", "isakmp-vulnerable", "vulnerable-isakmp", 2),
    ],
)
def test_a_weak_spot_in_a_report_on_what_answers_is_told_as_such(
    read: Read, report_type: str, tag: str, kind: str, severity: int
) -> None:
    found = rows_of(read, report_type, {"tag": tag}).only_row

    assert (found["finding_kind"], found["severity"]) == (kind, severity)


def test_an_implant_in_a_column_of_its_own_is_a_back_door(read: Read) -> None:
    rows = [{"tag": "smb", "smb_implant": value} for value in ("N", "Y", "")]

    assert [found["finding_kind"] for found in rows_of(read, "scan_smb", *rows).rows] == [
        *("open-smb", "back-door", "open-smb")
    ]


def test_only_what_somebody_broke_into_is_told_as_such() -> None:
    rules = {rule for known in TABLE.types.values() for rule in known.rules}

    for rule in rules:
        is_break_in = rule.rsit_type == "system-compromise"
        assert (rule.address_role is AddressRole.VICTIM) == is_break_in
        assert rule.finding_kind in finding_kinds()
        assert rule.finding_kind in FEEDS["shadowserver"].finding_kinds()


# ── Older names of a type ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("alias", "report_type"), sorted(TABLE.aliases.items()))
def test_a_report_under_an_older_name_is_read_as_its_type(
    tmp_path: Path, alias: str, report_type: str
) -> None:
    path = tmp_path / f"2026-11-26-{alias}-123-sample-asn.csv"
    path.write_text("timestamp,ip\n")
    feed = FEEDS["shadowserver"]
    by_hand = feed.open_report(path, report_type=alias.upper())

    for report in (feed.open_report(path), by_hand):
        assert (report.info.report_type, report.info.is_known_type) == (report_type, True)
    assert feed.recognises(path) is feed.recognises(path.with_name(f"{report_type}.csv"))
    assert feed.name_hints(alias) == feed.name_hints(report_type)


@pytest.mark.parametrize(
    "alias",
    ["dns_openresolver", "event_sinkhole", "scan_ldap", "url_malware", "cisco_smart_install"],
)
def test_names_of_the_schema_and_its_change_log_are_known(alias: str) -> None:
    assert alias in TABLE.aliases


@pytest.mark.parametrize(
    "alias", ["botnet_drone", "sinkhole_http_drone", "drone_brute_force", "darknet", "hp_ics_scan"]
)
def test_reports_from_before_2021_have_the_affected_side_in_plain_columns(
    read: Read, alias: str
) -> None:
    text = f"timestamp,ip,asn,hostname,infection\n{MOMENT},192.0.2.7,64496,a.example.nl,necurs\n"
    found = read(text, name=f"2020-01-01-{alias}-x.csv").only_row

    assert found["ipv4"] == 0xC0000207
    assert (found["asn"], found["hinted_name"]) == (64496, "a.example.nl")
