"""What may be done with what people carry: the door for writing; nobody reaches past it."""

from __future__ import annotations

from baken.responses.answers import (
    LONGEST_TEXT,
    TO_REQUESTS,
    TO_WARNINGS,
    erase_answer_texts,
    record_answer,
)
from baken.responses.calls import RecordedCall, claim_next_call, drop_call, record_call
from baken.responses.letters import (
    Batch,
    ReturnedLetter,
    begin_batch,
    printing_alone,
    record_returned,
    record_sent,
    record_written,
    unwritten_batches,
)
from baken.responses.printing import LetterToPrint, PrintedBatch, Printing, PrintingPreview

__all__ = [
    "LONGEST_TEXT",
    "TO_REQUESTS",
    "TO_WARNINGS",
    "Batch",
    "LetterToPrint",
    "PrintedBatch",
    "Printing",
    "PrintingPreview",
    "RecordedCall",
    "ReturnedLetter",
    "begin_batch",
    "claim_next_call",
    "drop_call",
    "erase_answer_texts",
    "printing_alone",
    "record_answer",
    "record_call",
    "record_returned",
    "record_sent",
    "record_written",
    "unwritten_batches",
]
