"""A search for owners, and the warnings that follow, in a process of its own that may be killed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
import sectxt  # noqa: F401 - it takes a second: loaded here, it takes none of each process

django.setup()

from baken.core.classification import Level, Tlp  # noqa: E402 - Django comes first
from baken.core.given_file import GivenFileKind  # noqa: E402
from baken.discovery.services import add_given_file  # noqa: E402
from baken.jobs.discovery import discover  # noqa: E402
from baken.jobs.ingestion import ReadOnce, ingest_files  # noqa: E402
from baken.jobs.sending import plan_and_deliver  # noqa: E402
from baken.occasions.services import (  # noqa: E402
    Threat,
    create_threat_occasion,
    release_occasion,
)
from baken.settings.environment import read_settings  # noqa: E402
from baken.specimen.unknown_systems import FINDING_KINDS  # noqa: E402

KEY = "worm"


def release(bootstraps: list[Path]) -> None:
    """Record whom registries are asked by, and release a grave threat."""
    now = datetime.now(UTC)
    for path in bootstraps:
        add_given_file(
            path, kind=GivenFileKind.RDAP_BOOTSTRAP, name=path.stem, permission="made up",
            by="a test", valid_until=now + timedelta(days=1), now=now,
        )  # fmt: skip
    create_threat_occasion(
        Threat(
            key=KEY, title="Een worm", likelihood=Level.HIGH, impact=Level.HIGH, tlp=Tlp.GREEN,
            advice_nl="Doe dit.", advice_en="Do this.", finding_kinds=FINDING_KINDS,
        )
    )  # fmt: skip
    for name in ("one", "two"):
        release_occasion(KEY, by=name, now=now)


def search_and_warn(reports: list[Path]) -> None:
    """Take `reports` in, find out whom to tell, and tell them."""
    settings = read_settings(os.environ)
    for _ in ingest_files(reports, settings=settings, accept=ReadOnce, progress=lambda _: None):
        pass
    discover(KEY, settings=settings, progress=lambda *_: None)
    plan_and_deliver(settings=settings, progress=lambda _: None)
