"""What is stored is listed in the database, and only what is listed is read."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from baken.cases.models import Case
from baken.core.errors import StoreError
from baken.intake.models import Batch, StoredFile
from baken.intake.selectors import stored_files
from baken.jobs.ingestion import ReadAgain, ReadOnce, ingest_files
from baken.jobs.looking_back import match_again
from baken.jobs.retention import look_over_store, purge_store, store_of
from baken.settings.environment import Settings, read_settings
from object_storage import Bucket
from small_world import YESTERDAY, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db

OLD = YESTERDAY - timedelta(days=2)


def folder_of(settings: Settings) -> Path:
    return settings.home / "store"


def names_in(settings: Settings) -> list[str]:
    return [file.path for file in store_of(settings).files()]


def rows_read(settings: Settings) -> int:
    store = store_of(settings)
    return sum(batch.num_rows for file in stored_files() for batch in store.read(file))


def roll_back_after(work: Callable[[], object]) -> None:
    """Do `work`, and let its transaction fail at the last moment: its files are in place."""
    with transaction.atomic():
        work()
        transaction.set_rollback(True)


def nothing(_: int) -> None:
    return None


def test_a_batch_lists_its_files_with_length_hash_and_counts(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    text = report_text("192.0.2.7", "192.0.2.8", "192.0.2.300")
    accepted = ingest(text + report_text("192.0.2.9", seen_at=OLD).split("\n", 1)[1]).accepted
    assert accepted is not None
    older, newer = accepted.batch.stored_files.all()
    data = (folder_of(settings_of_test) / newer.path).read_bytes()
    assert (newer.size_bytes, newer.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (newer.feed, newer.report_type) == ("shadowserver", "scan_rdp")
    assert (older.day, older.rows) == (OLD.date(), 1)
    assert (newer.day, newer.rows) == (YESTERDAY.date(), 2)
    assert newer.finding_kinds == ["open-rdp"]
    assert not newer.has_cves
    rows = accepted.rows
    assert older.rows + newer.rows == rows.matched + rows.unmatched


def test_the_database_lists_a_path_once(ingest: Ingest) -> None:
    ingest(report_text("192.0.2.7"))
    listed = StoredFile.objects.get()
    listed.pk = None
    with pytest.raises(IntegrityError, match="path"), transaction.atomic():
        listed.save()


def test_files_are_chosen_by_day_feed_type_and_finding_kind(ingest: Ingest) -> None:
    ingest(report_text("192.0.2.7"))
    ingest(report_text("192.0.2.7", seen_at=OLD), name="2026-11-20-scan_rdp-test.csv")
    ingest(report_text("192.0.2.7", port=5900), name="2026-11-22-scan_vnc-test.csv")
    days = (OLD.date(), OLD.date())
    assert stored_files().count() == 3
    assert [file.day for file in stored_files(days=days)] == [OLD.date()]
    assert stored_files(days=(OLD.date(), YESTERDAY.date())).count() == 3
    assert stored_files(feeds=["shadowserver"]).count() == 3
    assert stored_files(feeds=["another"]).count() == 0
    assert stored_files(report_types=["scan_vnc"]).get().finding_kinds == ["open-vnc"]
    assert stored_files(finding_kinds=["open-vnc", "open-telnet"]).count() == 1
    assert stored_files(finding_kinds=["open-rdp"], days=days).count() == 1


def test_a_report_read_again_replaces_its_files(ingest: Ingest, settings_of_test: Settings) -> None:
    text = report_text("192.0.2.7", "192.0.2.8")
    ingest(text)
    ingest(text, again=True)
    assert len(names_in(settings_of_test)) == 2
    assert rows_read(settings_of_test) == 2, "two copies lie there, and one is read"
    assert {file.batch.repeat for file in stored_files()} == {1}
    done = purge_store(settings=settings_of_test)
    assert (done.removed, done.swept) == (1, 0)
    assert names_in(settings_of_test) == [stored_files().get().path]


def test_a_replacement_that_fails_leaves_the_first_one_read(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    text = report_text("192.0.2.7", "192.0.2.8")
    ingest(text)
    roll_back_after(lambda: ingest(text, again=True))
    assert len(names_in(settings_of_test)) == 2
    assert rows_read(settings_of_test) == 2
    assert stored_files().get().batch.repeat == 0


def test_what_a_rollback_leaves_is_not_read_and_is_swept_up_a_day_later(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    store_of(settings_of_test)  # as a command does before its first transaction
    roll_back_after(lambda: ingest(report_text("192.0.2.7")))
    (orphan,) = names_in(settings_of_test)
    part = folder_of(settings_of_test) / f"{orphan}.part"
    part.write_bytes(b"half a file")
    assert match_again(settings=settings_of_test, progress=nothing).problems == []
    assert purge_store(settings=settings_of_test).swept == 0, "it may be about to be listed"
    two_days_ago = time.time() - 2 * 86_400
    for path in (part, folder_of(settings_of_test) / orphan):
        os.utime(path, (two_days_ago, two_days_ago))
    assert look_over_store(settings=settings_of_test).unlisted == 2
    assert purge_store(settings=settings_of_test).swept == 2
    assert names_in(settings_of_test) == []


def test_a_sweep_leaves_what_another_database_wrote(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    ingest(report_text("192.0.2.7"))
    (mine,) = names_in(settings_of_test)
    stored = folder_of(settings_of_test) / mine
    content, _, rest = stored.name.split("-", 2)
    theirs = stored.rename(stored.with_name(f"{content}-00000000-{rest}"))
    os.utime(theirs, (0, 0))
    assert purge_store(settings=settings_of_test).swept == 0
    assert theirs.exists()


def test_a_damaged_file_is_told_and_leaves_the_others(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    ingest(report_text("192.0.2.7", "192.0.2.8"))
    ingest(report_text("192.0.2.9"), name="2026-11-22-scan_vnc-test.csv")
    damaged = stored_files(report_types=["scan_rdp"]).get()
    path = folder_of(settings_of_test) / damaged.path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    make_organisation("haven", "192.0.2.0/24")
    done = match_again(settings=settings_of_test, progress=nothing)
    (problem,) = done.problems
    assert damaged.path in problem.message
    assert "baken ingest --again" in problem.remedy
    assert done.cases.opened == 1
    assert Case.objects.get().finding_kind == "open-vnc"


def test_a_missing_or_shortened_file_is_seen_without_reading_it(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    ingest(report_text("192.0.2.7"))
    ingest(report_text("192.0.2.8"), name="2026-11-22-scan_vnc-test.csv")
    assert look_over_store(settings=settings_of_test).missing == []
    first, second = stored_files()
    (folder_of(settings_of_test) / first.path).unlink()
    (folder_of(settings_of_test) / second.path).write_bytes(b"short")
    state = look_over_store(settings=settings_of_test)
    assert (state.listed, state.missing, state.odd) == (2, [first.path], [second.path])


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond `size_bytes`, as on a disk that is nearly full."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


def test_a_report_without_room_is_rolled_back_and_the_others_go_on(
    tmp_path: Path, settings_of_test: Settings
) -> None:
    large, small = tmp_path / "2026-11-22-scan_rdp-a.csv", tmp_path / "2026-11-22-scan_rdp-b.csv"
    large.write_text(report_text(*[f"198.18.{n >> 8}.{n & 255}" for n in range(30_000)]))
    small.write_text(report_text("192.0.2.7"))
    with room_for(24_000):
        first, second = ingest_files(
            [large, small], settings=settings_of_test, accept=ReadOnce, progress=nothing
        )
    assert isinstance(first.refused, StoreError)
    assert first.refused.code == "store-full"
    assert second.accepted is not None
    assert Batch.objects.get().file_name == small.name
    assert names_in(settings_of_test) == [stored_files().get().path]


def test_observations_are_kept_in_object_storage(
    ingest: Ingest, tmp_path: Path, s3_bucket: Bucket
) -> None:
    settings = read_settings(
        {
            "BAKEN_HOME": str(tmp_path / "home"),
            "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes",
            **s3_bucket.environment(),
        }
    )
    ingest(report_text("192.0.2.7", "192.0.2.8"), settings=settings)
    ingest(report_text("192.0.2.9", seen_at=YESTERDAY - timedelta(days=95)), settings=settings)
    assert len(s3_bucket.files().find(f"{s3_bucket.name}/store")) == 2
    make_organisation("haven", "192.0.2.0/24")
    assert match_again(settings=settings, progress=nothing).cases.opened == 3
    assert look_over_store(settings=settings).missing == []
    assert purge_store(settings=settings).removed == 1
    assert rows_read(settings) == 2
    assert len(s3_bucket.files().find(f"{s3_bucket.name}/store")) == 1
    assert not (tmp_path / "home/store").exists()


def test_a_storage_that_is_away_refuses_the_report_and_says_so(
    ingest: Ingest, tmp_path: Path
) -> None:
    settings = read_settings(
        {
            "BAKEN_HOME": str(tmp_path / "home"),
            "BAKEN_STORE_URL": "s3://baken/store",
            "BAKEN_STORE_S3_ENDPOINT": "http://127.0.0.1:1",
            "BAKEN_STORE_S3_KEY": "a-key",
            "BAKEN_STORE_S3_SECRET": "a-secret",
        }
    )
    refused = ingest(report_text("192.0.2.7"), settings=settings).refused
    assert refused is not None
    assert refused.code == "store-unavailable"
    assert not Batch.objects.exists()
    assert purge_store(settings=settings).problem is not None


@pytest.mark.django_db(transaction=True)
def test_two_processes_take_in_at_once_and_list_every_file_once(
    tmp_path: Path, settings_of_test: Settings
) -> None:
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"2026-11-22-scan_rdp-{number}.csv")
        paths[-1].write_text(report_text(f"192.0.2.{number}", "192.0.2.100"))
    make_organisation("haven", "192.0.2.0/24")
    failures: list[BaseException] = []

    def take_in(accept: type[ReadOnce]) -> None:
        try:
            list(ingest_files(paths, settings=settings_of_test, accept=accept, progress=nothing))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=take_in, args=(one,)) for one in (ReadOnce, ReadOnce, ReadAgain)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows_read(settings_of_test) == 8, "of each report, one taking in is read"
    assert {file.batch.file_name for file in stored_files()} == {path.name for path in paths}
    assert sorted(StoredFile.objects.values_list("path", flat=True)) == sorted(
        names_in(settings_of_test)
    )


KILLED = """
import os, signal, sys, time
import django
django.setup()
from pathlib import Path
from baken.jobs.ingestion import ReadOnce, ingest_files
from baken.settings.environment import read_settings
from baken.store import writing

