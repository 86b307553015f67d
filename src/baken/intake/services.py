"""What may be done to what came in: take a batch in, quarantine, keep the store to its days.

The door for writing; nobody reaches past it.
"""

from __future__ import annotations

from baken.intake.batches import (
    RowCounts,
    begin_batch,
    complete_batch,
    find_batch,
    lock_content,
    quarantine_rows,
)
from baken.intake.hints import Hinted, count_hints
from baken.intake.purging import (
    Purge,
    StoreState,
    dry_run_purge,
    look_over,
    purge,
    purge_by_itself,
)
from baken.intake.report_files import ReportFile, report_file
from baken.intake.retention import FeedCounts, expire_files

__all__ = [
    "FeedCounts",
    "Hinted",
    "Purge",
    "ReportFile",
    "RowCounts",
    "StoreState",
    "begin_batch",
    "complete_batch",
    "count_hints",
    "dry_run_purge",
    "expire_files",
    "find_batch",
    "lock_content",
    "look_over",
    "purge",
    "purge_by_itself",
    "quarantine_rows",
    "report_file",
]
