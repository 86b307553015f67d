"""A connection to an SMTP server, greeted, encrypted and logged in, or a telling error."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from baken.core.errors import About, ChannelError
from baken.core.smtp import SmtpSecurity
from baken.core.text import one_line

FAILURES: Final = (OSError, smtplib.SMTPException, ValueError)
"""What a conversation over `smtplib` can fail with; TLS and time-outs are kinds of ``OSError``."""

_LONGEST_REPLY: Final = 500


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, and how."""

    host: str
    port: int
    security: SmtpSecurity
    user: str
    password: str = field(repr=False)
    ca_file: Path | None
    timeout_seconds: float


def open_connection(server: Server) -> smtplib.SMTP:
    """A connection on which mail can be sent.

    Certificates are verified, STARTTLS is demanded where it is set, and a password goes over TLS
    only. Raises `ChannelError` about us, never permanent: none of this is the recipient's doing.
    """
    connection: smtplib.SMTP | None = None
    try:
        _refuse_unsafe_login(server)
        connection = _dial(server)
        if connection.sock is not None:
            # Otherwise the end of a mail waits for the server's delayed acknowledgement, 40 ms.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.ehlo_or_helo_if_needed()
        if server.user:
            connection.login(server.user, server.password)
    except FAILURES as error:
        if connection is not None:
            connection.close()
        raise ChannelError(
            f"No connection to {server.host}:{server.port}: {told(error)}",
            about=About.US,
            permanent=False,
        ) from error
    return connection


def describe(connection: smtplib.SMTP, server: Server) -> str:
    """How `server` was reached, in one line for people who know which it is."""
    encryption = connection.sock.version() if isinstance(connection.sock, ssl.SSLSocket) else None
    secured = f"over {encryption}" if encryption else "without encryption"
    identity = f"logged in as {server.user}" if server.user else "without logging in"
    return f"{secured}, {identity}"


def told(error: Exception) -> str:
    """What an error of `FAILURES` says, on one line of bounded length."""
    if isinstance(error, smtplib.SMTPResponseException):
        return spoken(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPServerDisconnected) and error.__context__ is not None:
        error_text = str(error.__context__)  # smtplib hides the time-out or reset in there
    else:
        error_text = str(error)
    return one_line(error_text or type(error).__name__, limit=_LONGEST_REPLY)


def spoken(code: int, text: bytes | str) -> str:
    """A server's reply on one line of bounded length, without anything a log would obey."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {words}", limit=_LONGEST_REPLY)


def _refuse_unsafe_login(server: Server) -> None:
    if not server.user:
        return
    if server.security == SmtpSecurity.NONE:
        raise ValueError("a password is only sent over TLS, and security is none.")
    if not (server.user + server.password).isascii():
        raise ValueError("the login has letters outside ASCII, which smtplib cannot send.")


def _dial(server: Server) -> smtplib.SMTP:
    host, port, timeout = server.host, server.port, server.timeout_seconds
    if server.security == SmtpSecurity.NONE:
        return smtplib.SMTP(host, port, timeout=timeout)
    context = ssl.create_default_context(cafile=server.ca_file)
    if server.security == SmtpSecurity.TLS:
        return smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    connection = smtplib.SMTP(host, port, timeout=timeout)
    try:
        connection.starttls(context=context)
    except BaseException:
        connection.close()
        raise
    return connection
