"""Refusals that count against an address, those that are our own fault, and forgetting them.

A refusal counts against its address for a while, so that another contact is asked. It counts no
more once it is *forgotten*: that is a row of its own, since a delivery never changes. Refusals that
everybody got are forgotten at once, whatever they say: the fault is taken as ours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from baken.core.errors import About, NotFoundError
from baken.outbox.models import Delivery, ForgottenRefusal, Notification

REFUSED_FOR: Final = timedelta(days=7)
"""How long an address that refused a message is passed over for another route."""
FULL_FOR: Final = timedelta(days=1)
"""How long other routes are tried before one whose mailbox was full."""

OF_THE_ADDRESS: Final = (About.ADDRESS.value, About.MAILBOX.value)
"""A refusal about one of these lets its address be passed over."""

_EVERYBODY: Final = 3
"""So many addresses, of two providers at least, are everybody when none was taken meanwhile."""
_PROVIDERS: Final = 2

# What was not taken on a channel since it last took anything, and may be held against somebody.
# Also what speaks of us: it counts towards *everybody*.
_SINCE_ACCEPTED: Final = """
    d.channel = %(channel)s AND (d.state = 'refused' OR d.about = 'mailbox'
        OR (d.state = 'deferred' AND d.about = 'us'))
    AND d.id > coalesce((
        SELECT a.id FROM outbox_delivery AS a
        WHERE a.channel = %(channel)s AND a.state = 'accepted' ORDER BY a.id DESC LIMIT 1
    ), 0)
"""

_STREAK: Final = f"""
    SELECT count(DISTINCT lower(to_.address)),
        count(DISTINCT coalesce(
            nullif(to_.provider, ''), nullif(split_part(lower(to_.address), '@', 2), ''),
            lower(to_.address)
        )),
        (array_agg(d.reply ORDER BY d.id DESC))[1]
    FROM outbox_delivery AS d
    JOIN outbox_notification AS n ON n.id = d.notification_id
    JOIN outbox_addressee AS to_ ON to_.id = n.addressee_id
    WHERE {_SINCE_ACCEPTED} AND d.finished_at > %(since)s
"""  # noqa: S608 - two constants

_FORGET: Final = f"""
    INSERT INTO outbox_forgottenrefusal (delivery_id, forgotten_at, reason, is_of_everybody)
    SELECT d.id, %(now)s, %(reason)s, true FROM outbox_delivery AS d
    WHERE {_SINCE_ACCEPTED} AND d.about <> 'us' AND d.finished_at > %(since)s
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - two constants


def refusing_addresses(*, now: datetime) -> frozenset[str]:
    """The addresses that refused a message for good within `REFUSED_FOR`, and it still counts."""
    found = _counting(now=now).filter(state=Delivery.State.REFUSED)
    return frozenset(found.values_list("notification__addressee__address", flat=True))


def full_addresses(*, now: datetime) -> frozenset[str]:
    """The addresses, in small letters, whose mailbox was full within `FULL_FOR`, and still is."""
    to = "notification__addressee"
    taken = Delivery.objects.filter(
        state=Delivery.State.ACCEPTED,
        notification__addressee=OuterRef(to),
        finished_at__gt=OuterRef("finished_at"),
    )
    full = Delivery.objects.filter(
        state=Delivery.State.DEFERRED,
        about=About.MAILBOX,
        finished_at__gt=now - FULL_FOR,
        forgotten=None,
    )
    still = full.exclude(Exists(taken)).annotate(to=Lower(f"{to}__address"))
    return frozenset(still.values_list("to", flat=True))


@dataclass(frozen=True, slots=True)
class Streak:
    """What was not taken on a channel since it last took anything."""

    addresses: int
    providers: int
    reply: str
    """The last one."""

    @property
    def is_everybody(self) -> bool:
        """Whether so many at so many places are hardly each other's coincidence."""
        return self.addresses >= _EVERYBODY and self.providers >= _PROVIDERS


def streak_of(channel: str, *, now: datetime) -> Streak:
    """What `channel` did not take in the last `REFUSED_FOR`, since it last took anything."""
    with connection.cursor() as cursor:
        cursor.execute(_STREAK, {"channel": channel, "since": now - REFUSED_FOR})
        addresses, providers, reply = cursor.fetchone()
    return Streak(addresses, providers, reply or "")


