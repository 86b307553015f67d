"""What a request to an operator says, read from the ledger as it stood when it was planned."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from baken.core.classification import Severity, Tlp
from baken.core.detail import SOURCE_PORT, Detail
from baken.core.passing_on import SystemToPassOn
from baken.core.passing_on_text import to_pass_on_from_json
from baken.occasions.selectors import texts_of_occasions
from baken.outbox.ledger_secret import answer_key
from baken.outbox.models import Notification, PassOnSystem
from baken.outbox.pass_on_codes import pass_on_code
from baken.outbox.time_zones import zone_named
from baken.outbox.wording import PassOnFacts, SystemOfOperator, ToldSystem


def requests_of(notification_ids: Collection[UUID]) -> dict[UUID, PassOnFacts]:
    """Everything that the messages of those of these notifications say that ask an operator."""
    notifications = Notification.objects.filter(pk__in=notification_ids, is_pass_on=True)
    asked = list(notifications.order_by().select_related("organisation", "addressee", "route"))
    if not asked:
        return {}
    key = answer_key()
    systems: dict[UUID, list[SystemOfOperator]] = {}
    occasions: dict[UUID, dict[int, None]] = {}
    rows = PassOnSystem.objects.filter(notification__in=[one.pk for one in asked])
    for row in rows.exclude(seen="").order_by("-severity", "finding_kind", "system", "id"):
        seen = to_pass_on_from_json(row.seen)
        code = pass_on_code(row.operator_id, row.occasion_id, row.finding_kind, row.system, key=key)
        told = _told(seen, reason=row.reason, told_before_at=row.told_before_at)
        systems.setdefault(row.notification_id, []).append(SystemOfOperator(told, code))
        occasions.setdefault(row.notification_id, {})[row.occasion_id] = None
    texts = texts_of_occasions({pk for ids in occasions.values() for pk in ids})
    found = {}
    for one in asked:
        under = [texts[pk] for pk in occasions.get(one.pk, {})]
        titles = filter(None, (text.title_in(one.language) for text in under))
        advice = filter(None, (text.advice_in(one.language) for text in under))
        found[one.pk] = PassOnFacts(
            reference=str(one.pk),
            code=one.code,
            organisation=one.organisation.name,
            recipient_address=one.addressee.address,
            recipient_name=one.addressee.name,
            language=one.language,
            tlp=Tlp(one.tlp),
            planned_at=one.planned_at,
            address_source=one.route.source if one.route else "",
            threat_title=next(titles, ""),
            occasion_advice="\n\n".join(advice),
            systems=systems.get(one.pk, []),
            zone=zone_named(one.time_zone) if one.time_zone else None,
        )
    return found


def _told(seen: SystemToPassOn, *, reason: str, told_before_at: datetime | None) -> ToldSystem:
    return ToldSystem(
        finding_kind=seen.finding_kind,
        rsit_type=seen.rsit_type,
        system=seen.system,
        severity=Severity(seen.severity),
        reason=reason,
        first_seen_at=seen.first_seen_at,
        last_seen_at=seen.last_seen_at,
        sightings=seen.sightings,
        host_name=seen.host_name,
        url="",
        product=seen.product,
        cves=seen.cves,
        asset="",
        evidence={"family": seen.family} if seen.family else {},
        feed=seen.feed,
        affected_role=seen.affected_role.value,
        address=seen.address,
        port=seen.port,
        transport=seen.transport,
        told_before_at=told_before_at,
        details=tuple(
            Detail(SOURCE_PORT, str(one.port), one.at, one.at, 1, seen.family)
            for one in seen.sent_from
        ),
    )
