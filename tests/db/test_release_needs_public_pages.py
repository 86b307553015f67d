"""Nobody who did not sign up is warned while the public pages do not answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from baken.core.classification import Level, Tlp
from baken.discovery.models import SoughtSystem
from baken.occasions.models import Occasion
from baken.occasions.services import create_threat_occasion
from baken.occasions.threats import Threat
from small_world import Command

pytestmark = pytest.mark.django_db(transaction=True)


def threat(key: str, *, impact: Level, is_sought: bool) -> None:
    """A threat that nobody released yet; with `is_sought`, one unknown system was asked about."""
    occasion = create_threat_occasion(
        Threat(
            key=key, title="A worm", likelihood=Level.HIGH, impact=impact, tlp=Tlp.GREEN,
            advice_nl="Doe dit vandaag nog.", advice_en="Do this today.",
            finding_kinds=("open-rdp",),
        )
    )  # fmt: skip
    if is_sought:
        SoughtSystem.objects.create(
            occasion=occasion, finding_kind="open-rdp", system="203.0.113.9:3389/tcp",
            state=SoughtSystem.State.NOBODY, sought={}, choice={}, decided_at=datetime.now(UTC),
            last_seen_at=datetime.now(UTC),
        )  # fmt: skip


def test_a_threat_that_would_warn_unasked_is_not_released_without_them(baken: Command) -> None:
    threat("worm", impact=Level.HIGH, is_sought=True)
    done = baken("occasion", "release", "worm", "--by", "one")
    assert (done.exit_code, "[public-pages-away]" in done.err) == (69, True)
    assert "BAKEN_PUBLIC_URL is not set" in done.err
    assert Occasion.objects.get(key="worm").released_by == ""


@pytest.mark.parametrize(
    ("impact", "is_sought"), [(Level.MEDIUM, True), (Level.HIGH, False), (Level.MEDIUM, False)]
)
def test_a_threat_for_who_signed_up_needs_none(
    baken: Command, impact: Level, is_sought: bool
) -> None:
    threat("worm", impact=impact, is_sought=is_sought)
    done = baken("occasion", "release", "worm", "--by", "one")
    assert done.exit_code == 0, done.err


def test_the_doctor_says_whether_they_are_there(baken: Command) -> None:
    checks = json.loads(baken("doctor", "--json").out)["checks"]
    (pages,) = [one for one in checks if one["subject"] == "public-pages"]
    assert pages["is_well"]
    assert "BAKEN_PUBLIC_URL is not set" in pages["text"]
