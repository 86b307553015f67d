"""What every lookup in the DNS has in common: whom it asks about, and how long a reply holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol

from baken.core.asset import is_public_suffix
from baken.core.lookup import LookupAnswer, Outcome, Subject
from baken.outside.dns import Answered, DnsFailure

AT_ONCE: Final = 16
"""So many subjects are asked about in one call: the DNS answers them side by side."""

_FOUND_HOLDS_AT_MOST: Final = timedelta(days=7)
_NONE_HOLDS_AT_MOST: Final = timedelta(days=1)
_UNKNOWN_HOLDS: Final = timedelta(hours=1)

_WHY: Final = MappingProxyType(
    {
        DnsFailure.NO_SERVER: "No DNS server is known.",
        DnsFailure.NO_NAME: "The DNS cannot be asked about such a name.",
        DnsFailure.NOT_ALLOWED: "The label of the data does not permit to ask (PAP).",
        DnsFailure.TOO_SLOW: "The DNS did not answer in time.",
        DnsFailure.SERVER: "The DNS server failed or refused to answer.",
        DnsFailure.SIGNATURES: "The signatures of its zone do not hold (DNSSEC).",
        DnsFailure.WITHHELD: "The DNS server withholds what the zone says.",
        DnsFailure.TOO_LARGE: "The DNS answered with more records than are read.",
        DnsFailure.NOT_READABLE: "What the DNS server answered cannot be read.",
    }
)


class DnsReply(Protocol):
    """What the values of `baken.outside.dns` have in common."""

    @property
    def answered(self) -> Answered:
        """What became of the question."""
        ...

    @property
    def seconds_valid(self) -> int:
        """For so long the reply may be kept."""
        ...

    @property
    def failure(self) -> DnsFailure | None:
        """Why there is none."""
        ...


def names_to_ask(subjects: Iterable[Subject]) -> Sequence[str]:
    """What `subjects` name, without public suffixes: nobody is responsible for such a name."""
    return [one.value for one in subjects if not is_public_suffix(one.value)]


def answer_without(
    lookup: str, subject: Subject, *, question: str, reply: DnsReply | None, now: datetime
) -> LookupAnswer:
    """The answer of `lookup` as long as nothing was found in `reply`: *none*, or *unknown*.

    `question` is what was asked. Without a reply, `subject` is a public suffix.
    """
    outcome, held, note = Outcome.NONE, _NONE_HOLDS_AT_MOST, ""
    if reply is None:
        note = "It is a public suffix, under which anybody registers names."
    elif reply.answered is Answered.UNKNOWN:
        outcome, held = Outcome.UNKNOWN, _UNKNOWN_HOLDS
        note = _WHY[reply.failure or DnsFailure.SERVER]
    else:
        held = min(timedelta(seconds=reply.seconds_valid), held)
    return LookupAnswer(
        lookup=lookup,
        subject=subject,
        outcome=outcome,
        source=f"DNS: {question}",
        fetched_at=now,
        valid_until=now + held,
        note=note,
    )


def holds_until(reply: DnsReply, *, now: datetime) -> datetime:
    """Until when something that was found in `reply` holds."""
    return now + min(timedelta(seconds=reply.seconds_valid), _FOUND_HOLDS_AT_MOST)
