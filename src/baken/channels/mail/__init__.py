"""Mail over SMTP, in the clear to the reader: no OpenPGP yet, so TLP:RED is refused."""

from __future__ import annotations

from baken.channels.mail.message import mail_bytes
from baken.channels.mail.smtp import SmtpChannel

__all__ = ["SmtpChannel", "mail_bytes"]
