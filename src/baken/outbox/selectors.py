"""What can be read of the outbox: the door for reading; nobody reaches past it."""

from __future__ import annotations

from baken.outbox.halts import current_halt, is_halted
from baken.outbox.notifications import (
    OutboxTotals,
    accepted_notification,
    count_telling,
    notification_states_under,
    notifications_about,
    notifications_under,
    organisations_told_under,
    outbox_totals,
    waiting_notifications,
    warned_organisations,
)
from baken.outbox.suppressions import is_suppressed, suppressions
from baken.outbox.verdicts import (
    REFUSED_FOR,
    CaseVerdict,
    told_under,
    unwanted_addresses,
    verdict_on,
    verdicts_on,
)
from baken.outbox.warning_facts import warning_of

__all__ = [
    "REFUSED_FOR",
    "CaseVerdict",
    "OutboxTotals",
    "accepted_notification",
    "count_telling",
    "current_halt",
    "is_halted",
    "is_suppressed",
    "notification_states_under",
    "notifications_about",
    "notifications_under",
    "organisations_told_under",
    "outbox_totals",
    "suppressions",
    "told_under",
    "unwanted_addresses",
    "verdict_on",
    "verdicts_on",
    "waiting_notifications",
    "warned_organisations",
    "warning_of",
]
