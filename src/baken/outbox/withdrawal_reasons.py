"""Why a notification that waited was withdrawn: as it is stored, and the key by which it is told.

The ledger holds the sentence in English, as it always did; other languages are found by its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from baken.core.rules import Rule

OF_RULES: Final[Mapping[Rule, str]] = {
    Rule.NOT_HELD: "a system in it is no longer the organisation's",
    Rule.OPERATOR: "a system in it is another organisation's by now",
    Rule.NOT_REGISTERED: "the organisation is not registered any more",
    Rule.ANSWERED: "it was answered meanwhile",
    Rule.NO_CONTACT: "its route has ended",
    Rule.CONTACT_UNWANTED: "the address is left alone",
    Rule.ASK_SOURCE: "the source must permit it first",
    Rule.NOT_FOR_OPERATORS: "the source does not let an operator see it",
    Rule.OUTSIDE_ONLY: "it may go to addresses inside the organisation only",
    Rule.TLP_RED: "it became TLP:RED, and its channel cannot encrypt",
}
MAILBOX_FULL: Final = "its mailbox is full, and another contact is told"
ERASED: Final = "its addressee was erased"
NOT_TO_BE_PASSED_ON: Final = "a system in it is not the operator's to pass on any more"
GONE: Final = "nothing in it is seen any more"
SUPERSEDED: Final = "a later notification tells it"
_STRICTER: Final = "its label became stricter"

REASON_KEYS: Final[Mapping[str, str]] = {
    **{text: rule.value for rule, text in OF_RULES.items()},
    MAILBOX_FULL: "mailbox-full",
    ERASED: "erased",
    NOT_TO_BE_PASSED_ON: "not-to-be-passed-on",
    GONE: "gone",
    SUPERSEDED: "superseded",
    _STRICTER: "label-stricter",
}
"""By what is stored, before a colon where one stands: the key."""


def label_became(label: str) -> str:
    """The reason of one whose label is not strict enough any more."""
    return f"{_STRICTER}: {label}"


def key_of_reason(stored: str) -> tuple[str, str]:
    """The key of a stored reason, and what it says besides; no key where a person worded it."""
    known, _, besides = stored.partition(": ")
    key = REASON_KEYS.get(known, "")
    return (key, besides) if key else ("", stored)
