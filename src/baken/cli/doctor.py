"""``baken doctor``: what is wrong with this installation, and what to do about each thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from baken.cli.output import say, say_json
from baken.cli.session import begin_reading
from baken.core.errors import BakenError, ChannelError
from baken.settings.declaration import changed_settings
from baken.settings.environment import Settings

if TYPE_CHECKING:
    from baken.feeds import Feed

_NAMES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    subject: str
    is_well: bool
    text: str
    remedy: str = ""

    @classmethod
    def well(cls, subject: str, text: str) -> Check:
        """It is as it should be."""
        return cls(subject, True, text)

    @classmethod
    def wrong(cls, subject: str, text: str, remedy: str) -> Check:
        """It is not, and this is what to do."""
        return cls(subject, False, text, remedy)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Check settings, database, store, mail server, feeds and contacts; say what to do about each.

    Exit code 1 when anything is wrong.
    """
    checks = list(_examine())
    if as_json:
        say_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            say(f"{'ok  ' if check.is_well else 'FAIL'} {check.subject}: {check.text}")
            if check.remedy:
                say(f"     {check.remedy}")
    if not all(check.is_well for check in checks):
        raise typer.Exit(1)


def _examine() -> Iterator[Check]:
    try:
        settings = begin_reading()
    except BakenError as error:
        yield Check.wrong(error.code, error.message, error.remedy)
        return
    yield _settings(settings)
    yield _database(settings)
    yield _store(settings)
    yield from _channels(settings)
    yield _halt()
    yield _contacts()
    yield _documentation_ranges(settings)
    yield from _feeds()


def _settings(settings: Settings) -> Check:
    changed = ", ".join(f"{name}={value}" for name, value in changed_settings(settings))
    text = f"home is {settings.home}; not at their default: {changed or 'none'}"
    return Check.well("settings", text)


def _database(settings: Settings) -> Check:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::integer")
        version = cursor.fetchone()[0]
    where = "named by URL" if settings.database_url else "embedded"
    text = f"PostgreSQL {version // 10_000}, {where}, all tables there"
    if version < 150_000:
        return Check.wrong("database", text, "Use PostgreSQL 15 or newer.")
    return Check.well("database", text)


def _store(settings: Settings) -> Check:
    from baken.jobs.retention import look_over_store

    try:
        state = look_over_store(settings=settings)
    except BakenError as error:
        return Check.wrong("store", error.message, error.remedy)
    where = f"{state.listed:,} files at {settings.store_url}"
    damaged = [*state.missing, *state.odd]
    if damaged:
        return Check.wrong(
            "store",
            f"{where}; {len(state.missing):,} are missing and {len(state.odd):,} have another "
            f"length than listed, {damaged[0]} for one",
            "Put them back from a backup, or take their reports in again: baken ingest --again.",
        )
    if state.unlisted or state.to_remove:
        return Check.wrong(
            "store",
            f"{where}; {state.to_remove:,} have expired and {state.unlisted:,} more are not listed",
            "Remove them with baken purge.",
        )
    return Check.well("store", f"{where}, all there")


def _channels(settings: Settings) -> Iterator[Check]:
    """One check a channel; what it says of itself names its settings."""
    from baken.jobs.roads import channels_for_people
    from baken.jobs.sending import check_sender

    for kind in channels_for_people().values():
        where = kind.place(settings)
        try:
            check_sender(settings)
            with kind.open(settings) as channel:
                yield Check.well(kind.subject, f"{where} answers: {channel.check()}")
        except BakenError as error:
            yield Check.wrong(kind.subject, error.message, error.remedy)
        except (ChannelError, ValueError) as error:
            yield Check.wrong(
                kind.subject,
                f"{where} takes nothing: {error}",
                f"{kind.remedy} What is planned waits.",
            )


def _halt() -> Check:
    from baken.outbox.selectors import current_halt, outbox_totals

    halt = current_halt()
    if halt:
        why = f"halted since {halt.halted_at:%Y-%m-%d %H:%M} UTC: {halt.reason}"
        return Check.wrong("sending", why, "Lift it with baken resume.")
    totals = outbox_totals()
    waiting = f"{totals.planned} waiting, {totals.accepted} accepted, {totals.refused} refused"
    return Check.well("sending", waiting)


def _contacts() -> Check:
    from baken.constituency.selectors import organisation_totals
    from baken.jobs.roads import channels_for_people

    channels = channels_for_people()
    ways = " or ".join(kind.address_noun for kind in channels.values())
    totals = organisation_totals(channels=channels, names=_NAMES_SHOWN, now=datetime.now(UTC))
    count, mute = totals.organisations, totals.unreachable
    if count == 0:
        return Check.wrong(
            "constituency", "no organisations", "Bring them in with baken import FILE."
        )
    if mute:
        return Check.wrong(
            "constituency",
            f"{mute} of {count} organisations have no {ways}: "
            f"{', '.join(totals.names_unreachable)}{' …' if mute > _NAMES_SHOWN else ''}",
            "Add contacts with baken import, or nobody there can be warned.",
        )
    return Check.well("constituency", f"{count} organisations, all with a {ways}")


def _documentation_ranges(settings: Settings) -> Check:
    if settings.allow_documentation_ranges:
        return Check.well("ranges", "documentation ranges are allowed: a demo or a test")
    return Check.well("ranges", "documentation ranges are refused")


def _feeds() -> Iterator[Check]:
    from baken.feeds import FEEDS
    from baken.intake.selectors import last_received_at

    received = {key: last_received_at(key) for key in FEEDS}
    is_idle = not any(received.values())
    today = datetime.now(UTC).date()
    for key, feed in FEEDS.items():
        yield _deliveries(feed, received[key], is_idle=is_idle)
        for health in feed.health(today=today):
            yield Check(key, health.is_well, health.text, health.remedy)


def _deliveries(feed: Feed, last: datetime | None, *, is_idle: bool) -> Check:
    """When `feed` last delivered; one that never did is not in use, unless none ever did."""
    if last is None:
        if is_idle:
            return Check.wrong(feed.key, "nothing came in yet", "Use baken ingest FILE.")
        return Check.well(feed.key, "nothing came in yet")
    text = f"the last report came in at {last:%Y-%m-%d %H:%M} UTC"
    every = feed.expected_every
    if every is not None and datetime.now(UTC) - last > 2 * every:
        remedy = f"Reports come {_how_often(every)}: see why the download stopped."
        return Check.wrong(feed.key, text, remedy)
    return Check.well(feed.key, text)


def _how_often(every: timedelta) -> str:
    if every == timedelta(days=1):
        return "daily"
    if every.days:
        return f"every {every.days} days"
    return f"every {every.total_seconds() / 3600:g} hours"
