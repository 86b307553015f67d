"""A database filled by an earlier state of this code migrates with its data, forwards and back.

Each file in `tests/migrations/dumps` is such a database; CONTRIBUTING.md, "Add a migration", says
how the next one is made.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

import baken
from baken.core.classification import Tlp
from baken.jobs.sending import policy_of
from baken.outbox.services import plan_notifications
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from migrations.made_up_world import LAST_MOMENT, fill_database
from migrations.snapshots import (
    Row,
    Snapshot,
    differences,
    load,
    migrate_back,
    migrated,
    rows_of,
    snapshot,
)
from own_database import django_connected_to, own_database
from small_world import Command, hand_over

DUMPS: Final = sorted((Path(__file__).parent.parent / "migrations/dumps").glob("*.sql"))

# ── What depends on the shape of the tables ───────────────────────────────────────────────────────
#
# What must survive every migration, each fact as queries that give the same columns. The first that
# the tables allow is asked. Whoever moves what a query reads puts the query for the new shape
# before it, and leaves the old one for the dumps of before.

FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "organisations": (
        "SELECT reference, name, standing, sector, created_at FROM constituency_organisation",
    ),
    "contacts": (
        """
        SELECT contact.id, reference, contact.name, role, language, contact.channel,
            coalesce(mail.address, '') AS email, coalesce(phone.address, '') AS phone
        FROM constituency_contact AS contact
        JOIN constituency_organisation AS organisation ON organisation.id = organisation_id
        LEFT JOIN constituency_route AS mail
            ON mail.contact_id = contact.id AND mail.channel = 'mail'
        LEFT JOIN constituency_route AS phone
            ON phone.contact_id = contact.id AND phone.channel = 'phone'
        """,
        """
        SELECT contact.id, reference, contact.name, role, language, channel, email, phone
        FROM constituency_contact AS contact
        JOIN constituency_organisation AS organisation ON organisation.id = organisation_id
        """,
    ),
    "cases": (
        """
        SELECT found.id, reference, finding_kind, system, relation, state, severity, asset_id,
            batch_id, told_at, told_severity
        FROM occasions_case AS found
        JOIN constituency_organisation AS organisation ON organisation.id = organisation_id
        """,
    ),
    "notifications": (
        """
        SELECT notification.id, reference, notification.state, state_reason, route.contact_id,
            addressee.address, planned_at,
            (SELECT min(occasion.key) FROM outbox_notifiedcase AS told
                JOIN occasions_occasion AS occasion ON occasion.id = occasion_id
                WHERE notification_id = notification.id) AS occasion,
            (SELECT count(*) FROM outbox_notifiedcase WHERE notification_id = notification.id)
                AS cases
        FROM outbox_notification AS notification
        JOIN constituency_organisation AS organisation ON organisation.id = organisation_id
        JOIN outbox_addressee AS addressee ON addressee.id = addressee_id
        LEFT JOIN constituency_route AS route ON route.id = route_id
        """,
        """
        SELECT notification.id, reference, notification.state, state_reason, contact_id, address,
            planned_at, occasion.key AS occasion,
            (SELECT count(*) FROM outbox_notifiedcase WHERE notification_id = notification.id)
                AS cases
        FROM outbox_notification AS notification
        JOIN constituency_organisation AS organisation ON organisation.id = organisation_id
        JOIN occasions_occasion AS occasion ON occasion.id = occasion_id
        """,
    ),
    "told cases": (
        """
        SELECT notification_id, case_id, occasion.key AS occasion, reason, told.severity,
            told_before_at, told_before_severity
        FROM outbox_notifiedcase AS told
        JOIN occasions_occasion AS occasion ON occasion.id = told.occasion_id
        """,
        """
        SELECT notification_id, case_id, occasion.key AS occasion, reason, told.severity,
            told_before_at, told_before_severity
        FROM outbox_notifiedcase AS told
        JOIN outbox_notification AS notification ON notification.id = notification_id
        JOIN occasions_occasion AS occasion ON occasion.id = occasion_id
        """,
    ),
    "deliveries": (
        """
        SELECT delivery.id, notification_id, attempt, delivery.state, addressee.address, message_id,
            reply
        FROM outbox_delivery AS delivery
        JOIN outbox_notification AS notification ON notification.id = notification_id
        JOIN outbox_addressee AS addressee ON addressee.id = addressee_id
        """,
        """
        SELECT id, notification_id, attempt, state, address, message_id, reply
        FROM outbox_delivery
        """,
    ),
    "suppressions": ("SELECT address, reason FROM outbox_suppression",),
    "halts": ("SELECT reason, halted_at, lifted_at FROM outbox_halt",),
    "batches": (
        """
        SELECT file_name, repeat, rows_read, rows_matched, rows_unmatched, rows_quarantined,
            (SELECT count(*) FROM intake_quarantinedrow WHERE batch_id = batch.id) AS kept,
            (SELECT count(*) FROM intake_storedfile WHERE batch_id = batch.id) AS stored
        FROM intake_batch AS batch
        """,
    ),
}

NOT_AS_BEFORE: Final[Mapping[str, str]] = {}
"""What may differ after going there and back: the beginning of a line of `differences`, and why."""


def unexplained(before: Snapshot, after: Snapshot) -> list[str]:
    """The `differences` that `NOT_AS_BEFORE` does not allow."""
    allowed = tuple(NOT_AS_BEFORE)
    return [line for line in differences(before, after) if not line.startswith(allowed)]


def facts(url: str) -> dict[str, list[Row]]:
    """The facts, each in an order that depends on its values only."""
    return {
        name: sorted(_first_possible(url, queries), key=lambda row: str(list(row.values())))
        for name, queries in FACTS.items()
    }


def _first_possible(url: str, queries: tuple[str, ...]) -> list[Row]:
    for query in queries[:-1]:
        try:
            return rows_of(url, query)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            continue  # a shape that these tables do not have
    return rows_of(url, queries[-1])


@pytest.fixture
def url(django_db_blocker: Any) -> Iterator[str]:
    """An empty database that Django is connected to."""
    name = "baken_migrating"
    with own_database(name) as address, django_connected_to(name), django_db_blocker.unblock():
        yield address


@pytest.fixture(params=DUMPS, ids=[dump.stem for dump in DUMPS])
def dumped(url: str, request: pytest.FixtureRequest) -> str:
    """A database loaded with a dump, not migrated yet."""
    load(request.param, url=url)
    return url


def test_it_goes_forwards_with_all_that_was_told_and_back_to_what_it_was(dumped: str) -> None:
    state, before, told_before = migrated(dumped), snapshot(dumped), facts(dumped)

    call_command("migrate", verbosity=0)
    assert facts(dumped) == told_before
    for queries in FACTS.values():
        rows_of(dumped, queries[0])  # the first fits the newest tables: no old one answers for it
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    newest = migrated(dumped)

    migrate_back(state)
    assert migrated(dumped) == state
    assert unexplained(before, snapshot(dumped)) == []

    call_command("migrate", verbosity=0)
    assert migrated(dumped) == newest
    assert facts(dumped) == told_before


def test_what_was_migrated_is_explained_exported_and_not_told_twice(
    dumped: str, baken: Command, settings_of_test: Settings, tmp_path: Path
) -> None:
    known = facts(dumped)
    call_command("migrate", verbosity=0)

    told = next(case for case in known["cases"] if case["told_at"] is not None)
    explained = baken("explain", told["reference"], "--all")
    assert explained.exit_code == 0, explained.err
    assert f"{told['finding_kind']} on {told['system']}" in explained.out

    assert baken("export", tmp_path / "out").exit_code == 0
    with (tmp_path / "out/contacts.csv").open(encoding="utf-8-sig", newline="") as file:
        exported = {(row["email"], row["phone"].lstrip("'")) for row in csv.DictReader(file)}
    registered = {
        one["reference"] for one in known["organisations"] if one["standing"] == "registered"
    }
    assert exported == {
        (one["email"], one["phone"]) for one in known["contacts"] if one["reference"] in registered
    }

    after = max(one["planned_at"] for one in known["notifications"]) + timedelta(hours=1)
    for _ in range(2):
        planned = plan_notifications(
            policy=policy_of(settings_of_test), feed_tlp=Tlp.AMBER, now=after
        )
    assert planned.notifications == 0, "what was planned is remembered"
    ended = {one["id"]: one["state"] for one in known["notifications"] if one["state"] != "planned"}
    now_ended = {one["id"]: one["state"] for one in facts(dumped)["notifications"]}
    assert {pk: now_ended[pk] for pk in ended} == ended


HAS_NEWS = """
    SELECT finding_kind, news FROM occasions_case
    WHERE told_at IS NOT NULL AND NOT news <@ told_news
