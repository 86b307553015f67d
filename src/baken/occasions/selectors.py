"""Reads occasions, and what the verdict looks at of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from baken.core.classification import Level, Tlp, justifies_unasked_warning
from baken.core.errors import NotFoundError
from baken.core.language import Language
from baken.core.policy import OccasionFacts
from baken.occasions.models import Occasion
from baken.settings.statements import Statement, is_any_of


def all_occasions() -> QuerySet[Occasion]:
    """Every occasion, closed ones too, by key."""
    return Occasion.objects.order_by("key")


def state_of(occasion: Occasion) -> str:
    """How `occasion` stands: standing, not released, 1 of 2 released, released, or closed."""
    if occasion.closed_at:
        return "closed"
    if not occasion.is_threat:
        return "standing"
    if occasion.released_at:
        return "released"
    return "1 of 2 released" if occasion.released_by else "not released"


def find_occasion(key: str) -> Occasion:
    """The occasion with that key. Raises `NotFoundError`."""
    occasion = Occasion.objects.filter(key=key).first()
    if occasion is None:
        raise NotFoundError(
            f"There is no occasion {key}.", remedy="List them with baken occasion list."
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
            not occasion.is_threat,
            -max(occasion.severities, default=0),
            occasion.key,
        ),
    )


def occasion_facts(occasion: Occasion, *, if_released: bool = False) -> OccasionFacts:
    """What the verdict looks at of `occasion`; with `if_released` it is taken as released."""
    return _facts(
        occasion.kind, occasion.tlp, occasion.likelihood, occasion.impact,
        if_released or occasion.released_at is not None,
    )  # fmt: skip


def facts_of_occasions(occasion_ids: Collection[int]) -> dict[int, OccasionFacts]:
    """What the verdict looks at of each of these occasions, by its id."""
    return {pk: _facts(*row) for pk, *row in _FACTS_BY_ID.rows(ids=list(occasion_ids))}


def _facts(
    kind: str, tlp: str, likelihood: int | None, impact: int | None, is_released: bool
) -> OccasionFacts:
    """The one place where what the database holds becomes what the verdict looks at."""
    if kind != Occasion.Kind.THREAT:
        return OccasionFacts(label=Tlp(tlp))
    is_grave = (
        likelihood is not None
        and impact is not None
        and justifies_unasked_warning(likelihood=Level(likelihood), impact=Level(impact))
    )
    return OccasionFacts(
        is_threat=True, is_unasked_allowed=is_released and is_grave, label=Tlp(tlp)
    )


def _facts_with_these_ids() -> QuerySet[Any, Any]:
    is_asked = is_any_of("occasions_occasion.id", blank="ids")
    is_released = ExpressionWrapper(Q(released_at__isnull=False), output_field=BooleanField())
    found = Occasion.objects.filter(is_asked).order_by()
    return found.values_list("id", "kind", "tlp", "likelihood", "impact", is_released)


_FACTS_BY_ID: Final = Statement(_facts_with_these_ids)


@dataclass(frozen=True, slots=True)
class OccasionTexts:
    """What a message says of an occasion; each may be empty."""

    title_nl: str
    """What the threat is called; empty of a standing occasion."""
    title_en: str
    advice_nl: str
    """What to do, besides the advice of the finding kinds."""
    advice_en: str

    def title_in(self, language: str) -> str:
        """What the threat is called in `language`; in English where it is not Dutch."""
        return self.title_nl if language == Language.NL else self.title_en

    def advice_in(self, language: str) -> str:
        """The advice in `language`; in English where it is not Dutch."""
        return self.advice_nl if language == Language.NL else self.advice_en


def texts_of_occasions(occasion_ids: Collection[int]) -> dict[int, OccasionTexts]:
    """What messages say of each of these occasions, by its id."""
    return {
        pk: OccasionTexts(
            title_nl=occasion.title if occasion.is_threat else "",
            title_en=(occasion.title_en or occasion.title) if occasion.is_threat else "",
            advice_nl=occasion.advice_nl,
            advice_en=occasion.advice_en,
        )
        for pk, occasion in Occasion.objects.in_bulk(occasion_ids).items()
    }
