"""Deliveries in groups: claimed, intended, recorded; each step one transaction for a few of them.

A delivery is committed as *sending* before the network is touched; its outcome is committed after.
When a message is refused, its cases get back what they were told before. That may wait for others
who write cases, so it is a transaction of its own; after a crash the next run does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Min, Q

from baken.core.errors import About
from baken.core.policy import Policy
from baken.outbox.last_check import why_not
from baken.outbox.models import Delivery, Notification, Provider
from baken.outbox.pacing import FURTHEST_AHEAD, Pace, allow, lock_providers, slow_down, speed_up
from baken.outbox.refusals import forget_what_everybody_got
from baken.outbox.withdrawals import give_up, take_back

# To probe is, while nobody is taken, to go on with those that did not fail since the channel last
# took anything; by id, which is random. Otherwise PostgreSQL drops these two keys, and the index
# gives the order.
_CLAIM: Final = """
    UPDATE outbox_notification AS n SET claimed_by = %(sender)s
    FROM (
        SELECT w.id,
            %(is_to_probe)s AND EXISTS (
                SELECT FROM outbox_delivery AS d
                JOIN outbox_notification AS o ON o.id = d.notification_id
                WHERE o.addressee_id = w.addressee_id AND d.channel = w.channel
                    AND d.state IN ('refused', 'deferred')
                    AND d.id > coalesce((
                        SELECT t.id FROM outbox_delivery AS t
                        WHERE t.channel = %(channel)s AND t.state = 'accepted'
                        ORDER BY t.id DESC LIMIT 1
                    ), 0)
            ) AS has_failed,
            CASE WHEN a.provider_found_at > %(now)s - interval '7 days' THEN a.provider ELSE '' END
                AS provider,
            coalesce(p.slowed, 0) > 0 AS is_slowed
        FROM outbox_notification AS w
        JOIN outbox_addressee AS a ON a.id = w.addressee_id
        LEFT JOIN outbox_provider AS p ON p.name = a.provider
        WHERE w.state = 'planned' AND w.channel = %(channel)s AND w.is_brake_checked
            AND (
                w.tried_at IS NULL OR w.tried_at < %(since)s OR w.tried_at > %(believed)s
            )
            AND (
                w.claimed_by IS NULL
                OR w.claimed_by NOT IN (SELECT number FROM outbox_live_sender)
            )
            AND (p.next_at IS NULL OR p.next_at <= %(now)s OR p.next_at > %(believed)s)
            AND NOT EXISTS (
                SELECT FROM outbox_brake AS b WHERE b.id = w.brake_id AND b.released_at IS NULL
            )
        ORDER BY has_failed, CASE WHEN %(is_to_probe)s THEN w.id END,
            w.severity DESC, w.planned_at, w.id
        LIMIT %(limit)s
        FOR UPDATE OF w SKIP LOCKED
    ) AS chosen
    WHERE n.id = chosen.id
    RETURNING n.id, chosen.has_failed, n.severity, n.planned_at, chosen.provider, chosen.is_slowed
"""

# In the order of ids, so that two senders never wait for each other.
_LOCK: Final = """
    SELECT n.id, EXISTS (SELECT FROM outbox_halt WHERE lifted_at IS NULL),
        (SELECT version FROM constituency_assetversion)
            IS DISTINCT FROM (SELECT version FROM cases_matchedassets)
    FROM outbox_notification AS n
    WHERE n.id = ANY(%(ids)s) AND n.state = 'planned' AND n.claimed_by = %(sender)s
    ORDER BY n.id
    FOR UPDATE OF n
"""

_INTEND: Final = """
    WITH said AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(message_ids)s::text[]) AS s (id, message_id)
    ), tried AS (
        UPDATE outbox_notification AS n SET tried_at = %(now)s FROM said WHERE n.id = said.id
    )
    INSERT INTO outbox_delivery (
        notification_id, attempt, sender, channel, message_id, state, started_at, reply, about
    )
    SELECT said.id,
        1 + (SELECT count(*) FROM outbox_delivery AS d WHERE d.notification_id = said.id),
        %(sender)s, %(channel)s, said.message_id, 'sending', %(now)s, '', ''
    FROM said
    RETURNING id, notification_id, attempt
