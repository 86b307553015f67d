"""The shapes a setting can have: how its text is read, named and shown."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from baken.core.asset import normalise_domain
from baken.core.classification import Severity, Tlp
from baken.core.mail_address import domain_of, routable_address
from baken.core.text import one_line

Value = TypeVar("Value", covariant=True)
Choice = TypeVar("Choice", bound=StrEnum)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MOST_DAYS: Final = 36_500  # a hundred years: for ever, to a person
_LONGEST_WAIT: Final = 3_600.0  # seconds
_LONGEST_MESSAGE_ID_DOMAIN: Final = 160  # with a notification's id it must fit a Message-ID
_DNS_PORT: Final = 53
_SWITCH: Final = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Shape(Generic[Value]):
    """One shape: what people call it, how its text is read, and how a value is shown to them.

    `parse` gets text that is not empty and raises ``ValueError`` or ``KeyError`` for what has
    another shape.
    """

    text: str
    parse: Callable[[str], Value]
    show: Callable[[Any], str] = str
    is_url: bool = False
    """It may hold a login, before an ``@``."""


def plain_text(text: str) -> Shape[str]:
    """Any text, described as `text`."""
    return Shape(text, str)


def line_of_text(text: str) -> Shape[str]:
    """One line without characters that would break or hide it."""
    return Shape(text, _one_line)


def mailbox(text: str) -> Shape[str]:
    """A mail address, with or without a name before it."""
    return Shape(text, _mailbox)


def whole_number(text: str, *, least: int = 0, most: int | None = None) -> Shape[int]:
    """A whole number from `least` up to and including `most`."""

    def parse(value: str) -> int:
        number = int(value)
        if number < least or (most is not None and number > most):
            raise ValueError("out of range")
        return number

    return Shape(text, parse)


def one_of(choices: type[Choice]) -> Shape[Choice]:
    """One of `choices`, in small or capital letters."""
    return Shape(_listed(choices), lambda value: choices(value.lower()))


def days_by_severity(default: Mapping[Severity, timedelta]) -> Shape[Mapping[Severity, timedelta]]:
    """Days for some severities; the others are as in `default`."""

    def parse(value: str) -> Mapping[Severity, timedelta]:
        pairs = (part.split("=", 1) for part in value.split(","))
        given = {Severity.from_key(key): _days(number) for key, number in pairs}
        return {**default, **given}

    def show(value: Mapping[Severity, timedelta]) -> str:
        return ", ".join(f"{severity.key}={days.days}" for severity, days in value.items())

    return Shape("severity=days, with commas", parse, show)


def _folder(value: str) -> Path:
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("the home of nobody") from error


def _one_line(value: str) -> str:
    if one_line(value) != value:
        raise ValueError("not one line")
    return value


def _mailbox(value: str) -> str:
    _message_id_domain(domain_of(_one_line(value)))
    return value


def _mail_address(value: str) -> str:
    return routable_address(_mailbox(value))


def _message_id_domain(value: str) -> str:
    domain = normalise_domain(value)
    if len(domain) > _LONGEST_MESSAGE_ID_DOMAIN:
        raise ValueError("too long")
    return domain


def _country(value: str) -> str:
    if len(value) != 2 or not value.isascii() or not value.isalpha():
        raise ValueError("no code of a country")
    return value.upper()


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 < number <= _LONGEST_WAIT:
        raise ValueError("out of range")
    return number


def _days(value: str) -> timedelta:
    number = int(value)
    if not 0 <= number <= _MOST_DAYS:
        raise ValueError("out of range")
    return timedelta(days=number)


def _postgres_url(value: str) -> str:
    parts = urlsplit(value)
    # Reading the port checks it.
    if (
        parts.scheme not in ("postgres", "postgresql")
        or not parts.path.strip("/")
        or parts.port == 0
    ):
        raise ValueError("not a PostgreSQL URL")
    return value


def _store_url(value: str) -> str:
    parts = urlsplit(value)
    is_folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    is_bucket = parts.scheme not in ("", "file", "http", "https") and bool(parts.netloc)
    # A key and a secret have settings of their own: an address is shown and logged.
    if not (is_folder or is_bucket) or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("neither a folder nor a bucket")
    return value


def _spark_master(value: str) -> str:
    parts = urlsplit(value)
    is_cluster = parts.scheme == "spark" and bool(parts.hostname) and parts.port != 0
    if not is_cluster and not re.fullmatch(r"local(\[(\d+|\*)\])?", value):
        raise ValueError("not a Spark master")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    is_server = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    if parts.scheme not in ("http", "https") or not is_server:
        raise ValueError("not a web address")
    return value


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    plain = parts.hostname and "@" not in parts.netloc and parts.port != 0
    if parts.scheme != "https" or not plain or parts.path.strip("/") or parts.query:
        raise ValueError("not an https address without a path")
    if parts.fragment or one_line(value) != value:
        raise ValueError("more than an address")
    return f"https://{parts.netloc.lower()}"


def _listen_address(value: str) -> tuple[str, int]:
    address, port = _server_address(value)
    if port == _DNS_PORT:
        raise ValueError("no port is given")
    return address, port


def _networks(value: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in value.split(","))


def _server_addresses(value: str) -> tuple[tuple[str, int], ...]:
    return tuple(_server_address(part.strip()) for part in value.split(","))


def _server_address(value: str) -> tuple[str, int]:
    try:
        return str(ipaddress.ip_address(value)), _DNS_PORT
    except ValueError:
        parts = urlsplit(f"//{value}")
    port = _DNS_PORT if parts.port is None else parts.port
    if parts.netloc != value or "@" in value or not port:
        raise ValueError("not an address with a port")
    return str(ipaddress.ip_address(parts.hostname or "")), port


def _show_server_addresses(value: Iterable[tuple[str, int]]) -> str:
    shown = [
        address if port == _DNS_PORT else f"{f'[{address}]' if ':' in address else address}:{port}"
        for address, port in value
    ]
    return ", ".join(shown) or "the system's"


def _zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, OSError) as error:  # OSError: the name of a folder
        raise ValueError("no time zone") from error


def _listed(keys: Iterable[str]) -> str:
    *first, last = keys
    return f"{', '.join(first)} or {last}"


FOLDER: Final = Shape("a folder", _folder)
ZONE: Final = Shape("the name of a time zone", _zone)
PEM_FILE: Final = Shape("a PEM file", Path)
PORT: Final = whole_number("a port, 1 to 65535", least=1, most=65535)
SECONDS: Final = Shape("seconds", _seconds, lambda value: f"{value:g}")
DAYS: Final = Shape("days", _days, lambda value: str(value.days))
SERVER_ADDRESSES: Final = Shape(
    "addresses, with or without a port, with commas", _server_addresses, _show_server_addresses
)
LISTEN_ADDRESS: Final = Shape(
    "an address with a port", _listen_address, lambda value: _show_server_addresses([value])
)
COUNT: Final = whole_number("a number, 0 or more")
MESSAGES_A_MINUTE: Final = whole_number("a number, 1 to 100000", least=1, most=100_000)
NETWORKS: Final = Shape(
    "networks, with commas", _networks, lambda value: ", ".join(map(str, value)) or "none"
)
SWITCH: Final = Shape(
    "yes or no", lambda value: _SWITCH[value.lower()], lambda value: "yes" if value else "no"
)
SEVERITY: Final = Shape(
    _listed(severity.key for severity in Severity), Severity.from_key, lambda value: value.key
)
COUNTRY: Final = Shape("a country as two letters (ISO 3166-1)", _country)
TLP_LABEL: Final = Shape("a TLP 2.0 label", lambda value: Tlp(value.upper()))
MAIL_ADDRESS: Final = Shape("a mail address", _mail_address)
MESSAGE_ID_DOMAIN: Final = Shape("a domain", _message_id_domain)
POSTGRESQL_URL: Final = Shape(
    "postgresql://user:password@host:port/name", _postgres_url, is_url=True
)
STORE_URL: Final = Shape("file:///folder or s3://bucket/prefix", _store_url, is_url=True)
WEB_ADDRESS: Final = Shape("an http or https address", _web_address, is_url=True)
PUBLIC_URL: Final = Shape("an https address without a path", _public_url, is_url=True)
SPARK_MASTER: Final = Shape("spark://host:port, or local[2]", _spark_master, is_url=True)
