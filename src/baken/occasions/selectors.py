"""Reads occasions, and how the policy holds under each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from baken.core.classification import Level, Severity, Tlp, justifies_unasked_warning
from baken.core.errors import NotFoundError
from baken.core.policy import CaseFacts, Policy, Rule, decide
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


@dataclass(frozen=True, slots=True)
class RulesUnder:
    """The rules of the policy as they hold under one occasion."""

    policy: Policy
    is_unasked_allowed: bool
    """Whether it may warn organisations that did not sign up: a released, grave threat."""
    is_threat: bool

    def rule_for(self, case: CaseFacts, *, now: datetime, is_told: bool) -> Rule:
        """The rule by which `case`, which the occasion covers, is told or not; of the policy alone.

        `is_told` is whether it was told under the occasion before.
        """
        return decide(
            case,
            policy=self.policy,
            now=now,
            is_unasked_allowed=self.is_unasked_allowed,
            is_told_of_threat=is_told or not self.is_threat,
        )


def rules_under(occasion: Occasion, policy: Policy, *, if_released: bool = False) -> RulesUnder:
    """`policy` as it holds under `occasion`; with `if_released` it is taken as released.

    A threat tells whatever the severity: two people released it for what it selects.
    """
    if occasion.kind != Occasion.Kind.THREAT:
        return RulesUnder(policy, is_unasked_allowed=False, is_threat=False)
    is_released = if_released or occasion.released_at is not None
    is_grave = (
        occasion.likelihood is not None
        and occasion.impact is not None
        and justifies_unasked_warning(
            likelihood=Level(occasion.likelihood), impact=Level(occasion.impact)
        )
    )
    return RulesUnder(
        replace(policy, minimum_severity=Severity.INFO),
        is_unasked_allowed=is_released and is_grave,
        is_threat=True,
    )


def tlp_for(occasion: Occasion, labels: Iterable[str]) -> Tlp:
    """The label of a message about cases with `labels` under `occasion`: the strictest of all."""
    return Tlp.strictest(Tlp(occasion.tlp), *(Tlp(label) for label in set(labels)))
