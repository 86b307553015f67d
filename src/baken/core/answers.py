"""What keeps us from writing about a case: an answer that stands, or a wish to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AnswerKind(StrEnum):
    """What a recipient said about a case."""

    SOLVED = "solved"
    WORKING_ON_IT = "working-on-it"
    RISK_ACCEPTED = "risk-accepted"
    FALSE_ALARM = "false-alarm"
    NOT_OURS = "not-ours"
    NEEDS_HELP = "needs-help"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that stands, and until when; without an end it stands until it is changed."""

    kind: AnswerKind
    answered_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """*Do not contact until*, by whose authority; without an end until it is lifted."""

    authority: str
    until: datetime | None = None
