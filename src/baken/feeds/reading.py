"""Report files unpacked within limits: as bytes, or as numbered blocks of whole lines in UTF-8.

Generic for feeds that come as files: plain, gzip (RFC 1952) or ZIP with one CSV member. What is
packed is told from the content, not from the name, and nothing is ever unpacked to disk.
"""

from __future__ import annotations

import codecs
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, Protocol

from baken.core.errors import ReportRefusedError, ReportTooLargeError
from baken.feeds.octets import count_octet

MEBIBYTE: Final = 1024 * 1024
PIECE_BYTES: Final = MEBIBYTE
"""How much is unpacked at a time: a bomb is noticed before it has filled the memory."""

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_BROKEN_ARCHIVE: Final = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    NotImplementedError,  # a ZIP compression method that Python does not know
    RuntimeError,  # what zipfile says of a member that needs a password
)


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How far a report file is trusted.

    Real reports pack 10 to 40 times smaller; gzip cannot do better than 1,032 times.
    """

    max_unpacked_bytes: int = 64 * 1024 * MEBIBYTE
    """A compressed report that unpacks to more is refused."""
    max_ratio: int = 200
    """So is one that unpacks to more than this many times its packed size…"""
    ratio_checked_after_bytes: int = 64 * MEBIBYTE
    """…once this much is unpacked: below it, no ratio does harm."""
    chunk_bytes: int = 8 * MEBIBYTE
    """About how much text makes one batch. Memory in use is a dozen times as much."""
    max_line_bytes: int = MEBIBYTE
    """A longer line, or a longer record of several lines, is quarantined."""
    not_after: datetime = datetime(9999, 12, 31, tzinfo=UTC)
    """A row that says it was seen later is quarantined: no clock runs ahead of ours by a day."""


DEFAULT_LIMITS: Final = ReadLimits()


@dataclass(frozen=True, slots=True)
class OverlongLine:
    """A line over the limit: its number and how it begins. Its place is kept by an empty line."""

    line: int
    start: bytes


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Whole lines of a report, each ended by ``\\n``; only the file's last may lack it.

    `data` is valid UTF-8. `first_line` is the number of its first line, counted from 1.
    """

    data: bytes
    first_line: int
    is_last: bool
    overlong: tuple[OverlongLine, ...] = ()


def check_readable(path: Path) -> None:
    """Raise `ReportRefusedError` when `path` is no file that can be opened."""
    try:
        is_folder, is_special = path.is_dir(), path.exists() and not path.is_file()
    except OSError:  # such as a name that is too long: opening it says what is wrong
        is_folder = is_special = False
    if is_folder:
        raise ReportRefusedError(
            f"{path} is a folder, not a report.", remedy="Put reports in it, or name one."
        )
    if is_special:
        # To read a pipe or a device may wait for ever, or never end.
        raise ReportRefusedError(f"{path} is no ordinary file.", remedy="Name a file.")
    with _opened(path) as file:
        if _starts_with(file, b"PK") and not _starts_with(file, _ZIP):
            raise ReportRefusedError(
                f"{path} is an empty or damaged ZIP file.", remedy="Fetch it anew."
            )


def is_packed(path: Path) -> bool:
    """Whether the file at `path` is gzip or ZIP. Raises `ReportRefusedError`."""
    with _opened(path) as file:
        return _starts_with(file, _GZIP) or _starts_with(file, _ZIP)


def member_name(path: Path) -> str:
    """The name of the report within: the ZIP's one member, or else the file's own name."""
    with _opened(path) as file:
        if not _starts_with(file, _ZIP):
            return path.name
        with _refusing_broken(path), zipfile.ZipFile(file) as archive:
            return Path(_only_member(archive, path=path).filename).name


def line_blocks(
    path: Path, *, limits: ReadLimits = DEFAULT_LIMITS
) -> Generator[LineBlock, None, None]:
    """The lines of the report at `path`, in blocks of about ``limits.chunk_bytes``.

    Byte order marks are dropped, line ends become ``\\n``, and a line that is not UTF-8 is taken
    as Latin-1. An empty file gives one empty block. Raises `ReportRefusedError` for what cannot
    be read, possibly after some blocks, and `ReportTooLargeError` for a decompression bomb.
    """
    first_line = 1
    for data, is_last in _whole_lines(_pieces(path, limits=limits), limits=limits):
        kept, overlong = _without_overlong(data, first_line=first_line, limits=limits)
        yield LineBlock(
            data=_as_utf8(kept), first_line=first_line, is_last=is_last, overlong=overlong
        )
        first_line += count_octet(data, b"\n")


