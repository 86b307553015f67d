"""What was seen of a system that an operator is asked to pass on, as JSON text, to be kept."""

from __future__ import annotations

import msgspec

from baken.core.passing_on import SystemToPassOn


def to_pass_on_to_json(system: SystemToPassOn) -> str:
    """`system` as JSON."""
    return msgspec.json.encode(system).decode()


def to_pass_on_from_json(text: str) -> SystemToPassOn:
    """What `to_pass_on_to_json` wrote; raises ``ValueError`` for anything else."""
    return msgspec.json.decode(text, type=SystemToPassOn)
