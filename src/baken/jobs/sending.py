"""Plans what is to be told and hands it over: chooses the roads and the policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from baken import feeds
from baken.core.errors import SettingsError
from baken.core.mail_address import domain_of, split_mailbox
from baken.core.policy import Policy
from baken.core.rhythm import RoundInterval
from baken.core.sharing import Source
from baken.feeds import FEEDS
from baken.jobs.clock import check_clock
from baken.jobs.discovered_cases import open_all_discovered_cases, open_discovered_cases
from baken.jobs.matching_again import match_what_waits
from baken.jobs.roads import carried, channels_in_use, dry_run_roads, roads_of
from baken.occasions.selectors import active_occasions, find_occasion
from baken.outbox.selectors import answer_key, rhythm_at
from baken.outbox.services import (
    BrakeLimits,
    DryRun,
    Outcome,
    Plan,
    Progress,
    Sender,
    deliver_waiting,
    dry_run,
    plan_notifications,
    record_round,
)
from baken.responses.selectors import count_attempts, count_open_calls
from baken.settings.environment import Settings

_PHONE: Final = "phone"


def check_sender(settings: Settings) -> None:
    """Raises `SettingsError` when warnings would go out in nobody's name, or in the example's."""
    _, address = split_mailbox(settings.mail_from)
    is_example = domain_of(address).endswith(".example.nl")
    if is_example and not settings.allow_documentation_ranges:
        raise SettingsError(
            f"BAKEN_MAIL_FROM is {settings.mail_from}: an example, at which nobody reads answers.",
            remedy="Set it to your own address, for instance National CSIRT <warnings@your.domain>."
            " Nothing was done; baken send --dry-run FOLDER works without.",
        )
    if not settings.sender_name:
        raise SettingsError(
            "Nobody signs the warnings: neither BAKEN_SENDER_NAME nor BAKEN_MAIL_FROM has a name.",
            remedy="Set BAKEN_SENDER_NAME to the name that people know you by. Nothing was done.",
        )


def plan(*, settings: Settings, holds_round: bool = False) -> Plan:
    """Plan what is to be told now, to whom the systems belong now.

    With `holds_round` also what would wait for a round. Raises `ClockBehindError`.
    """
    now = datetime.now(UTC)
    check_clock(now)
    return plan_at(now, settings=settings, holds_round=holds_round)


def plan_at(now: datetime, *, settings: Settings, holds_round: bool = False) -> Plan:
    """Plan what is to be told at `now`; see `plan`."""
    match_what_waits(settings)
    open_all_discovered_cases(settings)
    policy = policy_of(settings) if holds_round else policy_at(now, settings=settings)
    planned = plan_notifications(
        policy=policy, feed_tlp=settings.feed_tlp, now=now, room=room_at(now, settings=settings)
    )
    if holds_round or _is_due(policy):
        record_round(now)
    return planned


def plan_and_deliver(
    *, settings: Settings, progress: Progress, holds_round: bool = False
) -> tuple[Plan, Outcome]:
    """Plan what is to be told now and hand it over; who could not be reached is told otherwise.

    Where an address refuses or a mailbox is full, the next contact of the organisation is told at
    once. `holds_round` is as in `plan`. Raises `SendingHaltedError`, `ClockBehindError`.
    """
    now = datetime.now(UTC)
    is_round = holds_round or policy_at(now, settings=settings).rhythm is None
    planned = plan(settings=settings, holds_round=holds_round)
    started_at = datetime.now(UTC)
    outcome = deliver(settings=settings, progress=progress)
    if outcome.problem or not (outcome.refused or outcome.full):
        return planned, outcome
    otherwise = plan(settings=settings, holds_round=is_round)
    if otherwise.notifications:
        # What was put off a moment ago is left for the next run.
        more = deliver(settings=settings, progress=progress, since=started_at)
        outcome = replace(
            more,
            accepted=outcome.accepted + more.accepted,
            deferred=outcome.deferred + more.deferred,
            refused=outcome.refused + more.refused,
            full=outcome.full + more.full,
            own_fault=more.own_fault or outcome.own_fault,
        )
    return replace(
        otherwise,
        notifications=planned.notifications + otherwise.notifications,
        cases=max(planned.cases, otherwise.cases),
        requests=planned.requests + otherwise.requests,
        to_pass_on=max(planned.to_pass_on, otherwise.to_pass_on),
    ), outcome


def deliver(*, settings: Settings, progress: Progress, since: datetime | None = None) -> Outcome:
    """Hand over what is planned, each by its channel.

    With `since`, what was tried at that moment or later is left alone. Raises `SendingHaltedError`,
    `ClockBehindError`.
    """
    check_clock(datetime.now(UTC))

    def match_again() -> None:
        match_what_waits(settings)

    return deliver_waiting(
        roads_of(settings),
        policy=policy_of(settings),
        sender=sender_of(settings),
        match_again=match_again,
        clock=lambda: datetime.now(UTC),
        progress=progress,
        since=since,
        brake=BrakeLimits(settings.brake_factor, settings.brake_floor, settings.zone),
    )


def dry_run_into(
    folder: Path,
    *,
    settings: Settings,
    occasion_key: str | None = None,
    holds_round: bool = False,
) -> DryRun:
    """Write into `folder` the messages that a run would send, and send nothing.

    With `occasion_key`, only those under that occasion, as if it were released; `holds_round` is as
    in `plan`. Raises `NotFoundError`, `OutputRefusedError`.
    """

    occasion = find_occasion(occasion_key) if occasion_key else None

    def match_again() -> None:
        match_what_waits(settings)
        for one in [occasion] if occasion else active_occasions():
            if one.is_threat:
                open_discovered_cases(one, settings=settings, if_released=occasion is not None)

    now = datetime.now(UTC)
    return dry_run(
        dry_run_roads(folder, settings),
        policy=policy_of(settings) if holds_round else policy_at(now, settings=settings),
        feed_tlp=settings.feed_tlp,
        sender=sender_of(settings),
        match_again=match_again,
        now=now,
        occasion=occasion,
        room=room_at(now, settings=settings),
    )


def policy_at(now: datetime, *, settings: Settings) -> Policy:
    """The policy that the settings describe, with what waits for a round at `now`."""
    rhythms = {
        interval.value: rhythm_at(now, interval=interval, zone=settings.zone)
        for interval in RoundInterval
    }
    mine = rhythms[settings.round_interval]
    left = room_at(now, settings=settings)
    full = frozenset(channel for channel, count in left.items() if not count)
    return replace(policy_of(settings), rhythm=mine, own_rhythms=rhythms, full=full)


def room_at(now: datetime, *, settings: Settings) -> dict[str, int]:
    """How many more each channel can take at `now`, where people carry what goes by it.

    The list of calls holds no more than a day's work, with what was called today.
    """
    if _PHONE not in channels_in_use(settings):
        return {}
    today = now.astimezone(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    taken = count_open_calls() + count_attempts(since=today)
    return {_PHONE: max(0, settings.by_hand.calls_per_day - taken)}


def _is_due(policy: Policy) -> bool:
    """Whether this planning is the round of anybody who has rounds."""
    rounds = policy.own_rhythms.keys() - {RoundInterval.AT_ONCE}
    return any(policy.own_rhythms[interval] is None for interval in rounds)


def policy_of(settings: Settings) -> Policy:
    """The policy that the settings describe; a round is held."""
    return Policy(
        minimum_severity=settings.minimum_severity,
        reminder_after=settings.reminder_after,
        channels=carried(settings),
        feed_label=settings.feed_tlp,
        zone=settings.zone,
        amber_reaches_unregistered=settings.amber_reaches_unregistered,
        terms_of_feeds={key: feed.terms for key, feed in feeds.FEEDS.items()},
    )


def sender_of(settings: Settings) -> Sender:
    """Who warns, as the settings say."""
    return Sender(
        name=settings.sender_name,
        reply_to=settings.mail_reply_to,
        contact_line=settings.mail_contact_line,
        message_id_domain=settings.message_id_domain,
        zone=settings.zone,
        store_days=settings.store_kept_for.days,
        legal_ground=settings.legal_ground,
        published_number=settings.by_hand.published_number,
        public_url=settings.public.url,
        answer_key=answer_key() if settings.public.url else b"",
        sources={key: Source(feed.name, feed.terms) for key, feed in FEEDS.items()},
    )