"""


def sinkhole(day: str, family: str) -> str:
    return (
        "timestamp,severity,protocol,src_ip,src_port,src_asn,dst_ip,dst_port,infection,family,tag\n"
        f'"{day} 03:00:01",critical,tcp,192.0.2.11,40001,64501,198.51.100.250,80,{family},,\n'
    )


def test_all_that_a_told_case_showed_before_it_was_migrated_counts_as_told(
    url: str, baken: Command, tmp_path: Path
) -> None:
    load(DUMPS[1], url=url)
    call_command("migrate", verbosity=0)
    assert rows_of(url, HAS_NEWS) == []
    for day, family, expected in (
        ("2026-11-02", "andromeda", []),
        ("2026-11-03", "qakbot", ["family=andromeda", "family=qakbot"]),
    ):
        path = tmp_path / f"{day}-event4_sinkhole-nl.csv"
        path.write_text(sinkhole(day, family))
        assert baken("ingest", path).exit_code == 0
        shown = [one["news"] for one in rows_of(url, HAS_NEWS)]
        assert shown == ([expected] if expected else [])


def test_what_waited_is_sent_after_migrating_under_the_same_message_id(
    dumped: str, baken: Command, sending: Settings, server: FolderMailServer
) -> None:
    known = facts(dumped)
    call_command("migrate", verbosity=0)
    baken("resume")
    outcome = hand_over(sending)
    assert (outcome.problem, outcome.left) == ("", 0)
    arrived = {str(mail["Message-ID"]).strip("<>") for mail in server.messages()}
    waiting = {one["id"] for one in known["notifications"] if one["state"] == "planned"}
    tried = {one["message_id"] for one in known["deliveries"] if one["notification_id"] in waiting}
    assert tried, "a dump holds some that were tried before"
    assert tried <= arrived
    done = {one["id"] for one in facts(dumped)["notifications"] if one["state"] == "accepted"}
    accepted = {one["id"] for one in known["notifications"] if one["state"] == "accepted"}
    assert accepted < done


def test_the_first_dump_holds_every_state() -> None:
    with own_database("baken_migrating") as url:
        load(DUMPS[0], url=url)
        known = facts(url)
        replies = " ".join(one["reply"] for one in known["deliveries"])
    assert {one["standing"] for one in known["organisations"]} == {"registered", "discovered"}
    assert {one["relation"] for one in known["cases"]} == {"owner", "operator"}
    assert {one["state"] for one in known["cases"]} == {"open", "gone"}
    assert {one["state"] for one in known["notifications"]} == {
        "planned", "accepted", "refused", "withdrawn",
    }  # fmt: skip
    assert None in {one["contact_id"] for one in known["notifications"]}
    assert {one["state"] for one in known["deliveries"]} == {
        "sending", "accepted", "deferred", "refused", "uncertain",
    }  # fmt: skip
    assert "550 5.1.1" in replies
    assert "552 5.2.3" in replies
    assert {one["reason"] for one in known["told cases"]} == {"new", "worse", "back", "threat"}
    assert [one["lifted_at"] is None for one in known["halts"]] == [False, True]
    assert any(one["email"] and one["phone"] for one in known["contacts"])
    assert any(not one["email"] for one in known["contacts"])
    assert sum(one["kept"] for one in known["batches"]) == 2


def test_the_next_dump_can_be_made(url: str, tmp_path: Path) -> None:
    call_command("migrate", verbosity=0)
    fill_database(tmp_path)
    known = facts(url)
    assert known["notifications"]
    latest = max(one["planned_at"] for one in known["notifications"])
    assert latest <= LAST_MOMENT
    assert all(one["told_at"] is None or one["told_at"] <= latest for one in known["cases"])


LOSSY = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("constituency", "{leaf}")]
    operations = [
        migrations.RunSQL(
            "UPDATE constituency_organisation SET name = upper(name) WHERE reference = 'haven'",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL("CREATE TABLE left_behind (id int)", migrations.RunSQL.noop),
    ]
"""


