"""A report becomes a batch and its cases: nothing lost, nothing twice."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from baken.cases.models import Case
from baken.cases.services import ClosedCases, accept_report, mark_gone
from baken.core.classification import Severity
from baken.feeds import FEEDS, ReadLimits
from baken.intake.models import Batch
from baken.intake.selectors import newest_received_days
from baken.intake.services import report_file
from baken.jobs.looking_back import match_again
from baken.jobs.matchers import versioned_matcher
from baken.jobs.retention import store_of
from baken.settings.environment import Settings
from small_world import YESTERDAY, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db


def test_a_row_is_matched_unmatched_or_quarantined_and_the_three_add_up(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    file = ingest(report_text("192.0.2.7", "198.51.100.1", "192.0.2.300"))
    assert file.accepted is not None
    batch = file.accepted.batch
    assert (batch.rows_read, batch.rows_matched) == (3, 1)
    assert (batch.rows_unmatched, batch.rows_quarantined) == (1, 1)
    assert [row.line for row in batch.quarantined_rows.all()] == [4]


def test_the_database_refuses_a_batch_that_does_not_add_up(ingest: Ingest) -> None:
    file = ingest(report_text("192.0.2.7"))
    assert file.accepted is not None
    batch = file.accepted.batch
    batch.rows_read += 1
    with pytest.raises(IntegrityError, match="batch_nothing_lost"), transaction.atomic():
        batch.save()


def test_a_case_is_one_organisation_one_kind_one_system(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "192.0.2.7", "192.0.2.8"))
    found = Case.objects.order_by("system").values_list("finding_kind", "system", "sightings")
    assert list(found) == [
        ("open-rdp", "192.0.2.7:3389/tcp", 2),
        ("open-rdp", "192.0.2.8:3389/tcp", 1),
    ]


def test_the_same_file_is_not_taken_in_twice_unless_asked(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    text = report_text("192.0.2.7")
    first, second = ingest(text), ingest(text, name="2026-11-23-scan_rdp-copy.csv")
    assert first.accepted is not None
    assert second.accepted is not None
    assert second.accepted.is_known
    assert second.accepted.batch == first.accepted.batch
    assert Case.objects.get().sightings == 1
    third = ingest(text, again=True)
    assert third.accepted is not None
    assert third.accepted.batch.repeat == 1
    assert Batch.objects.count() == 2


def test_seen_again_widens_the_case(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=2), severity="critical"))
    case = Case.objects.get()
    assert case.sightings == 2
    assert case.last_seen_at - case.first_seen_at == timedelta(days=2)
    assert case.severity == 3, "an older sighting does not speak for the case"


def take_in(text: str, settings: Settings, folder: Path, *, now: datetime) -> None:
    """Take in a scan_rdp report that comes in `now`, which may be any day."""
    path = folder / f"{now:%Y-%m-%d}-scan_rdp-test.csv"
    path.write_text(text)
    limits = ReadLimits(not_after=now + timedelta(days=1))
    report = FEEDS["shadowserver"].open_report(path, report_type=None, limits=limits)
    accept_report(
        report,
        report_file(path, feed="shadowserver", info=report.info, limits=limits),
        matcher=versioned_matcher(settings)[1],
        store=store_of(settings),
        now=now,
        progress=lambda _: None,
    )


def test_silence_of_a_feed_that_is_still_delivering_makes_a_case_gone(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=20)))
    now, silence = datetime.now(UTC), timedelta(days=14)
    assert mark_gone(silence=silence, now=now) == ClosedCases(), "nobody looked since"
    ingest(report_text("192.0.2.9"))
    assert mark_gone(silence=silence, now=now) == ClosedCases(gone=1)
    gone = Case.objects.get(system="192.0.2.7:3389/tcp")
    assert (gone.state, gone.gone_at, gone.gone_reason) == ("gone", now, "not-seen")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY + timedelta(hours=1)))
    gone.refresh_from_db()
    assert (gone.state, gone.gone_at, gone.gone_reason) == ("open", None, "")
    assert gone.reopened_at is not None


def test_a_type_without_a_file_is_empty_while_others_of_the_feed_come(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=20)))
    ingest(report_text("192.0.2.9"), name="2026-11-22-scan_rdpeudp-test.csv")
    now, silence = datetime.now(UTC), timedelta(days=14)
    assert mark_gone(silence=silence, now=now) == ClosedCases(gone=1)
    empty = Case.objects.get(finding_kind="open-rdp")
    assert (empty.state, empty.gone_at, empty.gone_reason) == ("gone", now, "type-empty")
    assert mark_gone(silence=silence, now=now) == ClosedCases(), "marked once"
    assert Case.objects.get(finding_kind="open-rdp-udp").state == "open"
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY + timedelta(hours=1)))
    empty.refresh_from_db()
    assert (empty.state, empty.gone_reason) == ("open", "")
    assert empty.reopened_at is not None


def test_when_the_whole_feed_falls_silent_nobody_looks_any_more(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "192.0.2.8"))
    silence = timedelta(days=14)
    now = datetime.now(UTC) + silence
    assert mark_gone(silence=silence, now=now - timedelta(hours=1)) == ClosedCases()
    now += timedelta(hours=1)
    assert mark_gone(silence=silence, now=now) == ClosedCases(not_looked_at=2)
    assert mark_gone(silence=silence, now=now) == ClosedCases(), "marked once"
    cases = Case.objects.values_list("state", "gone_at", "gone_reason")
    assert set(cases) == {("not-looked-at", now, "")}


def test_a_feed_that_comes_back_shows_what_is_there_still_and_what_is_gone(
    settings_of_test: Settings, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    silence, back = timedelta(days=14), YESTERDAY + timedelta(days=30)
    take_in(report_text("192.0.2.7", "192.0.2.8"), settings_of_test, tmp_path, now=YESTERDAY)
    assert mark_gone(silence=silence, now=back) == ClosedCases(not_looked_at=2)
    take_in(
        report_text("192.0.2.7", seen_at=back), settings_of_test, tmp_path,
        now=back + timedelta(hours=1),
    )  # fmt: skip
    assert mark_gone(silence=silence, now=back + timedelta(hours=1)) == ClosedCases(gone=1)
    there, gone = Case.objects.order_by("system")
    assert (there.state, there.gone_at) == ("open", None)
    assert there.reopened_at is None, "nobody saw that it was gone"
    assert (gone.state, gone.gone_reason) == ("gone", "not-seen")


def test_matching_again_finds_the_cases_of_assets_that_came_later(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    ingest(report_text("192.0.2.7", "192.0.2.7"))
    assert not Case.objects.exists()
    make_organisation("haven", "192.0.2.0/24")
    for opened in (1, 0):
        done = match_again(settings=settings_of_test, progress=lambda _: None)
        assert done.cases.opened == opened
    assert Case.objects.get().sightings == 2


def test_a_refused_file_leaves_nothing_behind(ingest: Ingest, settings_of_test: Settings) -> None:
    cut_off = gzip.compress(report_text("192.0.2.7").encode())[:-20]
    file = ingest(cut_off, name="2026-11-22-scan_rdp-test.csv.gz")
    assert file.refused is not None
    assert not Batch.objects.exists()
    assert not list((settings_of_test.home / "store").rglob("*.parquet*"))


def rows_text(*rows: str) -> str:
    """A scan_http_vulnerable report of these rows: time, severity, address, host name, tag."""
    header = "timestamp,severity,ip,hostname,tag,protocol,port\n"
    day = f"{YESTERDAY:%Y-%m-%d}"
    return header + "".join(f"{day} {row},tcp,443\n" for row in rows)


def test_the_rows_of_one_report_about_one_system_add_up(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(
        rows_text(
            "01:00:00,critical,192.0.2.7,,http;cve-2026-1111",
            "01:00:01,info,192.0.2.7,,http;cve-2026-2222",
        ),
        name="2026-11-22-scan_http_vulnerable-test.csv",
    )
    case = Case.objects.get()
    assert case.severity == Severity.CRITICAL
    assert case.cves == ["CVE-2026-1111", "CVE-2026-2222"]


def test_a_later_row_without_the_name_does_not_make_an_owner_an_operator(ingest: Ingest) -> None:
    make_organisation("wide", "192.0.2.0/24", "haven.example.com")
    make_organisation("narrow", "192.0.2.0/28")
    day = f"{YESTERDAY:%Y-%m-%d}"
    rows = [
        f"{day} 01:00:00,192.0.2.7,443,https://www.haven.example.com/owa",
        f"{day} 01:00:01,192.0.2.7,443,",
    ]
    ingest(
        "\n".join(["timestamp,ip,port,url", *rows, ""]), name="2026-11-22-scan_exchange-test.csv"
    )
    case = Case.objects.get(organisation__reference="wide")
    assert (case.relation, case.rule) == ("owner", "domain")


@pytest.mark.parametrize(
    ("report_type", "protocol", "system"),
    [
        ("scan_snmp", "udp", "192.0.2.11:161/udp"),
        ("scan_rdp", "tcp", "192.0.2.11:161/tcp"),
        ("scan_memcached", "", "192.0.2.11:161"),
    ],
)
def test_a_row_without_a_protocol_is_about_the_same_system(
    ingest: Ingest, report_type: str, protocol: str, system: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    for hour, told in enumerate(["", protocol]):
        row = f"{YESTERDAY:%Y-%m-%d} 0{hour}:00:00,192.0.2.11,{told},161\n"
        ingest(f"timestamp,ip,protocol,port\n{row}", name=f"2026-11-26-{report_type}-{hour}.csv")
    case = Case.objects.get()
    assert (case.system, case.transport) == (system, protocol)


@pytest.mark.parametrize(
    ("report_type", "system"),
    [
        ("scan_snmp", "192.0.2.11:161/udp"),
        ("scan_rdp", "192.0.2.11:161/tcp"),
        ("scan_mssql", "192.0.2.11:161/udp"),
        ("scan_ldap_tcp", "192.0.2.11:161/tcp"),
        ("scan_memcached", "192.0.2.11:161"),
    ],
)
def test_a_case_of_before_keeps_its_system_under_the_name_of_today(
    ingest: Ingest, report_type: str, system: str
) -> None:
    migration = import_module("baken.cases.migrations.0006_systems_without_a_transport")
    (renaming,) = migration.Migration.operations
    ((renames, kinds),) = renaming.sql
    make_organisation("haven", "192.0.2.0/24")
    text = f"timestamp,ip,port\n{YESTERDAY:%Y-%m-%d} 00:00:00,192.0.2.11,161\n"
    ingest(text, name=f"2026-11-26-{report_type}-one.csv")
    Case.objects.update(system="192.0.2.11:161/tcp", transport="")

    with connection.cursor() as cursor:
        cursor.execute(renames, kinds)
        assert Case.objects.get().system == system
        cursor.execute(renaming.reverse_sql)
        assert Case.objects.get().system == "192.0.2.11:161/tcp"
        cursor.execute(renames, kinds)
    ingest(text, name=f"2026-11-26-{report_type}-two.csv")
    assert Case.objects.get().system == system


@pytest.mark.parametrize(
    ("network", "system"),
    [("192.0.2.91/29", "192.0.2.88/29"), ("192.0.2.60/32", "192.0.2.60")],
)
def test_a_network_on_a_list_is_a_system_by_its_own_name(
    ingest: Ingest, network: str, system: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    row = f"{YESTERDAY:%Y-%m-%d} 01:00:00,{network},spam\n"
    ingest(f"timestamp,ip,reason\n{row}", name="2026-11-26-blocklist-test.csv")
    assert Case.objects.get().system == system


def test_two_reports_of_one_day_do_not_undo_each_other(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    for row in (
        "01:00:00,critical,192.0.2.7,,http;cve-2026-1111",
        "02:00:00,low,192.0.2.7,,http;cve-2026-2222",
    ):
        ingest(rows_text(row), name="2026-11-22-scan_http_vulnerable-test.csv")
    case = Case.objects.get()
    assert case.severity == Severity.CRITICAL
    assert case.cves == ["CVE-2026-1111", "CVE-2026-2222"]
    next_day = rows_text("02:00:00,low,192.0.2.7,,http;cve-2026-2222").replace(
        f"{YESTERDAY:%Y-%m-%d}", f"{YESTERDAY + timedelta(days=1):%Y-%m-%d}"
    )
    ingest(next_day, name="2026-11-22-scan_http_vulnerable-test.csv")
    case.refresh_from_db()
    assert (case.severity, case.cves) == (Severity.LOW, ["CVE-2026-2222"])


def test_a_report_that_says_nothing_makes_nothing_gone(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=20)))
    ingest(report_text("192.0.2.300"))
    assert mark_gone(silence=timedelta(days=14), now=datetime.now(UTC)) == ClosedCases()


def test_the_newest_day_is_that_of_a_row_or_in_the_name_of_an_empty_report(
    ingest: Ingest,
) -> None:
    key = ("shadowserver", "scan_rdp")
    assert newest_received_days() == {}
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=5)))
    assert newest_received_days() == {key: YESTERDAY.date() - timedelta(days=5)}
    ingest(report_text("192.0.2.300"))
    assert newest_received_days()[key] == YESTERDAY.date() - timedelta(days=5), "it says nothing"
    empty = YESTERDAY.date() - timedelta(days=1)
    ingest(report_text(), name=f"{empty}-scan_rdp-test.csv")
    assert newest_received_days()[key] == empty
    ingest(report_text(), name="2099-12-31-scan_rdp-test.csv")
    assert newest_received_days()[key] <= datetime.now(UTC).date(), "not after it came in"


def test_a_type_that_stays_away_longer_than_usual_found_nothing(ingest: Ingest) -> None:
    def days_ago(count: int) -> datetime:
        return YESTERDAY - timedelta(days=count)

    def newest() -> dict[str, int]:
        days = newest_received_days().items()
        return {kind: (YESTERDAY.date() - day).days for (_, kind), day in days}

    for weekly in (26, 19, 12, 5):
        ingest(report_text("192.0.2.7", seen_at=days_ago(weekly)))
    for daily in (8, 7, 6, 5):
        ingest(
            report_text("192.0.2.8", seen_at=days_ago(daily)),
            name=f"2026-11-0{daily}-scan_vnc-test.csv",
        )
    ingest(report_text("192.0.2.7", seen_at=days_ago(2)), name="2026-11-22-scan_rdpeudp-test.csv")
    assert newest() == {"scan_rdp": 5, "scan_vnc": 5, "scan_rdpeudp": 2}, "three days are usual"
    ingest(report_text("192.0.2.7", seen_at=days_ago(1)), name="2026-11-22-scan_rdpeudp-test.csv")
    assert newest() == {"scan_rdp": 5, "scan_vnc": 1, "scan_rdpeudp": 1}


def test_a_date_in_the_future_makes_nothing_gone(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    ingest(report_text(), name="2099-12-31-scan_rdp-test.csv")
    assert mark_gone(silence=timedelta(days=14), now=datetime.now(UTC)) == ClosedCases()


def test_empty_reports_of_other_days_and_types_are_not_the_same_report(ingest: Ingest) -> None:
    known = []
    for name in (
        "2026-11-20-scan_rdp-test.csv", "2026-11-21-scan_rdp-test.csv",
        "2026-11-21-scan_vnc-test.csv", "2026-11-21-scan_vnc-test.csv",
    ):  # fmt: skip
        file = ingest("timestamp,severity,ip,protocol,port\n", name=name)
        assert file.accepted is not None
        known.append(file.accepted.is_known)
    assert known == [False, False, False, True]
