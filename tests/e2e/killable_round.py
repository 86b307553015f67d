"""One round in a process of its own, imported beforehand so that it starts at once."""

from __future__ import annotations

import os
from pathlib import Path

import django

django.setup()

from baken.jobs.rounds import run_round  # noqa: E402 - Django comes first
from baken.settings.environment import read_settings  # noqa: E402


def run(paths: list[Path]) -> None:
    """Do everything once, as ``baken run`` does."""
    run_round(
        paths,
        settings=read_settings(os.environ),
        reading=lambda _: None,
        sending=lambda _: None,
    )
