"""Says who would be warned under an occasion, before anything is planned; in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from baken.constituency.selectors import (
    organisations_with_route,
    registered_organisations,
    used_channels,
)
from baken.core.classification import Severity, Tlp
from baken.core.policy import CaseFacts, Policy, decide
from baken.core.routes import Route
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms
from baken.occasions.models import Occasion
from baken.occasions.selectors import occasion_facts
from baken.outbox.notifications import organisations_told_under
from baken.outbox.verdicts import unwanted_addresses

PREVIEW_SCHEMA: Final = pa.schema(
    [
        pa.field("organisation_id", pa.int64()),
        pa.field("rule", pa.string()),  # core.policy.Rule
        pa.field("tells", pa.bool_()),  # whether the rule tells
        pa.field("is_told", pa.bool_()),  # told under the occasion before
        pa.field("rows", pa.int64()),
        pa.field("first_seen_at", pa.timestamp("us", tz="UTC")),
        pa.field("last_seen_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""Whether each organisation that was seen would be told, and by which rule; most rows first."""


def preview(occasion: Occasion, seen: pa.Table, *, policy: Policy, now: datetime) -> pa.Table:
    """One row an organisation in `seen` (see `LookedBack.seen`), as PREVIEW_SCHEMA.

    Decides as if the occasion were released; a closed one tells nobody. Stored rows do not say what
    was told before. Each part of what was seen of an organisation gets a verdict, and
    `first_that_tells` chooses the one that counts.
    """
    who = _one_row_each(seen, _rules(occasion, seen, policy=policy, now=now))
    rules = who["rule"]
    telling = pa.array([rule.value for rule in Rule if rule.tells])
    ids = who["organisation_id"]
    previewed = pa.table(
        {
            "organisation_id": ids,
            "rule": rules,
            "tells": pc.is_in(rules, value_set=telling),
            "is_told": _is_among(ids, organisations_told_under(occasion)),
            **{name: who[name] for name in ("rows", "first_seen_at", "last_seen_at")},
        },
        schema=PREVIEW_SCHEMA,
    )
    return previewed.sort_by([("rows", "descending"), ("organisation_id", "ascending")])


def _rules(occasion: Occasion, seen: pa.Table, *, policy: Policy, now: datetime) -> pa.ChunkedArray:
    """The rule for each row of `seen`. There are few sorts of them and many of each, so the verdict
    is asked once a sort."""
    ids = seen["organisation_id"]
    oldest = pa.scalar(now - policy.oldest_told, pa.timestamp("us", tz="UTC"))
    channels = sorted(used_channels() if policy.channels is None else policy.channels)
    flags = {
        "is_owner": seen["is_owner"],
        "is_red": seen["is_red"],
        "is_registered": _is_among(ids, registered_organisations()),
        "is_old": pc.less(seen["last_seen_at"], oldest),
        **_reach(ids, channels, now=now),
    }
    sorts = pa.table(flags).append_column("seen_at", seen["last_seen_at"])
    each = sorts.group_by(list(flags)).aggregate([("seen_at", "max")])
    rules = [
        _rule(occasion, sort, channels, policy=policy, now=now).value for sort in each.to_pylist()
    ]
    answers = each.append_column("rule", pa.array(rules, pa.string())).drop(["seen_at_max"])
    numbered = sorts.append_column("place", pa.array(range(sorts.num_rows), pa.int64()))
    return numbered.join(answers, keys=list(flags)).sort_by("place")["rule"]


def _reach(
    ids: pa.ChunkedArray, channels: Sequence[str], *, now: datetime
) -> dict[str, pa.ChunkedArray]:
    """Three columns a channel: who has a route of it, has a wanted one, has a wanted one inside."""
    unwanted = unwanted_addresses(now=now)
    columns: dict[str, pa.ChunkedArray] = {}
    for channel in channels:
        columns[f"has {channel}"] = _is_among(ids, organisations_with_route(channel, now=now))
        wanted = organisations_with_route(channel, now=now, unwanted=unwanted)
        columns[f"wants {channel}"] = _is_among(ids, wanted)
        inside = organisations_with_route(channel, now=now, unwanted=unwanted, is_inside=True)
        columns[f"inside {channel}"] = _is_among(ids, inside)
    return columns


def _one_row_each(seen: pa.Table, rules: pa.ChunkedArray) -> pa.Table:
    """The sums of each organisation, with the rule that says what becomes of it."""
    precedence = pa.array([Rule(rule).precedence for rule in rules.to_pylist()], pa.int8())
    order = [
        ("organisation_id", "ascending"), ("precedence", "ascending"),
        ("is_owner", "descending"), ("is_red", "ascending"),
    ]  # fmt: skip
    summed = (
        seen.append_column("rule", rules)
        .append_column("precedence", precedence)
        .sort_by(order)
        .group_by("organisation_id", use_threads=False)
        .aggregate(
            [("rule", "first"), ("rows", "sum"), ("first_seen_at", "min"), ("last_seen_at", "max")]
        )
    )
    names = [
        name if name == "organisation_id" else name.rpartition("_")[0]
        for name in summed.column_names
    ]
    return summed.rename_columns(names)


def _rule(
    occasion: Occasion,
    sort: dict[str, Any],
    channels: Sequence[str],
    *,
    policy: Policy,
    now: datetime,
) -> Rule:
    if occasion.closed_at is not None:
        return Rule.NO_OCCASION
    facts = CaseFacts(
        severity=Severity(max(occasion.severities, default=Severity.CRITICAL)),
        is_owner=sort["is_owner"],
        is_held=True,  # only what held when it was seen was matched
        is_gone=False,
        is_registered=sort["is_registered"],
        last_seen_at=sort["seen_at_max"],
        reopened_at=None,
        told_at=None,
        told_severity=None,
        terms=SharingTerms(label=Tlp.RED if sort["is_red"] else Tlp.CLEAR),
    )
    under = occasion_facts(occasion, if_released=True)
    routes = _routes(sort, channels)
    return decide(facts, under=under, routes=routes, policy=policy, now=now).rule


def _routes(sort: dict[str, Any], channels: Sequence[str]) -> list[Route]:
    """A route of each channel by which organisations of this sort can be told."""
    return [
        Route(
            id=0,
            organisation_id=0,
            channel=channel,
            address="",
            is_inside=sort[f"inside {channel}"],
            is_unwanted=not sort[f"wants {channel}"],
        )
        for channel in channels
        if sort[f"has {channel}"]
    ]


def _is_among(ids: pa.ChunkedArray, members: pa.Array) -> pa.ChunkedArray:
    return pc.is_in(ids, value_set=members)
