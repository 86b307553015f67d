"""The commands that come before a mail's content: one by one, or in one packet (RFC 2920)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from baken.channels.mail.replies import NOT_AVAILABLE, Step

Reply = tuple[int, bytes]
"""A code (-1 where there was none) and its text."""

GO_ON: Final = 354
_HOPED_FOR: Final = {
    Step.MAIL_FROM: frozenset({250}),
    Step.RCPT_TO: frozenset({250, 251}),  # 251: not local, will be forwarded
    Step.DATA: frozenset({GO_ON}),
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """From where to where; plain addresses."""

    sender: str
    recipient: str

    @property
    def needs_utf8(self) -> bool:
        """Whether the server must know SMTPUTF8 (RFC 6531)."""
        return not (self.sender + self.recipient).isascii()


def is_hoped_for(code: int, *, step: Step) -> bool:
    """Whether `code` lets the conversation go on after `step`."""
    return code in _HOPED_FOR[step]


def breaks_off(code: int) -> bool:
    """Whether the server hangs up after `code`, or speaks something else than SMTP."""
    return code == NOT_AVAILABLE or not 200 <= code < 600


def is_pipelined(connection: smtplib.SMTP) -> bool:
    """Whether all the commands go in one packet."""
    return connection.has_extn("pipelining")


def ask(
    connection: smtplib.SMTP, envelope: Envelope, *, is_reset_first: bool
) -> Iterator[tuple[Step, Reply]]:
    """Asks to send a mail, and gives the replies in order; each may be a refusal.

    Without pipelining a command is sent only when the reply to it is asked for, so that nothing
    follows a refusal.
    """
    options = " SMTPUTF8 BODY=8BITMIME" if envelope.needs_utf8 else ""
    commands = {
        Step.MAIL_FROM: f"MAIL FROM:<{envelope.sender}>{options}\r\n",
        Step.RCPT_TO: f"RCPT TO:<{envelope.recipient}>\r\n",
        Step.DATA: "DATA\r\n",
    }
    reset = "RSET\r\n" if is_reset_first else ""
    is_in_one = is_pipelined(connection)
    if is_in_one:
        connection.send("".join([reset, *commands.values()]).encode())
    elif reset:
        connection.send(reset.encode())
    if reset:
        connection.getreply()
    for step, command in commands.items():
        if not is_in_one:
            connection.send(command.encode())
        yield step, connection.getreply()


def call_off(connection: smtplib.SMTP, replies: Iterator[tuple[Step, Reply]]) -> bool:
    """Ends a pipelined mail after a refusal; False when the connection cannot be used again.

    A server may wait for content although it refused the only recipient: it gets an empty mail,
    which it can deliver to nobody (RFC 2920 section 3.1).
    """
    has_recipient = False
    for step, (code, _) in replies:
        if breaks_off(code):
            return False
        has_recipient = has_recipient or (step is Step.RCPT_TO and is_hoped_for(code, step=step))
        if code == GO_ON:
            if has_recipient:  # it would deliver the empty mail
                return False
            connection.send(b".\r\n")
            return not breaks_off(connection.getreply()[0])
    return True
