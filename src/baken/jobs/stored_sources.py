"""What of the store is read for a selection: which files, and how they are opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from baken.cases.services import Source, Store
from baken.core.selection import Selection
from baken.intake.models import StoredFile
from baken.intake.selectors import store_owner_key, stored_files
from baken.jobs.retention import s3_access
from baken.settings.environment import Settings

_ROWS_AT_ONCE: Final = 20_000_000
"""Files of about so many rows are matched in one job: what a cluster answers waits on a disk."""


def files_under(selection: Selection) -> list[StoredFile]:
    """The files in which something may be selected, batch by batch."""
    files = stored_files(
        feeds=selection.feeds or None,
        finding_kinds=selection.finding_kinds or None,
        with_cves=bool(selection.cves),
    )
    return list(files.order_by("batch", "path"))


def source_of(file: StoredFile) -> Source:
    """`file` as a work reads it."""
    return Source(
        path=file.path,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        batch=file.batch_id,
        finding_kinds=tuple(file.finding_kinds),
    )


def store_of(settings: Settings) -> Store:
    """The store, as a work opens it wherever it runs."""
    return Store(settings.store_url, s3_access(settings), store_owner_key())


def portions_under(selection: Selection) -> Iterator[list[Source]]:
    """The files of `selection` in portions that each hold whole batches."""
    portion: list[Source] = []
    rows = 0
    for file in files_under(selection):
        if rows >= _ROWS_AT_ONCE and file.batch_id != portion[-1].batch:
            yield portion
            portion, rows = [], 0
        portion.append(source_of(file))
        rows += file.rows
    if portion:
        yield portion
