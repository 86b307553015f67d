"""The settings of the servers that we use: for mail, and for object storage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from baken.core.smtp import SmtpSecurity
from baken.settings import shapes
from baken.settings.declaration import SECRET, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over."""

    host: str = setting(
        "BAKEN_SMTP_HOST",
        shapes.plain_text("a host name or address"),
        default="localhost",
        example="mail.example.nl",
        meaning="The mail server that takes our mail.",
    )
    port: int = setting(
        "BAKEN_SMTP_PORT",
        shapes.PORT,
        default=25,
        example="587",
        meaning="The port of the mail server.",
    )
    security: SmtpSecurity = setting(
        "BAKEN_SMTP_SECURITY",
        shapes.one_of(SmtpSecurity),
        default=SmtpSecurity.STARTTLS,
        example="starttls",
        meaning="How the connection is encrypted. With none, it is not, and no password is sent.",
    )
    user: str = setting(
        "BAKEN_SMTP_USER",
        shapes.plain_text("a user name"),
        default="",
        example="baken",
        meaning="The user name for the mail server; empty for no login.",
    )
    password: str = setting(
        "BAKEN_SMTP_PASSWORD",
        shapes.plain_text("a password"),
        default="",
        example=SECRET,
        is_secret=True,
        meaning="The password that goes with the user name.",
    )
    ca_file: Path | None = setting(
        "BAKEN_SMTP_CA_FILE",
        shapes.PEM_FILE,
        default=None,
        example="/etc/ssl/our-ca.pem",
        meaning="The authority that signed the mail server's certificate, if no public one did.",
    )
    timeout_seconds: float = setting(
        "BAKEN_SMTP_TIMEOUT",
        shapes.SECONDS,
        default=30.0,
        example="30",
        meaning="How long to wait for the mail server's answer.",
    )
    connections: int = setting(
        "BAKEN_SMTP_CONNECTIONS",
        shapes.whole_number("a number, 1 to 50", least=1, most=50),
        default=4,
        example="4",
        meaning="How many connections to the mail server are open at once while sending.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """How the object storage is reached; what is empty is left to its library."""

    endpoint: str = setting(
        "BAKEN_STORE_S3_ENDPOINT",
        shapes.WEB_ADDRESS,
        default="",
        example="https://s3.example.nl",
        meaning="The S3-compatible server; without it, Amazon's own.",
    )
    key: str = setting(
        "BAKEN_STORE_S3_KEY",
        shapes.plain_text("an access key"),
        default="",
        example=SECRET,
        is_secret=True,
        meaning="The access key of the bucket; without it, the rights of the machine itself.",
    )
    secret: str = setting(
        "BAKEN_STORE_S3_SECRET",
        shapes.plain_text("a secret key"),
        default="",
        example=SECRET,
        is_secret=True,
        meaning="The secret that goes with the access key.",
    )
    region: str = setting(
        "BAKEN_STORE_S3_REGION",
        shapes.plain_text("a region"),
        default="",
        example="eu-central-1",
        meaning="The region of the bucket, where the server wants one.",
    )
    ca_file: Path | None = setting(
        "BAKEN_STORE_S3_CA_FILE",
        shapes.PEM_FILE,
        default=None,
        example="/etc/ssl/our-ca.pem",
        meaning="The authority that signed the S3 server's certificate, if no public one did.",
    )
