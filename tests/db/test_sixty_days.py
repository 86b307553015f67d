"""Sixty days of a service: exactly the right mails on exactly the right days."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from baken.cases.models import Case
from baken.cases.services import accept_report, mark_gone
from baken.feeds import FEEDS, ReadLimits
from baken.intake.services import report_file
from baken.jobs.matchers import current_matcher
from baken.jobs.retention import store_of
from baken.jobs.sending import plan_at
from baken.occasions.services import ensure_standing_occasions
from baken.outbox.models import Notification, NotifiedCase
from baken.settings.environment import Settings
from small_world import make_organisation

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = date(2026, 9, 7)
"""A Monday; on the 48th day after it the clock goes back."""
DAYS = range(60)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True)
class Row:
    """What a report of some type says of one system on one day."""

    report_type: str
    severity: str = "high"
    host: int = 7
    tag: str = ""
    url: str = ""


Seen = Callable[[int], Iterable[Row]]
"""What is seen on a day, counted from 0."""
Mails = dict[int, str]
"""The reason of each mail, by the day."""


def every_day(row: Row, *, start: int = 0, end: int = 60) -> Seen:
    return lambda day: [row] if start <= day < end else []


def both(*parts: Seen) -> Seen:
    return lambda day: [row for part in parts for row in part(day)]


RDP, VNC = Row("scan_rdp"), Row("scan_vnc")
CALM = Row("scan_rdp", severity="medium")
FIRST_CVE = Row("scan_http_vulnerable", tag="cve-2026-1001")
SECOND_CVE = Row("scan_http_vulnerable", tag="cve-2026-1001;cve-2026-2002")


def path_of_the_day(day: int) -> list[Row]:
    url = f"http://www.path.example.nl/{day}/login.php"
    return [Row("compromised_website", severity="critical", url=url)]


@dataclass(frozen=True)
class Story:
    """What is seen of one organisation, and the mails it gets."""

    seen: Seen
    mails: Mails
    assets: tuple[str, ...] = ()


REMINDED_HIGH = dict.fromkeys((14, 28, 42, 56), "reminder")
STORIES = {
    "persists": Story(every_day(RDP), {0: "new", **REMINDED_HIGH}),
    "worse": Story(
        both(every_day(CALM, end=3), every_day(RDP, start=3)),
        {0: "new", 3: "worse", **dict.fromkeys((17, 31, 45, 59), "reminder")},
    ),
    "solved-in-time": Story(every_day(RDP, end=3), {0: "new"}),
    "came-back": Story(
        both(every_day(RDP, end=3), every_day(RDP, start=30, end=34)), {0: "new", 30: "back"}
    ),
    "second-cve": Story(
        both(every_day(FIRST_CVE, end=2), every_day(SECOND_CVE, start=2)),
        {0: "new", 2: "news", **dict.fromkeys((16, 30, 44, 58), "reminder")},
    ),
    "path": Story(
        path_of_the_day,
        {0: "new", **dict.fromkeys((7, 14, 21, 28, 35, 42, 49, 56), "reminder")},
        assets=("path.example.nl",),
    ),
    "type-empty": Story(every_day(VNC, end=4), {0: "new"}),
    # Its type comes every fifth day. Due on the 14th day, when the last look was four days ago.
    "now-and-then": Story(
        lambda day: [Row("scan_ldap_tcp")] if day % 5 == 0 else [],
        {0: "new", **dict.fromkeys((14, 28, 42, 56), "reminder")},
    ),
    # Thirty days after Monday the 14th is a Wednesday, and what is not urgent waits for Monday.
    "calm": Story(every_day(CALM, start=2), {7: "new", 42: "reminder"}),
    "taken-along": Story(
        both(every_day(CALM, start=2, end=5), every_day(Row("scan_rdp", host=8), start=4, end=5)),
        {4: "new"},
    ),
    "hardly-seen": Story(every_day(RDP, start=10, end=11), {10: "new"}),
}


@dataclass
class Service:
    """One service with its clock, which goes from day to day."""

    settings: Settings
    folder: Path
    stories: dict[str, Story]
    day: int = 0
    mails: dict[str, Mails] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ensure_standing_occasions(feed="shadowserver", tlp=self.settings.feed_tlp)
        for number, (name, story) in enumerate(self.stories.items()):
            make_organisation(name, f"203.0.113.{number * 16}/28", *story.assets)
            self.mails[name] = {}

    @property
    def now(self) -> datetime:
        """Nine o'clock where the service is."""
        on = FIRST + timedelta(days=self.day)
        return datetime.combine(on, time(9), tzinfo=AMSTERDAM).astimezone(UTC)

    def live(self, *, silent_from: int = 60) -> None:
        """One day: reports of the night before, then what `baken run` does."""
        rows: dict[str, list[str]] = {}
        if self.day < silent_from:
            for number, story in enumerate(self.stories.values()):
                for row in story.seen(self.day):
                    rows.setdefault(row.report_type, []).append(self._line(row, number))
        for report_type, lines in rows.items():
            self._take_in(report_type, lines)
        mark_gone(silence=self.settings.gone_after, now=self.now)
        plan_at(self.now, settings=self.settings)
        self._keep_mails()
        self.day += 1

    def _line(self, row: Row, number: int) -> str:
        at = self.now - timedelta(hours=5, minutes=number)
        address = f"203.0.113.{number * 16 + row.host}"
        return f'"{at:%Y-%m-%d %H:%M:%S}",{row.severity},{address},tcp,443,{row.tag},"{row.url}"\n'

    def _take_in(self, report_type: str, lines: list[str]) -> None:
        on = FIRST + timedelta(days=self.day - 1)
        path = self.folder / f"{on:%Y-%m-%d}-{report_type}-simulated.csv"
        path.write_text("timestamp,severity,ip,protocol,port,tag,url\n" + "".join(lines))
        feed = FEEDS["shadowserver"]
        report = feed.open_report(path, report_type=None, limits=ReadLimits(not_after=self.now))
        accept_report(
            report,
            report_file(path, feed=feed.key, info=report.info),
            matcher=current_matcher(self.settings),
            store=store_of(self.settings),
            now=self.now,
            progress=lambda _: None,
        )

    def _keep_mails(self) -> None:
        planned = Notification.objects.filter(state=Notification.State.PLANNED)
        for one in planned.select_related("organisation"):
            mine = self.mails[one.organisation.reference]
            assert self.day not in mine, "one mail a round"
            mine[self.day] = one.policy
        planned.update(state=Notification.State.ACCEPTED)


