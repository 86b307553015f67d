"""Gives a caller the next call: what may not be called any more is taken out of the list first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from baken.core.errors import ChannelError, SendingHaltedError, SettingsError
from baken.jobs.clock import check_clock
from baken.jobs.matching_again import match_what_waits
from baken.jobs.roads import carried
from baken.jobs.sending import policy_of, sender_of
from baken.outbox.selectors import ReadyCall, current_halt, ready_call, why_not_carry
from baken.responses.services import claim_next_call, drop_call
from baken.settings.environment import Settings

_PHONE: Final = "phone"


@dataclass(frozen=True, slots=True)
class NextCall:
    """What a caller gets."""

    call: ReadyCall | None
    """None when no call waits now."""
    dropped: tuple[str, ...]
    """Why calls that came before were taken out of the list."""


def next_call(*, by: str, settings: Settings, now: datetime) -> NextCall:
    """Claim the next call for `by`, held against what is known now.

    Calls that may not be made any more leave the list and are planned anew, if they still are to be
    told. May be asked again: who has a call gets the same. Raises `SettingsError`,
    `SendingHaltedError`, `ClockBehindError`, `TextRefusedError`.
    """
    carries = carried(settings).get(_PHONE)
    if carries is None:
        raise SettingsError(
            "Nobody is called while BAKEN_PUBLISHED_NUMBER is not set.",
            remedy="Set it to the number that people find on your website.",
        )
    check_clock(now)
    if halt := current_halt():
        raise SendingHaltedError(
            f"Sending is halted since {halt.halted_at:%Y-%m-%d %H:%M} UTC ({halt.reason}): nobody "
            "is called either.",
            remedy="Lift the halt with baken resume.",
        )
    match_what_waits(settings)
    policy = replace(policy_of(settings), channels={_PHONE: carries})
    dropped: list[str] = []
    while (claimed := claim_next_call(by=by, now=now)) is not None:
        reason = why_not_carry(claimed, policy=policy, now=now)
        if not reason:
            try:
                call = ready_call(claimed, sender=sender_of(settings), carries=carries)
                return NextCall(call, tuple(dropped))
            except ChannelError as error:  # it holds up this one, and no other
                reason = error.reply
        drop_call(claimed, reason=reason, now=now)
        dropped.append(reason)
    return NextCall(None, tuple(dropped))