"""

_RECORD: Final = """
    WITH said AS (
        SELECT * FROM unnest(
            %(deliveries)s::bigint[], %(notifications)s::uuid[], %(states)s::text[],
            %(replies)s::text[], %(abouts)s::text[], %(finished)s::timestamptz[]
        ) AS s (delivery_id, notification_id, state, reply, about, finished_at)
    ), recorded AS (
        UPDATE outbox_delivery AS d
        SET state = said.state, reply = said.reply, about = said.about,
            finished_at = said.finished_at
        FROM said WHERE d.id = said.delivery_id AND d.state = 'sending'
        RETURNING d.notification_id
    )
    UPDATE outbox_notification AS n
    SET state = CASE WHEN said.state = 'accepted' THEN 'accepted' ELSE n.state END,
        state_reason = said.reply, claimed_by = NULL
    FROM said JOIN recorded USING (notification_id)
    WHERE n.id = said.notification_id AND n.state = 'planned'
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A notification that one sender prepares."""

    notification_id: UUID
    provider: str
    is_slowed: bool = False
    """The provider deferred messages before, so we send to it at a slower pace."""


@dataclass(frozen=True, slots=True)
class Intended:
    """A delivery that is committed as *sending*: from here on the message may have left."""

    delivery_id: int
    notification_id: UUID
    attempt: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a delivery, and what the other side said."""

    intended: Intended
    address: str
    """To whom; empty when it could not be put into words."""
    provider: str
    is_slowed: bool
    state: Delivery.State
    reply: str
    about: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Intentions:
    """What became of the notifications that were to be sent."""

    intended: Sequence[Intended]
    dropped: frozenset[UUID]
    """Withdrawn, now or since prepared; the rest wait for a provider that takes no more now."""
    is_halted: bool = False
    is_outdated: bool = False
    """The constituency changed since cases were matched: nothing is intended before they are."""


def tell_the_planner() -> None:
    """Let the database look at what waits: thousands may have been planned a moment ago."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_notification, outbox_addressee, outbox_provider")


def claim(
    *,
    channel: str,
    sender: int,
    since: datetime,
    now: datetime,
    limit: int,
    is_to_probe: bool = False,
) -> list[Claim]:
    """Claim what waits for `channel` and was not tried since `since`, most urgent first.

    Skips what another running sender has claimed, and what waits for a provider that takes no more
    now. `is_to_probe`: rather those that did not fail yet, whatever their urgency.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "channel": channel,
                "sender": sender,
                "since": since,
                "now": now,
                "believed": now + FURTHEST_AHEAD,
                "limit": limit,
                "is_to_probe": is_to_probe,
            },
        )
        rows = cursor.fetchall()
    if is_to_probe:
        rows.sort(key=lambda row: (row[1], row[0]))
    else:
        rows.sort(key=lambda row: (-row[2], row[3], row[0]))
    return [Claim(pk, provider, is_slowed) for pk, _, _, _, provider, is_slowed in rows]


def next_opening(*, channel: str, since: datetime) -> datetime | None:
    """When the first notification that waits for its provider may be claimed; None when none waits.

    Looks at what is planned for `channel` and was not tried since `since`.
    """
    untried = Q(tried_at=None) | Q(tried_at__lt=since)
    is_free = Q(brake=None) | Q(brake__released_at__isnull=False)
    waiting = Notification.objects.filter(
        untried, is_free, state=Notification.State.PLANNED, claimed_by=None, channel=channel
    )
    providers = Provider.objects.filter(name__in=waiting.order_by().values("addressee__provider"))
    opens_at: datetime | None = providers.aggregate(at=Min("next_at"))["at"]
    return opens_at


def release_claims(notification_ids: Collection[UUID], *, sender: int) -> None:
    """Give up claims of `sender`, for others or for later."""
    mine = Notification.objects.filter(pk__in=notification_ids, claimed_by=sender)
    mine.update(claimed_by=None)


