"""A report becomes a batch and its cases: nothing lost, nothing twice."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from baken.intake.models import Batch
from baken.jobs.ingestion import match_again
from baken.occasions.models import Case
from baken.occasions.services import mark_gone
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


def test_silence_of_a_feed_that_is_still_delivering_makes_a_case_gone(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=20)))
    now, silence = datetime.now(UTC), timedelta(days=14)
    assert mark_gone(silence=silence, now=now) == 0, "nobody looked since"
    ingest(report_text("192.0.2.9"))
    assert mark_gone(silence=silence, now=now) == 1
    gone = Case.objects.get(system="192.0.2.7:3389/tcp")
    assert (gone.state, gone.gone_at) == ("gone", now)
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY + timedelta(hours=1)))
    gone.refresh_from_db()
    assert gone.state == "open"
    assert gone.reopened_at is not None


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
