"""A bucket of an object storage as a place for files, through fsspec.

S3 is what is tested. An upload is invisible until it is complete, so there is no half object; what
is complete and not listed in the database is not read.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from baken.core.errors import ExtraMissingError, StoreError, StoreUnavailableError
from baken.store.files import PlacedFile

_BLOCK_BYTES: Final = 16 << 20
"""One part of an upload; S3 takes 10,000 of them, so a file may have 156 GiB."""


@dataclass(frozen=True, slots=True)
class S3Access:
    """How an S3-compatible server is reached; what is empty is left to the environment's own."""

    endpoint: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    region: str = ""
    ca_file: Path | None = None

    def options(self) -> dict[str, Any]:
        """These as the options of s3fs."""
        client: dict[str, Any] = {}
        if self.region:
            client["region_name"] = self.region
        if self.ca_file:
            client["verify"] = str(self.ca_file)
        return {
            "key": self.key or None,
            "secret": self.secret or None,
            "endpoint_url": self.endpoint or None,
            "client_kwargs": client,
            "config_kwargs": {
                "connect_timeout": 10,
                "read_timeout": 60,
                "retries": {"mode": "standard", "max_attempts": 3},
            },
            "fixed_upload_size": True,  # some servers take parts of one size only
        }


class ObjectPlace:
    """A bucket, or a prefix in one.

    Raises `ExtraMissingError` when the library for its kind of storage is not installed.
    """

    def __init__(self, protocol: str, root: str, *, options: Mapping[str, Any]) -> None:
        import fsspec

        try:
            # Other processes write here too, so no listing may be cached.
            self._files = fsspec.filesystem(
                protocol, use_listings_cache=False, skip_instance_cache=True, **options
            )
        except ImportError as error:
            raise ExtraMissingError(
                f"The store is at {protocol}://, and the library for it is not installed: {error}.",
                remedy=f"Install it: pip install 'baken[{protocol}]'.",
            ) from error
        except ValueError as error:
            raise StoreUnavailableError(
                f"{protocol}:// cannot be opened: {error}.",
                remedy="Name a folder (file:///…) or a bucket (s3://…) in BAKEN_STORE_URL.",
            ) from error
        self._root = root.strip("/")

    def create(self, path: str) -> ObjectFile:
        """A new object at `path`; nothing is there before it is complete."""
        with _explained(path):
            return ObjectFile(
                self._files.open(self._full(path), "wb", block_size=_BLOCK_BYTES), path=path
            )

    @contextmanager
    def fetch(self, path: str) -> Iterator[Path]:
        """A copy of the object on this machine, for as long as the context lasts."""
        with tempfile.TemporaryDirectory(prefix="baken-store-") as folder:
            copy = Path(folder, "object.parquet")
            with self.open(path) as source, copy.open("wb") as target, _explained(path):
                shutil.copyfileobj(source, target, _BLOCK_BYTES)
            yield copy

    def open(self, path: str) -> BinaryIO:
        """The object for reading parts of it. Raises `FileNotFoundError`."""
        with _explained(path):
            file = self._files.open(self._full(path), "rb", cache_type="none")
        return cast("BinaryIO", _ObjectReader(file, path=path))

    def remove(self, path: str) -> None:
        """Make sure that no object is at `path`."""
        try:
            with _explained(path):
                self._files.rm_file(self._full(path))
        except FileNotFoundError:
            return

    def walk(self) -> Iterator[PlacedFile]:
        """Every object that is complete."""
        try:
            with _explained(self._root):
                found = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return
        for full, about in found.items():
            yield PlacedFile(
                path=full.removeprefix(self._root).lstrip("/"),
                size_bytes=int(about["size"]),
                modified_at=about.get("LastModified") or self._files.modified(full),
            )

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"


class ObjectFile:
    """An upload in parts, completed by `commit`."""

    def __init__(self, file: Any, *, path: str) -> None:
        self._file = file
        self._path = path

    def write(self, data: bytes) -> None:
        """Add `data` at the end; a part goes out when it is full."""
        with _explained(self._path):
            self._file.write(data)

    def commit(self) -> None:
        """Complete the upload."""
        try:
            with _explained(self._path):
                self._file.close()
        except FileNotFoundError as error:
            raise _unavailable(self._path, error) from error

    def discard(self) -> None:
        """Abort the upload. If the server does not answer, its own rule for old uploads does."""
        # fsspec's close() would complete what is there; marked as closed, nothing ever calls it.
        self._file.closed = True
        with suppress(Exception):  # the error that led here is the one to report
            self._file.discard()


class _ObjectReader:
    """An object that is read in parts; an error on the way says that the storage failed."""

    closed = False

    def __init__(self, file: Any, *, path: str) -> None:
        self._file = file
        self._path = path

    def __enter__(self) -> _ObjectReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        with _explained(self._path):
            return cast("bytes", self._file.read(size))

    def seek(self, offset: int, whence: int = 0) -> int:
        return cast("int", self._file.seek(offset, whence))

    def tell(self) -> int:
        return cast("int", self._file.tell())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
        self._file.close()


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, StoreError):
        raise
    # Each storage's library has its own errors; for us they all mean that it cannot be used.
    except Exception as error:
        raise _unavailable(path, error) from error


def _unavailable(path: str, error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"The object storage does not work on {path}: {error}.",
        remedy="Check BAKEN_STORE_URL, that the bucket is there, and the BAKEN_STORE_S3_ settings; "
        "then give the same command again.",
    )
