"""A mail server that refuses: what speaks of us, or what everybody gets, is held against nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from baken.jobs.sending import plan, plan_and_deliver
from baken.outbox.models import Delivery, Notification
from baken.outbox.refusals import full_addresses, refusing_addresses
from baken.outbox.services import Outcome, Plan
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer, MailFolder
from recorder import plan_for
from small_world import Command, Ingest, add_contact, make_organisation, report_text, to_server

pytestmark = pytest.mark.django_db(transaction=True)

AT_RCPT = [
    "550 relay not permitted",
    "550 5.1.8 Sender address rejected: Domain not found",
    "550 5.7.1 Relaying denied",
    "550 5.7.26 Unauthenticated mail is not accepted (DMARC)",
    "550 5.4.5 Daily sending quota exceeded",
    "501 5.5.2 Helo command rejected: Invalid name",
]
AFTER_DATA = ["554 5.7.1 rejected", "550 5.7.26 DMARC", "554 your IP is on a blocklist"]
FULL = ["552 5.2.2 mailbox full", "552 mailbox full", "452 4.2.2 mailbox full"]

Which = Callable[[str], bool]


class Refuses(MailFolder):
    """Answers `reply` for the addresses of `which`, and keeps the mails to the others."""

    def __init__(self, path: Path, reply: str, which: Which, *, after_data: bool = False) -> None:
        super().__init__(path)
        self._reply = reply
        self._which = which
        self._is_after_data = after_data
        self.asked: list[str] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session, options
        self.asked.append(address)
        if self._which(address) and not self._is_after_data:
            return self._reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if any(self._which(address) for address in envelope.rcpt_tos):
            return self._reply
        return await super().handle_DATA(server, session, envelope)


def everybody(address: str) -> bool:
    del address
    return True


def half(address: str) -> bool:
    return int(address.removesuffix(".example.nl").rpartition("-")[2]) % 2 == 0


def one(address: str) -> bool:
    return address == "security@org-3.example.nl"


@contextmanager
def refusing(settings: Settings, folder: MailFolder) -> Iterator[Settings]:
    with FolderMailServer(folder) as server:
        yield to_server(settings, server)


def send(settings: Settings) -> tuple[Plan, Outcome]:
    return plan_and_deliver(settings=settings, progress=lambda _: None)


def told(server: FolderMailServer) -> set[str]:
    return {mail["To"] for mail in server.messages()}


def own_fault(baken: Command) -> list[str]:
    """What doctor says of our own fault."""
    checks = json.loads(baken("doctor", "--json").out)["checks"]
    return [check["text"] for check in checks if check["subject"] == "own_fault"]


@pytest.mark.parametrize("which", [everybody, half, one])
@pytest.mark.parametrize(
    ("reply", "after_data"),
    [(reply, False) for reply in AT_RCPT] + [(reply, True) for reply in AFTER_DATA],
)
def test_a_refusal_that_speaks_of_us_defers_and_is_shown_until_it_is_mended(
    reply: str,
    after_data: bool,
    which: Which,
    ingest: Ingest,
    settings_of_test: Settings,
    server: FolderMailServer,
    baken: Command,
    tmp_path: Path,
) -> None:
    plan_for(24, ingest=ingest, settings=settings_of_test)
    everyone = {f"security@org-{number}.example.nl" for number in range(24)}
    folder = Refuses(tmp_path / "refusing", reply, which, after_data=after_data)
    with refusing(settings_of_test, folder) as settings:
        _, outcome = send(settings)
    mails_kept = {address for address in everyone if not which(address)}
    assert (outcome.accepted, outcome.refused) == (len(mails_kept), 0)
    assert outcome.left == 24 - len(mails_kept)
    assert reply in outcome.own_fault
    if which is everybody:
        assert reply in outcome.problem
        assert len(folder.asked) <= 10
    assert any(reply in text for text in own_fault(baken))
    assert refusing_addresses(now=datetime.now(UTC)) == frozenset()

    planned, outcome = send(to_server(settings_of_test, server))
    assert planned.unreachable == ()
    assert (outcome.left, outcome.problem) == (0, "")
    assert told(server) == everyone - mails_kept
    assert own_fault(baken) == []


@pytest.mark.parametrize("count", [6, 24])
@pytest.mark.parametrize("reply", ["550 5.1.1 user unknown", "550 no such user"])
def test_what_everybody_gets_counts_against_nobody_whatever_it_says(
    reply: str,
    count: int,
    ingest: Ingest,
    settings_of_test: Settings,
    server: FolderMailServer,
    baken: Command,
    tmp_path: Path,
) -> None:
    plan_for(count, ingest=ingest, settings=settings_of_test)
    folder = Refuses(tmp_path / "refusing", reply, everybody)
    with refusing(settings_of_test, folder) as settings:
        planned, outcome = send(settings)
        assert len(folder.asked) == min(10, count)
        done = baken(
            "send",
            BAKEN_SMTP_HOST=settings.smtp.host,
            BAKEN_SMTP_PORT=str(settings.smtp.port),
            BAKEN_SMTP_SECURITY="none",
            BAKEN_ALLOW_DOCUMENTATION_RANGES="yes",
        )
        assert (done.exit_code, reply in done.out) == (1, True)
    assert planned.unreachable == ()
    assert (outcome.accepted, outcome.refused, outcome.left) == (0, 0, count)
    assert reply in outcome.problem
    assert set(Notification.objects.values_list("state", flat=True)) == {"planned"}
    assert refusing_addresses(now=datetime.now(UTC)) == frozenset()
    (said,) = own_fault(baken)
    assert reply in said

    planned, outcome = send(to_server(settings_of_test, server))
    assert (planned.unreachable, outcome.accepted, outcome.left) == ((), count, 0)
    assert own_fault(baken) == []


def test_a_few_runs_in_which_nobody_was_taken_are_one_suspicion(
    ingest: Ingest, settings_of_test: Settings, tmp_path: Path
) -> None:
    folder = Refuses(tmp_path / "refusing", "550 5.1.1 user unknown", everybody)
    with refusing(settings_of_test, folder) as settings:
        problems = []
        for number in range(3):
            make_organisation(f"org-{number}", f"198.18.{number}.0/24")
            ingest(report_text(f"198.18.{number}.1"), name=f"2026-11-2{number}-scan_rdp-test.csv")
            problems.append(send(settings)[1].problem)
    assert [bool(problem) for problem in problems] == [False, False, True]
    assert refusing_addresses(now=datetime.now(UTC)) == frozenset()


def test_addresses_that_nobody_has_are_passed_over_when_others_are_taken(
    ingest: Ingest, settings_of_test: Settings, baken: Command, tmp_path: Path
) -> None:
    plan_for(24, ingest=ingest, settings=settings_of_test)
    folder = Refuses(tmp_path / "refusing", "550 5.1.1 user unknown", half)
    with refusing(settings_of_test, folder) as settings:
        _, outcome = send(settings)
    assert (outcome.accepted, outcome.refused, outcome.left) == (12, 12, 0)
    assert len(refusing_addresses(now=datetime.now(UTC))) == 12
    assert own_fault(baken) == []


def test_the_most_urgent_that_nobody_has_hold_up_nobody_else(
    ingest: Ingest, settings_of_test: Settings, tmp_path: Path
) -> None:
    plan_for(40, ingest=ingest, settings=settings_of_test)
    dead = {f"security@org-{number}.example.nl" for number in range(12)}
    urgent = Notification.objects.filter(addressee__address__in=dead)
    assert urgent.update(severity=5) == 12
    folder = Refuses(tmp_path / "refusing", "550 5.1.1 user unknown", dead.__contains__)
    with refusing(settings_of_test, folder) as settings:
        _, outcome = send(settings)
    assert (outcome.accepted, outcome.refused, outcome.problem) == (28, 12, "")


def _is_for_security(address: str) -> bool:
    return address.startswith("security@")


@pytest.mark.parametrize("reply", FULL)
def test_a_full_mailbox_is_passed_over_now_and_tried_again_later(
    reply: str,
    ingest: Ingest,
    settings_of_test: Settings,
    server: FolderMailServer,
    tmp_path: Path,
) -> None:
    haven = make_organisation("haven", "192.0.2.0/25")
    make_organisation("zorg", "192.0.2.128/25")
    add_contact(haven, email="it@haven.example.nl")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    folder = Refuses(tmp_path / "refusing", reply, _is_for_security)
    with refusing(settings_of_test, folder) as settings, FolderMailServer(folder) as kept:
        planned, outcome = send(settings)
        assert told(kept) == {"it@haven.example.nl"}, "the next contact, in the same run"
    assert (planned.unreachable, outcome.accepted, outcome.left) == ((), 1, 1)
    assert len(full_addresses(now=datetime.now(UTC))) == 2
    assert folder.asked.count("security@zorg.example.nl") == 1, "not at once again"

    ingest(report_text("192.0.2.8"), name="2026-11-23-scan_rdp-test.csv")
    send(to_server(settings_of_test, server))
    assert told(server) == {"it@haven.example.nl", "security@zorg.example.nl"}
    assert Delivery.objects.filter(state="refused").count() == 0


@pytest.mark.parametrize("reply", FULL)
def test_a_server_that_calls_every_mailbox_full_is_our_fault(
    reply: str,
    ingest: Ingest,
    settings_of_test: Settings,
    server: FolderMailServer,
    baken: Command,
    tmp_path: Path,
) -> None:
    plan_for(6, ingest=ingest, settings=settings_of_test)
    folder = Refuses(tmp_path / "refusing", reply, everybody)
    with refusing(settings_of_test, folder) as settings:
        _, outcome = send(settings)
    assert (outcome.left, reply in outcome.problem) == (6, True)
    assert any(reply in text for text in own_fault(baken))
    assert full_addresses(now=datetime.now(UTC)) == frozenset()
    assert send(to_server(settings_of_test, server))[1].accepted == 6
    assert own_fault(baken) == []


def test_what_was_forgotten_is_planned_again(
    ingest: Ingest, settings_of_test: Settings, server: FolderMailServer, tmp_path: Path,
    baken: Command,
) -> None:  # fmt: skip
    plan_for(4, ingest=ingest, settings=settings_of_test)
    folder = Refuses(tmp_path / "refusing", "550 5.1.1 user unknown", one)
    with refusing(settings_of_test, folder) as settings:
        assert send(settings)[1].refused == 1
    address = "security@org-3.example.nl"
    assert [kept.rule for kept in plan(settings=settings_of_test).unreachable] == [
        "contact-unwanted"
    ]
    listed = baken("route", "forget-refusals", address.upper(), "--dry-run")
    assert address in listed.out
    assert "550 5.1.1 user unknown" in listed.out
    assert refusing_addresses(now=datetime.now(UTC)) == {address}
    assert baken("route", "forget-refusals", address).exit_code == 0
    assert refusing_addresses(now=datetime.now(UTC)) == frozenset()
    assert Delivery.objects.get(state="refused").reply == "RCPT TO: 550 5.1.1 user unknown"
    planned, outcome = send(to_server(settings_of_test, server))
    assert (planned.notifications, outcome.accepted) == (1, 1)
    assert baken("route", "forget-refusals", address).exit_code == 66


def test_refusals_are_forgotten_since_a_day_or_all_but_never_by_accident(
    ingest: Ingest, settings_of_test: Settings, baken: Command, tmp_path: Path
) -> None:
    plan_for(8, ingest=ingest, settings=settings_of_test)
    folder = Refuses(tmp_path / "refusing", "550 5.1.1 user unknown", half)
    with refusing(settings_of_test, folder) as settings:
        send(settings)
    assert len(refusing_addresses(now=datetime.now(UTC))) == 4
    assert baken("route", "forget-refusals").exit_code == 2
    assert "0 " in baken("route", "forget-refusals", "--since", "2999-01-01").out
    assert len(refusing_addresses(now=datetime.now(UTC))) == 4
    figures = json.loads(baken("route", "forget-refusals", "--all", "--json").out)
    assert (figures["forgotten"], len(figures["refusals"])) == (4, 4)
    assert refusing_addresses(now=datetime.now(UTC)) == frozenset()
