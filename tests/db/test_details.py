"""Everything distinct on one system is kept, and what was told of it is remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from baken.cases.details import MOST_STAGED
from baken.cases.models import Case
from baken.cases.selectors import case_facts
from baken.core.classification import Severity, Tlp
from baken.core.detail import MOST_KEPT, Detail, read_details
from baken.core.policy import Policy
from baken.intake.selectors import newest_received_days
from baken.jobs.looking_back import match_again
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.services import plan_notifications
from baken.outbox.withdrawals import withdraw
from baken.settings.environment import Settings
from small_world import YESTERDAY, Ingest, make_organisation

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def sinkhole(*rows: tuple[datetime, int, str]) -> str:
    """An event4_sinkhole report about 192.0.2.40: when, source port, family."""
    head = "timestamp,severity,protocol,src_ip,src_port,dst_ip,dst_port,infection,family,tag\n"
    return head + "".join(
        f"{at:%Y-%m-%d %H:%M:%S},critical,tcp,192.0.2.40,{port},198.51.100.9,80,"
        f"{family},{family},{family}\n"
        for at, port, family in rows
    )


def infected(ingest: Ingest, *rows: tuple[datetime, int, str]) -> Case:
    ingest(sinkhole(*rows), name=f"2026-11-26-event4_sinkhole-{uuid4().hex}.csv")
    return Case.objects.get(finding_kind="infected-host")


def vulnerable(ingest: Ingest, *rows: tuple[datetime, str, str, str]) -> Case:
    """A scan_http_vulnerable report about 192.0.2.22: when, tag, version, detail."""
    head = "timestamp,severity,ip,protocol,port,tag,version,detail\n"
    text = "".join(
        f'{at:%Y-%m-%d %H:%M:%S},critical,192.0.2.22,tcp,443,"{tag}",{version},"{detail}"\n'
        for at, tag, version, detail in rows
    )
    ingest(head + text, name=f"2026-11-26-scan_http_vulnerable-{uuid4().hex}.csv")
    return Case.objects.get(system="192.0.2.22:443/tcp")


def details(case: Case) -> tuple[Detail, ...]:
    return read_details(case.details)


def values(case: Case, name: str) -> set[str]:
    return {one.value for one in details(case) if one.name == name}


def test_two_families_and_their_moments_in_one_report(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    first, last = YESTERDAY + timedelta(seconds=1), YESTERDAY + timedelta(hours=2, seconds=7)
    case = infected(ingest, (first, 40001, "andromeda"), (last, 40002, "necurs"))
    first, last = first.replace(microsecond=0), last.replace(microsecond=0)
    assert details(case) == (
        Detail("family", "necurs", last, last, 1),
        Detail("family", "andromeda", first, first, 1),
        Detail("src_port", "40001", first, first, 1, of="andromeda"),
        Detail("src_port", "40002", last, last, 1, of="necurs"),
    )


def test_two_exposures_with_their_versions_in_one_report(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    case = vulnerable(
        ingest,
        (YESTERDAY, "exposed-env", "1.0", "env file"),
        (YESTERDAY, "http;exposed-git,CVE-2026-1111", "2.0", 'git ""config""\\'),
    )
    assert values(case, "tag") == {"exposed-env", "exposed-git", "http"}
    assert values(case, "version") == {"1.0", "2.0"}
    assert values(case, "detail") == {"env file", 'git "config"\\'}
    assert values(case, "cve") == {"CVE-2026-1111"}
    assert case.evidence["version"] == "2.0", "the last row stays whole"


def test_a_value_seen_again_has_a_first_a_last_and_a_count(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    begin = YESTERDAY.replace(microsecond=0) - 2 * DAY
    infected(ingest, (begin, 1, "mirai"), (begin + DAY / 24, 2, "mirai"))
    infected(ingest, (begin + DAY, 3, "mirai"))
    case = infected(ingest, (begin - DAY, 4, "mirai"))
    (family, *moments) = details(case)
    assert family == Detail("family", "mirai", begin - DAY, begin + DAY, 4)
    assert [one.value for one in moments] == ["3", "2", "1", "4"], "the newest first"


def test_of_a_family_the_last_ten_moments_are_kept_each_with_its_second(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    seen = [YESTERDAY.replace(microsecond=0) + timedelta(seconds=place) for place in range(25)]
    infected(ingest, *((at, 51234, "mirai") for at in seen[::-1]))
    case = infected(ingest, (seen[0], 4001, "necurs"))
    moments = [(one.of, one.last_seen_at) for one in details(case) if one.is_moment]
    assert moments == [*(("mirai", at) for at in seen[:-11:-1]), ("necurs", seen[0])]
    assert details(case)[0].sightings == 25
    assert case.details_more == 0, "a moment that is left out is counted with its family"


def test_a_hundred_values_are_kept_and_the_rest_counted(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    many = [(YESTERDAY, "exposed-env", "", f"path {place}") for place in range(120)]
    case = vulnerable(ingest, *many)
    assert (len(case.details), case.details_more) == (MOST_KEPT, 21)
    assert values(case, "tag") == {"exposed-env"}, "what may be news goes before all else"
    for day in (1, 2):
        case = vulnerable(ingest, *((at + day * DAY / 24, *rest) for at, *rest in many))
        assert (len(case.details), case.details_more) == (MOST_KEPT, 21), "not counted twice"
    case = vulnerable(ingest, (YESTERDAY + DAY / 2, "exposed-env", "", "the newest"))
    assert "the newest" in values(case, "detail")


def test_a_system_that_shows_thousands_of_values_leaves_the_newest(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    rows = [(YESTERDAY, "exposed-env;CVE-2026-1111", "1.0", "x")]
    rows += [
        (YESTERDAY + timedelta(seconds=number), "exposed-env", "1.0", f"path {number:04}")
        for number in range(3000)
    ]
    case = vulnerable(ingest, *rows)
    assert values(case, "cve") == {"CVE-2026-1111"}, "news is never crowded out"
    assert max(values(case, "detail")) == "path 2999"
    assert (len(case.details), case.sightings) == (MOST_KEPT, 3001)
    assert case.details_more == MOST_STAGED - MOST_KEPT, "at least so many"


def test_matching_again_counts_no_detail_twice(ingest: Ingest, settings_of_test: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    case = infected(ingest, (YESTERDAY, 1, "mirai"), (YESTERDAY + DAY / 24, 2, "mirai"))
    before = details(case)
    match_again(settings=settings_of_test, progress=lambda _: None)
    case.refresh_from_db()
    assert details(case) == before


# ── What counts as news ───────────────────────────────────────────────────────────────────────────


def tell(at: datetime | None = None) -> None:
    policy = Policy(minimum_severity=Severity.LOW)
    plan_notifications(policy=policy, feed_tlp=Tlp.AMBER, now=at or datetime.now(UTC))


def test_a_family_that_was_not_told_is_news_until_it_is_told(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    case = infected(ingest, (YESTERDAY, 4001, "andromeda"))
    assert (case.news, case.has_news) == (["family=andromeda"], False), "nothing was told yet"
    tell()
    assert not infected(ingest, (YESTERDAY + DAY / 24, 4002, "Andromeda")).has_news
    case = infected(ingest, (YESTERDAY + DAY / 24, 4003, "qakbot"))
    assert case.has_news
    assert case_facts(case, newest_days=newest_received_days()).has_news
    tell()
    case.refresh_from_db()
    assert (case.told_news, case.has_news) == (["family=andromeda", "family=qakbot"], False)


def test_a_cve_and_an_exposure_are_news_and_a_path_is_not(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    later = YESTERDAY + DAY / 24
    vulnerable(ingest, (YESTERDAY, "cve-2026-1111", "1.0", "a"))
    tell()
    assert not vulnerable(ingest, (later, "cve-2026-1111", "2.0", "b")).has_news
    assert vulnerable(ingest, (later, "cve-2026-2222", "2.0", "b")).has_news
    tell()
    assert vulnerable(ingest, (later, "21nails", "2.0", "b")).has_news


def test_what_nobody_got_is_news_again(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    infected(ingest, (YESTERDAY, 1, "andromeda"))
    tell()
    Notification.objects.update(state=Notification.State.ACCEPTED)
    infected(ingest, (YESTERDAY + DAY / 24, 2, "qakbot"))
    Case.objects.update(told_at=YESTERDAY)
    tell()
    case = Case.objects.get()
    assert not case.has_news
    told = NotifiedCase.objects.latest("pk")
    assert told.told_before_news == ["family=andromeda"]
    assert {one.value for one in read_details(told.details) if one.name == "family"} == {
        "andromeda", "qakbot",
    }  # fmt: skip
    withdraw(Notification.objects.filter(state=Notification.State.PLANNED), reason="a test")
    case.refresh_from_db()
    assert (case.told_news, case.has_news) == (["family=andromeda"], True)
