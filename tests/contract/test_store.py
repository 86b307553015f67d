"""What the store promises, wherever its files lie: a folder, or a bucket on a real S3 server.

A new place for files adds one to the fixture `site`; the rest runs over it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pytest

from baken.core.errors import (
    StoredFileDamagedError,
    StoreFullError,
    StoreUnavailableError,
)
from baken.core.observation import OBSERVATION_SCHEMA
from baken.store import ObservationStore, S3Access, WrittenFile, open_store, writing
from object_storage import KEY, SECRET, Bucket

OWNER = "0a1b2c3d"
CONTENT = "ab" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Site(Protocol):
    """A place as its owner sees it, past Baken."""

    url: str
    access: S3Access

    def names(self) -> list[str]: ...
    def put(self, path: str, data: bytes) -> None: ...
    def get(self, path: str) -> bytes: ...
    def drop(self, path: str) -> None: ...


class FolderSite:
    """A folder."""

    access = S3Access()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = folder.as_uri()

    def names(self) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def put(self, path: str, data: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)

    def get(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def drop(self, path: str) -> None:
        (self.folder / path).unlink()


class BucketSite:
    """A prefix in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.url = bucket.url
        self.access = S3Access(endpoint=bucket.endpoint, key=KEY, secret=SECRET)
        self._files = bucket.files()
        self._root = f"{bucket.name}/store"

    def names(self) -> list[str]:
        return sorted(full.removeprefix(f"{self._root}/") for full in self._files.find(self._root))

    def put(self, path: str, data: bytes) -> None:
        self._files.pipe_file(f"{self._root}/{path}", data)

    def get(self, path: str) -> bytes:
        return bytes(self._files.cat_file(f"{self._root}/{path}"))

    def drop(self, path: str) -> None:
        self._files.rm_file(f"{self._root}/{path}")


