"""The switch that stops all sending."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from baken.core.text import check_line
from baken.outbox.models import Halt

_LONGEST_REASON: Final = 200


def halt_sending(reason: str) -> None:
    """Turn on the switch that stops all sending; a run that is under way stops too.

    Raises `TextRefusedError`.
    """
    check_line(reason, name="reason", longest=_LONGEST_REASON)
    if not is_halted():
        Halt.objects.create(reason=reason)


def resume_sending(*, now: datetime) -> None:
    """Turn the switch off again."""
    Halt.objects.filter(lifted_at=None).update(lifted_at=now)


def is_halted() -> bool:
    """Whether the switch that stops all sending is on."""
    return current_halt() is not None


def current_halt() -> Halt | None:
    """The switch that stops all sending, when it is on, with its reason."""
    return Halt.objects.filter(lifted_at=None).first()
