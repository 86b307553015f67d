"""A security.txt file: its fields, read from bytes that nobody vouches for. Source: RFC 9116.

The parser is sectxt's. It was made to judge one's own file: hostile bytes keep it busy or make it
raise. So it gets short lines, not too many of them, and no OpenPGP envelope (`signed_text`). It
brings requests, PGPy and pytest along, none of which is used: only `_parser_class` imports it.
"""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from baken.core.asset import normalise_domain
from baken.lookups.signed_text import KnownKeys, Signature

if TYPE_CHECKING:
    from sectxt import Parser

LARGEST_FILE: Final = 32 * 1024
"""In bytes; section 5.4 asks for a limit, and the largest honest files have a tenth of it."""
_MOST_LINES: Final = 300
_LONGEST_LINE: Final = 400
"""In bytes. The parser guesses long at a long date, so both numbers bound its time."""
_ENVELOPE: Final = "-----BEGIN PGP"
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[-+]\d{2}:\d{2})", re.ASCII
)
"""RFC 3339 section 5.6; in upper case."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
_ENCRYPTION: Final = re.compile(r"(?:https://|dns:|openpgp4fpr:)[!-~]{1,290}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """What one file says, each field in the order in which it stands there."""

    contacts: tuple[str, ...]
    """The most preferred first (section 2.5.3)."""
    expires: tuple[str, ...]
    canonical: tuple[str, ...]
    languages: tuple[str, ...]
    """Preferred by the recipient, as BCP 47 writes them."""
    encryption: str
    """The first place of a key that is no key itself; may be empty."""
    signature: Signature
    fingerprint: str

    @property
    def is_one(self) -> bool:
        """Whether it is a security.txt at all, and not a page for whatever does not exist."""
        return bool(self.contacts or self.expires)

    @property
    def language(self) -> str:
        """The first of `languages` that we write in, else the first; empty when unsaid."""
        ours = (one for one in self.languages if one.lower().split("-")[0] in ("nl", "en"))
        return next(ours, next(iter(self.languages), ""))

    @property
    def expires_at(self) -> datetime | None:
        """Until when it holds: None when it does not say so once, in a time of RFC 3339.

        Where it says so more often, the earliest counts.
        """
        times = [_time_of(text) for text in self.expires]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    def names(self, url: str) -> bool:
        """Whether a Canonical field names `url`."""
        wanted = _comparable(url)
        return wanted is not None and any(_comparable(one) == wanted for one in self.canonical)


def read_security_txt(body: bytes, *, keys: KnownKeys, now: datetime) -> SecurityTxt:
    """What `body` says; only what is signed where there is a signature. Raises nothing."""
    opened = keys.open_text(_without_mark(body[:LARGEST_FILE]), now=now)
    fields: dict[str, list[str]] = {}
    for name, value in _fields(_short_lines(opened.text)):
        fields.setdefault(name, []).append(value)
    languages = ",".join(fields.get("preferred-languages", [])[:1]).split(",")
    places = (one for one in fields.get("encryption", []) if _ENCRYPTION.fullmatch(one))
    return SecurityTxt(
        contacts=tuple(fields.get("contact", [])),
        expires=tuple(fields.get("expires", [])),
        canonical=tuple(fields.get("canonical", [])),
        languages=tuple(one.strip() for one in languages if _LANGUAGE.fullmatch(one.strip())),
        encryption=next(places, ""),
        signature=opened.signature,
        fingerprint=opened.fingerprint,
    )


def _without_mark(body: bytes) -> bytes:
    while body.startswith(codecs.BOM_UTF8):  # some editors leave two
        body = body.removeprefix(codecs.BOM_UTF8)
    return body


def _short_lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n", _MOST_LINES)[:_MOST_LINES]
    return [
        line
        for line in lines
        if line.strip() and len(line) <= _LONGEST_LINE and _ENVELOPE.encode() not in line
    ]


def _fields(lines: Sequence[bytes]) -> list[tuple[str, str]]:
    """The name in lower case and value of each field in `lines`."""
    try:
        return _parsed(lines)
    except Exception:
        # One line such as `Policy: https://[` makes the parser raise, and what it raises is not
        # said anywhere. The others count all the same.
        return [field for line in lines for field in _parsed_alone(line)]


def _parsed_alone(line: bytes) -> list[tuple[str, str]]:
    try:
        return _parsed([line])
    except Exception:
        return []


def _parsed(lines: Sequence[bytes]) -> list[tuple[str, str]]:
    parser = _parser_class()(b"\n".join([*lines, b""]), recommend_unknown_fields=False)
    return [
        (line["field_name"], line["value"].strip())
        for line in parser.lines
        if line["type"] == "field" and line["field_name"] is not None
    ]


@cache
def _parser_class() -> type[Parser]:
    # Imported late: it takes a second, for clients and checks that are not used here.
    from dateutil.parser import UnknownTimezoneWarning
    from sectxt import Parser

    # It guesses at dates that are no RFC 3339 times and warns of its guess, which nobody uses.
    warnings.filterwarnings("ignore", category=UnknownTimezoneWarning)
    return cast("type[Parser]", Parser)


def _time_of(text: str) -> datetime | None:
    written = text.strip().upper()
    if not _TIME.fullmatch(written):
        return None
    try:
        time = datetime.fromisoformat(written)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):  # the 30th of February; the last hour of the year 9999
        return None


def _comparable(url: str) -> tuple[str, str] | None:
    """Host and path of an https `url`; None for anything else."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
        is_plain = parts.scheme == "https" and parts.port in (None, 443) and "@" not in parts.netloc
    except ValueError:
        return None
    if not host.isascii():
        try:
            host = normalise_domain(host)
        except ValueError:
            return None
    return (host, parts.path or "/") if is_plain and host else None