@pytest.fixture(params=["folder", "s3"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    if request.param == "folder":
        return FolderSite(tmp_path / "a store, with a space")
    return BucketSite(request.getfixturevalue("s3_bucket"))


@pytest.fixture
def store(site: Site) -> ObservationStore:
    return open_store(site.url, s3=site.access, owner=OWNER)


def observations(
    *moments: datetime, kind: str = "open-rdp", cves: tuple[str, ...] = (), filler: str = ""
) -> pa.RecordBatch:
    """One row a moment."""
    same: dict[str, Any] = {
        "source": "shadowserver", "report_type": "scan_rdp", "finding_kind": kind,
        "rsit_taxonomy": "vulnerable", "rsit_type": "vulnerable-system", "ipv4": 0xC0000207,
        "affected_role": "service", "address_role": "vulnerable", "port": 3389, "transport": "tcp",
        "severity": 3, "cves": list(cves), "tlp": "TLP:AMBER",
        "evidence": [("tag", "rdp"), ("banner", filler)],
    }  # fmt: skip
    rows = [{**same, "line": line, "observed_at": at} for line, at in enumerate(moments, start=2)]
    return pa.RecordBatch.from_pylist(rows, schema=OBSERVATION_SCHEMA)


def write(store: ObservationStore, *pieces: pa.RecordBatch, batch: int = 1) -> list[WrittenFile]:
    with store.writer(feed="shadowserver", content_sha256=CONTENT, batch=batch) as writer:
        for piece in pieces:
            writer.write(piece)
        return writer.finish()


def read(store: ObservationStore, *files: WrittenFile) -> list[dict[str, Any]]:
    return [row for file in files for batch in store.read(file) for row in batch.to_pylist()]


def test_what_is_written_is_read_the_same(store: ObservationStore, site: Site) -> None:
    rows = observations(NOON, NOON + timedelta(hours=1), cves=("CVE-2023-46805",))
    (file,) = write(store, rows)
    assert [batch.schema for batch in store.read(file)] == [OBSERVATION_SCHEMA]
    assert read(store, file) == rows.to_pylist()
    assert site.names() == [file.path]


def test_a_file_says_what_it_holds_without_being_opened(store: ObservationStore) -> None:
    first, second = write(
        store,
        observations(NOON, NOON - timedelta(hours=13), NOON + timedelta(hours=2)),
        observations(NOON, kind="open-smb", cves=("CVE-2023-46805",)),
    )
    assert first.path == f"feed=shadowserver/day=2026-11-21/{CONTENT[:16]}-{OWNER}-1-0.parquet"
    assert (first.day, first.rows, first.has_cves) == (date(2026, 11, 21), 1, False)
    assert (second.day, second.rows, second.has_cves) == (date(2026, 11, 22), 3, True)
    assert second.finding_kinds == ("open-rdp", "open-smb")
    assert second.observed_from == NOON
    assert second.observed_until == NOON + timedelta(hours=2)


def test_rows_of_a_day_keep_their_order(store: ObservationStore) -> None:
    days = [NOON + timedelta(days=number % 3, minutes=-number) for number in range(60)]
    files = write(store, observations(*days), observations(*days))
    for file in files:
        lines = [row["line"] for row in read(store, file)]
        assert lines == sorted(lines[:20]) * 2


def test_nothing_is_there_before_it_is_whole(store: ObservationStore, site: Site) -> None:
    with store.writer(feed="shadowserver", content_sha256=CONTENT, batch=1) as writer:
        writer.write(observations(NOON))
        assert not [name for name in site.names() if name.endswith(".parquet")]
        (file,) = writer.finish()
        assert site.names() == [file.path]


def test_a_report_that_fails_leaves_nothing(store: ObservationStore, site: Site) -> None:
    class BrokenOffError(Exception):
        pass

    def take_in(*, finishes: bool) -> None:
        with store.writer(feed="shadowserver", content_sha256=CONTENT, batch=1) as writer:
            writer.write(observations(NOON, NOON + timedelta(days=1)))
            if finishes:
                assert len(writer.finish()) == 2
            raise BrokenOffError

    for finishes in (False, True):
        with pytest.raises(BrokenOffError):
            take_in(finishes=finishes)
        assert site.names() == []


def test_a_report_without_rows_has_no_files(store: ObservationStore, site: Site) -> None:
    assert write(store) == []
    assert site.names() == []


def test_more_days_and_rows_than_memory_may_hold_are_all_there(
    store: ObservationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PENDING_BYTES", 4_000)
    days = [NOON + timedelta(days=number) for number in range(25)]
    files = write(store, *[observations(*days, kind=f"open-{number}") for number in range(6)])
    assert len({file.path for file in files}) == len(files) > 25
    assert sum(file.rows for file in files) == 150
    assert {row["observed_at"] for row in read(store, *files)} == set(days)


def test_a_large_file_goes_up_in_parts(store: ObservationStore, site: Site) -> None:
    noise = [observations(NOON, filler=os.urandom(2 << 20).hex()) for _ in range(12)]
    (file,) = write(store, *noise)
    assert file.size_bytes > 20 << 20
    assert len(site.get(file.path)) == file.size_bytes
    assert len(read(store, file)) == 12


def test_two_takings_in_of_one_report_have_files_of_their_own(store: ObservationStore) -> None:
    (first,), (second,) = (write(store, observations(NOON), batch=number) for number in (1, 2))
    assert first.path != second.path
    assert read(store, first) == read(store, second)


def test_columns_of_one_kind_are_read_without_the_rest(store: ObservationStore) -> None:
    (file,) = write(store, observations(NOON), observations(NOON, kind="open-smb"))
    batches = list(store.scan(file, columns=["port", "line"], finding_kinds=["open-smb"]))
    assert [batch.to_pylist() for batch in batches] == [[{"port": 3389, "line": 2}]]
    everything = list(store.scan(file, columns=["finding_kind"], finding_kinds=None))
    assert sum(batch.num_rows for batch in everything) == 2
    assert list(store.scan(file, columns=["port"], finding_kinds=["open-telnet"])) == []


def test_a_file_that_is_gone_is_told(store: ObservationStore, site: Site) -> None:
    (file,) = write(store, observations(NOON))
    site.drop(file.path)
    for reading in (store.read(file), store.scan(file, columns=["port"], finding_kinds=None)):
        with pytest.raises(StoredFileDamagedError, match=f"{file.path} in the store is not there"):
            list(reading)


def test_a_file_that_was_cut_short_is_told(store: ObservationStore, site: Site) -> None:
    (file,) = write(store, observations(NOON))
    site.put(file.path, site.get(file.path)[:-10])
    for reading in (store.read(file), store.scan(file, columns=["port"], finding_kinds=None)):
        with pytest.raises(StoredFileDamagedError, match="bytes long"):
            list(reading)


def test_a_file_with_one_other_byte_is_told(store: ObservationStore, site: Site) -> None:
    (file,) = write(store, observations(*[NOON] * 500, filler="x" * 50))
    data = bytearray(site.get(file.path))
    data[40] ^= 0xFF  # in the first page of the first column, the line numbers
    site.put(file.path, bytes(data))
    with pytest.raises(StoredFileDamagedError, match="another SHA-256"):
        list(store.read(file))
    with pytest.raises(StoredFileDamagedError, match="cannot be read"):
        list(store.scan(file, columns=["line"], finding_kinds=None))


def test_a_file_that_is_whole_but_not_the_listed_one_is_told(store: ObservationStore) -> None:
    (file,) = write(store, observations(NOON))
    with pytest.raises(StoredFileDamagedError, match="baken ingest --again"):
        list(store.read(replace(file, sha256="0" * 64)))


def test_removing_twice_is_no_error(store: ObservationStore, site: Site) -> None:
    (file,) = write(store, observations(NOON))
    for _ in range(2):
        store.remove(file.path)
        assert site.names() == []


def test_only_files_of_this_database_are_its_own(store: ObservationStore, site: Site) -> None:
    (mine,) = write(store, observations(NOON))
    write(open_store(site.url, s3=site.access, owner="ffffffff"), observations(NOON))
    site.put("accounts.csv", b"not ours")
    site.put(f"{mine.path}.part", b"half of one")
    assert {file.path for file in store.files()} == {mine.path, f"{mine.path}.part"}
    now = datetime.now(UTC)
    assert len(list(store.files_before(now + timedelta(minutes=1)))) == 2
    assert list(store.files_before(now - timedelta(minutes=1))) == []


def test_a_store_that_is_not_there_yet_is_empty(store: ObservationStore) -> None:
    assert list(store.files()) == []


# Of one kind of place only.


@dataclass
class Full:
    """A store whose next file meets a full disk."""

    store: ObservationStore
    folder: Path


@pytest.fixture
def full(tmp_path: Path) -> Full:
    store = open_store(tmp_path.as_uri(), s3=S3Access(), owner=OWNER)
    folder = tmp_path / "feed=shadowserver/day=2026-11-22"
    folder.mkdir(parents=True)
    # Linux's own full device: what is written to it fails as on a disk without room.
    (folder / f"{CONTENT[:16]}-{OWNER}-1-0.parquet.part").symlink_to("/dev/full")
    return Full(store, folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_told_with_what_to_do(full: Full) -> None:
    with pytest.raises(StoreFullError, match="There is no room for feed=shadowserver") as told:
        write(full.store, observations(*[NOON] * 1000, filler=os.urandom(4000).hex()))
    assert "Make room" in told.value.remedy
    assert list(full.folder.iterdir()) == []


def test_a_bucket_that_is_not_there_is_told(s3_bucket: Bucket) -> None:
    access = S3Access(endpoint=s3_bucket.endpoint, key=KEY, secret=SECRET)
    store = open_store("s3://no-such-bucket/store", s3=access, owner=OWNER)
    with pytest.raises(StoreUnavailableError, match="BAKEN_STORE_URL"):
        write(store, observations(NOON))


def test_a_server_that_is_away_is_told() -> None:
    access = S3Access(endpoint="http://127.0.0.1:1", key=KEY, secret=SECRET)
    store = open_store("s3://baken/store", s3=access, owner=OWNER)
    with pytest.raises(StoreUnavailableError, match="BAKEN_STORE_S3_"):
        write(store, observations(NOON))
    with pytest.raises(StoreUnavailableError):
        list(store.files())


def test_without_the_extra_a_bucket_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from baken.store import S3Access, open_store\n"
        "open_store('file:///tmp', s3=S3Access(), owner='0a1b2c3d')\n"
        "open_store('s3://baken/store', s3=S3Access(), owner='0a1b2c3d')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "pip install 'baken[s3]'" in done.stderr
    assert "[extra-missing]" in done.stderr


def test_a_folder_needs_no_library_of_object_storages() -> None:
    script = (
        "import sys\n"
        "from baken.store import S3Access, open_store\n"
        "store = open_store('file:///tmp/nothing', s3=S3Access(), owner='0a1b2c3d')\n"
        "list(store.files())\n"
        "print(sorted({'fsspec', 's3fs', 'botocore', 'aiohttp'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
