"""Sharing terms: what a source lets us do with what it gave us.

Under TLP 2.0 we are the recipient. A label says what we may do; our own message bears a label of
its own, never wider than the one received.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from baken.core.classification import Tlp


@dataclass(frozen=True, slots=True)
class SharingTerms:
    """What comes with a feed or a row; the defaults allow everything."""

    label: Tlp = Tlp.CLEAR
    """The TLP 2.0 label that we received."""
    may_notify_affected: bool = True
    """Whether parties whose systems are affected may be told of RED and AMBER+STRICT."""
    may_name_source: bool = True
    """Whether the message may say who saw it."""
    may_show_supplier: bool = True
    """Whether the recipient may show the message to its supplier."""


class LegalGround(StrEnum):
    """On what ground of the GDPR, article 6(1), who did not sign up is warned."""

    PUBLIC_TASK = "public-task"
    """Point (e): a task by law."""
    LEGITIMATE_INTEREST = "legitimate-interest"
    """Point (f)."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a source is called, and what it lets us do."""

    name: str
    terms: SharingTerms
