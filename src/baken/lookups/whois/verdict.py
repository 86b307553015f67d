"""What a WHOIS answer amounts to: a domain that is registered, one that is not, or a refusal.

A server that refuses does so in the same words, and on the same connection, in which it answers.
A refusal is never taken for "nobody registered it".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from baken.lookups.whois.record import Record, read_record
from baken.lookups.whois.text import WORDS, all_lines, decoded, paragraphs_of

_LONGEST_SAYING: Final = 160 + 253
"""Characters of a line that refuses, or says that there is nothing, with a name in it."""
_LONGEST_REFUSAL: Final = 160
_SHORT: Final = 60
"""A line of terms of use is longer."""
_SECONDS: Final = re.compile(r"\b(?:wait|in) (\d{1,9}) seconds")
_MOST_SECONDS: Final = 86_400


class Verdict(Enum):
    """What came."""

    REGISTERED = auto()
    FREE = auto()
    REFUSED = auto()
    """The server is busy, or we asked too often."""
    UNREADABLE = auto()


@dataclass(frozen=True, slots=True)
class WhoisAnswer:
    """An answer, understood as far as it can be."""

    verdict: Verdict
    record: Record
    note: str = ""
    """Why nothing is known, in one plain English sentence without what the server wrote."""
    wait: timedelta | None = None
    """How long the server wants to be left alone, where it says so."""


def read_answer(body: bytes, *, domain: str) -> WhoisAnswer:
    """What `body` says of `domain`, which is in its normal form."""
    text = decoded(body)
    record = read_record(paragraphs_of(text))
    lines = list(all_lines(text))
    is_free = _says_free(lines, domain)
    has_more = bool(record.answer.entities or record.referral) or _has_servers(lines)
    if record.domain == domain and not is_free and has_more:
        return WhoisAnswer(Verdict.REGISTERED, record)
    refusal = "" if is_free else _refusal(lines)
    if refusal:
        wait = _SECONDS.search(refusal)
        seconds = min(int(wait[1]), _MOST_SECONDS) if wait else 0
        return WhoisAnswer(
            Verdict.REFUSED,
            record,
            "The server refuses to answer now.",
            timedelta(seconds=seconds) if seconds else None,
        )
    if record.is_of_something_else:
        return WhoisAnswer(
            Verdict.UNREADABLE, record, "The answer is about another kind of object."
        )
    if record.domain and record.domain != domain:
        return WhoisAnswer(Verdict.UNREADABLE, record, "The answer is about another domain.")
    if is_free or _says_there_is_nothing(lines):
        return WhoisAnswer(Verdict.FREE, record, "Nobody registered it.")
    return WhoisAnswer(Verdict.UNREADABLE, record, "What the server answered cannot be read.")


def _says_free(lines: list[str], domain: str) -> bool:
    """Whether a line says of `domain` by name, or by its status, that nobody registered it."""
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in ("status", "domain status") and value.strip() in _FREE_STATUSES:
            return True
        if domain in line and len(line) <= _LONGEST_SAYING and any(one in line for one in _FREE):
            return True
    return False


def _says_there_is_nothing(lines: list[str]) -> bool:
    """Whether a short line says that there is no such entry, without a name."""
    return any(len(line) <= _SHORT and any(one in line for one in _FREE) for line in lines)


def _refusal(lines: list[str]) -> str:
    return next(
        (
            line
            for line in lines
            if len(line) <= _LONGEST_REFUSAL and any(words in line for words in _REFUSED)
        ),
        "",
    )


def _has_servers(lines: list[str]) -> bool:
    return any(
        line.startswith(("nserver", "name server", "nameserver", "status")) for line in lines
    )


_REFUSED: Final = tuple(WORDS["refused"]["holds"])
_FREE: Final = tuple(WORDS["free"]["holds"])
_FREE_STATUSES: Final = frozenset(WORDS["free"]["statuses"])
