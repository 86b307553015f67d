"""``baken doctor``: what is wrong with this installation, and what to do about each thing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import typer

from baken.cli.progress import say, say_json
from baken.cli.session import begin_reading
from baken.core.errors import BakenError, ChannelError
from baken.settings.environment import Settings

_OLD_SCHEMA: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    is_well: bool
    text: str
    remedy: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Check settings, database, store, mail server, feeds and contacts; say what to do about each.

    Exit code 1 when anything is wrong.
    """
    findings = list(_examine())
    if as_json:
        say_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            say(f"{'ok  ' if finding.is_well else 'FAIL'} {finding.subject}: {finding.text}")
            if finding.remedy:
                say(f"     {finding.remedy}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def _examine() -> Iterator[Finding]:
    try:
        settings = begin_reading()
    except BakenError as error:
        yield Finding(error.code, False, error.message, error.remedy)
        return
    yield Finding("settings", True, f"home is {settings.home}")
    yield _database()
    yield _store(settings)
    yield _mail_server(settings)
    yield _halt()
    yield _contacts()
    yield _documentation_ranges(settings)
    yield from _feed()


def _database() -> Finding:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::integer")
        version = cursor.fetchone()[0]
    where = "embedded" if "host=%2F" in os.environ.get("BAKEN_DATABASE_URL", "") else "named by URL"
    text = f"PostgreSQL {version // 10_000}, {where}, all tables there"
    if version < 150_000:
        return Finding("database", False, text, "Use PostgreSQL 15 or newer.")
    return Finding("database", True, text)


def _store(settings: Settings) -> Finding:
    from baken.jobs.retention import look_over_store

    try:
        state = look_over_store(settings=settings)
    except BakenError as error:
        return Finding("store", False, error.message, error.remedy)
    where = f"{state.listed:,} files at {settings.store_url}"
    damaged = [*state.missing, *state.odd]
    if damaged:
        return Finding(
            "store",
            False,
            f"{where}; {len(state.missing):,} are missing and {len(state.odd):,} have another "
            f"length than listed, {damaged[0]} for one",
            "Put them back from a backup, or take their reports in again: baken ingest --again.",
        )
    if state.unlisted or state.to_remove:
        return Finding(
            "store",
            False,
            f"{where}; {state.to_remove:,} have expired and {state.unlisted:,} more are not listed",
            "Remove them with baken purge.",
        )
    return Finding("store", True, f"{where}, all there")


def _mail_server(settings: Settings) -> Finding:
    from baken.jobs.sending import mail_channel

    server = settings.smtp
    where = f"{server.host}:{server.port} ({server.security})"
    try:
        with mail_channel(settings) as channel:
            return Finding("mail server", True, f"{where} answers: {channel.check()}")
    except (ChannelError, ValueError) as error:
        return Finding(
            "mail server",
            False,
            f"{where} takes no mail: {error}",
            "Check BAKEN_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD. Mail waits meanwhile.",
        )


def _halt() -> Finding:
    from baken.outbox.selectors import is_halted, outbox_totals

    if is_halted():
        return Finding("sending", False, "halted", "Lift it with baken resume.")
    totals = outbox_totals()
    waiting = f"{totals.planned} waiting, {totals.accepted} accepted, {totals.refused} refused"
    return Finding("sending", True, waiting)


def _contacts() -> Finding:
    from baken.constituency.models import Organisation

    count = Organisation.objects.count()
    mute = Organisation.objects.exclude(contacts__email__contains="@").count()
    if count == 0:
        return Finding(
            "constituency", False, "no organisations", "Bring them in with baken import FILE."
        )
    if mute:
        return Finding(
            "constituency",
            False,
            f"{mute} of {count} organisations have no mail address",
            "Add contacts with baken import, or nobody there can be warned.",
        )
    return Finding("constituency", True, f"{count} organisations, all with a mail address")


def _documentation_ranges(settings: Settings) -> Finding:
    if settings.allow_documentation_ranges:
        return Finding("ranges", True, "documentation ranges are allowed: a demo or a test")
    return Finding("ranges", True, "documentation ranges are refused")


def _feed() -> Iterator[Finding]:
    from baken.feeds.shadowserver import report_table
    from baken.intake.selectors import last_received_at

    last = last_received_at("shadowserver")
    if last is None:
        yield Finding("shadowserver", False, "nothing came in yet", "Use baken ingest FILE.")
    elif datetime.now(UTC) - last > timedelta(days=2):
        yield Finding(
            "shadowserver",
            False,
            f"the last report came in at {last:%Y-%m-%d %H:%M} UTC",
            "Reports come daily: see why the download stopped.",
        )
    else:
        yield Finding("shadowserver", True, f"the last report came in at {last:%Y-%m-%d %H:%M} UTC")
    schema_date = date.fromisoformat(report_table().schema_date)
    age = datetime.now(UTC).date() - schema_date
    text = f"the report table follows the schema of {schema_date} ({age.days} days old)"
    if age > _OLD_SCHEMA:
        yield Finding("schema", False, text, "Update Baken: report types may be missing.")
    else:
        yield Finding("schema", True, text)
