"""Answers of lookups as JSON text, to be kept and read again."""

from __future__ import annotations

import msgspec

from baken.core.lookup import LookupAnswer


def to_json(answer: LookupAnswer) -> bytes:
    """`answer` as UTF-8 JSON, without what is left at its default."""
    return msgspec.json.encode(answer)


def from_json(text: bytes | str) -> LookupAnswer:
    """The answer written by `to_json`; raises ``ValueError`` for anything else."""
    return msgspec.json.decode(text, type=LookupAnswer)
