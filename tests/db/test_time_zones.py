"""Times are told in the zone of who reads them; without one of its own, in that of the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from baken.constituency.models import Contact
from baken.jobs.sending import deliver, plan
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import YESTERDAY, Command, Ingest, report_text

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = {
    "organisations": "reference,name\nisland,Island Bank\nhaven,Havenbedrijf\n",
    "contacts": "organisation,email,language,time_zone\n"
    "island,security@island.example.nl,en,America/Curacao\n"
    "haven,security@haven.example.nl,nl,\n",
    "assets": "organisation,asset\nisland,192.0.2.0/25\nhaven,192.0.2.128/25\n",
}
ISLAND = ZoneInfo("America/Curacao")


@pytest.fixture(autouse=True)
def imported(baken: Command, ingest: Ingest, tmp_path: Path) -> None:
    """Two organisations, one of them on an island, with an open service each."""
    paths = [tmp_path / f"{name}.csv" for name in TABLES]
    for path in paths:
        path.write_text(TABLES[path.stem])
    assert baken("import", *paths).exit_code == 0
    ingest(report_text("192.0.2.7", "192.0.2.200"))


def clock_in(zone: tzinfo, at: datetime = YESTERDAY) -> str:
    """Year, time and distance to UTC, as a mail ends a moment."""
    local = at.astimezone(zone)
    return f"{local:%Y %H:%M} ({local:%z})".replace("00)", ":00)")


def bodies(mails: Iterable[EmailMessage]) -> dict[str, list[str]]:
    """By recipient: the text and the HTML."""
    return {
        str(mail["To"]): [
            part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"
        ]
        for mail in mails
    }


def send(settings: Settings) -> None:
    assert deliver(settings=settings, progress=lambda _: None).accepted == 2


def test_each_reader_gets_times_in_its_own_zone(
    sending: Settings, server: FolderMailServer
) -> None:
    plan(settings=sending)
    send(sending)
    island = bodies(server.messages())["security@island.example.nl"]
    haven = bodies(server.messages())["security@haven.example.nl"]
    assert [len(island), len(haven)] == [2, 2]
    for said in island:
        assert clock_in(ISLAND) in said
        assert "(-04:00)" in said
        assert clock_in(sending.zone) not in said
    for said in haven:
        assert clock_in(sending.zone) in said
        assert "(-04:00)" not in said


def test_what_was_planned_is_told_in_the_zone_of_then(
    sending: Settings, server: FolderMailServer
) -> None:
    plan(settings=sending)
    Contact.objects.update(time_zone="Asia/Singapore")
    send(sending)
    assert clock_in(ISLAND) in bodies(server.messages())["security@island.example.nl"][0]
    assert clock_in(sending.zone) in bodies(server.messages())["security@haven.example.nl"][0]


@pytest.mark.parametrize("name", ["Mars/Olympus_Mons", "../localtime", "Europe"])
def test_a_zone_that_the_machine_does_not_know_stops_no_mail(
    sending: Settings, server: FolderMailServer, name: str
) -> None:
    plan(settings=sending)
    Notification.objects.update(time_zone=name)
    send(sending)
    for said in bodies(server.messages()).values():
        assert clock_in(sending.zone) in said[0]


def test_a_dry_run_and_explain_say_the_zone(baken: Command, tmp_path: Path) -> None:
    assert baken("send", "--dry-run", tmp_path / "dry").exit_code == 0
    mails = (one.read_bytes() for one in (tmp_path / "dry").glob("*.eml"))
    texts = bodies(message_from_bytes(mail, policy=default_policy) for mail in mails)
    assert "(-04:00)" in texts["security@island.example.nl"][0]
    assert "(-04:00)" not in texts["security@haven.example.nl"][0]
    assert "(general, en, America/Curacao)" in baken("explain", "island").out
    assert "(algemeen, en, America/Curacao)" in baken("explain", "island", "--language", "nl").out
    assert "(general, nl)" in baken("explain", "haven").out