@pytest.fixture
def service(settings_of_test: Settings, tmp_path: Path) -> Service:
    return Service(settings_of_test, tmp_path, STORIES)


def test_every_mail_goes_on_its_day(service: Service) -> None:
    for _ in DAYS:
        service.live()
    assert service.mails == {name: story.mails for name, story in STORIES.items()}
    told = NotifiedCase.objects.filter(notification__organisation__reference="taken-along")
    assert told.count() == 2, "both systems in the one mail"
    states = dict(Case.objects.values_list("organisation__reference", "state"))
    assert states["type-empty"] == states["solved-in-time"] == Case.State.GONE
    empty = Case.objects.get(organisation__reference="type-empty")
    assert empty.gone_reason == Case.GoneReason.TYPE_EMPTY
    assert states["persists"] == Case.State.OPEN


def test_when_the_feed_falls_silent_nothing_stays_open(
    service: Service,
) -> None:
    for _ in DAYS:
        service.live(silent_from=10)
    # Until then a reminder says truly when it was seen last; after that nobody looks any more.
    late = {day for mails in service.mails.values() for day in mails if day >= 10}
    assert late == {14, 16, 17}
    states = dict(Case.objects.values_list("organisation__reference", "state"))
    assert states["persists"] == states["path"] == Case.State.NOT_LOOKED_AT
    assert Case.State.OPEN not in states.values()
