"""What may be done with what came back: the door for writing; nobody reaches past it."""

from __future__ import annotations

from baken.responses.answers import LONGEST_TEXT, erase_answer_texts, record_answer
from baken.responses.calls import RecordedCall, claim_next_call, drop_call, record_call

__all__ = [
    "LONGEST_TEXT",
    "RecordedCall",
    "claim_next_call",
    "drop_call",
    "erase_answer_texts",
    "record_answer",
    "record_call",
]
