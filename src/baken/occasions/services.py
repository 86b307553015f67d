"""What may be done to occasions and cases: take reports in, release, remember what was told."""

from __future__ import annotations

from baken.occasions.accepting import (
    AcceptedReport,
    MatchedBatch,
    Progress,
    accept_report,
    accept_report_again,
    match_stored,
)
from baken.occasions.case_writing import (
    CaseCounts,
    ToldBefore,
    hold_cases,
    lock_cases,
    mark_gone,
    record_told,
    restore_told,
)
from baken.occasions.releasing import (
    close_occasion,
    create_threat_occasion,
    ensure_standing_occasions,
    label_standing_occasions,
    lock_occasion,
    release_in_rehearsal,
    release_occasion,
)

__all__ = [
    "AcceptedReport",
    "CaseCounts",
    "MatchedBatch",
    "Progress",
    "ToldBefore",
    "accept_report",
    "accept_report_again",
    "close_occasion",
    "create_threat_occasion",
    "ensure_standing_occasions",
    "hold_cases",
    "label_standing_occasions",
    "lock_cases",
    "lock_occasion",
    "mark_gone",
    "match_stored",
    "record_told",
    "release_in_rehearsal",
    "release_occasion",
    "restore_told",
]
