"""The rules of the verdict, by name: those that tell, those that block, those that keep silent."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """The rule that decided. The first six tell, the others keep silent."""

    NEW = "new"
    WORSE = "worse"
    BACK = "back"
    NEWS = "news"
    REMINDER = "reminder"
    THREAT = "threat"
    OPERATOR = "operator"
    NOT_REGISTERED = "not-registered"
    NOT_HELD = "not-held"
    HANDED_OVER = "handed-over"
    ON_HOLD = "on-hold"
    GONE = "gone"
    NOT_LOOKED_AT = "not-looked-at"
    ATTACKER = "attacker-controlled"
    ROLE_UNKNOWN = "role-unknown"
    ANSWERED = "answered"
    BELOW_MINIMUM = "below-minimum"
    TOO_OLD = "too-old"
    TOLD_RECENTLY = "told-recently"
    NOT_SEEN_SINCE = "not-seen-since"
    NOT_SEEN_LATELY = "not-seen-lately"
    WAITS = "waits"
    NO_OCCASION = "no-occasion"
    ASK_SOURCE = "ask-source"
    NOT_FOR_OPERATORS = "not-for-operators"
    """The source does not let who only supplies the affected party see it."""
    TLP_RED = "tlp-red"
    OUTSIDE_ONLY = "outside-only"
    NO_CONTACT = "no-contact"
    CONTACT_UNWANTED = "contact-unwanted"
    BY_HAND_ONLY = "by-hand-only"

    @property
    def tells(self) -> bool:
        """Whether the organisation is told."""
        return self in _TELLING

    @property
    def blocks(self) -> bool:
        """Whether it keeps back what would otherwise be told, so that a person can do something."""
        return self in _BLOCKING

    @property
    def precedence(self) -> int:
        """0 where it tells, 1 where it blocks, else 2: of several verdicts the lowest counts."""
        return 0 if self.tells else 1 if self.blocks else 2


_TELLING: Final = frozenset(
    {Rule.NEW, Rule.WORSE, Rule.BACK, Rule.NEWS, Rule.REMINDER, Rule.THREAT}
)
_BLOCKING: Final = frozenset(
    {
        Rule.ASK_SOURCE,
        Rule.NOT_FOR_OPERATORS,
        Rule.TLP_RED,
        Rule.OUTSIDE_ONLY,
        Rule.NO_CONTACT,
        Rule.CONTACT_UNWANTED,
        Rule.BY_HAND_ONLY,
    }
)
