"""Writes what planning decided: notifications, and their cases as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import connection

from baken.cases.services import record_told
from baken.core.classification import Severity, Tlp
from baken.core.routes import Route
from baken.core.rules import Rule
from baken.core.text import as_array
from baken.outbox.addressees import addressees_of
from baken.outbox.codes import new_code
from baken.outbox.models import Notification

_COPY_NOTIFICATIONS: Final = """
    COPY outbox_notification (
        id, code, organisation_id, route_id, addressee_id, channel, language, time_zone, tlp,
        severity, policy, planned_at, state, state_reason
    ) FROM STDIN
"""

# Copied within the database, which has all of it: nothing is fetched only to be sent back.
_TELL_AS_IT_STANDS: Final = """
    INSERT INTO outbox_notifiedcase (
        notification_id, case_id, occasion_id, reason, told_before_at, told_before_severity,
        told_before_news, severity, first_seen_at, last_seen_at, sightings, feed, rule, rsit_type,
        affected_role, address, port, transport, host_name, url, product, cves, asset_value,
        evidence, details, details_more
    )
    SELECT n.id, c.id, told.occasion_id, told.reason, c.told_at, c.told_severity,
        c.told_news, c.severity, c.first_seen_at, c.last_seen_at, c.sightings, c.feed,
        c.rule, c.rsit_type, c.affected_role, c.address, c.port, c.transport, c.host_name, c.url,
        c.product, c.cves, c.asset_value, c.evidence, c.details, c.details_more
    FROM unnest(
        %(places)s::bigint[], %(cases)s::bigint[], %(occasions)s::bigint[], %(reasons)s::text[]
    ) AS told (place, case_id, occasion_id, reason)
    JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS n (id, place) USING (place)
    JOIN occasions_case AS c ON c.id = told.case_id
"""


@dataclass(slots=True)
class ToTell:
    """What is to be told to one organisation by one route under the same terms."""

    route: Route
    label: Tlp
    severity: Severity
    rules: dict[int, Rule] = field(default_factory=dict)
    """By case: why it is told."""
    occasions: list[int] = field(default_factory=list)
    """Of each case, in the same order: under which it is told."""


def write_notifications(to_tell: Sequence[ToTell], *, now: datetime) -> frozenset[int]:
    """Write the notifications; gives the cases in them.

    Call it in the transaction that holds the cases.
    """
    if not to_tell:
        return frozenset()
    ids = [uuid4() for _ in to_tell]
    _copy_notifications(ids, to_tell, now=now)
    places: list[int] = []
    case_ids: list[int] = []
    occasions: list[int] = []
    reasons: list[str] = []
    for place, part in enumerate(to_tell, start=1):
        places += [place] * len(part.rules)
        case_ids += part.rules
        occasions += part.occasions
        reasons += [rule.value for rule in part.rules.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL_AS_IT_STANDS,
            {
                "ids": ids,
                "places": as_array(places),
                "cases": as_array(case_ids),
                "occasions": as_array(occasions),
                "reasons": as_array(reasons),
            },
        )
    record_told(case_ids, now=now)
    return frozenset(case_ids)


def _copy_notifications(ids: Sequence[UUID], to_tell: Sequence[ToTell], *, now: datetime) -> None:
    addressees = addressees_of(part.route for part in to_tell)
    with connection.cursor() as cursor, cursor.copy(_COPY_NOTIFICATIONS) as copy:
        for pk, part in zip(ids, to_tell, strict=True):
            route = part.route
            rules = ",".join(sorted({rule.value for rule in part.rules.values()}))
            copy.write_row(
                (
                    pk, new_code(), route.organisation_id, route.id, addressees[route.id],
                    route.channel, route.language, route.time_zone, part.label.value,
                    part.severity.value, rules, now, Notification.State.PLANNED.value, "",
                )
            )  # fmt: skip