def _pieces(path: Path, *, limits: ReadLimits) -> Iterator[bytes]:
    """The unpacked text with its line ends made ``\\n`` and its byte order marks dropped."""
    is_first = True
    is_mac = False
    held = b""  # a carriage return at the end of a piece waits for the line feed it may go with
    for raw in unpacked(path, limits=limits):
        piece = held + raw
        held = b""
        if is_first:
            _refuse_utf16(piece, path=path)
            piece = _without_marks(piece)
            is_mac = b"\r" in piece and b"\n" not in piece
            is_first = False
        if is_mac:
            yield piece.replace(b"\r", b"\n")
            continue
        if piece.endswith(b"\r"):
            piece, held = piece[:-1], b"\r"
        yield piece.replace(b"\r\n", b"\n") if b"\r" in piece else piece
    if held:
        yield held


def _whole_lines(pieces: Iterator[bytes], *, limits: ReadLimits) -> Iterator[tuple[bytes, bool]]:
    """The text cut after line ends, with whether it is the last cut."""
    waiting: list[bytes] = []
    size = 0
    wanted = min(PIECE_BYTES, limits.chunk_bytes)  # the first block is small: work begins at once
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size < wanted:
            continue
        wanted = limits.chunk_bytes
        if b"\n" not in piece:
            waiting = [b"".join(waiting)]
        last = waiting.pop()
        end = last.rfind(b"\n") + 1
        if end:
            yield b"".join([*waiting, last[:end]]), False
            waiting = []
        # Of a line without end only as much is kept as shows that it is too long.
        waiting.append(last[end : end + limits.max_line_bytes + 1])
        size = sum(map(len, waiting))
    yield b"".join(waiting), True


def _without_overlong(
    data: bytes, *, first_line: int, limits: ReadLimits
) -> tuple[bytes, tuple[OverlongLine, ...]]:
    """`data` with every overlong line emptied, and those lines."""
    kept: list[bytes] = []
    found: list[OverlongLine] = []
    start = kept_up_to = 0
    while len(data) - start > limits.max_line_bytes:
        last_end = data.rfind(b"\n", start, start + limits.max_line_bytes + 1)
        if last_end >= 0:
            start = last_end + 1
            continue
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number = first_line + data.count(b"\n", 0, start)
        found.append(OverlongLine(line=number, start=data[start : start + 200]))
        kept.append(data[kept_up_to:start])
        start = kept_up_to = end
    if not found:
        return data, ()
    kept.append(data[kept_up_to:])
    return b"".join(kept), tuple(found)


def _as_utf8(data: bytes) -> bytes:
    """`data` as valid UTF-8: each line that is not is taken as Latin-1, which loses nothing."""
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return b"\n".join(_line_as_utf8(line) for line in data.split(b"\n"))
    return data


def _line_as_utf8(line: bytes) -> bytes:
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1").encode()
    return line


def _refuse_utf16(piece: bytes, *, path: Path) -> None:
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReportRefusedError(
            f"{path} is written in UTF-16.", remedy="Save it as UTF-8 and try again."
        )


def _without_marks(start: bytes) -> bytes:
    """`start` of a file without byte order marks: programs that add one each leave several."""
    while start.startswith(codecs.BOM_UTF8):
        start = start.removeprefix(codecs.BOM_UTF8)
    return start


def first_bytes(path: Path, *, size: int) -> bytes:
    """How the report begins, unpacked and without byte order marks; empty when it is unreadable."""
    limits = replace(DEFAULT_LIMITS, chunk_bytes=size)
    try:
        with closing(unpacked(path, limits=limits)) as pieces:
            return _without_marks(next(pieces, b""))[:size]
    except ReportRefusedError:
        return b""