def test_a_migration_that_loses_something_is_found_out(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(DUMPS[-1], url=url)
    call_command("migrate", verbosity=0)
    before, state, told_before = snapshot(url), migrated(url), facts(url)

    ((_, leaf),) = MigrationLoader(None).graph.leaf_nodes("constituency")
    package = tmp_path / "lossy_migrations"
    shutil.copytree(Path(baken.__file__).parent / "constituency/migrations", package)
    (package / "9999_lossy.py").write_text(LOSSY.format(leaf=leaf))
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(MIGRATION_MODULES={"constituency": "lossy_migrations"}):
        call_command("migrate", verbosity=0)
        assert facts(url)["organisations"] != told_before["organisations"]
        migrate_back(state)
    assert migrated(url) == state
    found = differences(before, snapshot(url))
    assert [line for line in found if "name was 'Stichting Haven', is 'STICHTING HAVEN'" in line]
    assert "left_behind: is new" in found


def test_the_comparison_sees_each_kind_of_change() -> None:
    before: Snapshot = {"halt": {"[1]": {"id": 1, "reason": "a"}, "[2]": {"id": 2, "reason": "b"}}}
    assert differences(before, before) == []
    after: Snapshot = {
        "halt": {"[1]": {"id": 1, "reason": "A", "by": None}, "[3]": {"id": 3, "reason": "b"}},
        "route": {},
    }
    assert differences(before, after) == [
        "halt [1]: reason was 'a', is 'A'",
        "halt [2]: is gone",
        "halt [3]: is new",
        "route: is new",
    ]


def test_a_dump_names_nobody_and_no_machine() -> None:
    for dump in DUMPS:
        text = dump.read_text(encoding="utf-8")
        assert len(text) < 200_000
        machine = ("/tmp", "/home", str(Path.cwd()))  # noqa: S108 - nothing is opened there
        assert not {part for part in machine if part in text}
