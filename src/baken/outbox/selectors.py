"""What can be read of the outbox: the door for reading; nobody reaches past it."""

from __future__ import annotations

from baken.outbox.brake import BrakeOn, brake_on
from baken.outbox.by_hand import (
    ReadyCall,
    ReadyLetter,
    SightingNow,
    ready_call,
    ready_letter,
    why_not_carry,
)
from baken.outbox.checking import CheckedMessage, check_code, message_sent
from baken.outbox.codes import read_code
from baken.outbox.forgetting import organisations_to_forget
from baken.outbox.halts import current_halt
from baken.outbox.ledger_secret import answer_key
from baken.outbox.notifications import (
    OutboxTotals,
    accepted_by_channel,
    accepted_notification,
    cases_told_by,
    count_telling,
    find_by_code,
    notification_states_under,
    notifications_about,
    outbox_totals,
    warned_organisations,
)
from baken.outbox.pass_on_answers import (
    AskedSystem,
    ListedRequest,
    PassOnTotals,
    find_handed_down,
    listed_requests,
    pass_on_totals,
    request_with,
    requests_about,
    systems_asked_in,
)
from baken.outbox.passing_on import RequestVerdict, request_verdicts
from baken.outbox.refusals import CountingRefusal, OwnFault, counting_refusals, own_faults
from baken.outbox.rounds import rhythm_at
from baken.outbox.suppressions import suppressions
from baken.outbox.verdicts import (
    CaseVerdict,
    unwanted_addresses,
    unwanted_of_any_kind,
    verdict_on,
    verdicts_on,
)
from baken.outbox.warning_facts import warning_of
from baken.outbox.withdrawal_reasons import key_of_reason

__all__ = [
    "AskedSystem",
    "BrakeOn",
    "CaseVerdict",
    "CheckedMessage",
    "CountingRefusal",
    "ListedRequest",
    "OutboxTotals",
    "OwnFault",
    "PassOnTotals",
    "ReadyCall",
    "ReadyLetter",
    "RequestVerdict",
    "SightingNow",
    "accepted_by_channel",
    "accepted_notification",
    "answer_key",
    "brake_on",
    "cases_told_by",
    "check_code",
    "count_telling",
    "counting_refusals",
    "current_halt",
    "find_by_code",
    "find_handed_down",
    "key_of_reason",
    "listed_requests",
    "message_sent",
    "notification_states_under",
    "notifications_about",
    "organisations_to_forget",
    "outbox_totals",
    "own_faults",
    "pass_on_totals",
    "read_code",
    "ready_call",
    "ready_letter",
    "request_verdicts",
    "request_with",
    "requests_about",
    "rhythm_at",
    "suppressions",
    "systems_asked_in",
    "unwanted_addresses",
    "unwanted_of_any_kind",
    "verdict_on",
    "verdicts_on",
    "warned_organisations",
    "warning_of",
    "why_not_carry",
]
