"""Says who would be warned under an occasion, before anything is planned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa

from baken.constituency.selectors import registered_among
from baken.core.classification import Severity
from baken.core.policy import CaseFacts, Policy, Rule, decide
from baken.occasions.models import Occasion
from baken.occasions.selectors import is_unasked_allowed, policy_under
from baken.outbox.selectors import organisations_told_under, reach_of

_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one organisation in which something was seen."""

    organisation_id: int
    rule: Rule
    """That tells, or that keeps silent."""
    is_told: bool
    """Whether it was told under the occasion before."""
    rows: int
    first_seen_at: datetime
    last_seen_at: datetime


def foresee(occasion: Occasion, seen: pa.Table, *, policy: Policy, now: datetime) -> list[Foreseen]:
    """One answer an organisation in `seen` (see `LookedBack.seen`), as if the occasion were
    released; most rows first.
    """
    rows = seen.sort_by("organisation_id").to_pylist()
    held = policy_under(occasion, policy)
    told = organisations_told_under(occasion)
    by_organisation = groupby(rows, key=itemgetter("organisation_id"))
    foreseen: list[Foreseen] = []
    while some := [(who, list(groups)) for who, groups in islice(by_organisation, _AT_ONCE)]:
        ids = {who for who, _ in some}
        registered = registered_among(ids)
        reach = reach_of(ids, now=now)
        for who, groups in some:
            best = max(groups, key=lambda group: (group["is_owner"], not group["is_red"]))
            facts = _facts(best, occasion=occasion, is_registered=who in registered)
            allowed = is_unasked_allowed(occasion, if_released=True)
            rule = decide(facts, policy=held, now=now, is_unasked_allowed=allowed)
            if rule.tells and best["is_red"]:
                rule = Rule.TLP_RED
            elif rule.tells and who not in reach.contacts:
                rule = Rule.CONTACT_UNWANTED if who in reach.unwanted else Rule.NO_CONTACT
            foreseen.append(_foreseen(who, groups, rule=rule, is_told=who in told))
    return sorted(foreseen, key=lambda one: (-one.rows, one.organisation_id))


def _facts(group: dict[str, Any], *, occasion: Occasion, is_registered: bool) -> CaseFacts:
    return CaseFacts(
        severity=Severity(max(occasion.severities, default=Severity.CRITICAL)),
        is_owner=group["is_owner"],
        is_held=True,  # only what held when it was seen was matched
        is_gone=False,
        is_registered=is_registered,
        last_seen_at=group["last_seen_at"],
        reopened_at=None,
        told_at=None,
        told_severity=None,
    )


def _foreseen(who: int, groups: Iterable[dict[str, Any]], *, rule: Rule, is_told: bool) -> Foreseen:
    groups = list(groups)
    return Foreseen(
        who,
        rule,
        is_told,
        rows=sum(group["rows"] for group in groups),
        first_seen_at=min(group["first_seen_at"] for group in groups),
        last_seen_at=max(group["last_seen_at"] for group in groups),
    )
