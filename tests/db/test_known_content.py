"""A report is known by what it holds, however it is packed and whatever it is called."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from itertools import permutations

import pytest

from baken.cases.models import Case
from baken.intake.models import Batch, StoredFile
from small_world import Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = report_text("192.0.2.7", "192.0.2.8").encode()
NAME = "2026-11-26-scan_rdp-f12.csv"


def zipped(member: str = NAME, *, method: int = zipfile.ZIP_DEFLATED, **more: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in more.items():
            archive.writestr(name, content)
        archive.writestr(member, TEXT)
    return packed.getvalue()


PACKED = {
    f"{NAME}": TEXT,
    f"{NAME}.gz": gzip.compress(TEXT, mtime=1),
    f"{NAME}.zip": zipped(),
}
OTHERS = {
    "renamed": ("2026-11-26-scan_rdp-other.csv", TEXT),
    "packed quickly": (f"{NAME}.gz", gzip.compress(TEXT, 1, mtime=2)),
    "in two parts": (f"{NAME}.gz", gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])),
    "not packed in its ZIP": (f"{NAME}.zip", zipped(method=zipfile.ZIP_STORED)),
    "in a folder of its ZIP": (f"{NAME}.zip", zipped(f"reports/november/{NAME}")),
    "beside what a Mac adds": (f"{NAME}.zip", zipped(**{f"__MACOSX/._{NAME}": b"x"})),
    "beside a note": (f"{NAME}.zip", zipped(**{"README.txt": b"x"})),
    "without an ending that says so": (NAME, gzip.compress(TEXT)),
}


@pytest.mark.parametrize("names", list(permutations(PACKED)), ids=" ".join)
def test_the_same_report_packed_in_another_way_counts_once(
    ingest: Ingest, names: tuple[str, ...]
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    known = []
    for name in names:
        file = ingest(PACKED[name], name=name)
        assert file.accepted is not None, file.refused
        known.append(file.accepted.is_known)
    assert known == [False, True, True]
    assert set(Case.objects.values_list("sightings", flat=True)) == {1}
    batch = Batch.objects.get()
    assert batch.content_sha256 == hashlib.sha256(TEXT).hexdigest()
    assert batch.delivered_sha256 == hashlib.sha256(PACKED[names[0]]).hexdigest()


@pytest.mark.parametrize("how", OTHERS)
def test_so_does_one_that(ingest: Ingest, how: str) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(TEXT, name=NAME)
    name, content = OTHERS[how]
    file = ingest(content, name=name)
    assert file.accepted is not None, file.refused
    assert file.accepted.is_known
    assert Batch.objects.count() == 1


def test_another_content_is_another_report(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(TEXT, name=NAME)
    file = ingest(gzip.compress(report_text("192.0.2.9").encode()), name=f"{NAME}.gz")
    assert file.accepted is not None
    assert not file.accepted.is_known
    assert Case.objects.count() == 3


def of_an_earlier_version(packed: bytes) -> None:
    """Batches were known by the hash of the file as it was delivered."""
    sha256 = hashlib.sha256(packed).hexdigest()
    Batch.objects.update(content_sha256=sha256, delivered_sha256=sha256)


def test_a_packed_report_of_an_earlier_version_is_known_again(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    packed = PACKED[f"{NAME}.gz"]
    ingest(packed, name=f"{NAME}.gz")
    of_an_earlier_version(packed)
    file = ingest(packed, name=f"{NAME}.gz")
    assert file.accepted is not None
    assert file.accepted.is_known


def test_and_read_again_it_is_not_in_the_store_twice(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    packed = PACKED[f"{NAME}.gz"]
    ingest(packed, name=f"{NAME}.gz")
    of_an_earlier_version(packed)
    ingest(packed, name=f"{NAME}.gz", again=True)
    ingest(TEXT, name=NAME, again=True)
    assert Batch.objects.count() == 3
    assert StoredFile.objects.filter(expired_at=None).count() == 1


@pytest.mark.parametrize("name", [f"{NAME}.gz", f"{NAME}.zip"])
def test_a_packed_report_that_is_damaged_is_refused_and_may_come_again(
    ingest: Ingest, name: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    broken = ingest(PACKED[name][:-30], name=name)
    assert broken.refused is not None
    whole = ingest(PACKED[name], name=name)
    assert whole.accepted is not None
    assert not whole.accepted.is_known
