"""What may be done to the outbox: plan, hand over, rehearse both, withdraw, suppress, halt."""

from __future__ import annotations

from baken.outbox.dry_run import Rehearsal, rehearse
from baken.outbox.halting import halt_sending, resume_sending
from baken.outbox.planning import Plan, Unreachable, plan_notifications
from baken.outbox.sending import Clock, Outcome, Progress, deliver_waiting
from baken.outbox.suppressing import SuppressedAddress, lift_suppression, suppress_address
from baken.outbox.withdrawing import ClosedThreat, close_threat

__all__ = [
    "Clock",
    "ClosedThreat",
    "Outcome",
    "Plan",
    "Progress",
    "Rehearsal",
    "SuppressedAddress",
    "Unreachable",
    "close_threat",
    "deliver_waiting",
    "halt_sending",
    "lift_suppression",
    "plan_notifications",
    "rehearse",
    "resume_sending",
    "suppress_address",
]
