"""The Permissible Actions Protocol: what may be done with what we were told.

Source: the PAP taxonomy of MISP (misp-taxonomies, PAP, version 3). RED: nothing that can be seen
from outside, no use on a network at all. AMBER: questions to third parties, such as a registry.
GREEN: contact with the target itself. CLEAR, once named WHITE: no restriction.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Pap(StrEnum):
    """A PAP label. Labels are never translated."""

    CLEAR = "PAP:CLEAR"
    GREEN = "PAP:GREEN"
    AMBER = "PAP:AMBER"
    RED = "PAP:RED"

    @classmethod
    def from_text(cls, text: str) -> Pap:
        """The label in `text`, in any case, with or without ``PAP:``. Raises ``ValueError``."""
        name = text.strip().upper().removeprefix("PAP:")
        return cls.CLEAR if name == "WHITE" else cls(f"PAP:{name}")


class Touch(StrEnum):
    """Who can notice that something was asked."""

    THIRD_PARTY = "third-party"
    """Only somebody who serves many, such as a registry."""
    SUBJECT = "subject"
    """The affected system or name, or a server of its own: also a name server of its domain,
    which sees each question that our resolver passes on."""


_TOUCHES: Final = {
    Pap.RED: frozenset[Touch](),
    Pap.AMBER: frozenset({Touch.THIRD_PARTY}),
    Pap.GREEN: frozenset(Touch),
    Pap.CLEAR: frozenset(Touch),
}


def permits(label: Pap, *, touch: Touch) -> bool:
    """Whether `label` permits a request that can be noticed as `touch` says."""
    return touch in _TOUCHES[label]
