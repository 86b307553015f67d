"""Makes, labels, releases and closes occasions."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from django.db import transaction

from baken.core.classification import Severity, Tlp
from baken.core.errors import NotFoundError, OccasionError
from baken.core.text import one_line
from baken.occasions.models import Occasion
from baken.occasions.threats import Threat

_log = structlog.get_logger()

_LONGEST_NAME: Final = 120


def ensure_standing_occasions(*, feed: str, tlp: Tlp) -> None:
    """Make the standing occasions of `feed` that are missing, one a severity; key: both."""
    Occasion.objects.bulk_create(
        [
            Occasion(
                key=f"{feed}-{severity.key}",
                title=f"{feed.capitalize()}: {severity.key}",
                kind=Occasion.Kind.STANDING,
                tlp=tlp.value,
                severities=[severity.value],
                feeds=[feed],
            )
            for severity in Severity
        ],
        ignore_conflicts=True,
    )
    label_standing_occasions(tlp)


def label_standing_occasions(tlp: Tlp) -> None:
    """Give every standing occasion the label `tlp`.

    A planned notification keeps its label; if that is no longer strict enough, it is withdrawn
    instead of handed over.
    """
    standing = Occasion.objects.filter(kind=Occasion.Kind.STANDING)
    standing.exclude(tlp=tlp.value).update(tlp=tlp.value)


def create_threat_occasion(threat: Threat) -> Occasion:
    """A new occasion for `threat`, not yet released.

    Raises `OccasionError` for a key that is taken.
    """
    occasion, is_new = Occasion.objects.get_or_create(
        key=threat.key,
        defaults={
            "title": threat.title,
            "title_en": threat.title_en,
            "kind": Occasion.Kind.THREAT,
            "likelihood": threat.likelihood.value,
            "impact": threat.impact.value,
            "tlp": threat.tlp.value,
            "pap": threat.pap.value,
            "advice_nl": threat.advice_nl,
            "advice_en": threat.advice_en,
            "finding_kinds": sorted(threat.finding_kinds),
            "cves": sorted(threat.cves),
            "severities": sorted(severity.value for severity in threat.severities),
            "feeds": sorted(threat.feeds),
            "products": sorted(threat.products),
        },
    )
    if not is_new:
        raise OccasionError(
            f"There is an occasion {threat.key} already.",
            remedy="Choose another key, or close that one.",
        )
    return occasion


def release_occasion(key: str, *, by: str, now: datetime) -> Occasion:
    """One of the two releases a threat needs; the second, by someone else, releases it.

    May run twice for the same person. Raises `OccasionError`, `NotFoundError`.
    """
    name = " ".join(unicodedata.normalize("NFKC", one_line(by)).split())
    if not name:
        raise OccasionError("Nobody is named.", remedy="Say who releases, with --by.")
    if len(name) > _LONGEST_NAME:
        raise OccasionError(
            f"The name has {len(name)} characters; at most {_LONGEST_NAME} fit.",
            remedy="Give a shorter one, with --by.",
        )
    with transaction.atomic():
        occasion = Occasion.objects.select_for_update().filter(key=key).first()
        if occasion is None:
            raise NotFoundError(
                f"There is no occasion {key}.", remedy="List them with baken occasion list."
            )
        if occasion.kind == Occasion.Kind.STANDING:
            raise OccasionError(
                f"{key} is a standing occasion.", remedy="It needs no release: it goes by itself."
            )
        if occasion.closed_at is not None:
            raise OccasionError(f"{key} is closed.", remedy="Make a new occasion.")
        if not occasion.released_by:
            occasion.released_by = name
        elif occasion.released_by.casefold() != name.casefold() and not occasion.seconded_by:
            occasion.seconded_by = name
            occasion.released_at = now
            transaction.on_commit(partial(_log.info, "occasion.released", occasion=key))
        occasion.save()
    return occasion


def release_for_dry_run(occasion: Occasion, *, now: datetime) -> None:
    """Treat a threat as released in a transaction that is rolled back, to see its mails before."""
    waiting = Occasion.objects.filter(
        pk=occasion.pk, kind=Occasion.Kind.THREAT, released_at=None, closed_at=None
    )
    waiting.update(released_by="dry run", seconded_by="its second", released_at=now)


def close_occasion(key: str, *, now: datetime) -> Occasion:
    """End a threat: nothing is planned under it any more, and its row is locked.

    Call it in the transaction that withdraws what was planned. May run twice. Raises
    `NotFoundError`.
    """
    threats = Occasion.objects.filter(key=key, kind=Occasion.Kind.THREAT)
    occasion = threats.select_for_update().first()
    if occasion is None:
        raise NotFoundError(
            f"There is no threat occasion {key}.", remedy="List them with baken occasion list."
        )
    if occasion.closed_at is None:
        occasion.closed_at = now
        occasion.save(update_fields=["closed_at"])
    return occasion


def lock_occasion(occasion: Occasion) -> bool:
    """Hold `occasion` to the end of the transaction; False when it was closed meanwhile."""
    standing = Occasion.objects.filter(pk=occasion.pk, closed_at=None)
    return standing.select_for_update().first() is not None
