"""What may be done to the outbox: the door for writing; nobody reaches past it."""

from __future__ import annotations

from baken.outbox.addressees import erase_addressee
from baken.outbox.brake import BrakeLimits, release_brake
from baken.outbox.delivering import Outcome, Progress, deliver_waiting
from baken.outbox.dry_run import DryRun, dry_run
from baken.outbox.forgetting import blank_ledger_of, forget_idle_providers
from baken.outbox.halts import halt_sending, resume_sending
from baken.outbox.handing_over import Road
from baken.outbox.left_alone import leave_alone
from baken.outbox.pacing import Pace
from baken.outbox.pass_on_answers import (
    PassedOn,
    record_all_passed_on,
    record_answer_of_operator,
    record_passed_on,
)
from baken.outbox.planning import Plan, Unreachable, Waiting, plan_notifications
from baken.outbox.preview import PREVIEW_SCHEMA, preview
from baken.outbox.refusals import forget_refusals
from baken.outbox.returns import call_off, record_return
from baken.outbox.rounds import record_round
from baken.outbox.suppressions import SuppressedAddress, lift_suppression, suppress_address
from baken.outbox.withdrawals import ClosedThreat, close_threat
from baken.outbox.wording import Sender

__all__ = [
    "PREVIEW_SCHEMA",
    "BrakeLimits",
    "ClosedThreat",
    "DryRun",
    "Outcome",
    "Pace",
    "PassedOn",
    "Plan",
    "Progress",
    "Road",
    "Sender",
    "SuppressedAddress",
    "Unreachable",
    "Waiting",
    "blank_ledger_of",
    "call_off",
    "close_threat",
    "deliver_waiting",
    "dry_run",
    "erase_addressee",
    "forget_idle_providers",
    "forget_refusals",
    "halt_sending",
    "leave_alone",
    "lift_suppression",
    "plan_notifications",
    "preview",
    "record_all_passed_on",
    "record_answer_of_operator",
    "record_passed_on",
    "record_return",
    "record_round",
    "release_brake",
    "resume_sending",
    "suppress_address",
]
