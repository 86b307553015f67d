"""What is fixed about handing mail over: how a connection is encrypted (RFC 3207, RFC 8314)."""

from __future__ import annotations

from enum import StrEnum


class SmtpSecurity(StrEnum):
    """How the connection to a mail server is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    """In clear text until STARTTLS, which is demanded."""
    TLS = "tls"
    """Encrypted from the first octet."""