def forget_what_everybody_got(channel: str, *, reason: str, now: datetime) -> None:
    """Hold nothing against anybody that `channel` refused since it last took anything.

    May run any number of times.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _FORGET,
            {"channel": channel, "since": now - REFUSED_FOR, "reason": reason, "now": now},
        )


@dataclass(frozen=True, slots=True)
class CountingRefusal:
    """An address that is passed over, and why."""

    address: str
    organisation: str
    refused_at: datetime
    reply: str


def counting_refusals(
    *, address: str = "", since: datetime | None = None, now: datetime
) -> list[CountingRefusal]:
    """What counts against addresses now, the newest first; with `address` or `since` only those."""
    rows = _chosen(address=address, since=since, now=now).order_by("-finished_at", "-pk")
    return [
        CountingRefusal(
            one.notification.addressee.address,
            str(one.notification.organisation),
            one.finished_at or now,
            one.reply,
        )
        for one in rows.select_related("notification__addressee", "notification__organisation")
    ]


def forget_refusals(
    *, address: str = "", since: datetime | None = None, reason: str, now: datetime
) -> int:
    """Hold refusals against nobody any more: their addresses count at the next planning.

    With `address` or `since` only those; gives how many. The deliveries stay as they are. May run
    twice. Raises `NotFoundError` when nothing counts against `address`.
    """
    chosen = list(_chosen(address=address, since=since, now=now).values_list("pk", flat=True))
    if address and not chosen:
        raise NotFoundError(
            f"No refusal counts against {address}.",
            remedy="List what does with baken route forget-refusals --dry-run.",
        )
    ForgottenRefusal.objects.bulk_create(
        [ForgottenRefusal(delivery_id=pk, forgotten_at=now, reason=reason) for pk in chosen],
        ignore_conflicts=True,
    )
    return len(chosen)


@dataclass(frozen=True, slots=True)
class OwnFault:
    """What one channel did not take by a fault of ours, and still waits for."""

    channel: str
    failures: int
    since: datetime
    reply: str
    """The last one."""


def own_faults(channels: Collection[str]) -> list[OwnFault]:
    """The channels that were taken to fail by our own fault, until they take something again.

    Also those on which something still waits whose last attempt failed by our own fault, although
    others were taken meanwhile.
    """
    found: list[OwnFault] = []
    for channel in sorted(channels):
        failures = list(_failures_of(channel).order_by("pk"))
        if failures:
            first, last = failures[0], failures[-1]
            since = first.finished_at or first.started_at
            found.append(OwnFault(channel, len(failures), since, last.reply))
    return found


def _failures_of(channel: str) -> QuerySet[Delivery]:
    ours = Q(state=Delivery.State.DEFERRED, about=About.US) | Q(forgotten__is_of_everybody=True)
    tried = Delivery.objects.filter(ours, channel=channel)
    accepted = Delivery.objects.filter(channel=channel, state=Delivery.State.ACCEPTED)
    last_accepted = accepted.order_by("-pk").values_list("pk", flat=True).first() or 0
    later = Delivery.objects.filter(
        notification=OuterRef("notification"), attempt__gt=OuterRef("attempt")
    )
    still_waits = Q(notification__state=Notification.State.PLANNED) & ~Exists(later)
    return tried.filter(Q(pk__gt=last_accepted) | still_waits)


def _counting(*, now: datetime) -> QuerySet[Delivery]:
    """The deliveries that count against their addresses."""
    refused = Q(
        state=Delivery.State.REFUSED,
        about__in=OF_THE_ADDRESS,
        finished_at__gt=now - REFUSED_FOR,
    )
    full = Q(state=Delivery.State.DEFERRED, about=About.MAILBOX, finished_at__gt=now - FULL_FOR)
    counting = Delivery.objects.filter(refused | full, forgotten=None)
    return counting.exclude(notification__addressee__address="")


def _chosen(*, address: str, since: datetime | None, now: datetime) -> QuerySet[Delivery]:
    chosen = _counting(now=now)
    if address:
        to = Lower("notification__addressee__address")
        chosen = chosen.alias(to=to).filter(to=address.lower())
    if since is not None:
        chosen = chosen.filter(finished_at__gte=since)
    return chosen
