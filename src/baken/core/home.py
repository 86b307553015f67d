"""Our own service, where it decides what is ours to warn about; and the country of a name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Home:
    """Which country's service we are, and by what our own entry in a list is known."""

    country: str = ""
    """ISO 3166-1, two upper-case letters. Empty: nothing is handed over for its country."""
    our_own: Collection[str] = ()
    """Our own addresses and domains, in lower case."""

    def is_ours(self, address: str) -> bool:
        """Whether the mail address or name `address`, in lower case, is one of our own."""
        labels = address.rpartition("@")[2].split(".")
        above = {".".join(labels[start:]) for start in range(len(labels))}
        return address in self.our_own or bool(above & set(self.our_own))


NOWHERE: Final = Home()
"""Of a service that does not say where it is."""


def country_of_name(name: str) -> str:
    """The country (ISO 3166-1) whose top-level domain `name` lies under; or empty.

    Empty also for those that are sold all over the world: ``example.io`` says nothing of a place.
    """
    label = name.rpartition(".")[2].lower()
    if len(label) != 2 or not label.isascii() or not label.isalpha() or label in _ANYWHERE:
        return ""
    return _OTHERWISE_CALLED.get(label, label.upper())


_OTHERWISE_CALLED: Final = {"uk": "GB"}
_ANYWHERE: Final = frozenset(
    {
        "ac", "ad", "ag", "ai", "am", "as", "bz", "cc", "cd", "cf", "co", "dj", "eu", "fm", "ga",
        "gg", "gl", "gq", "im", "io", "la", "ly", "me", "ml", "mn", "ms", "mu",
        "nu", "pw", "sc", "sh", "so", "sr", "st", "su", "tk", "to", "tv", "vc", "vg", "ws",
    }
)  # fmt: skip
"""Top-level domains of countries and regions that many take who have nothing to do with these."""
