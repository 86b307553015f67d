"""Report files as bytes: packed in every way, damaged, too large, or not there."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from baken.core.errors import ReportRefusedError, ReportTooLargeError
from baken.feeds import FEEDS, ReadLimits

HEADER = "timestamp,ip\n"
TEXT = HEADER + "".join(f"2026-11-22 00:00:00,192.0.2.{n}\n" for n in range(1, 101))
NAME = "2026-11-22-scan_telnet-example.csv"


def rows_of(path: Path, limits: ReadLimits | None = None) -> int:
    report = FEEDS["shadowserver"].open_report(path, limits=limits or ReadLimits())
    return sum(batch.observations.num_rows for batch in report.batches())


def zipped(
    members: dict[str, bytes],
    change: Callable[[zipfile.ZipInfo], None] = lambda _: None,
) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
            change(info)
    return packed.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Write a file and give its path."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


File = Callable[[str, bytes], Path]


def test_a_plain_file_is_read(file: File) -> None:
    assert rows_of(file(NAME, TEXT.encode())) == 100


def test_gzip_is_read(file: File) -> None:
    assert rows_of(file(NAME + ".gz", gzip.compress(TEXT.encode()))) == 100


def test_gzip_in_several_parts_is_read(file: File) -> None:
    half = len(TEXT) // 2
    parts = gzip.compress(TEXT[:half].encode()) + gzip.compress(TEXT[half:].encode())

    assert rows_of(file(NAME + ".gz", parts)) == 100


def test_zip_is_read(file: File) -> None:
    assert rows_of(file(NAME + ".zip", zipped({NAME: TEXT.encode()}))) == 100


def test_what_is_packed_is_told_from_the_content(file: File) -> None:
    assert rows_of(file(NAME, gzip.compress(TEXT.encode()))) == 100
    assert rows_of(file(NAME + ".gz", TEXT.encode())) == 100


def test_a_renamed_zip_takes_its_type_from_the_file_within(file: File) -> None:
    path = file("download.zip", zipped({f"folder/{NAME}": TEXT.encode()}))
    info = FEEDS["shadowserver"].open_report(path).info

    assert (info.report_type, info.report_date) == ("scan_telnet", "2026-11-22")


def test_the_leavings_of_a_mac_in_a_zip_are_passed_over(file: File) -> None:
    members = {NAME: TEXT.encode(), f"__MACOSX/._{NAME}": b"x", "readme.txt": b"x"}

    assert rows_of(file(NAME + ".zip", zipped(members))) == 100


def test_a_path_in_a_zip_writes_nothing(file: File, tmp_path: Path) -> None:
    path = file(NAME + ".zip", zipped({f"../../{NAME}": TEXT.encode()}))

    assert rows_of(path) == 100
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME + ".zip"]


@pytest.mark.parametrize("members", [{}, {"a.csv": b"x", "b.csv": b"x"}, {"a.txt": b"x"}])
def test_a_zip_without_exactly_one_csv_is_refused(file: File, members: dict[str, bytes]) -> None:
    path = file(NAME + ".zip", zipped({"other.txt": b"", **members}))

    with pytest.raises(ReportRefusedError, match="a report is exactly one"):
        rows_of(path)


def test_a_zip_with_a_password_is_refused(file: File) -> None:
    def protect(info: zipfile.ZipInfo) -> None:
        info.flag_bits |= 0x1

    path = file(NAME + ".zip", zipped({NAME: TEXT.encode()}, change=protect))

    with pytest.raises(ReportRefusedError, match="password"):
        rows_of(path)


@pytest.mark.parametrize("cut", [15, 100, -10])
def test_a_broken_off_gzip_is_refused(file: File, cut: int) -> None:
    path = file(NAME + ".gz", gzip.compress(TEXT.encode())[:cut])

    with pytest.raises(ReportRefusedError, match="damaged"):
        rows_of(path)


def test_a_gzip_with_a_wrong_byte_is_refused(file: File) -> None:
    packed = bytearray(gzip.compress(TEXT.encode()))
    packed[len(packed) // 2] ^= 0xFF

    with pytest.raises(ReportRefusedError, match="damaged"):
        rows_of(file(NAME + ".gz", bytes(packed)))


def test_a_broken_off_zip_is_refused(file: File) -> None:
    path = file(NAME + ".zip", zipped({NAME: TEXT.encode()})[:-30])

    with pytest.raises(ReportRefusedError, match="damaged"):
        rows_of(path)


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped({NAME: text})])
def test_a_bomb_is_refused_by_its_ratio(file: File, pack: Callable[[bytes], bytes]) -> None:
    path = file(NAME + ".gz", pack(HEADER.encode() + b"0" * 2_000_000))
    limits = ReadLimits(ratio_checked_after_bytes=1_000_000)

    with pytest.raises(ReportTooLargeError, match="200 times") as refusal:
        rows_of(path, limits)
    assert "BAKEN_MAX_UNPACKED_RATIO" in refusal.value.remedy


def test_a_bomb_is_refused_by_its_size(file: File) -> None:
    path = file(NAME + ".gz", gzip.compress(TEXT.encode()))

    with pytest.raises(ReportTooLargeError, match="more than 1,000 bytes"):
        rows_of(path, ReadLimits(max_unpacked_bytes=1000))


def test_a_small_file_may_pack_as_well_as_it_likes(file: File) -> None:
    repeated = HEADER + "2026-11-22 00:00:00,192.0.2.1\n" * 100_000

    assert rows_of(file(NAME + ".gz", gzip.compress(repeated.encode()))) == 100_000


def test_utf_16_is_refused_with_the_remedy(file: File) -> None:
    with pytest.raises(ReportRefusedError, match="UTF-16"):
        rows_of(file(NAME, TEXT.encode("utf-16")))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportRefusedError, match="does not exist"):
        FEEDS["shadowserver"].open_report(tmp_path / NAME)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportRefusedError, match="folder"):
        FEEDS["shadowserver"].open_report(tmp_path)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    circle = tmp_path / NAME
    circle.symlink_to(circle)

    with pytest.raises(ReportRefusedError, match="cannot be opened"):
        FEEDS["shadowserver"].open_report(circle)


def test_a_large_file_comes_in_batches_of_bounded_size(file: File) -> None:
    path = file(NAME, TEXT.encode())
    report = FEEDS["shadowserver"].open_report(path, limits=ReadLimits(chunk_bytes=500))
    sizes = [batch.observations.num_rows for batch in report.batches()]

    assert sum(sizes) == 100
    assert max(sizes) <= 2 * 500 / len("2026-11-22 00:00:00,192.0.2.1\n")
