"""``kill -9`` at random moments of a round: no warning lost, none doubled knowingly.

A real SMTP server takes the mails, a real PostgreSQL server keeps the ledger, and the process that
is killed is a real one. A mail may arrive twice only when the kill came between its acceptance and
the record of it; both copies then bear the same Message-ID. `make kills` kills more often.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from baken.specimen.mail_server import FolderMailServer
from small_world import report_text

ORGANISATIONS = 4


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any) -> Iterator[str]:
    """A database of its own, with its tables: what is killed commits for real."""
    from django.core.management import call_command
    from django.db import connections

    address = os.environ["BAKEN_DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS baken_killed WITH (FORCE)")
        connection.execute("CREATE DATABASE baken_killed")
    url = urlunsplit(urlsplit(address)._replace(path="/baken_killed"))
    monkeypatch.setenv("BAKEN_DATABASE_URL", url)
    was = connections["default"].settings_dict["NAME"]
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = "baken_killed"
    try:
        with django_db_blocker.unblock():
            call_command("migrate", verbosity=0)
    finally:
        connections["default"].close()
        connections["default"].settings_dict["NAME"] = was
    yield url
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS baken_killed WITH (FORCE)")


def systems_in(mail: EmailMessage) -> list[str]:
    (attachment,) = mail.iter_attachments()
    book = CalamineWorkbook.from_filelike(io.BytesIO(attachment.get_content()))
    _, *systems = book.get_sheet_by_index(0).to_python()
    return [f"{address}:{port}" for address, port, *_ in systems]


def add_organisations(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(ORGANISATIONS):
            reference = f"org-{number}"
            (pk,) = connection.execute(
                "INSERT INTO constituency_organisation (reference, name, standing, sector, rhythm) "
                "VALUES (%s, %s, 'registered', '', '') RETURNING id",
                [reference, reference],
            ).fetchone() or (0,)
            (contact,) = connection.execute(
                "INSERT INTO constituency_contact (organisation_id, name, role, language, channel) "
                "VALUES (%s, '', 'security', 'nl', 'mail') RETURNING id",
                [pk],
            ).fetchone() or (0,)
            connection.execute(
                "INSERT INTO constituency_route "
                "(contact_id, channel, address, scope, is_inside, source, confidence, state) "
                "VALUES (%s, 'mail', %s, 'owner', true, 'import', 100, 'active')",
                [contact, f"security@{reference}.example.nl"],
            )
            network = f"198.18.{number}.0/24"
            connection.execute(
                "INSERT INTO constituency_asset (organisation_id, kind, value, network) "
                "VALUES (%s, 'network', %s, %s)",
                [pk, network, network],
            )


def write_report(folder: Path, number: int) -> Path:
    """One new system at each organisation; an hour ago, so that the policy warns."""
    path = folder / f"2026-11-22-scan_rdp-{number}.csv"
    addresses = [f"198.18.{org}.{number % 256}" for org in range(ORGANISATIONS)]
    seen_at = datetime.now(UTC) - timedelta(hours=1)
    path.write_text(report_text(*addresses, seen_at=seen_at, port=3389 + number // 256))
    return path


@pytest.mark.slow
def test_a_round_killed_at_any_moment_loses_and_doubles_nothing(
    database: str,
    kills: int,
    processes: ForkServerContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_organisations(database)
    chance = random.Random(20261123)
    with FolderMailServer(tmp_path / "mailbox") as server:
        for name, value in {
            "BAKEN_HOME": str(tmp_path / "home"),
            "BAKEN_SMTP_HOST": server.host,
            "BAKEN_SMTP_PORT": str(server.port),
            "BAKEN_SMTP_SECURITY": "none",
            # The same four providers, again and again: their pace is not what is tried here.
            "BAKEN_PROVIDER_PER_MINUTE": "60000",
            "BAKEN_PROVIDER_FIRST_DAY_PER_MINUTE": "60000",
        }.items():
            monkeypatch.setenv(name, value)
        processes.set_forkserver_preload(["killable_round"])
        import killable_round

        files = [write_report(tmp_path, 0)]
        durations = []
        for _ in range(4):  # the first one also starts the fork server
            started = time.monotonic()
            process = processes.Process(target=killable_round.run, args=(files[-1:],))
            process.start()
            process.join(60)
            assert process.exitcode == 0
            durations.append(time.monotonic() - started)
            files.append(write_report(tmp_path, len(files)))
        cut_short = 0
        for _ in range(kills):
            process = processes.Process(target=killable_round.run, args=(files[-3:],))
            process.start()
            process.join(chance.uniform(0, min(durations) * 1.3))
            process.kill()
            process.join(60)
            cut_short += process.exitcode != 0
            files.append(write_report(tmp_path, len(files)))
        process = processes.Process(target=killable_round.run, args=(files,))
        process.start()
        process.join(300)
        assert process.exitcode == 0
        mails = server.messages()

    assert cut_short > kills / 4, "the kills must come before the end for this to show anything"
    with psycopg.connect(database) as connection:
        states = dict(
            connection.execute("SELECT state, count(*) FROM outbox_notification GROUP BY 1")
        )
        uncertain = Counter(
            row[0]
            for row in connection.execute(
                "SELECT message_id FROM outbox_delivery WHERE state = 'uncertain'"
            )
        )
        (batches,) = connection.execute("SELECT count(*) FROM intake_batch").fetchone() or (0,)
        listed = connection.execute(
            "SELECT path, sha256 FROM intake_storedfile WHERE expired_at IS NULL"
        ).fetchall()
    assert batches == len(files), "every report was taken in, once"
    # What waited when a later one told it too was withdrawn, and never arrived.
    assert set(states) <= {"accepted", "withdrawn"}, "nothing is left over"
    assert len(listed) == len(files), "every report's observations are listed, once"
    for stored, sha256 in listed:
        data = (tmp_path / "home/store" / stored).read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha256, f"{stored} is not whole"

    copies = Counter(str(mail["Message-ID"]).strip("<>") for mail in mails)
    assert states["accepted"] == len(copies), "every notification arrived, and nothing else did"
    for message_id, count in copies.items():
        assert count <= 1 + uncertain[message_id], f"{message_id} was doubled knowingly"

    told: dict[str, set[str]] = {}
    for mail in mails:
        for system in systems_in(mail):
            told.setdefault(system, set()).add(str(mail["Message-ID"]))
    assert len(told) == len(files) * ORGANISATIONS, "no system was left untold"
    assert {len(ids) for ids in told.values()} == {1}, "no system was told under two Message-IDs"
