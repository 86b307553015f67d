"""What a message says, read from the ledger as it stood when it was planned."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from baken.constituency.selectors import is_registered
from baken.core.classification import Severity, Tlp
from baken.core.detail import read_details
from baken.occasions.selectors import OccasionTexts, texts_of_occasions
from baken.outbox.earlier_messages import earlier_messages
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.pass_on_facts import requests_of
from baken.outbox.time_zones import zone_named
from baken.outbox.wording import MessageFacts, ToldSystem, WarningFacts


def warnings_of(notification_ids: Collection[UUID]) -> dict[UUID, WarningFacts]:
    """Everything that the messages of these notifications say, in four queries."""
    systems: dict[UUID, list[ToldSystem]] = {}
    occasions: dict[UUID, dict[int, None]] = {}
    told = NotifiedCase.objects.filter(notification__in=notification_ids)
    for (
        notification_id, occasion_id, kind, rsit_type, system, severity, reason, told_before_at,
        first_seen_at, last_seen_at, sightings, feed, rule, affected_role, address, port, transport,
        host_name, url, product, cves, asset, evidence, details, details_more,
        owner, written_to, owner_name,
    ) in told.order_by("-severity", "case__finding_kind", "case__system", "id").values_list(
        "notification_id", "occasion_id", "case__finding_kind", "rsit_type", "case__system",
        "severity", "reason", "told_before_at", "first_seen_at", "last_seen_at", "sightings",
        "feed", "rule", "affected_role", "address", "port", "transport", "host_name", "url",
        "product", "cves", "asset_value", "evidence", "details", "details_more",
        "case__organisation_id", "notification__organisation_id", "case__organisation__name",
    ):  # fmt: skip
        one = ToldSystem(
            finding_kind=kind,
            rsit_type=rsit_type,
            system=system,
            severity=Severity(severity),
            reason=reason,
            told_before_at=told_before_at,
            first_seen_at=first_seen_at,
            last_seen_at=last_seen_at,
            sightings=sightings,
            feed=feed,
            rule=rule,
            affected_role=affected_role,
            address=address or "",
            port=port,
            transport=transport,
            host_name=host_name,
            url=url,
            product=product,
            cves=tuple(cves),
            asset=asset,
            evidence=evidence,
            details=read_details(details),
            details_more=details_more,
            holder="" if owner == written_to else owner_name,
        )
        systems.setdefault(notification_id, []).append(one)
        occasions.setdefault(notification_id, {})[occasion_id] = None
    earlier = earlier_messages(notification_ids)
    texts = texts_of_occasions({pk for ids in occasions.values() for pk in ids})
    notifications = Notification.objects.filter(pk__in=notification_ids).select_related(
        "organisation", "addressee", "route"
    )
    return {
        one.pk: _warning(
            one,
            systems.get(one.pk, []),
            [texts[pk] for pk in occasions.get(one.pk, {})],
            in_reply_to=earlier.get(one.pk, ""),
        )
        for one in notifications.order_by()
    }


def messages_of(notification_ids: Collection[UUID]) -> dict[UUID, MessageFacts]:
    """Everything that these messages say: those that warn, and those that ask to pass on."""
    requests = requests_of(notification_ids)
    return {**warnings_of(set(notification_ids) - requests.keys()), **requests}


def warning_of(notification: Notification) -> WarningFacts:
    """Everything that the message of `notification` says."""
    return warnings_of([notification.pk])[notification.pk]


def _warning(
    notification: Notification,
    systems: list[ToldSystem],
    occasions: list[OccasionTexts],
    *,
    in_reply_to: str,
) -> WarningFacts:
    advice = [one.advice_in(notification.language) for one in occasions]
    threats = list(filter(None, (one.title_in(notification.language) for one in occasions)))
    return WarningFacts(
        reference=str(notification.pk),
        code=notification.code,
        organisation=notification.organisation.name,
        recipient_address=notification.addressee.address,
        recipient_name=notification.addressee.name,
        language=notification.language,
        zone=zone_named(notification.time_zone) if notification.time_zone else None,
        tlp=Tlp(notification.tlp),
        planned_at=notification.planned_at,
        is_registered=is_registered(notification.organisation.standing),
        address_source=notification.route.source if notification.route else "",
        threat_title=threats[0] if threats else "",
        occasion_advice="\n\n".join(filter(None, advice)),
        systems=systems,
        in_reply_to=in_reply_to,
    )
