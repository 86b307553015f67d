"""What was sought and what was chosen, as JSON text, to be kept and read again."""

from __future__ import annotations

import msgspec

from baken.core.choosing import Choice
from baken.core.ladder import Sought


def sought_to_json(sought: Sought) -> str:
    """`sought` as JSON."""
    return msgspec.json.encode(sought).decode()


def sought_from_json(text: str) -> Sought:
    """What `sought_to_json` wrote; raises ``ValueError`` for anything else."""
    return msgspec.json.decode(text, type=Sought)


def choice_to_json(choice: Choice) -> str:
    """`choice` as JSON."""
    return msgspec.json.encode(choice).decode()


def choice_from_json(text: str) -> Choice:
    """What `choice_to_json` wrote; raises ``ValueError`` for anything else."""
    return msgspec.json.decode(text, type=Choice)
