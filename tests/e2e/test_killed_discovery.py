"""``kill -9`` at random moments of finding out whom to tell, and of telling them.

What was answered and kept is not asked again while it holds, and is not lost; every owner is told
once. The DNS, the registries, the hosts and the mail server are real ones on loopback. An answer
that was just coming in at the kill is asked for again. `make kills` kills more often.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from test_killed import database  # noqa: F401 - a fixture

from baken.specimen.internet import MadeUpInternet, Page, Record, World
from baken.specimen.mail_server import FolderMailServer
from baken.specimen.unknown_systems import (
    UnknownOne,
    make_unknown_systems,
    world_of,
    write_bootstraps,
    write_reports,
)

A_REPORT = 4
"""So many new systems are in each report, one report a kill."""
SHORT_FORM = 40
"""What `make test` asks for: a fifth of it is done, since a search takes longer than a round."""
PAGES = "check.csirt.example"
SORTS = ("holder", "own_file", "own_record", "registrant", "usual_addresses", "operator_only",
         "name_of_another")  # fmt: skip
"""Each of them is found or not at once: nothing is silent, or put off for an hour."""

Kept = Mapping[tuple[str, str, str], tuple[datetime, datetime]]
"""When each question was answered, and until when that holds."""


@pytest.mark.slow
def test_a_search_killed_at_any_moment_loses_nothing_and_asks_and_warns_nobody_twice(
    database: str,  # noqa: F811 - the fixture, by its name
    kills: int,
    processes: ForkServerContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kills = kills if kills > SHORT_FORM else kills // 5
    systems = systems_for(reports=kills + 6)
    chance = random.Random(20261128)
    with (
        FolderMailServer(tmp_path / "mailbox") as server,
        MadeUpInternet(with_pages(world_of(systems)), delay_seconds=0.01) as internet,
    ):
        for name, value in {
            "BAKEN_HOME": str(tmp_path / "home"),
            "BAKEN_SMTP_HOST": server.host,
            "BAKEN_SMTP_PORT": str(server.port),
            "BAKEN_SMTP_SECURITY": "none",
            "BAKEN_PROVIDER_PER_MINUTE": "60000",
            "BAKEN_PROVIDER_FIRST_DAY_PER_MINUTE": "60000",
            "BAKEN_DNS_SERVERS": f"{internet.host}:{internet.dns_port}",
            "BAKEN_WEB_NETWORKS": "127.0.0.0/8",
            "BAKEN_WEB_PORT": str(internet.https_port),
            "BAKEN_WEB_CA_FILE": str(internet.ca_file),
            "BAKEN_PUBLIC_URL": f"https://{PAGES}",
        }.items():
            monkeypatch.setenv(name, value)
        processes.set_forkserver_preload(["killable_discovery"])
        import killable_discovery

        def start(work: Any, *arguments: object) -> Any:
            process = processes.Process(target=work, args=arguments)
            process.start()
            return process

        def finish(process: Any) -> None:
            process.join(300)
            assert process.exitcode == 0

        finish(start(killable_discovery.release, write_bootstraps(systems, tmp_path)))
        reports = reports_of(systems, tmp_path)
        durations = []
        for number in range(3):  # the first one is slower: it loads what comes late
            begun = time.monotonic()
            finish(start(killable_discovery.search_and_warn, reports[number : number + 1]))
            durations.append(time.monotonic() - begun)
        before = kept_in(database)
        cut_short = 0
        for number in range(3, 3 + kills):
            process = start(killable_discovery.search_and_warn, reports[number - 2 : number + 1])
            process.join(chance.uniform(0, min(durations) * 1.3))
            process.kill()
            process.join(60)
            cut_short += process.exitcode != 0
            after = kept_in(database)
            assert_none_lost_or_asked_again(before, after)
            before = after
        finish(start(killable_discovery.search_and_warn, reports))
        assert_none_lost_or_asked_again(before, kept_in(database))
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
        (sought,) = connection.execute(
            "SELECT count(*) FROM discovery_soughtsystem"
        ).fetchone() or (0,)
    assert sought == len(systems), "every system was looked at"
    assert set(states) <= {"accepted", "withdrawn"}, "nothing is left over"
    copies = Counter(str(mail["Message-ID"]).strip("<>") for mail in mails)
    assert states["accepted"] == len(copies), "every notification arrived, and nothing else did"
    for message_id, count in copies.items():
        assert count <= 1 + uncertain[message_id], f"{message_id} was doubled knowingly"

    told: dict[str, set[str]] = {}
    for mail in mails:
        for address in mail["To"].addresses:
            told.setdefault(address.domain, set()).add(str(mail["Message-ID"]))
    owners = {one.answers.owner_domain for one in systems} - {""}
    operators = {one.place.operator for one in systems}
    assert owners <= told.keys() <= owners | operators
    assert {len(told[owner]) for owner in owners} == {1}, "an owner was warned twice"


def systems_for(*, reports: int) -> list[UnknownOne]:
    made = make_unknown_systems(4 * A_REPORT * reports + 200)
    return [one for one in made if one.sort in SORTS][: A_REPORT * reports]


def with_pages(world: World) -> World:
    """`world`, in which our public pages answer."""
    page = Page(f"https://{PAGES}/check/", '<input name="code">', content_type="text/html")
    return World((*world.records, Record(PAGES, "A", "127.0.0.1")), (*world.pages, page))


def reports_of(systems: Sequence[UnknownOne], folder: Path) -> list[Path]:
    seen_at = datetime.now(UTC) - timedelta(hours=1)
    reports = []
    for number in range(len(systems) // A_REPORT):
        portion = list(systems[number * A_REPORT : (number + 1) * A_REPORT])
        servers, _ = write_reports(portion, folder, seen_at=seen_at)
        reports.append(servers.rename(folder / f"{seen_at.date()}-scan_exchange-{number}.csv"))
    return reports


def kept_in(url: str) -> Kept:
    with psycopg.connect(url) as connection:
        return {
            (lookup, kind, subject): (fetched_at, valid_until)
            for lookup, kind, subject, fetched_at, valid_until in connection.execute(
                "SELECT lookup, subject_kind, subject, fetched_at, valid_until"
                " FROM discovery_keptanswer"
            )
        }


def assert_none_lost_or_asked_again(before: Kept, after: Kept) -> None:
    now = datetime.now(UTC)
    for question, (fetched_at, valid_until) in before.items():
        assert question in after, f"the answer to {question} is lost"
        if now < valid_until:
            assert after[question][0] == fetched_at, f"{question} was asked again too early"
