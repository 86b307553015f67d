"""Reads occasions, and what the verdict looks at of each."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from baken.core.classification import Level, Tlp, justifies_unasked_warning
from baken.core.errors import NotFoundError
from baken.core.policy import OccasionFacts
from baken.occasions.models import Occasion


def all_occasions() -> QuerySet[Occasion]:
    """Every occasion, closed ones too, by key."""
    return Occasion.objects.order_by("key")


def find_occasion(key: str) -> Occasion:
    """The occasion with that key. Raises `NotFoundError`."""
    occasion = Occasion.objects.filter(key=key).first()
    if occasion is None:
        raise NotFoundError(
            f"There is no occasion {key}.", remedy="See them with baken occasion list."
        )
    return occasion


def active_occasions() -> list[Occasion]:
    """The occasions under which warnings go out now: released threats first, then by severity."""
    released = Q(kind=Occasion.Kind.THREAT, released_at__isnull=False, closed_at=None)
    standing = Q(kind=Occasion.Kind.STANDING, closed_at=None)
    found = Occasion.objects.filter(released | standing)
    return sorted(
        found,
        key=lambda occasion: (
            occasion.kind != Occasion.Kind.THREAT,
            -max(occasion.severities, default=0),
            occasion.key,
        ),
    )


def occasion_facts(occasion: Occasion, *, if_released: bool = False) -> OccasionFacts:
    """What the verdict looks at of `occasion`; with `if_released` it is taken as released."""
    if occasion.kind != Occasion.Kind.THREAT:
        return OccasionFacts(label=Tlp(occasion.tlp))
    is_released = if_released or occasion.released_at is not None
    is_grave = (
        occasion.likelihood is not None
        and occasion.impact is not None
        and justifies_unasked_warning(
            likelihood=Level(occasion.likelihood), impact=Level(occasion.impact)
        )
    )
    return OccasionFacts(
        is_threat=True, is_unasked_allowed=is_released and is_grave, label=Tlp(occasion.tlp)
    )
