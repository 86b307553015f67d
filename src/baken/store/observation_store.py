"""The store: writes a report, reads what the database lists, removes what it is told to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from baken.core.errors import StoredFileDamagedError
from baken.core.observation import OBSERVATION_SCHEMA
from baken.store.files import ListedFile, Place, PlacedFile
from baken.store.layout import completed, file_path, is_owned, stored_columns
from baken.store.local import LocalPlace
from baken.store.objects import ObjectPlace, S3Access
from baken.store.writing import ReportWriter

_BATCH_ROWS: Final = 100_000


def open_store(url: str, *, s3: S3Access, owner: str) -> ObservationStore:
    """The store at `url`: a folder (``file:///…``) or a bucket (``s3://bucket/prefix``).

    Raises `ExtraMissingError`. Nothing is asked of the network yet.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return ObservationStore(LocalPlace(Path(url2pathname(parts.path))), owner=owner)
    options = s3.options() if parts.scheme == "s3" else {}
    place = ObjectPlace(parts.scheme, parts.netloc + parts.path, options=options)
    return ObservationStore(place, owner=owner)


class ObservationStore:
    """The observations of all feeds, in one place, for one database.

    `owner` names that database in the names of files, eight hexadecimal digits: a file that another
    database wrote into the same place is never taken for one that a crash left.
    """

    def __init__(self, place: Place, *, owner: str) -> None:
        self._place = place
        self._owner = owner

    def writer(self, *, feed: str, content_sha256: str, batch: int) -> ReportWriter:
        """A writer for one report, taken in as `batch`."""
        path_of = partial(
            file_path, feed=feed, content_sha256=content_sha256, owner=self._owner, batch=batch
        )
        return ReportWriter(self._place, path_of=path_of)

    def read(self, file: ListedFile) -> Iterator[pa.RecordBatch]:
        """All of a listed file, in batches, once its length and hash are found to be right.

        Raises `StoredFileDamagedError`, `StoreUnavailableError`.
        """
        with _as_listed(file), self._place.fetch(file.path) as path:
            if path.stat().st_size != file.size_bytes:
                raise _damaged(file, f"is {path.stat().st_size:,} bytes long")
            with path.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if found != file.sha256:
                raise _damaged(file, "has another SHA-256")
            with pq.ParquetFile(path) as parquet:
                for batch in parquet.iter_batches(batch_size=_BATCH_ROWS):
                    yield completed(batch, columns=OBSERVATION_SCHEMA.names)

    def scan(
        self, file: ListedFile, *, columns: Sequence[str], finding_kinds: Iterable[str] | None
    ) -> Iterator[pa.RecordBatch]:
        """Some columns of a listed file, of some finding kinds or, with None, of all.

        Row groups that cannot hold such a kind are passed over, and only what is asked is fetched.
        So the file's length and the checksum of each page are checked, and not its hash. Raises
        `StoredFileDamagedError`, `StoreUnavailableError`.
        """
        kinds = None if finding_kinds is None else sorted(set(finding_kinds))
        with _as_listed(file), self._place.open(file.path) as opened:
            size_bytes = opened.seek(0, 2)
            if size_bytes != file.size_bytes:
                raise _damaged(file, f"is {size_bytes:,} bytes long")
            with pq.ParquetFile(
                opened, pre_buffer=True, page_checksum_verification=True
            ) as parquet:
                yield from _scan(parquet, columns=columns, kinds=kinds)

    def remove(self, path: str) -> None:
        """Make sure that no file is at `path`. Raises `StoreUnavailableError`."""
        self._place.remove(path)

    def files(self) -> Iterator[PlacedFile]:
        """Every file of this database's, listed or not, whole or half."""
        return (file for file in self._place.walk() if is_owned(file.path, owner=self._owner))

    def files_before(self, moment: datetime) -> Iterator[PlacedFile]:
        """Those of `files` that were last written to before `moment`."""
        return (file for file in self.files() if file.modified_at < moment)


def _scan(
    parquet: pq.ParquetFile, *, columns: Sequence[str], kinds: list[str] | None
) -> Iterator[pa.RecordBatch]:
    stored = stored_columns(columns, parquet.schema_arrow)
    if kinds is None:
        for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=stored):
            yield completed(batch, columns=columns)
        return
    at = parquet.schema_arrow.get_field_index("finding_kind")
    groups = [
        number
        for number in range(parquet.num_row_groups)
        if _may_hold(parquet.metadata.row_group(number).column(at).statistics, kinds)
    ]
    wanted = pa.array(kinds, pa.string())
    for batch in parquet.iter_batches(
        batch_size=_BATCH_ROWS, row_groups=groups, columns=[*stored, "finding_kind"]
    ):
        chosen = batch.filter(pc.is_in(batch["finding_kind"], value_set=wanted))
        if chosen.num_rows:
            yield completed(chosen, columns=columns)


def _may_hold(statistics: pq.Statistics | None, kinds: list[str]) -> bool:
    if statistics is None or not statistics.has_min_max:
        return True
    return any(statistics.min <= kind <= statistics.max for kind in kinds)


@contextmanager
def _as_listed(file: ListedFile) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise _damaged(file, "is not there") from error
    # pyarrow says ArrowInvalid of a broken footer, OSError of a broken page.
    except (pa.ArrowException, OSError) as error:
        raise _damaged(file, f"cannot be read ({error})") from error


def _damaged(file: ListedFile, what: str) -> StoredFileDamagedError:
    return StoredFileDamagedError(
        f"{file.path} in the store {what}; the database lists {file.size_bytes:,} bytes with "
        f"SHA-256 {file.sha256[:16]}….",
        remedy="Put it back from a backup, or take its report in once more with "
        "baken ingest --again.",
    )
