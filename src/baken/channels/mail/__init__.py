"""Mail over SMTP, in the clear to the reader: no OpenPGP yet, so TLP:RED is refused."""

from __future__ import annotations

from typing import Final

from baken.channels.kind import ChannelKind, Rendered, Rendering
from baken.channels.mail.message import CARRIES, check_sender, mail_bytes
from baken.channels.mail.providers import providers_of
from baken.channels.mail.smtp import SmtpChannel
from baken.channels.message import Message
from baken.core.mail_address import routable_address
from baken.settings.environment import Settings

__all__ = ["KIND", "SmtpChannel", "address_fault", "mail_bytes", "open_channel", "rendering"]


def open_channel(settings: Settings) -> SmtpChannel:
    """The channel to the mail server that the settings name."""
    server = settings.smtp
    return SmtpChannel(
        host=server.host,
        port=server.port,
        security=server.security,
        user=server.user,
        password=server.password,
        ca_file=server.ca_file,
        timeout_seconds=server.timeout_seconds,
        sender=settings.mail_from,
        envelope_from=settings.mail_envelope_from,
        reply_to=settings.mail_reply_to,
    )


def rendering(settings: Settings) -> Rendering:
    """Renders mails from the sender that the settings name; ``ValueError`` when it is not valid."""
    sender, reply_to = settings.mail_from, settings.mail_reply_to
    check_sender(sender=sender, reply_to=reply_to)

    def render(message: Message) -> Rendered:
        return Rendered(".eml", mail_bytes(message, sender=sender, reply_to=reply_to))

    return render


def address_fault(address: str) -> str:
    """Why `address` is not a mail address; empty when it is one."""
    try:
        routable_address(address)
    except ValueError as error:
        return str(error)
    return ""


def _place(settings: Settings) -> str:
    server = settings.smtp
    return f"{server.host}:{server.port} ({server.security})"


KIND: Final = ChannelKind(
    key="mail",
    carries=CARRIES,
    is_for_people=True,
    open=open_channel,
    rendering=rendering,
    address_fault=address_fault,
    subject="mail server",
    address_noun="mail address",
    connections=lambda settings: settings.smtp.connections,
    place=_place,
    normal_address=routable_address,
    providers_of=providers_of,
    remedy="Check BAKEN_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD.",
)
