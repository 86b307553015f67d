"""The settings: environment variables, each declared once, with all that is known about it.

Reading, docs/reference/settings.md and ``baken doctor`` follow from these declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import platformdirs

from baken.core.classification import Severity, Tlp
from baken.core.language import Language
from baken.core.mail_address import domain_of, split_mailbox
from baken.core.rhythm import RoundInterval
from baken.core.sharing import LegalGround
from baken.settings import shapes
from baken.settings.by_hand import ByHand
from baken.settings.declaration import (
    Derived,
    Variable,
    group,
    read_declared,
    setting,
    variables_of,
)
from baken.settings.log import LogLevel
from baken.settings.public_pages import PublicPages
from baken.settings.servers import S3Server, SmtpServer
from baken.settings.web_access import WebAccess

__all__ = ["VARIABLES", "S3Server", "Settings", "SmtpServer", "WebAccess", "read_settings"]

_REMINDER_AFTER: Final[Mapping[Severity, timedelta]] = {
    Severity.CRITICAL: timedelta(days=7),
    Severity.HIGH: timedelta(days=14),
    Severity.MEDIUM: timedelta(days=30),
    Severity.LOW: timedelta(days=60),
    Severity.INFO: timedelta(days=90),
}
_SENDERS_ADDRESS: Final = Derived(
    "the address in BAKEN_MAIL_FROM", lambda earlier: split_mailbox(earlier.mail_from)[1]
)
_SENDERS_NAME: Final = Derived(
    "the name in BAKEN_MAIL_FROM", lambda earlier: split_mailbox(earlier.mail_from)[0]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says, checked."""

    home: Path = setting(
        "BAKEN_HOME",
        shapes.FOLDER,
        default=Derived(
            "the platform's data folder", lambda _: Path(platformdirs.user_data_dir("baken"))
        ),
        example="/var/lib/baken",
        meaning="Where the embedded database and the store are kept.",
    )
    database_url: str = setting(
        "BAKEN_DATABASE_URL",
        shapes.POSTGRESQL_URL,
        default="",
        example="postgresql://baken@db.example.nl:5432/baken",
        is_secret=True,
        meaning="The PostgreSQL server, 15 or newer. Without it an embedded server starts under "
        "BAKEN_HOME.",
    )
    smtp: SmtpServer = group(SmtpServer)
    mail_from: str = setting(
        "BAKEN_MAIL_FROM",
        shapes.mailbox("a mail address, with or without a name"),
        default="National CSIRT <warnings@baken.example.nl>",
        example="National CSIRT <warnings@csirt.example.nl>",
        meaning="The sender that people see.",
    )
    mail_envelope_from: str = setting(
        "BAKEN_MAIL_ENVELOPE_FROM",
        shapes.MAIL_ADDRESS,
        default=_SENDERS_ADDRESS,
        example="bounces@csirt.example.nl",
        meaning="Where bounces go; without it, the sender's address.",
    )
    mail_reply_to: str = setting(
        "BAKEN_MAIL_REPLY_TO",
        shapes.mailbox("a mail address, with or without a name"),
        default=_SENDERS_ADDRESS,
        example="team@csirt.example.nl",
        meaning="Where answers go; without it, the sender's address.",
    )
    mail_contact_line: str = setting(
        "BAKEN_MAIL_CONTACT_LINE",
        shapes.line_of_text("one line of text"),
        default="",
        example="+31 70 000 0000 or csirt.example.nl/check",
        meaning="Where a recipient checks that a warning is ours: a telephone number or a page.",
    )
    public: PublicPages = group(PublicPages)
    dns_servers: tuple[tuple[str, int], ...] = setting(
        "BAKEN_DNS_SERVERS",
        shapes.SERVER_ADDRESSES,
        default=(),
        example="192.0.2.53, [2001:db8::53]:5353",
        meaning="The DNS servers that say who receives mail for a domain and where names lead; "
        "without them, the system's.",
    )
    web: WebAccess = group(WebAccess)
    web_contact: str = setting(
        "BAKEN_WEB_CONTACT",
        shapes.line_of_text("a page or a mail address"),
        default=_SENDERS_ADDRESS,
        example="https://csirt.example.nl/requests",
        meaning="Where the owner of a web server that we ask learns who we are; without it, the "
        "sender's address.",
    )
    amber_reaches_unregistered: bool = setting(
        "BAKEN_AMBER_REACHES_UNREGISTERED",
        shapes.SWITCH,
        default=False,
        example="no",
        meaning="Whether TLP:AMBER may reach organisations that did not sign up, as our "
        "constituents; without it, their source is asked first.",
    )
    country: str = setting(
        "BAKEN_COUNTRY",
        shapes.COUNTRY,
        default="NL",
        example="NL",
        meaning="Our own country. What lies in another one may be handed over to its CSIRT.",
    )
    provider_per_minute: int = setting(
        "BAKEN_PROVIDER_PER_MINUTE",
        shapes.MESSAGES_A_MINUTE,
        default=600,
        example="600",
        meaning="How many messages a minute go to one receiving provider that knows us.",
    )
    provider_first_day_per_minute: int = setting(
        "BAKEN_PROVIDER_FIRST_DAY_PER_MINUTE",
        shapes.MESSAGES_A_MINUTE,
        default=150,
        example="150",
        meaning="How many messages a minute go to a provider on the first day; twice as many each "
        "day after, until BAKEN_PROVIDER_PER_MINUTE.",
    )
    by_hand: ByHand = group(ByHand)
    brake_factor: int = setting(
        "BAKEN_BRAKE_FACTOR",
        shapes.COUNT,
        default=10,
        example="10",
        meaning="When a day would bring so many times the warnings of a usual day, twenty go and "
        "the rest waits for a person; 0 turns that off. Threats that two people released go.",
    )
    brake_floor: int = setting(
        "BAKEN_BRAKE_FLOOR",
        shapes.COUNT,
        default=200,
        example="200",
        meaning="Up to so many warnings a day never wait for a person, whatever is usual.",
    )
    sender_name: str = setting(
        "BAKEN_SENDER_NAME",
        shapes.line_of_text("a name"),
        default=_SENDERS_NAME,
        example="National CSIRT",
        meaning="The name of the service that warns, as mails give it; without it, the name in "
        "BAKEN_MAIL_FROM. One of the two must be there.",
    )
    legal_ground: LegalGround = setting(
        "BAKEN_LEGAL_GROUND",
        shapes.one_of(LegalGround),
        default=LegalGround.LEGITIMATE_INTEREST,
        example="public-task",
        meaning="Why you may warn organisations that did not sign up (GDPR, article 6(1), e or f): "
        "their mail says it.",
    )
    message_id_domain: str = setting(
        "BAKEN_MESSAGE_ID_DOMAIN",
        shapes.MESSAGE_ID_DOMAIN,
        default=Derived(
            "the domain of BAKEN_MAIL_FROM", lambda earlier: domain_of(earlier.mail_from)
        ),
        example="csirt.example.nl",
        meaning="The domain in Message-ID; without it, the sender's. Do not change it while mail "
        "waits.",
    )
    default_language: Language = setting(
        "BAKEN_DEFAULT_LANGUAGE",
        shapes.one_of(Language),
        default=Language.NL,
        example="nl",
        meaning="The language of contacts that have none.",
    )
    zone: ZoneInfo = setting(
        "BAKEN_ZONE",
        shapes.ZONE,
        default=ZoneInfo("Europe/Amsterdam"),
        example="Europe/Amsterdam",
        meaning="The time zone of the service: warnings give times in it to contacts without a "
        "zone of their own, and reminders and rounds count its days.",
    )
    round_interval: RoundInterval = setting(
        "BAKEN_ROUND",
        shapes.one_of(RoundInterval),
        default=RoundInterval.WEEKLY,
        example="weekly",
        meaning="When findings below high go out. weekly: with the next urgent warning, or in the "
        "first planning from Monday 00:00. daily: from 00:00. at-once: they never wait.",
    )
    feed_tlp: Tlp = setting(
        "BAKEN_FEED_TLP",
        shapes.TLP_LABEL,
        default=Tlp.AMBER,
        example="TLP:AMBER",
        meaning="The label of warnings about feeds; data with a stricter label keep theirs.",
    )
    gone_after: timedelta = setting(
        "BAKEN_GONE_AFTER_DAYS",
        shapes.DAYS,
        default=timedelta(days=14),
        example="14",
        meaning="How long a feed must stay silent about a system before its case is marked gone: "
        "its report type came without it, or only other types of the feed came. When nothing of "
        "the feed came for so long, the case is no longer looked at.",
    )
    minimum_severity: Severity = setting(
        "BAKEN_MINIMUM_SEVERITY",
        shapes.SEVERITY,
        default=Severity.LOW,
        example="medium",
        meaning="Findings below this are kept and explained, but nobody is told.",
    )
    reminder_after: Mapping[Severity, timedelta] = setting(
        "BAKEN_REMINDER_DAYS",
        shapes.days_by_severity(_REMINDER_AFTER),
        default=_REMINDER_AFTER,
        example="critical=7,high=14",
        meaning="How long a finding that persists waits before it is told again.",
    )
    store_url: str = setting(
        "BAKEN_STORE_URL",
        shapes.STORE_URL,
        default=Derived(
            "the folder store under BAKEN_HOME", lambda earlier: (earlier.home / "store").as_uri()
        ),
        example="s3://baken-observations/store",
        meaning="Where observations are kept; without it, in the folder store under BAKEN_HOME.",
    )
    store_s3: S3Server = group(S3Server)
    store_kept_for: timedelta = setting(
        "BAKEN_STORE_DAYS",
        shapes.DAYS,
        default=timedelta(days=90),
        example="90",
        meaning="How long observations are kept in the store; baken purge removes the rest.",
    )
    max_unpacked_bytes: int = setting(
        "BAKEN_MAX_UNPACKED_BYTES",
        shapes.whole_number("bytes"),
        default=64 << 30,
        example="68719476736",
        meaning="A compressed report that unpacks to more is refused.",
    )
    max_unpacked_ratio: int = setting(
        "BAKEN_MAX_UNPACKED_RATIO",
        shapes.whole_number("a ratio"),
        default=200,
        example="200",
        meaning="A compressed report that grows by more than this is refused.",
    )
    allow_documentation_ranges: bool = setting(
        "BAKEN_ALLOW_DOCUMENTATION_RANGES",
        shapes.SWITCH,
        default=False,
        example="no",
        meaning="Accept 192.0.2.0/24, AS64496 and the like as assets. Only for the demo and for "
        "tests.",
    )
    spark_master: str = setting(
        "BAKEN_SPARK_MASTER",
        shapes.SPARK_MASTER,
        default="",
        example="spark://spark.example.nl:7077",
        meaning="The Spark cluster that --engine spark works on; without it, there is none.",
    )
    spark_scratch: Path = setting(
        "BAKEN_SPARK_SCRATCH",
        shapes.FOLDER,
        default=Derived(
            "the folder spark under BAKEN_HOME", lambda earlier: earlier.home / "spark"
        ),
        example="/srv/baken-scratch",
        meaning="Where the workers of the cluster write: a folder that all machines see under this "
        "path. The default is enough for a cluster on this machine.",
    )
    log_level: LogLevel = setting(
        "BAKEN_LOG_LEVEL",
        shapes.one_of(LogLevel),
        default=LogLevel.WARNING,
        example="info",
        meaning="How much the log says.",
    )


VARIABLES: Final[tuple[Variable, ...]] = tuple(variables_of(Settings))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` holds.

    Raises `SettingsError` with every problem found: the variable, the shape wanted, an example.
    """
    return read_declared(Settings, environment)
