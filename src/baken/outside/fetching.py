"""What the client for the web is asked for, what it gives, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class FetchFailure(StrEnum):
    """Why nothing came."""

    NOT_ALLOWED = "not-allowed"
    """The address is one that we never ask: not global, or not https where it must be."""
    NO_SUCH_NAME = "no-such-name"
    NOT_REACHED = "not-reached"
    """No connection, or one that broke off."""
    TOO_SLOW = "too-slow"
    TOO_LARGE = "too-large"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    BAD_CERTIFICATE = "bad-certificate"
    BAD_ANSWER = "bad-answer"
    """What came is no HTTP."""
    ASK_LATER = "ask-later"
    """The server asked us to wait (429, 503), or its budget for today is used up."""


class FetchError(Exception):
    """Nothing came; the message says why in one plain sentence, with the host."""

    def __init__(
        self, failure: FetchFailure, message: str, *, again_at: datetime | None = None
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.again_at = again_at
        """Not to be asked before; None when the server did not say."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer, of any status but a redirect that was followed."""

    url: str
    """Where it came from in the end."""
    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    """Unpacked."""
    address: str
    """The IP address that answered."""
    redirects: tuple[str, ...] = ()
    """The URLs asked before, from the first on."""


class Web(Protocol):
    """The client for the web, as lookups see it; for any number of threads."""

    def get(self, url: str, *, accept: str = "*/*", largest: int = 1 << 20) -> Fetched:
        """What stands at `url`, at most `largest` bytes of it unpacked.

        https only, by a name or global address that each redirect is checked for anew. Raises
        `FetchError` and nothing else.
        """
        ...
