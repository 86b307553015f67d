"""What may be done to occasions: read, make, label, release, close. Nobody reaches past it."""

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
from baken.occasions.threats import Threat, read_threat

__all__ = [
    "Threat",
    "close_occasion",
    "create_threat_occasion",
    "ensure_standing_occasions",
    "label_standing_occasions",
    "lock_occasion",
    "read_threat",
    "release_for_dry_run",
    "release_occasion",
]
