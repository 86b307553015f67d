"""One whole round: take in, mark gone, plan, hand over. Each step may run again after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from baken.cases.services import ClosedCases, Progress
from baken.intake.services import Purge
from baken.jobs.clock import check_clock
from baken.jobs.ingestion import (
    IngestedFile,
    ReadOnce,
    close_gone_cases,
    ingest_files,
)
from baken.jobs.retention import purge_store_by_itself
from baken.jobs.sending import check_sender, plan_and_deliver
from baken.outbox.services import Outcome, Plan
from baken.settings.environment import Settings


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    files: Sequence[IngestedFile]
    closed: ClosedCases
    purge: Purge
    plan: Plan = field(default_factory=Plan)
    outcome: Outcome = field(default_factory=Outcome)


def run_round(
    paths: Sequence[Path],
    *,
    settings: Settings,
    reading: Progress,
    sending: Progress,
) -> Round:
    """Do everything once. Raises what `deliver` raises, after what came before it is committed,
    and `SettingsError` or `ClockBehindError` before anything is done when the sender is the example
    address or our clock is behind.

    A store that fails to remove what has expired stops no warning; nor does one of which so much
    expires at once that nothing is removed.
    """
    check_sender(settings)
    check_clock(datetime.now(UTC))
    files = list(ingest_files(paths, settings=settings, accept=ReadOnce, progress=reading))
    closed = close_gone_cases(settings=settings)
    purge = purge_store_by_itself(settings=settings)
    planned, outcome = plan_and_deliver(settings=settings, progress=sending)
    return Round(files, closed, purge, planned, outcome)
