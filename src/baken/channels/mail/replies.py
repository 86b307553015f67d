"""What a mail server's refusal is about, and whether it is for good (RFC 5321 4.2, RFC 3463)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baken.core.errors import About

NOT_AVAILABLE: Final = 421
"""The server hangs up after this one, whatever was asked."""

# Replies about our commands or our login, not about the recipient or the message.
_ABOUT_US: Final = frozenset({NOT_AVAILABLE, 500, 502, 503, 504, 523, *range(530, 539)})
_SYNTAX: Final = 501  # in an argument: after RCPT TO that is the recipient's address
_STORAGE_EXCEEDED: Final = 552
# RFC 3463: class, subject and detail, at the beginning of the text.
_STATUS: Final = re.compile(rb"\s*[245]\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS, _MAILBOX, _SYSTEM, _CONTENT, _POLICY = 1, 2, 3, 6, 7
_TOO_LARGE: Final = (_SYSTEM, 4)


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


def refusal_of(code: int, text: bytes, *, step: Step) -> Refusal:
    """What the reply `code` and `text` to `step` means; any reply that is not the one hoped for."""
    about = About.US if _is_about_us(code, step=step) else _about(code, text, step=step)
    return Refusal(about, permanent=about is not About.US and code >= 500)


def _is_about_us(code: int, *, step: Step) -> bool:
    return (
        not 400 <= code < 600
        or code in _ABOUT_US
        or step is Step.MAIL_FROM
        or (code == _SYNTAX and step is not Step.RCPT_TO)
    )


def _about(code: int, text: bytes, *, step: Step) -> About:
    status = _STATUS.match(text)
    subject, detail = (int(status[1]), int(status[2])) if status else (0, 0)
    if subject == _MAILBOX or (code == _STORAGE_EXCEEDED and not status):
        return About.MAILBOX
    if subject == _CONTENT or (subject, detail) == _TOO_LARGE:
        return About.MESSAGE
    if step is Step.RCPT_TO:
        # Policy, such as "relaying denied". Taken as the recipient's, one wrong setting of ours
        # would write off every recipient there is.
        return About.US if subject == _POLICY and code >= 500 else About.ADDRESS
    if subject == _ADDRESS:
        return About.ADDRESS
    if code >= 500 or (subject == _POLICY and step is Step.END_OF_MAIL):
        return About.MESSAGE
    return About.US  # no room, no time, no network: the server's own trouble