writing.PENDING_BYTES = 1 << 16  # so that there is half a file

settings = read_settings(os.environ)

def progress(rows):
    for _ in range(1_000):
        if any(part.stat().st_size for part in settings.home.rglob("*.part")):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01)

list(ingest_files([Path(sys.argv[1])], settings=settings, accept=ReadOnce, progress=progress))
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_writing_leaves_no_half_file_that_is_read(
    tmp_path: Path, settings_of_test: Settings
) -> None:
    path = tmp_path / "2026-11-22-scan_rdp-test.csv"
    rows = 50_000
    path.write_text(report_text(*[f"198.18.{n >> 8 & 255}.{n & 255}" for n in range(rows)]))
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    environment = os.environ | {
        "BAKEN_HOME": str(settings_of_test.home),
        "BAKEN_DATABASE_URL": url,
    }
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not Batch.objects.exists()
    (half,) = folder_of(settings_of_test).rglob("*.part")
    assert half.stat().st_size > 0
    assert match_again(settings=settings_of_test, progress=nothing).problems == []
    (file,) = ingest_files([path], settings=settings_of_test, accept=ReadOnce, progress=nothing)
    assert file.accepted is not None
    assert rows_read(settings_of_test) == rows
    os.utime(half, (0, 0))
    assert purge_store(settings=settings_of_test).swept == 1
    assert names_in(settings_of_test) == [stored_files().get().path]
