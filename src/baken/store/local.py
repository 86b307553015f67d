"""A folder as a place for files: each is written under another name, flushed, then renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from baken.core.errors import StoreError, StoreFullError, StoreUnavailableError
from baken.store.files import PlacedFile

PART_SUFFIX: Final = ".part"
"""What the name of a file ends in until it is whole."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LocalPlace:
    """A folder of this machine, or one that is mounted here."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, path: str) -> LocalFile:
        """A new file at `path`; one that stands there is replaced on `commit`."""
        return LocalFile(self._root / path, root=self._root)

    @contextmanager
    def fetch(self, path: str) -> Iterator[Path]:
        """The file itself: it is on this machine already."""
        with _explained(path, passing=FileNotFoundError):
            yield self._root / path

    def open(self, path: str) -> BinaryIO:
        """The file for reading parts of it. Raises `FileNotFoundError`."""
        with _explained(path, passing=FileNotFoundError):
            return (self._root / path).open("rb")

    def remove(self, path: str) -> None:
        """Make sure that no file is at `path`; the folder of a day goes with its last file."""
        with _explained(path):
            file = self._root / path
            file.unlink(missing_ok=True)
            try:
                file.parent.rmdir()
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                    raise

    def walk(self) -> Iterator[PlacedFile]:
        """Every file, also those that a crash left half."""
        for folder, _, names in os.walk(self._root, onerror=_refuse_unless_gone):
            for name in names:
                file = Path(folder, name)
                try:
                    state = file.stat()
                except FileNotFoundError:
                    continue  # another process removed or renamed it just now
                yield PlacedFile(
                    path=file.relative_to(self._root).as_posix(),
                    size_bytes=state.st_size,
                    modified_at=datetime.fromtimestamp(state.st_mtime, UTC),
                )


class LocalFile:
    """A file under its name with `PART_SUFFIX` until it is committed."""

    def __init__(self, path: Path, *, root: Path) -> None:
        self._path = path
        self._shown = path.relative_to(root).as_posix()
        self._part = path.with_name(path.name + PART_SUFFIX)
        with _explained(self._shown):
            self._file = self._open()

    def write(self, data: bytes) -> None:
        """Add `data` at the end."""
        with _explained(self._shown):
            self._file.write(data)

    def commit(self) -> None:
        """Flush it, rename it, and flush the folder."""
        with _explained(self._shown):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)
            _sync_folder(self._path.parent)

    def discard(self) -> None:
        """Leave nothing of it."""
        with suppress(OSError):  # what cannot be flushed is not wanted any more
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        # Another process may remove the folder of a day, empty, between the two calls.
        for _ in range(3):
            self._make_folder()
            try:
                return self._part.open("wb")
            except FileNotFoundError:
                continue
        return self._part.open("wb")

    def _make_folder(self) -> None:
        missing = []
        folder = self._path.parent
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for made in missing:
            if made.parent.exists():
                _sync_folder(made.parent)


@contextmanager
def _explained(path: str, *, passing: type[Exception] = StoreError) -> Iterator[None]:
    try:
        yield
    except (passing, StoreError):
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreFullError(
                f"There is no room for {path} in the store: {error.strerror}.",
                remedy="Make room where BAKEN_STORE_URL points to (baken purge removes what has "
                "expired), then give the same command again: the report was not taken in.",
            ) from error
        raise StoreUnavailableError(
            f"The store cannot work on {path}: {error.strerror or error}.",
            remedy="Check that the folder of BAKEN_STORE_URL is there and that you may read and "
            "write it; then give the same command again.",
        ) from error


def _refuse_unless_gone(error: OSError) -> None:
    # A folder that cannot be read must not be taken for an empty one.
    with _explained(str(error.filename), passing=FileNotFoundError):
        if not isinstance(error, FileNotFoundError):
            raise error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
