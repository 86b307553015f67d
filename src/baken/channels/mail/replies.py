"""What a mail server's refusal is about, and whether it is for good (RFC 5321 4.2, RFC 3463).

Only a reply about the address itself writes that address off. A reply about us (relay, sender,
login, reputation, quota) comes to everybody alike: whoever were written off for it would hear
nothing for a week because of one wrong setting of ours. So each enhanced status code is decided
about by the IANA registry, what it leaves open by words, and where the two contradict, the reading
that writes nobody off is taken.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from baken.core.errors import About

NOT_AVAILABLE: Final = 421
"""The server hangs up after this one, whatever was asked."""

# Replies about our commands or our login, not about the recipient or the message.
_ABOUT_US: Final = frozenset({NOT_AVAILABLE, 500, 502, 503, 504, 523, *range(530, 539)})
_SYNTAX: Final = 501  # in an argument: after RCPT TO that is the recipient's address
_STORAGE_EXCEEDED: Final = 552
# Without an enhanced status code, or with one that says nothing, these may be about the address.
_PERHAPS_ADDRESS: Final = frozenset({550, 551, 553})

_LONGEST_HEAD: Final = 3000
_LONGEST_TAIL: Final = 1000
"""Of a long reply so many octets are looked at; RFC 5321, 4.5.3.1.5, allows 512 a line."""

# RFC 3463: class, subject and detail, at the beginning of the text; qmail says it at the end.
_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_STATUS_AT_END: Final = re.compile(r"\(#([245])\.(\d{1,3})\.(\d{1,3})\)\s*$")
_NEXT_LINE: Final = re.compile(r"\r?\n\s*(?:[245]\.\d{1,3}\.\d{1,3}\b)?")
# Addresses and links in a reply have words of their own: spam@…, https://relay.…/blocked.
_NO_WORDS: Final = re.compile(r"https?://\S+|<[^<>]*>|\S+@\S+")

# By subject and detail, from the IANA registry "SMTP Enhanced Status Codes".
_OF_THE_ADDRESS: Final = frozenset({
    (1, 1),  # bad destination mailbox address
    (1, 2),  # bad destination system address: the domain is not there
    (1, 3),  # bad destination mailbox address syntax
    (1, 4),  # destination mailbox address ambiguous
    (1, 6),  # has moved, no forwarding address
    (1, 10),  # recipient address has null MX (RFC 7505)
    (2, 1),  # mailbox disabled, not accepting messages
})  # fmt: skip
_MAILBOX_FULL: Final = (2, 2)
_OF_THE_MESSAGE: Final = frozenset({(2, 3), (3, 4)})  # longer than the limit of mailbox, of system
_CONTENT, _POLICY = 6, 7
# "Other or undefined" status of a subject: the words decide. Exchange Online says 5.4.1 where a
# domain lists its recipients and this is none of them, and elsewhere of a route that is missing.
_SAYS_NOTHING: Final = frozenset({(0, 0), (1, 0), (2, 0), (3, 0), (4, 1), (5, 0)})


class Step(StrEnum):
    """What the server answered to."""

    MAIL_FROM = "MAIL FROM"
    RCPT_TO = "RCPT TO"
    DATA = "DATA"
    END_OF_MAIL = "end of mail"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refusal means."""

    about: About
    permanent: bool
    """Whether the same again would be refused again; what is about us never is permanent."""


_OURS: Final = Refusal(About.US, permanent=False)
_FULL: Final = Refusal(About.MAILBOX, permanent=False)


def refusal_of(code: int, text: bytes, *, step: Step) -> Refusal:
    """What the reply `code` and `text` to `step` means; any reply that is not the one hoped for."""
    if not 400 <= code < 600 or code in _ABOUT_US or step is Step.MAIL_FROM:
        return _OURS
    decoded = _bounded(text).decode("utf-8", "replace")
    status = _STATUS.match(decoded) or _STATUS_AT_END.search(decoded)
    kind = (int(status[2]), int(status[3])) if status else (0, 0)
    says = _Words.of(decoded)
    if code < 500 or (status is not None and status[1] != "5"):
        return _of_a_deferral(kind, says, step=step)
    return _of_a_refusal(code, kind, says, step=step)


def _bounded(text: bytes) -> bytes:
    if len(text) <= _LONGEST_HEAD + _LONGEST_TAIL:
        return text
    return b" ".join((text[:_LONGEST_HEAD], text[-_LONGEST_TAIL:]))


def _of_a_deferral(kind: tuple[int, int], says: _Words, *, step: Step) -> Refusal:
    """What a reply means after which another attempt may succeed."""
    if kind == _MAILBOX_FULL or (says.full and not says.us):
        return _FULL
    if kind[0] == _CONTENT or kind in _OF_THE_MESSAGE:
        return Refusal(About.MESSAGE, permanent=False)
    if step is Step.RCPT_TO:  # greylisting, mostly
        return Refusal(About.ADDRESS, permanent=False)
    if step is Step.END_OF_MAIL and kind[0] == _POLICY:
        return Refusal(About.MESSAGE, permanent=False)
    return _OURS  # no room, no time, no network: the server's own trouble


def _of_a_refusal(code: int, kind: tuple[int, int], says: _Words, *, step: Step) -> Refusal:
    """What a reply means that the server calls permanent."""
    if kind[0] == _POLICY or says.us:
        return _OURS
    if kind[0] == _CONTENT or kind in _OF_THE_MESSAGE:
        return Refusal(About.MESSAGE, permanent=True)
    if kind == _MAILBOX_FULL or (says.full and not says.size and kind[0] <= 3):
        return _FULL
    if says.later or kind not in _OF_THE_ADDRESS | _SAYS_NOTHING:
        return _OURS
    if kind in _OF_THE_ADDRESS:
        return Refusal(About.ADDRESS, permanent=True)
    if code == _STORAGE_EXCEEDED:
        return Refusal(About.MESSAGE, permanent=True) if says.size else _FULL
    if step is Step.RCPT_TO:
        is_address = code in _PERHAPS_ADDRESS and says.address
        return Refusal(About.ADDRESS, permanent=True) if is_address else _OURS
    if code == _SYNTAX:
        return _OURS
    return Refusal(About.MESSAGE, permanent=True)


@dataclass(frozen=True, slots=True)
class _Words:
    """Which of the lists of `reply_words.toml` a reply has a phrase of."""

    us: bool
    later: bool
    size: bool
    full: bool
    address: bool

    @classmethod
    def of(cls, text: str) -> _Words:
        """What the words of a reply, after its status codes, speak of."""
        one_line = _NO_WORDS.sub(" ", _NEXT_LINE.sub(" ", text))
        plain = " ".join(one_line.replace("’", "'").lower().split())
        return cls(**{name: bool(found.search(plain)) for name, found in _phrases().items()})


@cache
def _phrases() -> dict[str, re.Pattern[str]]:
    content = files(__package__).joinpath("reply_words.toml").read_text(encoding="utf-8")
    return {name: _any_of(phrases) for name, phrases in tomllib.loads(content).items()}


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, phrases)) + r")(?!\w)")
