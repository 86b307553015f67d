"""Mail handed over to an SMTP server (RFC 5321), one connection for many messages.

Where the server knows PIPELINING (RFC 2920), a mail takes two round trips instead of four.
"""

from __future__ import annotations

import contextlib
import itertools
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from baken.channels.mail.connection import (
    FAILURES,
    Server,
    describe,
    open_connection,
    spoken,
    told,
)
from baken.channels.mail.message import CARRIES, check_sender, mail_bytes, recipient_of
from baken.channels.mail.opening import (
    Envelope,
    Reply,
    ask,
    breaks_off,
    call_off,
    is_hoped_for,
    is_pipelined,
)
from baken.channels.mail.replies import NOT_AVAILABLE, Step, refusal_of
from baken.channels.message import Message, Receipt
from baken.core.errors import About, ChannelError
from baken.core.mail_address import routable_address
from baken.core.smtp import SmtpSecurity

_IDLE_SECONDS: Final = 30.0
# RFC 5321 section 4.5.3.2.6: after the final dot a server may take long, and leaving early is
# what makes people get the same warning twice.
_PATIENCE_WITH_DATA: Final = 10

_Replies = Iterator[tuple[Step, Reply]]


class SmtpChannel:
    """Hands mails over to one server, as one sender.

    `security` is ``none``, ``starttls`` (demanded, never skipped) or ``tls``. Certificates are
    always verified, against `ca_file` when one is given. `sender` and `reply_to` are addresses
    with or without a name; bounces go to `envelope_from`. Raises ``ValueError`` when one of these
    is wrong. Not for use by several threads; each has a channel of its own, and they share nothing.
    """

    carries: Final = CARRIES

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: SmtpSecurity,
        user: str = "",
        password: str = "",
        ca_file: Path | None = None,
        timeout_seconds: float = 30.0,
        sender: str,
        envelope_from: str,
        reply_to: str = "",
    ) -> None:
        if security not in tuple(SmtpSecurity):
            raise ValueError(f"{security!r} is not one of {', '.join(SmtpSecurity)}.")
        check_sender(sender=sender, reply_to=reply_to)
        self._server = Server(
            host=host,
            port=port,
            security=security,
            user=user,
            password=password,
            ca_file=ca_file,
            timeout_seconds=timeout_seconds,
        )
        self._sender = sender
        self._reply_to = reply_to
        self._envelope_from = routable_address(envelope_from)
        self._connection: smtplib.SMTP | None = None
        self._needs_reset = False
        self._used_at = 0.0  # by the monotonic clock

    def __enter__(self) -> Self:
        """The channel itself; it connects with the first message."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Takes leave of the server."""
        self._quit()

    def send(self, message: Message) -> Receipt:
        """Hands `message` over.

        Raises `ChannelError`: permanent when the server refuses this recipient or this content
        for good; uncertain when the connection broke between the end of the message and the
        answer to it; otherwise neither, and another attempt may succeed.
        """
        content = mail_bytes(message, sender=self._sender, reply_to=self._reply_to)
        envelope = Envelope(self._envelope_from, recipient_of(message))
        try:
            return self._hand_over(self._opened(envelope), content)
        except ChannelError:
            raise  # the conversation stands where the next mail can take it up
        except FAILURES as error:
            self._drop()
            raise ChannelError(
                f"The connection broke: {told(error)}", about=About.US, permanent=False
            ) from error
        except BaseException:
            self._drop()
            raise

    def check(self) -> str:
        """Connects, greets, encrypts, logs in and leaves, and says what it found."""
        self._quit()
        self._connection = open_connection(self._server)
        found = describe(self._connection, self._server)
        self._quit()
        return found

    def _opened(self, envelope: Envelope) -> smtplib.SMTP:
        """A connection on which the server waits for the content of the mail.

        Servers close idle connections and limit the mails on one, so a connection that was used
        before and fails at MAIL FROM is replaced once: nothing of this mail has been handed over.
        """
        connection, replies = self._reused(envelope) or self._fresh(envelope)
        for step, reply in replies:
            if not is_hoped_for(reply[0], step=step):
                self._settle(connection, replies, after=reply[0])
                raise _refused(reply, step=step)
        return connection

    def _reused(self, envelope: Envelope) -> tuple[smtplib.SMTP, _Replies] | None:
        connection = self._connection
        if connection is not None and time.monotonic() - self._used_at < _IDLE_SECONDS:
            with contextlib.suppress(*FAILURES):
                replies = self._ask(connection, envelope)
                first = next(replies)
                if first[1][0] != NOT_AVAILABLE:
                    return connection, itertools.chain([first], replies)
        self._drop()
        return None

    def _fresh(self, envelope: Envelope) -> tuple[smtplib.SMTP, _Replies]:
        self._connection = open_connection(self._server)
        return self._connection, self._ask(self._connection, envelope)

    def _ask(self, connection: smtplib.SMTP, envelope: Envelope) -> _Replies:
        if envelope.needs_utf8 and not connection.has_extn("smtputf8"):
            is_ours = envelope.recipient.isascii()
            raise ChannelError(
                "The mail server does not take addresses outside ASCII (SMTPUTF8).",
                about=About.US if is_ours else About.ADDRESS,
                permanent=not is_ours,
            )
        replies = ask(connection, envelope, is_reset_first=self._needs_reset)
        self._needs_reset = True
        self._used_at = time.monotonic()
        return replies

    def _settle(self, connection: smtplib.SMTP, replies: _Replies, *, after: int) -> None:
        """Leaves the conversation, after a refusal, where the next mail can take it up."""
        # Any other reply answers something else: the replies no longer stand beside the commands.
        can_go_on = 400 <= after < 600 and not breaks_off(after)
        if can_go_on and is_pipelined(connection):
            can_go_on = False
            with contextlib.suppress(*FAILURES):
                can_go_on = call_off(connection, replies)
        if not can_go_on:
            self._drop()

    def _hand_over(self, connection: smtplib.SMTP, content: bytes) -> Receipt:
        _wait_at_most(connection, self._server.timeout_seconds * _PATIENCE_WITH_DATA)
        connection.send(_with_doubled_dots(content) + b".\r\n")
        # From here on the server may have the whole mail, whatever becomes of the connection.
        try:
            code, text = connection.getreply()
        except FAILURES as error:
            self._drop()
            raise _uncertain(f"No answer to the mail: {told(error)}") from error
        if not 200 <= code < 300 and not 400 <= code < 600:
            self._drop()
            raise _uncertain(f"No sensible answer to the mail: {spoken(code, text)}")
        _wait_at_most(connection, self._server.timeout_seconds)
        if code >= 400:
            if breaks_off(code):
                self._drop()
            raise _refused((code, text), step=Step.END_OF_MAIL)
        self._needs_reset = False
        self._used_at = time.monotonic()
        return Receipt(spoken(code, text))

    def _quit(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(*FAILURES):
                self._connection.quit()
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._needs_reset = False


def _refused(reply: Reply, *, step: Step) -> ChannelError:
    code, text = reply
    refusal = refusal_of(code, text, step=step)
    return ChannelError(
        f"{step}: {spoken(code, text)}", about=refusal.about, permanent=refusal.permanent
    )


def _with_doubled_dots(content: bytes) -> bytes:
    """RFC 5321 section 4.5.2, so that no line of the mail ends it."""
    doubled = content.replace(b"\n.", b"\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _wait_at_most(connection: smtplib.SMTP, seconds: float) -> None:
    if connection.sock is not None:
        connection.sock.settimeout(seconds)


def _uncertain(reply: str) -> ChannelError:
    return ChannelError(reply, about=About.US, permanent=False, uncertain=True)
