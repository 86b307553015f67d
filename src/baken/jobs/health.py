"""Looks at settings, database, store, channels, outbox, constituency and feeds, for the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, astuple
from datetime import datetime
from typing import Final

from django.db import connection

from baken import feeds
from baken.channels import ChannelKind
from baken.constituency.selectors import (
    organisation_totals,
    organisations_at,
    organisations_with_domains_only,
    organisations_without_wanted_route,
)
from baken.core.errors import BakenError, ChannelError, ClockBehindError
from baken.discovery.selectors import overdue_registrant_requests, registrant_requests
from baken.explaining.health_checks import (
    BrakeCheck,
    ChannelCheck,
    Check,
    ConstituencyCheck,
    DatabaseCheck,
    DeliveriesCheck,
    HintsCheck,
    OwnFaultCheck,
    QuotedCheck,
    RangesCheck,
    RegistrantRequestsCheck,
    SenderCheck,
    SendingCheck,
    SettingsCheck,
    StoreCheck,
    UnwantedCheck,
)
from baken.feeds import Feed
from baken.intake.selectors import HINTS_LATELY, hints_by_organisation, last_received_at
from baken.jobs.clock import check_clock
from baken.jobs.discovered_cases import discovered_kept_back
from baken.jobs.public_pages import check_public_pages
from baken.jobs.retention import look_over_store
from baken.jobs.roads import channels_in_use
from baken.jobs.sending import check_sender
from baken.outbox.selectors import (
    brake_on,
    current_halt,
    outbox_totals,
    own_faults,
    unwanted_addresses,
)
from baken.responses.selectors import waiting_by_hand
from baken.settings.declaration import changed_settings
from baken.settings.environment import Settings

_NAMES_SHOWN: Final = 10
_LATE_AFTER: Final = 2
"""A feed is late after so many times what it takes to deliver."""


def examine(settings: Settings, *, now: datetime) -> Iterator[Check]:
    """Look at one thing after another; nothing is written or sent."""
    changed = [f"{name}={value}" for name, value in changed_settings(settings)]
    yield SettingsCheck(str(settings.home), changed)
    yield _database(settings)
    yield from _clock(now=now)
    yield _store(settings)
    if settings.sender_name:  # without one nothing is sent, and each channel below says so
        yield SenderCheck(settings.sender_name, settings.mail_reply_to, settings.mail_contact_line)
    for kind in channels_in_use(settings).values():
        yield _channel(kind, settings)
    yield from _public_pages(settings)
    yield _sending()
    waiting = waiting_by_hand()
    if any(astuple(waiting)):
        yield waiting
    for fault in own_faults(channels_in_use(settings)):
        yield OwnFaultCheck(fault.channel, fault.failures, fault.since, fault.reply)
    if brake := brake_on():
        yield BrakeCheck(**asdict(brake))
    yield _constituency(settings, now=now)
    yield from _unwanted(settings, now=now)
    yield _hints(now=now)
    yield from _registrant_requests(now=now)
    yield RangesCheck(settings.allow_documentation_ranges)
    yield from _feeds(now=now)


def _database(settings: Settings) -> DatabaseCheck:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::integer")
        version = cursor.fetchone()[0]
    return DatabaseCheck(version // 10_000, is_embedded=not settings.database_url)


def _clock(*, now: datetime) -> Iterator[QuotedCheck]:
    try:
        check_clock(now)
    except ClockBehindError as error:
        yield QuotedCheck("clock", False, error.message, error.remedy)


def _public_pages(settings: Settings) -> Iterator[QuotedCheck]:
    """Where there are none, release says what cannot be done without them."""
    if not settings.public.url and not discovered_kept_back():
        yield QuotedCheck(
            "public-pages",
            True,
            "BAKEN_PUBLIC_URL is not set: who did not sign up is not to be warned yet",
        )
        return
    try:
        yield QuotedCheck("public-pages", True, f"{check_public_pages(settings)} answers")
    except BakenError as error:
        yield QuotedCheck("public-pages", False, error.message, error.remedy)


def _store(settings: Settings) -> Check:
    try:
        state = look_over_store(settings=settings)
    except BakenError as error:
        return QuotedCheck("store", False, error.message, error.remedy)
    return StoreCheck(
        url=settings.store_url,
        listed=state.listed,
        missing=state.missing,
        odd=state.odd,
        unlisted=state.unlisted,
        expired=state.to_remove,
    )


def _channel(kind: ChannelKind, settings: Settings) -> Check:
    place = kind.place(settings)
    try:
        check_sender(settings)
        with kind.open(settings) as channel:
            return ChannelCheck(kind.subject, place, answer=channel.check())
    except BakenError as error:
        return QuotedCheck(kind.subject, False, error.message, error.remedy)
    except (ChannelError, ValueError) as error:
        return ChannelCheck(kind.subject, place, fault=str(error), remedy=kind.remedy)


def _sending() -> SendingCheck:
    halt, totals = current_halt(), outbox_totals()
    return SendingCheck(
        planned=totals.planned,
        accepted=totals.accepted,
        refused=totals.refused,
        halted_at=halt.halted_at if halt else None,
        halt_reason=halt.reason if halt else "",
    )


def _constituency(settings: Settings, *, now: datetime) -> ConstituencyCheck:
    channels = channels_in_use(settings)
    totals = organisation_totals(channels=channels, names=_NAMES_SHOWN, now=now)
    return ConstituencyCheck(
        organisations=totals.organisations,
        unreachable=totals.unreachable,
        names=totals.names_unreachable,
        address_nouns=[kind.address_noun for kind in channels.values()],
    )


def silenced_by(address: str, *, settings: Settings, now: datetime) -> list[str]:
    """The names of those at `address` who have no other address that may be used."""
    there = organisations_at(address, now=now)
    return [name for reference, name in _silenced(settings, now=now).items() if reference in there]


def _silenced(settings: Settings, *, now: datetime) -> dict[str, str]:
    return organisations_without_wanted_route(
        channels=channels_in_use(settings), unwanted=unwanted_addresses(now=now), now=now
    )


def _unwanted(settings: Settings, *, now: datetime) -> Iterator[UnwantedCheck]:
    names = list(_silenced(settings, now=now).values())
    if names:
        yield UnwantedCheck(len(names), names[:_NAMES_SHOWN])


def _hints(*, now: datetime) -> HintsCheck:
    organisations = organisations_with_domains_only(now=now)
    rows = hints_by_organisation(organisations, since=now - HINTS_LATELY)
    most_first = sorted(rows, key=lambda pk: -rows[pk])
    return HintsCheck(
        organisations=len(organisations),
        days=HINTS_LATELY.days,
        rows=sum(rows.values()),
        names=[organisations[pk] for pk in most_first[:_NAMES_SHOWN]],
    )


def _registrant_requests(*, now: datetime) -> Iterator[RegistrantRequestsCheck]:
    """Only where there are any."""
    waiting = registrant_requests(is_open=True)
    if waiting:
        overdue = overdue_registrant_requests(now=now)
        names = [str(one) for one in overdue[:_NAMES_SHOWN]]
        yield RegistrantRequestsCheck(len(overdue), len(waiting), names)


def _feeds(*, now: datetime) -> Iterator[Check]:
    """When each feed last delivered, and what it says of itself."""
    received = {key: last_received_at(key) for key in feeds.FEEDS}
    is_any_in_use = any(received.values())
    for key, feed in feeds.FEEDS.items():
        yield _deliveries(feed, received[key], is_any_in_use=is_any_in_use, now=now)
        for health in feed.health(today=now.date()):
            yield QuotedCheck(key, health.is_well, health.text, health.remedy)


def _deliveries(
    feed: Feed, last: datetime | None, *, is_any_in_use: bool, now: datetime
) -> DeliveriesCheck:
    every = feed.expected_every
    is_late = last is not None and every is not None and now - last > _LATE_AFTER * every
    return DeliveriesCheck(feed.key, last, every, is_late=is_late, is_any_in_use=is_any_in_use)
