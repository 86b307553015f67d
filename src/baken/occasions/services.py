"""What may be done to occasions: make, label, release, close."""

from __future__ import annotations

from baken.occasions.releasing import (
    close_occasion,
    create_threat_occasion,
    ensure_standing_occasions,
    label_standing_occasions,
    lock_occasion,
    release_for_dry_run,
    release_occasion,
)

__all__ = [
    "close_occasion",
    "create_threat_occasion",
    "ensure_standing_occasions",
    "label_standing_occasions",
    "lock_occasion",
    "release_for_dry_run",
    "release_occasion",
]
