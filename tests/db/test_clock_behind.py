"""A clock that is behind: nothing is told, nothing is lost, and it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from baken.core.errors import ClockBehindError, ReportInFutureError
from baken.intake.models import Batch
from baken.jobs.rounds import run_round
from baken.jobs.sending import plan
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import YESTERDAY, Command, Ingest, hand_over, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

YEAR = timedelta(days=365)


def name_of(day: datetime) -> str:
    return f"{day:%Y-%m-%d}-scan_rdp-test.csv"


def set_forward(reports: timedelta) -> None:
    """What is in was seen so much later than it says, so that our clock is behind it."""
    for batch in Batch.objects.exclude(observed_from=None):
        batch.observed_from += reports
        batch.observed_until += reports
        batch.save()


@pytest.mark.parametrize("name", [name_of(YESTERDAY + YEAR), "scan_rdp.csv"])
def test_a_report_of_a_time_to_come_is_refused_and_leaves_nothing(
    ingest: Ingest, name: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    refused = ingest(report_text("192.0.2.7", seen_at=YESTERDAY + YEAR), name=name).refused
    assert isinstance(refused, ReportInFutureError)
    assert f"our clock says {datetime.now(UTC):%Y-%m-%d}" in refused.message
    assert not Batch.objects.exists(), "so that it is not known once the clock is right"


def test_a_report_of_which_some_rows_have_come_is_refused_by_its_day(ingest: Ingest) -> None:
    now = datetime.now(UTC)
    text = report_text("192.0.2.7", seen_at=now + timedelta(hours=12))
    text += report_text("192.0.2.8", seen_at=now + timedelta(hours=36)).partition("\n")[2]
    file = ingest(text, name=name_of(now + timedelta(days=1)))
    assert isinstance(file.refused, ReportInFutureError)


def test_a_row_of_the_future_in_a_report_of_today_is_quarantined(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    file = ingest(report_text("192.0.2.7", seen_at=YESTERDAY + YEAR), name=name_of(YESTERDAY))
    assert file.accepted is not None
    (row,) = file.accepted.batch.quarantined_rows.all()
    assert (row.line, row.reason) == (2, "in-future")


def test_nothing_is_told_by_a_clock_that_is_behind(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    set_forward(YEAR)
    with pytest.raises(ClockBehindError, match="Our clock says"):
        hand_over(sending)
    with pytest.raises(ClockBehindError):
        plan(settings=sending)
    with pytest.raises(ClockBehindError):
        run_round([], settings=sending, reading=lambda _: None, sending=lambda _: None)
    assert server.messages() == []
    assert Notification.objects.get().state == "planned"
    done = baken("doctor")
    assert (done.exit_code, "clock: Our clock says" in done.out) == (1, True)
    set_forward(-YEAR)
    assert hand_over(sending).accepted == 1


def test_one_row_that_was_seen_too_late_stops_nobody(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    Batch.objects.update(observed_until=YESTERDAY + YEAR)
    assert plan(settings=sending).notifications == 1
    assert hand_over(sending).accepted == 1