def unpacked(path: Path, *, limits: ReadLimits) -> Generator[bytes, None, None]:
    """The report's own bytes in small pieces, unpacked no further than the limits allow.

    Raises `ReportRefusedError`, possibly after some pieces, and `ReportTooLargeError`.
    """
    piece_bytes = min(PIECE_BYTES, limits.chunk_bytes)
    with _opened(path) as file:
        if _starts_with(file, _GZIP):
            packed_bytes = path.stat().st_size
            with _refusing_broken(path), gzip.open(file) as text:
                yield from _metered(
                    text, packed_bytes, piece_bytes=piece_bytes, limits=limits, path=path
                )
        elif _starts_with(file, _ZIP):
            with _refusing_broken(path), zipfile.ZipFile(file) as archive:
                member = _only_member(archive, path=path)
                with archive.open(member) as text:
                    yield from _metered(
                        text,
                        member.compress_size,
                        piece_bytes=piece_bytes,
                        limits=limits,
                        path=path,
                    )
        else:
            yield from _plain_pieces(file, piece_bytes=piece_bytes, limits=limits)


def _plain_pieces(file: IO[bytes], *, piece_bytes: int, limits: ReadLimits) -> Iterator[bytes]:
    """The text of `file`, cut after line ends where they are near: nothing need be put together.

    What is read but once is not copied either, and of a large file that is half of the reading.
    """
    start, size = 0, piece_bytes
    while True:
        file.seek(start + size)
        size += len(file.readline(limits.max_line_bytes))
        file.seek(start)
        piece = file.read(size)
        if not piece:
            return
        yield piece
        start, size = start + len(piece), limits.chunk_bytes


def _metered(
    unpacked: _Readable, packed_bytes: int, *, piece_bytes: int, limits: ReadLimits, path: Path
) -> Iterator[bytes]:
    """The pieces of `unpacked`; raises `ReportTooLargeError` when they outgrow the limits."""
    total = 0
    while piece := unpacked.read(piece_bytes):
        total += len(piece)
        if total > limits.max_unpacked_bytes:
            raise ReportTooLargeError(
                f"{path} unpacks to more than {limits.max_unpacked_bytes:,} bytes "
                f"from {packed_bytes:,}.",
                remedy="If the report is real, raise BAKEN_MAX_UNPACKED_BYTES or split it.",
            )
        if total > limits.ratio_checked_after_bytes and total > limits.max_ratio * packed_bytes:
            raise ReportTooLargeError(
                f"{path} unpacks to more than {limits.max_ratio} times its size: "
                f"{total:,} bytes so far, from {packed_bytes:,}.",
                remedy="No real report does that. If this one is, raise BAKEN_MAX_UNPACKED_RATIO.",
            )
        yield piece


def _only_member(archive: zipfile.ZipFile, *, path: Path) -> zipfile.ZipInfo:
    members = [
        info
        for info in archive.infolist()
        if info.filename.lower().endswith(".csv") and not info.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise ReportRefusedError(
            f"{path} holds {len(members)} CSV files; a report is exactly one.",
            remedy="Unpack it and give the CSV files one by one.",
        )
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The other methods unpack any amount at once, before it can be counted.
        raise ReportRefusedError(
            f"{path} is packed in a way that is not read.",
            remedy="Unpack it and give the CSV file, or pack it with the usual method (deflate).",
        )
    if members[0].flag_bits & 0x1:
        raise ReportRefusedError(
            f"{path} is protected with a password.", remedy="Unpack it and give the CSV file."
        )
    return members[0]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise ReportRefusedError(
            f"{path} does not exist.", remedy="Check the name and the folder."
        ) from error
    except (OSError, ValueError) as error:
        raise ReportRefusedError(
            f"{path} cannot be opened: {error}.", remedy="Check its permissions."
        ) from error
    with file:
        try:
            yield file
        except OSError as error:
            raise ReportRefusedError(
                f"{path} cannot be read to its end: {error}.", remedy="Fetch it anew."
            ) from error


@contextmanager
def _refusing_broken(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN_ARCHIVE as error:
        raise ReportRefusedError(
            f"{path} is damaged: {error or type(error).__name__}.",
            remedy="Fetch it anew; the transfer may have broken off.",
        ) from error


def _starts_with(file: IO[bytes], magic: bytes) -> bool:
    file.seek(0)
    start = file.read(len(magic))
    file.seek(0)
    return start == magic
