"""The settings, read once from the environment, typed, with all problems reported together.

Every variable is listed in `VARIABLES` and documented in docs/reference/settings.md, which a test
holds to this table. A secret may also come from a file named by ``<NAME>_FILE``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import platformdirs

from baken.core.asset import normalise_domain
from baken.core.errors import SettingsError
from baken.core.mail_address import domain_of, routable_address, split_mailbox
from baken.core.text import one_line


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its shape, its default and an example of it."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    shape: str
    example: str
    meaning: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over."""

    host: str
    port: int
    security: str
    """``none``, ``starttls`` or ``tls``."""
    user: str
    password: str = field(repr=False)
    ca_file: Path | None
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class S3Server:
    """How the object storage is reached; what is empty is left to its library."""

    endpoint: str
    key: str
    secret: str = field(repr=False)
    region: str
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked."""

    home: Path
    database_url: str = field(repr=False)
    smtp: SmtpServer
    mail_from: str
    mail_envelope_from: str
    mail_reply_to: str
    mail_contact_line: str
    sender_name: str
    message_id_domain: str
    default_language: str
    feed_tlp: str
    gone_after_days: int
    minimum_severity: str
    reminder_days: Mapping[str, int]
    store_url: str
    store_s3: S3Server
    store_days: int
    max_unpacked_bytes: int
    max_unpacked_ratio: int
    allow_documentation_ranges: bool
    spark_master: str
    spark_scratch: Path
    log_level: str


def _text(value: str) -> str:
    return value


def _whole(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("negative")
    return number


def _port(value: str) -> int:
    number = int(value)
    if not 0 < number < 65536:
        raise ValueError("no port")
    return number


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 < number <= _LONGEST_WAIT:
        raise ValueError("out of range")
    return number


def _days(value: str) -> int:
    number = _whole(value)
    if number > _MOST_DAYS:
        raise ValueError("too many")
    return number


def _switch(value: str) -> bool:
    return {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}[
        value.lower()
    ]


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(value)
        return value.lower()

    return parse


def _line(value: str) -> str:
    if one_line(value) != value:
        raise ValueError("not one line")
    return value


def _mailbox(value: str) -> str:
    _message_id_domain(domain_of(_line(value)))
    return value


def _mail_address(value: str) -> str:
    _mailbox(value)
    return routable_address(value)


def _message_id_domain(value: str) -> str:
    domain = normalise_domain(value)
    if len(domain) > _LONGEST_MESSAGE_ID_DOMAIN:
        raise ValueError("too long")
    return domain


def _postgres_url(value: str) -> str:
    parts = urlsplit(value)
    # To ask for the port is to check it.
    if (
        parts.scheme not in ("postgres", "postgresql")
        or not parts.path.strip("/")
        or parts.port == 0
    ):
        raise ValueError(value)
    return value


def _store_url(value: str) -> str:
    parts = urlsplit(value)
    is_folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    is_bucket = parts.scheme not in ("", "file", "http", "https") and bool(parts.netloc)
    # A key and a secret have settings of their own: an address is shown and logged.
    if not (is_folder or is_bucket) or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(value)
    return value


def _spark_master(value: str) -> str:
    parts = urlsplit(value)
    is_cluster = parts.scheme == "spark" and bool(parts.hostname) and parts.port != 0
    if not is_cluster and not re.fullmatch(r"local(\[(\d+|\*)\])?", value):
        raise ValueError(value)
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(value)
    return value


def _label(value: str) -> str:
    from baken.core.classification import Tlp

    return Tlp(value.upper()).value


def _days_by_severity(value: str) -> Mapping[str, int]:
    pairs = (part.split("=", 1) for part in value.split(","))
    days = {key.strip().lower(): _days(number) for key, number in pairs}
    if not set(days) <= set(_SEVERITIES):
        raise ValueError(value)
    return {**_REMINDER_DAYS, **days}


_LONGEST_MESSAGE_ID_DOMAIN: Final = 160  # with a notification's id it must fit a Message-ID
_MOST_DAYS: Final = 36_500  # a hundred years: for ever, to a person
_LONGEST_WAIT: Final = 3_600.0  # seconds
_SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
_REMINDER_DAYS: Final = {"critical": 7, "high": 14, "medium": 30, "low": 60, "info": 90}

VARIABLES: Final[tuple[Variable, ...]] = (
    Variable(
        "BAKEN_HOME", lambda value: Path(value).expanduser().absolute(),
        Path(platformdirs.user_data_dir("baken")), "a folder", "/var/lib/baken",
        "Where the embedded database and the store are kept.",
    ),
    Variable(
        "BAKEN_DATABASE_URL", _postgres_url, "", "postgresql://user:password@host:port/name",
        "postgresql://baken@db.example.nl:5432/baken",
        "The PostgreSQL server, 15 or newer. Without it an embedded server starts under "
        "BAKEN_HOME.", is_secret=True,
    ),
    Variable("BAKEN_SMTP_HOST", _text, "localhost", "a host name or address", "mail.example.nl",
             "The mail server that takes our mail."),
    Variable("BAKEN_SMTP_PORT", _port, 25, "a port, 1 to 65535", "587", "Its port."),
    Variable(
        "BAKEN_SMTP_SECURITY", _one_of("none", "starttls", "tls"), "starttls",
        "none, starttls or tls", "starttls",
        "How the connection is encrypted; with none, nothing is, and no password is sent.",
    ),
    Variable("BAKEN_SMTP_USER", _text, "", "a user name", "baken", "Who logs in; empty: nobody."),
    Variable("BAKEN_SMTP_PASSWORD", _text, "", "a password", "(a secret)",
             "The password that goes with it.", is_secret=True),
    Variable("BAKEN_SMTP_CA_FILE", Path, None, "a PEM file", "/etc/ssl/our-ca.pem",
             "The authority that signed the mail server's certificate, when it is our own."),
    Variable("BAKEN_SMTP_TIMEOUT", _seconds, 30.0, "seconds", "30",
             "How long to wait for the mail server's answer."),
    Variable(
        "BAKEN_MAIL_FROM", _mailbox, "Baken <warnings@baken.example.nl>",
        "a mail address, with or without a name", "National CSIRT <warnings@csirt.example.nl>",
        "The sender that people see.",
    ),
    Variable(
        "BAKEN_MAIL_ENVELOPE_FROM", _mail_address, "", "a mail address", "bounces@csirt.example.nl",
        "Where bounces go; without it, the sender's address.",
    ),
    Variable("BAKEN_MAIL_REPLY_TO", _mailbox, "", "a mail address, with or without a name",
             "team@csirt.example.nl", "Where answers go; without it, the sender's address."),
    Variable(
        "BAKEN_MAIL_CONTACT_LINE", _line, "", "one line of text",
        "+31 70 000 0000 or csirt.example.nl/check",
        "How a recipient checks that a warning is really ours: a telephone number, a page.",
    ),
    Variable("BAKEN_SENDER_NAME", _line, "Baken", "a name", "National CSIRT",
             "Who warns, as the mails say it."),
    Variable(
        "BAKEN_MESSAGE_ID_DOMAIN", _message_id_domain, "", "a domain", "csirt.example.nl",
        "The domain in Message-ID; without it, the sender's. Do not change it while mail waits.",
    ),
    Variable("BAKEN_DEFAULT_LANGUAGE", _one_of("nl", "en"), "nl", "nl or en", "nl",
             "The language of contacts that have none."),
    Variable(
        "BAKEN_FEED_TLP", _label, "TLP:AMBER", "a TLP 2.0 label", "TLP:AMBER",
        "The label of warnings about feeds that carry none themselves.",
    ),
    Variable(
        "BAKEN_GONE_AFTER_DAYS", _days, 14, "days", "14",
        "How long a report type must stay silent about a system, while it is delivered, before "
        "the case is marked gone.",
    ),
    Variable("BAKEN_MINIMUM_SEVERITY", _one_of(*_SEVERITIES), "low",
             "info, low, medium, high or critical", "medium",
             "Findings below this are kept and explained, but nobody is told."),
    Variable(
        "BAKEN_REMINDER_DAYS", _days_by_severity, _REMINDER_DAYS,
        "severity=days, with commas", "critical=7,high=14",
        "How long a finding that persists waits before it is told again.",
    ),
    Variable(
        "BAKEN_STORE_URL", _store_url, "", "file:///folder or s3://bucket/prefix",
        "s3://baken-observations/store",
        "Where observations are kept; without it, in the folder store under BAKEN_HOME.",
    ),
    Variable(
        "BAKEN_STORE_S3_ENDPOINT", _web_address, "", "an http or https address",
        "https://s3.example.nl", "The S3-compatible server; without it, Amazon's own.",
    ),
    Variable(
        "BAKEN_STORE_S3_KEY", _text, "", "an access key", "(a secret)",
        "Who uses the bucket; without it, what the machine itself is allowed.", is_secret=True,
    ),
    Variable("BAKEN_STORE_S3_SECRET", _text, "", "a secret key", "(a secret)",
             "The secret that goes with the access key.", is_secret=True),
    Variable("BAKEN_STORE_S3_REGION", _text, "", "a region", "eu-central-1",
             "The region of the bucket, where the server wants one."),
    Variable("BAKEN_STORE_S3_CA_FILE", Path, None, "a PEM file", "/etc/ssl/our-ca.pem",
             "The authority that signed the S3 server's certificate, when it is our own."),
    Variable("BAKEN_STORE_DAYS", _days, 90, "days", "90",
             "How long observations are kept in the store; baken purge removes the rest."),
    Variable("BAKEN_MAX_UNPACKED_BYTES", _whole, 64 << 30, "bytes", "68719476736",
             "A compressed report that unpacks to more is refused."),
    Variable("BAKEN_MAX_UNPACKED_RATIO", _whole, 200, "a ratio", "200",
             "A compressed report that grows by more than this is refused."),
    Variable(
        "BAKEN_ALLOW_DOCUMENTATION_RANGES", _switch, False, "yes or no", "no",
        "Accept 192.0.2.0/24, AS64496 and the like as assets. Only for the demo and for tests.",
    ),
    Variable(
        "BAKEN_SPARK_MASTER", _spark_master, "", "spark://host:port, or local[2]",
        "spark://spark.example.nl:7077",
        "The Spark cluster that --engine spark works on; without it, there is none.",
    ),
    Variable(
        "BAKEN_SPARK_SCRATCH", lambda value: Path(value).expanduser().absolute(), None, "a folder",
        "/srv/baken-scratch",
        "Where the workers of the cluster write: a folder that all machines see under this path; "
        "without it, the folder spark under BAKEN_HOME, which does for a cluster on this machine.",
    ),
    Variable("BAKEN_LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "warning",
             "debug, info, warning or error", "info", "How much the log says."),
)  # fmt: skip


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` holds.

    Raises `SettingsError` with every problem found: the variable, the shape wanted, an example.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        try:
            raw = _raw_value(variable, environment)
            values[variable.name] = variable.default if raw == "" else variable.parse(raw)
        except (ValueError, KeyError, OSError, OverflowError) as error:
            shown = "(a secret)" if variable.is_secret else repr(environment.get(variable.name))
            detail = f" ({error})" if isinstance(error, OSError) else ""
            problems.append(
                f"{variable.name} is {shown}{detail}; it must be {variable.shape}, "
                f"for instance {variable.example}."
            )
    known = {name for v in VARIABLES for name in (v.name, f"{v.name}_FILE")}
    problems += [
        f"{name} is not a setting."
        for name in sorted(environment)
        if name.startswith("BAKEN_") and name not in known
    ]
    if problems:
        raise SettingsError(
            "The settings are wrong: " + " ".join(problems),
            remedy="Correct these variables; docs/reference/settings.md lists them all.",
        )
    return _settings_of(values)


def _raw_value(variable: Variable, environment: Mapping[str, str]) -> str:
    file_name = environment.get(f"{variable.name}_FILE", "") if variable.is_secret else ""
    if file_name and not environment.get(variable.name):
        return Path(file_name).read_text().strip()
    return environment.get(variable.name, "").strip()


def _settings_of(values: Mapping[str, Any]) -> Settings:
    _, sender = split_mailbox(values["BAKEN_MAIL_FROM"])
    return Settings(
        home=values["BAKEN_HOME"],
        database_url=values["BAKEN_DATABASE_URL"],
        smtp=SmtpServer(
            host=values["BAKEN_SMTP_HOST"],
            port=values["BAKEN_SMTP_PORT"],
            security=values["BAKEN_SMTP_SECURITY"],
            user=values["BAKEN_SMTP_USER"],
            password=values["BAKEN_SMTP_PASSWORD"],
            ca_file=values["BAKEN_SMTP_CA_FILE"],
            timeout_seconds=values["BAKEN_SMTP_TIMEOUT"],
        ),
        mail_from=values["BAKEN_MAIL_FROM"],
        mail_envelope_from=values["BAKEN_MAIL_ENVELOPE_FROM"] or sender,
        mail_reply_to=values["BAKEN_MAIL_REPLY_TO"] or sender,
        mail_contact_line=values["BAKEN_MAIL_CONTACT_LINE"],
        sender_name=values["BAKEN_SENDER_NAME"],
        message_id_domain=values["BAKEN_MESSAGE_ID_DOMAIN"] or domain_of(sender),
        default_language=values["BAKEN_DEFAULT_LANGUAGE"],
        feed_tlp=values["BAKEN_FEED_TLP"],
        gone_after_days=values["BAKEN_GONE_AFTER_DAYS"],
        minimum_severity=values["BAKEN_MINIMUM_SEVERITY"],
        reminder_days=values["BAKEN_REMINDER_DAYS"],
        store_url=values["BAKEN_STORE_URL"] or (values["BAKEN_HOME"] / "store").as_uri(),
        store_s3=S3Server(
            endpoint=values["BAKEN_STORE_S3_ENDPOINT"],
            key=values["BAKEN_STORE_S3_KEY"],
            secret=values["BAKEN_STORE_S3_SECRET"],
            region=values["BAKEN_STORE_S3_REGION"],
            ca_file=values["BAKEN_STORE_S3_CA_FILE"],
        ),
        store_days=values["BAKEN_STORE_DAYS"],
        max_unpacked_bytes=values["BAKEN_MAX_UNPACKED_BYTES"],
        max_unpacked_ratio=values["BAKEN_MAX_UNPACKED_RATIO"],
        allow_documentation_ranges=values["BAKEN_ALLOW_DOCUMENTATION_RANGES"],
        spark_master=values["BAKEN_SPARK_MASTER"],
        spark_scratch=values["BAKEN_SPARK_SCRATCH"] or values["BAKEN_HOME"] / "spark",
        log_level=values["BAKEN_LOG_LEVEL"],
    )


def django_database(url: str) -> dict[str, Any]:
    """Django's ``DATABASES`` entry for a PostgreSQL URL; a socket folder may be ``?host=``."""
    parts = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")) or "baken",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(options.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {key: unquote(value) for key, value in options.items()},
    }