def record_and_intend(
    done: Sequence[Done],
    wanted: Mapping[UUID, tuple[str, str]],
    *,
    channel: str,
    sender: int,
    pace: Pace,
    policy: Policy,
    now: datetime,
    our_fault: str = "",
) -> Intentions:
    """One group commit: the outcomes of `done`, and the intentions for `wanted`.

    `wanted` gives each notification its Message-ID and its provider. A withdrawal takes the same
    lock, so it sees the intention or prevents it. Notifications that `policy` no longer allows are
    withdrawn in a transaction that follows. `our_fault` says why nothing that was refused since the
    channel last took anything may count against anybody.
    """
    with transaction.atomic():
        locked, is_halted, is_outdated = _lock(
            [*(one.intended.notification_id for one in done), *wanted], sender=sender
        )
        _record(done)
        if our_fault:
            forget_what_everybody_got(channel, reason=our_fault, now=now)
        _keep_pace_after(done, {name for _, name in wanted.values()}, pace=pace, now=now)
        if wanted and is_halted:
            return Intentions((), frozenset(), is_halted=True)
        if wanted and is_outdated:
            return Intentions((), frozenset(), is_outdated=True)
        standing = {pk: wanted[pk] for pk in wanted if pk in locked}
        stopped = why_not(standing, policy=policy, now=now)
        standing = {pk: said for pk, said in standing.items() if pk not in stopped}
        allowed = allow(Counter(provider for _, provider in standing.values()), pace=pace, now=now)
        going = {pk: said for pk, said in standing.items() if said[1] in allowed}
        intended = _intend(going, channel=channel, sender=sender, now=now)
    for reason in set(stopped.values()):
        give_up([pk for pk, why in stopped.items() if why == reason], reason=reason)
    return Intentions(intended, frozenset(wanted.keys() - locked) | frozenset(stopped))


def finish_refusals() -> int:
    """End the notifications whose last delivery was refused for good; gives how many.

    Nobody got them, so their cases get back what they were told before, and the next planning looks
    for another route. Those whose refusal was forgotten go on waiting. One transaction; may run any
    number of times.
    """
    last = Delivery.objects.filter(state=Delivery.State.REFUSED, forgotten=None).exclude(
        notification__deliveries__attempt__gt=F("attempt")
    )
    waiting = last.filter(notification__state=Notification.State.PLANNED)
    with transaction.atomic():
        refused = Notification.objects.filter(pk__in=waiting.values("notification"))
        ids = list(refused.order_by("pk").select_for_update().values_list("pk", flat=True))
        if ids:
            Notification.objects.filter(pk__in=ids).update(
                state=Notification.State.REFUSED, claimed_by=None
            )
            take_back(ids)
    return len(ids)


def _lock(notification_ids: Sequence[UUID], *, sender: int) -> tuple[frozenset[UUID], bool, bool]:
    """Those that wait and are claimed by `sender`, locked; whether sending is halted; and whether
    the constituency changed since cases were matched."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"ids": list(notification_ids), "sender": sender})
        rows = cursor.fetchall()
    return (
        frozenset(pk for pk, *_ in rows),
        any(is_halted for _, is_halted, _ in rows),
        any(is_outdated for *_, is_outdated in rows),
    )


def _record(done: Sequence[Done]) -> None:
    if not done:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "deliveries": [one.intended.delivery_id for one in done],
                "notifications": [one.intended.notification_id for one in done],
                "states": [one.state.value for one in done],
                "replies": [one.reply for one in done],
                "abouts": [one.about for one in done],
                "finished": [one.finished_at for one in done],
            },
        )


def _keep_pace_after(
    done: Sequence[Done], wanted: Collection[str], *, pace: Pace, now: datetime
) -> None:
    """Slow down or speed up as the answers say; `wanted` are asked for next."""
    put_off = {
        one.provider
        for one in done
        if one.state is Delivery.State.DEFERRED
        and one.provider
        and one.about in (About.ADDRESS, About.MESSAGE)  # the rest is not the provider's wish
    }
    took = {one.provider for one in done if one.state is Delivery.State.ACCEPTED and one.is_slowed}
    if put_off or took:
        lock_providers(put_off | took | set(wanted))
    if put_off:
        slow_down(put_off, pace=pace, now=now)
    if took - put_off:
        speed_up(took - put_off)


def _intend(
    going: Mapping[UUID, tuple[str, str]], *, channel: str, sender: int, now: datetime
) -> list[Intended]:
    if not going:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _INTEND,
            {
                "sender": sender,
                "channel": channel,
                "now": now,
                "ids": list(going),
                "message_ids": [message_id for message_id, _ in going.values()],
            },
        )
        return [Intended(*row) for row in cursor.fetchall()]
