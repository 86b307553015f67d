"""Two senders at work, killed again and again: nothing lost, nothing doubled knowingly.

They die at random moments, and at the two that matter most: between the group commit of intentions
and the network, and between the server's answers and the group commit of outcomes. A kill leaves at
most sixteen deliveries uncertain.
"""

from __future__ import annotations

import random
from collections import Counter
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg
import pytest
from test_killed import database  # noqa: F401 - a fixture

from baken.outbox.sending import MOST_UNRECORDED
from baken.specimen.mail_server import MailServerProcess, read_mail

MAILS_A_KILL = 50
"""So that there is still something to send at the last kill."""
CHANCE_A_MAIL = 0.01


@pytest.mark.slow
def test_two_senders_killed_at_any_moment_lose_and_double_nothing(
    database: str,  # noqa: F811 - the fixture, by its name
    kills: int,
    processes: ForkServerContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = MAILS_A_KILL * kills
    with MailServerProcess(tmp_path / "mailbox") as server:
        for name, value in {
            "BAKEN_HOME": str(tmp_path / "home"),
            "BAKEN_SMTP_HOST": server.host,
            "BAKEN_SMTP_PORT": str(server.port),
            "BAKEN_SMTP_SECURITY": "none",
            "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes",
        }.items():
            monkeypatch.setenv(name, value)
        processes.set_forkserver_preload(["killable_sending"])
        import killable_sending

        planning = processes.Process(target=killable_sending.plan_warnings, args=(planned,))
        planning.start()
        planning.join(120)
        assert planning.exitcode == 0

        seeds = iter(range(10_000))

        def start(chance: float) -> BaseProcess:
            process = processes.Process(target=killable_sending.send, args=(next(seeds), chance))
            process.start()
            return process

        dice = random.Random(20261127)
        senders = [start(CHANCE_A_MAIL), start(CHANCE_A_MAIL)]
        killed = 0
        most_left = 0
        while killed < kills and waiting(database):
            place = killed % 2
            senders[place].join(dice.uniform(0.1, 1.5))
            senders[place].kill()
            senders[place].join(60)
            killed += senders[place].exitcode != 0
            most_left = max(most_left, *left_sending(database).values(), 0)
            senders[place] = start(CHANCE_A_MAIL)
        for process in senders:
            process.join(120)
        last = start(0.0)
        last.join(300)
        assert last.exitcode == 0
        mails = [read_mail(path) for path in server.paths()]

    assert killed >= kills / 2, "the kills must come before the end for this to show anything"
    assert most_left <= MOST_UNRECORDED
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
    assert states == {"accepted": planned}, "nothing is left over"
    assert sum(uncertain.values()) <= MOST_UNRECORDED * (killed + len(senders) * 2)
    copies = Counter(str(mail["Message-ID"]).strip("<>") for mail in mails)
    assert len(copies) == planned, "every warning arrived"
    for message_id, count in copies.items():
        assert count <= 1 + uncertain[message_id], f"{message_id} was doubled knowingly"


def waiting(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM outbox_notification WHERE state = 'planned'"
        ).fetchone()
    return row[0] if row else 0


def left_sending(url: str) -> dict[int, int]:
    """How many deliveries each sender has intended and not recorded."""
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute(
                "SELECT sender, count(*) FROM outbox_delivery WHERE state = 'sending' GROUP BY 1"
            )
        )
