"""Expired observations are marked, counted, removed; nobody reads one in between."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from baken.cases.models import Case
from baken.intake.models import RetentionCount, RetentionRun, StoredFile
from baken.intake.retention import expire_files, store_owner_key
from baken.intake.selectors import stored_files
from baken.intake.services import Purge
from baken.jobs.looking_back import match_again
from baken.jobs.retention import dry_run_of_purge, first_day_kept, look_over_store, purge_store
from baken.jobs.rounds import run_round
from baken.settings.environment import Settings
from small_world import YESTERDAY, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db

LONG_AGO = YESTERDAY - timedelta(days=100)


@pytest.fixture
def expired(ingest: Ingest, settings_of_test: Settings) -> Path:
    """Two reports are in, and the file of the first has expired; gives that file."""
    ingest(report_text("192.0.2.7", "192.0.2.8", seen_at=LONG_AGO))
    ingest(report_text("192.0.2.9"), name="2026-11-22-scan_vnc-test.csv")
    return settings_of_test.home / "store" / stored_files(report_types=["scan_rdp"]).get().path


def test_what_is_older_than_its_days_is_removed_and_only_counts_stay(
    expired: Path, settings_of_test: Settings
) -> None:
    size_bytes = expired.stat().st_size
    done = purge_store(settings=settings_of_test)
    (count,) = done.expired
    assert (count.feed, count.files, count.rows) == ("shadowserver", 1, 2)
    assert count.size_bytes == size_bytes
    assert (done.removed, done.swept, done.problem) == (1, 0, None)
    assert not expired.exists()
    assert not expired.parent.exists(), "nor an empty folder of that day"
    run = RetentionRun.objects.get()
    assert run.before == first_day_kept(settings_of_test, now=datetime.now(UTC))
    kept = run.counts.get()
    assert (kept.feed, kept.files, kept.rows, kept.size_bytes) == ("shadowserver", 1, 2, size_bytes)
    listed = run.stored_files.get()
    assert listed.expired_at is not None
    assert listed.removed_at is not None
    assert stored_files().get().finding_kinds == ["open-vnc"]


def test_a_second_purge_finds_nothing_and_records_nothing(
    expired: Path, settings_of_test: Settings
) -> None:
    purge_store(settings=settings_of_test)
    done = purge_store(settings=settings_of_test)
    assert (list(done.expired), done.removed) == ([], 0)
    assert RetentionRun.objects.count() == 1
    assert not expired.exists()


def test_a_day_counts_to_its_last_moment(ingest: Ingest) -> None:
    ingest(report_text("192.0.2.7"))
    now = datetime.now(UTC)
    assert expire_files(before=YESTERDAY.date(), now=now) == []
    (count,) = expire_files(before=YESTERDAY.date() + timedelta(days=1), now=now)
    assert count.files == 1


def test_a_crash_after_marking_leaves_a_file_that_nobody_reads_and_the_next_run_removes(
    expired: Path, settings_of_test: Settings
) -> None:
    now = datetime.now(UTC)
    expire_files(before=first_day_kept(settings_of_test, now=now), now=now)
    # Here the power fails.
    make_organisation("haven", "192.0.2.0/24")
    assert match_again(settings=settings_of_test, progress=lambda _: None).cases.opened == 1
    assert Case.objects.get().finding_kind == "open-vnc"
    assert expired.exists()
    assert look_over_store(settings=settings_of_test).to_remove == 1
    assert purge_store(settings=settings_of_test).removed == 1
    assert not expired.exists()
    assert RetentionCount.objects.get().rows == 2, "counted once"


def test_a_crash_after_removing_is_made_good_by_the_next_run(
    expired: Path, settings_of_test: Settings
) -> None:
    now = datetime.now(UTC)
    expire_files(before=first_day_kept(settings_of_test, now=now), now=now)
    expired.unlink()
    # Here the power fails: the file is gone, and that is not recorded.
    assert purge_store(settings=settings_of_test).problem is None
    assert look_over_store(settings=settings_of_test).to_remove == 0
    assert RetentionCount.objects.get().files == 1


def test_rows_from_the_future_are_kept_no_longer_than_others(ingest: Ingest) -> None:
    ingest(report_text("192.0.2.7"))  # rows of the future are refused now, but were not always
    file = StoredFile.objects.get()
    StoredFile.objects.update(day=YESTERDAY.date() + timedelta(days=5_000))
    now = datetime.now(UTC)
    assert expire_files(before=now.date(), now=now) == []
    StoredFile.objects.filter(pk=file.pk).update(written_at=now - timedelta(days=91))
    (count,) = expire_files(before=now.date() - timedelta(days=90), now=now)
    assert count.rows == 1


def test_a_dry_run_changes_nothing(expired: Path, settings_of_test: Settings) -> None:
    dry = dry_run_of_purge(settings=settings_of_test)
    assert expired.exists()
    assert not RetentionRun.objects.exists()
    done = purge_store(settings=settings_of_test)
    assert dry == done


def test_a_round_keeps_the_store_to_its_days(expired: Path, settings_of_test: Settings) -> None:
    done = run_round([], settings=settings_of_test, reading=lambda _: None, sending=lambda _: None)
    assert done.purge.removed == 1
    assert not expired.exists()


def test_a_store_that_fails_keeps_nobody_from_being_warned(
    expired: Path, settings_of_test: Settings
) -> None:
    expired.unlink()
    expired.mkdir()  # what lies there cannot be removed as a file
    (expired / "x").write_text("")
    done = run_round([], settings=settings_of_test, reading=lambda _: None, sending=lambda _: None)
    assert done.purge.problem is not None
    assert done.purge.problem.code == "store-unavailable"
    assert done.outcome.left == 0


@pytest.mark.django_db(transaction=True)
def test_two_purges_at_once_count_each_file_once(expired: Path, settings_of_test: Settings) -> None:
    def purge() -> None:
        purge_store(settings=settings_of_test)
        connection.close()

    threads = [threading.Thread(target=purge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert RetentionCount.objects.get().files == 1
    assert not expired.exists()


def test_the_database_refuses_to_forget_that_a_removed_file_was_counted(expired: Path) -> None:
    file = StoredFile.objects.filter(path__endswith=expired.name)
    with pytest.raises(IntegrityError, match="counted_then_removed"), transaction.atomic():
        file.update(removed_at=datetime.now(UTC), expired_at=datetime.now(UTC))


def test_the_name_of_a_database_in_the_store_stays_the_same() -> None:
    assert store_owner_key() == store_owner_key()
    assert len(store_owner_key()) == 8


def test_a_run_whose_clock_may_be_ahead_removes_nothing(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    for day in range(8):
        seen_at = LONG_AGO - timedelta(days=day)
        ingest(report_text("192.0.2.7", seen_at=seen_at), name=f"{seen_at:%Y-%m-%d}-scan_rdp-a.csv")
        StoredFile.objects.filter(day=seen_at.date()).update(written_at=seen_at)
    done = one_round(settings_of_test)
    assert done.problem is not None
    assert (done.problem.code, done.removed, stored_files().count()) == ("many-days-expire", 0, 8)
    StoredFile.objects.filter(day=LONG_AGO.date()).update(written_at=datetime.now(UTC))
    done = one_round(settings_of_test)
    assert (done.problem, done.removed) == (None, 8), "a backlog that was read today is no sign"


def one_round(settings: Settings) -> Purge:
    return run_round([], settings=settings, reading=lambda _: None, sending=lambda _: None).purge
