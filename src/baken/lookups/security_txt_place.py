"""Where a host's security.txt stands: asked over https, in the two places of RFC 9116 section 3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.core.asset import registrable_domain
from baken.core.text import one_line
from baken.lookups.security_txt_file import LARGEST_FILE, SecurityTxt, read_security_txt
from baken.lookups.signed_text import KnownKeys
from baken.outside import Outside
from baken.outside.fetching import Fetched, FetchError, FetchFailure

_PATHS: Final = ("/.well-known/security.txt", "/security.txt")
_GONE: Final = (404, 410)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, with what is known of the place where it stands."""

    file: SecurityTxt
    asked: str
    """The URL that was asked for it."""
    came_from: str
    """The URL that it came from, after redirects."""
    media_type: str

    @property
    def is_foreign(self) -> bool:
        """Whether a redirect led to a name that somebody else may have registered."""
        asked, came_from = host_of(self.asked), host_of(self.came_from)
        return asked != came_from and (
            not registrable_domain(asked)
            or registrable_domain(asked) != registrable_domain(came_from)
        )

    @property
    def is_canonical(self) -> bool:
        """Whether Canonical, or its absence, lets the file count for the URL that was asked.

        Section 2.5.2 asks that Canonical names the URL that was used. Where a redirect led to
        another organisation's name, only the file itself can say that it is meant for this one.
        """
        if self.is_foreign:
            return self.file.names(self.asked)
        return not self.file.canonical or (
            self.file.names(self.asked) or self.file.names(self.came_from)
        )


@dataclass(frozen=True, slots=True)
class NoFile:
    """The host answered, and has none."""

    note: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Whether there is one is unknown."""

    note: str
    again_at: datetime | None = None


def first_url(host: str) -> str:
    """Where the file of `host` belongs."""
    return f"https://{host}{_PATHS[0]}"


def host_of(url: str) -> str:
    """The host of a URL that our own client asked."""
    return url.removeprefix("https://").partition("/")[0].partition(":")[0].lower()


def find_file(
    host: str, *, outside: Outside, keys: KnownKeys, now: datetime
) -> FoundFile | NoFile | NoAnswer:
    """The security.txt of `host`.

    The second place is asked only where the first surely holds none: a file there would count
    first.
    """
    for path in _PATHS:
        seen = _look_at(f"https://{host}{path}", outside=outside, keys=keys, now=now)
        if not isinstance(seen, NoFile):
            return seen
    return seen


def _look_at(
    url: str, *, outside: Outside, keys: KnownKeys, now: datetime
) -> FoundFile | NoFile | NoAnswer:
    try:
        fetched = outside.web.get(url, accept="text/plain", largest=LARGEST_FILE)
    except FetchError as error:
        why = one_line(str(error), limit=300)
        if error.failure is FetchFailure.NO_SUCH_NAME:
            return NoFile(why)
        return NoAnswer(why, error.again_at)
    if fetched.status in _GONE:
        return NoFile("The host has no security.txt.")
    if fetched.status != 200:
        where = one_line(host_of(fetched.url), limit=200)
        return NoAnswer(f"{where} answered with status {fetched.status}.")
    file = read_security_txt(fetched.body, keys=keys, now=now)
    if not file.is_one:
        # A page that says "not found" with status 200, or a text of another kind.
        return NoFile("What stands there is no security.txt: it has neither Contact nor Expires.")
    return FoundFile(file, asked=url, came_from=fetched.url, media_type=_media_type(fetched))


def _media_type(fetched: Fetched) -> str:
    return fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
