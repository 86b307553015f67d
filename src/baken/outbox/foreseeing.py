"""Says who would be warned under an occasion, before anything is planned; in columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from baken.constituency.selectors import organisations_with_mail, registered_organisations
from baken.core.classification import Severity
from baken.core.policy import CaseFacts, Policy, Rule
from baken.occasions.models import Occasion
from baken.occasions.selectors import rules_under
from baken.outbox.selectors import organisations_told_under, unwanted_addresses

FORESEEN_SCHEMA: Final = pa.schema(
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
"""What would become of each organisation in which something was seen; most rows first."""


def foresee(occasion: Occasion, seen: pa.Table, *, policy: Policy, now: datetime) -> pa.Table:
    """One row an organisation in `seen` (see `LookedBack.seen`), as FORESEEN_SCHEMA.

    As if the occasion were released. There are few sorts of organisations and many of each, so the
    rules are asked once a sort.
    """
    who = _one_row_each(seen)
    ids = who["organisation_id"]
    oldest = pa.scalar(now - policy.oldest_told, pa.timestamp("us", tz="UTC"))
    flags = {
        "is_owner": who["is_owner"],
        "is_red": who["is_red"],
        "is_registered": _is_among(ids, registered_organisations()),
        "has_mail": _is_among(ids, organisations_with_mail()),
        "is_reached": _is_among(ids, organisations_with_mail(unwanted=unwanted_addresses(now=now))),
        "is_old": pc.less(who["seen_at"], oldest),
    }
    sorts = pa.table(flags).append_column("seen_at", who["seen_at"])
    first = sorts.group_by(list(flags)).aggregate([("seen_at", "max")])
    answers = first.append_column(
        "rule",
        pa.array(
            [_rule(occasion, sort, policy=policy, now=now).value for sort in first.to_pylist()],
            pa.string(),
        ),
    ).drop(["seen_at_max"])
    numbered = sorts.append_column("place", pa.array(range(sorts.num_rows), pa.int64()))
    rules = numbered.join(answers, keys=list(flags)).sort_by("place")["rule"]
    telling = pa.array([rule.value for rule in Rule if rule.tells])
    foreseen = pa.table(
        {
            "organisation_id": ids,
            "rule": rules,
            "tells": pc.is_in(rules, value_set=telling),
            "is_told": _is_among(ids, organisations_told_under(occasion)),
            **{name: who[name] for name in ("rows", "first_seen_at", "last_seen_at")},
        },
        schema=FORESEEN_SCHEMA,
    )
    return foreseen.sort_by([("rows", "descending"), ("organisation_id", "ascending")])


def _one_row_each(seen: pa.Table) -> pa.Table:
    """The sums of each organisation, with what speaks most for warning it: `seen_at` is when that
    was last seen."""
    order = [("organisation_id", "ascending"), ("is_owner", "descending"), ("is_red", "ascending")]
    summed = (
        seen.append_column("seen_at", seen["last_seen_at"])
        .sort_by(order)
        .group_by("organisation_id", use_threads=False)
        .aggregate(
            [
                ("is_owner", "first"), ("is_red", "first"), ("seen_at", "first"), ("rows", "sum"),
                ("first_seen_at", "min"), ("last_seen_at", "max"),
            ]
        )
    )  # fmt: skip
    names = [
        name if name == "organisation_id" else name.rpartition("_")[0]
        for name in summed.column_names
    ]
    return summed.rename_columns(names)


def _rule(occasion: Occasion, sort: dict[str, Any], *, policy: Policy, now: datetime) -> Rule:
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
    )
    rules = rules_under(occasion, policy, if_released=True)
    rule = rules.rule_for(facts, now=now, is_told=True)
    if not rule.tells:
        return rule
    if sort["is_red"]:
        return Rule.TLP_RED
    if not sort["has_mail"]:
        return Rule.NO_CONTACT
    return rule if sort["is_reached"] else Rule.CONTACT_UNWANTED


def _is_among(ids: pa.ChunkedArray, members: pa.Array) -> pa.ChunkedArray:
    return pc.is_in(ids, value_set=members)
