"""What the store holds of systems that nobody known owns is listed before anybody is asked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from baken.cases.models import Case
from baken.core.classification import Level, Tlp
from baken.core.unknown_system import UnknownSystem, read_unknown_systems
from baken.intake.selectors import stored_files
from baken.jobs.looking_back import find_unknown_under
from baken.occasions.services import Threat, create_threat_occasion
from baken.settings.environment import Settings
from small_world import YESTERDAY, Command, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

Look = Callable[..., dict[str, Any]]
SEEN = f"{YESTERDAY:%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def look(baken: Command) -> Look:
    """What `baken occasion unknown --json` says under a threat of these finding kinds."""

    def under(*kinds: str, arguments: tuple[str, ...] = (), exit_code: int = 0) -> dict[str, Any]:
        make_threat(*kinds)
        done = baken("occasion", "unknown", "worm", "--json", *arguments)
        assert done.exit_code == exit_code, done.err
        return dict(json.loads(done.out))

    return under


def make_threat(*kinds: str) -> None:
    create_threat_occasion(
        Threat(
            key="worm", title="A worm", likelihood=Level.HIGH, impact=Level.HIGH, tlp=Tlp.AMBER,
            advice_nl="Doe dit.", advice_en="Do this.", finding_kinds=kinds or ("open-rdp",),
        )
    )  # fmt: skip


def systems(figures: dict[str, Any]) -> list[str]:
    return [one["system"] for one in figures["systems"]]


def test_who_is_registered_is_not_listed_and_all_others_are_the_newest_first(
    ingest: Ingest, look: Look
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "203.0.113.9"))
    ingest(report_text("203.0.113.10", "203.0.113.9", seen_at=YESTERDAY + timedelta(minutes=5)))
    ingest(report_text("203.0.113.11", seen_at=YESTERDAY + timedelta(minutes=3)))
    found = look()
    assert (found["rows_selected"], found["rows_owned"], found["rows_unknown"]) == (5, 1, 4)
    assert systems(found) == [
        "203.0.113.10:3389/tcp", "203.0.113.9:3389/tcp", "203.0.113.11:3389/tcp",
    ]  # fmt: skip
    again = found["systems"][1]
    assert (again["sightings"], again["severity"], again["asn"]) == (2, "high", 64500)
    assert again["first_seen_at"] < again["last_seen_at"]
    assert again["network"] == "203.0.113.0/24"
    assert found["systems_listed"] == found["systems_unknown"] == 3


def test_a_system_is_called_as_its_case_will_be_called(ingest: Ingest, look: Look) -> None:
    ingest(report_text("192.0.2.7", "2001:db8::7"))
    before = systems(look())
    make_organisation("haven", "192.0.2.0/24", "2001:db8::/32")
    ingest(report_text("192.0.2.7", "2001:db8::7", seen_at=YESTERDAY + timedelta(minutes=1)))
    assert set(before) == set(Case.objects.values_list("system", flat=True))


def test_who_registers_in_between_is_not_listed_any_more(
    ingest: Ingest, baken: Command, look: Look
) -> None:
    ingest(report_text("192.0.2.7", "203.0.113.9"))
    assert systems(look()) == ["192.0.2.7:3389/tcp", "203.0.113.9:3389/tcp"]
    make_organisation("haven", "192.0.2.0/24")
    now = json.loads(baken("occasion", "unknown", "worm", "--json").out)
    assert systems(now) == ["203.0.113.9:3389/tcp"]


def test_an_operator_is_no_owner_and_is_named(ingest: Ingest, baken: Command, look: Look) -> None:
    make_organisation("net", "AS64500")
    make_organisation("haven", "192.0.2.8/32")
    make_organisation("hoster", "192.0.2.0/24")
    web = "timestamp,severity,ip,port,http_host,url,tag,asn\n"
    row = f'"{SEEN}",high,192.0.2.8,443,shop.example.nl,https://shop.example.nl/x,phishing,64500\n'
    ingest(web + row, name="2026-11-22-compromised_website-test.csv")
    found = look("compromised-website")
    (one,) = found["systems"]
    assert one["system"] == "shop.example.nl", "the address of shared hosting decides nothing"
    assert set(one["operators"]) == {"haven", "hoster", "net"}
    assert one["domain"] == "example.nl"
    said = baken("occasion", "unknown", "worm").out
    assert "within the network of" in said
    assert "Stichting hoster" in said


def test_ipv6_systems_are_counted_by_48(ingest: Ingest, look: Look) -> None:
    ingest(report_text("2001:db8:1:1::7", "2001:db8:1:2::7", "2001:db8:2::7"))
    found = look(arguments=("--by", "network"))
    counts = {one["network"]: one["systems"] for one in found["networks"]}
    assert counts == {"2001:db8:1::/48": 2, "2001:db8:2::/48": 1}
    assert next(iter(counts)) == "2001:db8:1::/48", "the most first"


def test_leaked_accounts_count_by_their_mail_domain_and_nobody_is_named(
    ingest: Ingest, baken: Command, look: Look
) -> None:
    accounts = "timestamp,severity,email,username,service\n" + "".join(
        f'"{SEEN}",critical,{name}@mail.example.com,{name},vpn\n' for name in ("anna", "ben")
    )
    ingest(accounts, name="2026-11-22-compromised_account-test.csv")
    found = look("leaked-account")
    (one,) = found["systems"]
    assert (one["system"], one["email_domain"], one["sightings"]) == (
        "mail.example.com", "mail.example.com", 2,
    )  # fmt: skip
    assert "anna" not in json.dumps(found)
    by_domain = json.loads(baken("occasion", "unknown", "worm", "--json", "--by", "domain").out)
    assert by_domain["domains"][0]["domain"] == "example.com"
    assert by_domain["domains"][0]["is_hint"] is False


def test_a_name_that_nobody_asked_for_counts_apart(ingest: Ingest, baken: Command) -> None:
    text = "timestamp,severity,ip,protocol,port,hostname,tag,asn\n"
    text += f'"{SEEN}",high,192.0.2.7,tcp,3389,pool-7.example.net,rdp,64500\n'
    ingest(text)
    make_threat("open-rdp")
    said = baken("occasion", "unknown", "worm").out
    assert "example.net (only by a name that nobody asked for): 1 system" in said
    (one,) = json.loads(baken("occasion", "unknown", "worm", "--json").out)["systems"]
    assert (one["host_name"], one["domain"]) == ("", "")
    assert (one["hinted_name"], one["hint_origin"], one["hinted_domain"]) == (
        "pool-7.example.net", "reverse-lookup", "example.net",
    )  # fmt: skip


def test_a_named_network_is_one_system(ingest: Ingest, look: Look) -> None:
    text = "timestamp,severity,ip,network,routedspoof\n"
    text += f'"{SEEN}",low,192.0.2.1,192.0.2.0/22,received\n'
    ingest(text, name="2026-11-22-event4_ip_spoofer-test.csv")
    found = look("ip-spoofing")
    (one,) = found["systems"]
    assert (one["system"], one["network_bits"]) == (one["network"], 22)


@pytest.mark.parametrize(
    ("report_type", "kind", "counted_as", "said"),
    [
        (
            "scan_post_exploitation_framework", "post-exploitation-framework", "rows_attacker",
            "the address is an attacker's, and its holder is not told as a victim",
        ),
        (
            "scan_never_heard_of", "other-finding", "rows_role_unknown",
            "nobody has said yet whose side the address is on",
        ),
    ],
)  # fmt: skip
def test_an_address_that_may_be_an_attackers_is_counted_and_never_listed(
    ingest: Ingest,
    baken: Command,
    look: Look,
    report_type: str,
    kind: str,
    counted_as: str,
    said: str,
) -> None:
    text = "timestamp,severity,ip,port,tag,asn\n"
    text += f'"{SEEN}",high,192.0.2.66,443,,64500\n'
    ingest(text, name=f"2026-11-22-{report_type}-test.csv")
    found = look(kind)
    assert (found["rows_selected"], found[counted_as], found["systems"]) == (1, 1, [])
    shown = baken("occasion", "unknown", "worm").out
    assert f"1 row not listed: {said}." in shown
    assert "No system of unknown owner is left to list." in shown
    assert "192.0.2.66" not in shown


def test_hostile_text_is_no_formula_and_breaks_no_line(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    web = "timestamp,severity,ip,protocol,port,hostname,tag,asn,server\n"
    row = f'"{SEEN}",critical,192.0.2.9,tcp,80,,http;CVE-2021-41773,64500,"=cmd|\x1b[2J\'x\'!A1"\n'
    ingest(web + row, name="2026-11-22-scan_http_vulnerable-test.csv")
    make_threat("vulnerable-http")
    file = tmp_path / "unknown.csv"
    make = baken("occasion", "unknown", "worm", "--csv", file)
    assert make.exit_code == 0, make.err
    (line,) = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert line["product"].startswith("'=cmd|")
    assert "\x1b" not in file.read_text()


def test_csv_is_printed_with_a_header_even_when_there_is_nothing(baken: Command) -> None:
    make_threat("open-rdp")
    printed = baken("occasion", "unknown", "worm", "--csv", "-").out
    assert next(csv.reader(io.StringIO(printed)))[:2] == ["finding_kind", "system"]
    assert len(printed.splitlines()) == 1


def test_csv_that_cannot_be_written_says_so(baken: Command, tmp_path: Path) -> None:
    make_threat("open-rdp")
    done = baken("occasion", "unknown", "worm", "--csv", tmp_path / "no" / "folder.csv")
    assert (done.exit_code, "[output-refused]" in done.err) == (73, True)


def test_a_limit_bounds_each_list(ingest: Ingest, baken: Command) -> None:
    ingest(report_text(*(f"192.0.2.{host}" for host in range(1, 31))))
    make_threat("open-rdp")
    said = baken("occasion", "unknown", "worm").out
    assert "30 are about 30 systems" in said
    assert "and 20 more; --limit N shows more" in said
    assert "and 25 more" in baken("occasion", "unknown", "worm", "--limit", 5).out
    listed = json.loads(baken("occasion", "unknown", "worm", "--json", "--limit", 4).out)
    assert (listed["systems_listed"], listed["systems_unknown"]) == (4, 30)


def test_lookback_says_how_many_and_where_they_are_listed(
    ingest: Ingest, baken: Command, look: Look
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "203.0.113.9", "203.0.113.10", "2001:db8::1"))
    ingest(report_text("203.0.113.9", seen_at=YESTERDAY + timedelta(minutes=1)))
    listed = look()["systems_unknown"]
    said = baken("lookback", "--occasion", "worm").out
    assert "3 systems of unknown owner: baken occasion unknown worm lists them." in said
    figures = json.loads(baken("lookback", "--occasion", "worm", "--json").out)
    assert figures["systems_unknown"] == listed == 3


def test_it_speaks_dutch(ingest: Ingest, baken: Command) -> None:
    ingest(report_text("192.0.2.7"))
    make_threat("open-rdp")
    said = baken("occasion", "unknown", "worm", "--language", "nl").out
    assert "1 over 1 systeem met onbekende eigenaar" in said
    assert "Buiten is niemand iets gevraagd" in said


def test_an_empty_store_says_what_to_do(baken: Command) -> None:
    make_threat("open-rdp")
    assert "reports come in with baken ingest" in baken("occasion", "unknown", "worm").out


def test_when_all_are_registered_it_says_what_to_do(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    make_threat("open-rdp")
    assert "baken match --occasion worm" in baken("occasion", "unknown", "worm").out


def test_a_damaged_file_is_told_and_leaves_the_others(
    ingest: Ingest, look: Look, settings_of_test: Settings
) -> None:
    ingest(report_text("192.0.2.7"))
    ingest(report_text("192.0.2.8", seen_at=YESTERDAY + timedelta(minutes=1)))
    first, _ = stored_files().order_by("batch_id")
    path = Path(url2pathname(urlsplit(settings_of_test.store_url).path)) / first.path
    path.write_bytes(path.read_bytes()[:-40])
    found = look(exit_code=1)
    assert systems(found) == ["192.0.2.8:3389/tcp"]
    assert first.path in found["problems"][0]


def test_csv_and_json_at_once_are_refused(baken: Command) -> None:
    make_threat("open-rdp")
    assert baken("occasion", "unknown", "worm", "--csv", "-", "--json").exit_code == 2


def test_an_occasion_that_is_not_there_is_told(baken: Command) -> None:
    done = baken("occasion", "unknown", "nothing")
    assert (done.exit_code, "There is no occasion nothing" in done.err) == (66, True)


def test_what_discovery_gets_are_values(ingest: Ingest, settings_of_test: Settings) -> None:
    ingest(report_text("192.0.2.7", "2001:db8::7"))
    make_threat("open-rdp")
    done = find_unknown_under("worm", settings=settings_of_test, progress=lambda _: None)
    values = list(read_unknown_systems(done.found.systems))
    assert all(isinstance(one, UnknownSystem) for one in values)
    assert {one.address for one in values} == {"192.0.2.7", "2001:db8::7"}
    assert {one.tlp for one in values} == {Tlp.AMBER}


def test_the_country_is_what_the_registries_say_where_their_statistics_were_given(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    ingest(report_text("192.0.2.7", "192.0.2.200", "198.51.100.7", "2001:db8::7"))
    make_threat("open-rdp")
    assert "country not said: 4 systems" in baken("occasion", "unknown", "worm").out
    statistics = tmp_path / "statistics.txt"
    statistics.write_text(
        "test|DE|ipv4|192.0.2.0|128|20100712|allocated|one\n"
        "test|NL|ipv4|192.0.2.128|128|20100712|assigned|two\n"
        "test|NL|ipv6|2001:db8::|32|20100712|assigned|two\n"
    )
    added = baken(
        "given-file", "add", "delegated", statistics, "--name", "statistics", "--permission",
        "public", "--by", "a test", "--until", f"{YESTERDAY + timedelta(days=90):%Y-%m-%d}",
    )  # fmt: skip
    assert added.exit_code == 0, added.err
    said = baken("occasion", "unknown", "worm", "--by", "country").out
    assert "as the registries say where they delegated the address" in said
    for group in ("NL: 2 systems", "DE: 1 system", "country not said: 1 system"):
        assert group in said
    printed = baken("occasion", "unknown", "worm", "--csv", "-").out
    rows = {row["address"]: row for row in csv.DictReader(io.StringIO(printed))}
    assert {address: (row["country"], row["country_by"]) for address, row in rows.items()} == {
        "192.0.2.7": ("DE", "delegated"),
        "192.0.2.200": ("NL", "delegated"),
        "198.51.100.7": ("", ""),
        "2001:db8::7": ("NL", "delegated"),
    }
    statistics.write_text("something else")
    changed = baken("occasion", "unknown", "worm")
    assert "holds something else" in changed.err
