"""The settings of this process: read once, by whoever begins it, and the same for all who ask."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from baken.settings.environment import Settings, read_settings


@dataclass(frozen=True, slots=True)
class Process:
    """What this process works with."""

    settings: Settings
    database_url: str = field(repr=False)
    """The server that the settings name, or the embedded one; empty while there is none yet."""


_begun: Process | None = None


def begin_process(settings: Settings, *, database_url: str) -> None:
    """From now on, this process works with `settings` and this database."""
    global _begun
    _begun = Process(settings, database_url)


def this_process() -> Process:
    """What this process works with; unless it was begun, what the environment says.

    Raises `SettingsError`.
    """
    if _begun is None:
        settings = read_settings(os.environ)
        begin_process(settings, database_url=settings.database_url)
    assert _begun is not None
    return _begun
