"""What is told, to whom, and how often; and what a failing mail server changes about it."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from baken.cases.models import Case
from baken.channels import Message, Receipt, StdoutChannel
from baken.constituency.models import Organisation, Route
from baken.core.classification import Tlp
from baken.core.errors import SendingHaltedError
from baken.core.smtp import SmtpSecurity
from baken.jobs.sending import deliver, dry_run_into, plan, policy_of, sender_of
from baken.occasions.models import Occasion
from baken.outbox.brake import put_on_brake
from baken.outbox.deliveries import claim
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.outbox.senders import sender_session
from baken.outbox.services import Outcome, Road, dry_run, halt_sending, resume_sending
from baken.settings.environment import Settings, SmtpServer
from baken.specimen.mail_server import FolderMailServer, MailFolder
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    RefusesHaven,
    add_contact,
    make_organisation,
    report_text,
)

pytestmark = pytest.mark.django_db(transaction=True)


class OutsideTransactions(StdoutChannel):
    """Takes mails only while no transaction holds anything."""

    def send(self, message: Message) -> Receipt:
        assert not connection.in_atomic_block
        return Receipt(message.id)


def with_server(settings: Settings, port: int) -> Settings:
    smtp = SmtpServer(
        host="127.0.0.1", port=port, security=SmtpSecurity.NONE, user="", password="",
        ca_file=None, timeout_seconds=5.0,
    )  # fmt: skip
    return replace(settings, smtp=smtp)


def send(settings: Settings) -> Outcome:
    plan(settings=settings)
    return deliver(settings=settings, progress=lambda _: None)


def test_one_organisation_gets_one_mail_about_all_its_systems(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "192.0.2.8", "192.0.2.9"))
    assert send(sending).accepted == 1
    (mail,) = server.messages()
    assert mail["To"] == "security@haven.example.nl"
    assert mail["Subject"].startswith("[TLP:AMBER] Belangrijk: Extern bureaublad")
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "TLP:AMBER" in text
    assert all(f"192.0.2.{number}, poort 3389 (TCP)" in text for number in (7, 8, 9))


def test_the_language_is_that_of_the_contact(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("harbour", "192.0.2.0/24", language="en")
    ingest(report_text("192.0.2.7"))
    send(sending)
    (mail,) = server.messages()
    assert mail["Content-Language"] == "en"
    assert "Important: Remote desktop" in mail["Subject"]


def test_what_was_told_is_not_told_again(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    send(sending)
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY + timedelta(minutes=5)))
    send(sending)
    assert len(server.messages()) == 1


def test_what_got_worse_is_told_again(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="medium"))
    send(sending)
    later = YESTERDAY + timedelta(minutes=5)
    ingest(report_text("192.0.2.7", severity="critical", seen_at=later))
    send(sending)
    assert len(server.messages()) == 2
    assert Notification.objects.first().policy == "worse"  # type: ignore[union-attr]


def test_a_mail_follows_the_one_that_told_its_systems_before(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="high"))
    send(sending)
    later = YESTERDAY + timedelta(minutes=5)
    ingest(report_text("192.0.2.7", severity="critical", seen_at=later))
    send(sending)
    first, second = sorted(server.messages(), key=lambda mail: str(mail["In-Reply-To"] or ""))
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert "Wij schreven u op" in second.get_body(("plain",)).get_content()

    ingest(report_text("192.0.2.8", severity="critical", seen_at=later))
    send(sending)
    (third,) = [mail for mail in server.messages() if "192.0.2.8" in str(mail)]
    assert third["In-Reply-To"] is None, "nobody was told of it before"


def test_each_mail_has_a_code_of_its_own(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/25")
    make_organisation("zorg", "192.0.2.128/25")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    send(sending)
    codes = set(Notification.objects.values_list("code", flat=True))
    assert len(codes) == 2
    for code in codes:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code)
        (mail,) = [mail for mail in server.messages() if code in mail.get_body().get_content()]
        (attachment,) = mail.iter_attachments()
        assert code in (attachment.get_filename() or "")


def test_the_operator_above_is_not_warned(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/28")
    make_organisation("provider", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    send(sending)
    assert [mail["To"] for mail in server.messages()] == ["security@haven.example.nl"]
    assert set(Case.objects.values_list("relation", flat=True)) == {"owner", "operator"}


def test_a_recipient_who_is_refused_leaves_the_others_running(
    ingest: Ingest, settings_of_test: Settings, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/25")
    make_organisation("zorg", "192.0.2.128/25")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    refusing = RefusesHaven(tmp_path / "refusing")
    with FolderMailServer(refusing) as server:
        outcome = send(with_server(settings_of_test, server.port))
        assert (outcome.accepted, outcome.refused, outcome.left) == (1, 1, 0)
        # Nobody at the first organisation heard of it: another contact is told.
        organisation = Organisation.objects.get(reference="haven")
        add_contact(organisation, email="it@haven.example.nl")
        assert send(with_server(settings_of_test, server.port)).accepted == 1
        assert {mail["To"] for mail in server.messages()} == {
            "security@zorg.example.nl",
            "it@haven.example.nl",
        }


def test_a_mail_server_that_is_away_loses_nothing_and_the_next_run_sends_exactly_what_is_left(
    ingest: Ingest, settings_of_test: Settings, server: FolderMailServer
) -> None:
    for number in range(6):
        make_organisation(f"org-{number}", f"198.18.{number}.0/24")
    ingest(report_text(*(f"198.18.{number}.1" for number in range(6))))
    away = send(with_server(settings_of_test, 1))
    assert (away.accepted, away.left) == (0, 6)
    assert away.problem, "the run says why it stopped"
    assert Delivery.objects.count() < 6, "it does not knock on a closed door for everyone"
    back = send(with_server(settings_of_test, server.port))
    assert (back.accepted, back.left) == (6, 0)
    assert len(server.messages()) == 6


def test_a_dry_run_writes_the_mails_and_changes_nothing(
    ingest: Ingest, sending: Settings, server: FolderMailServer, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    dry = dry_run_into(tmp_path / "dry", settings=sending)
    assert dry.messages == 1
    assert len(list((tmp_path / "dry").glob("*.eml"))) == 1
    assert not Notification.objects.exists()
    assert server.messages() == []
    assert send(sending).accepted == 1


def test_a_dry_run_goes_on_after_an_address_that_no_mail_can_have(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    wrong = make_organisation("haven", "192.0.2.0/25")
    Route.objects.filter(contact__organisation=wrong).update(address=f"{'x' * 70}@haven.example.nl")
    make_organisation("zorg", "192.0.2.128/25")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    dry = dry_run_into(tmp_path / "dry", settings=sending)
    assert (dry.messages, dry.refused) == (1, 1)
    outcome = send(sending)
    assert (outcome.accepted, outcome.refused) == (1, 1), "the real run comes to the same"


def test_a_dry_run_holds_nothing_while_it_writes(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    dry = dry_run(
        {"mail": Road(OutsideTransactions)},
        policy=policy_of(sending),
        feed_tlp=Tlp.AMBER,
        sender=sender_of(sending),
        now=datetime.now(UTC),
    )
    assert dry.messages == 1


def test_a_dry_run_into_a_folder_that_takes_nothing_says_so(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    (tmp_path / "file").touch()
    done = baken("send", "--dry-run", tmp_path / "file" / "dry")
    assert (done.exit_code, "[output-refused]" in done.err) == (73, True)
    assert not Notification.objects.exists()


def test_a_halt_stops_all_sending_until_it_is_lifted(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    halt_sending("a wrong feed")
    with pytest.raises(SendingHaltedError):
        send(sending)
    resume_sending(now=datetime.now(UTC))
    assert send(sending).accepted == 1


def test_what_another_sender_has_claimed_is_left_to_it_for_as_long_as_it_runs(
    ingest: Ingest, sending: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/25")
    make_organisation("zorg", "192.0.2.128/25")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    plan(settings=sending)
    put_on_brake(None, now=datetime.now(UTC))
    held, done = threading.Event(), threading.Event()

    def claim_one() -> None:
        now = datetime.now(UTC)
        with sender_session(now=now) as number:
            assert len(claim(channel="mail", sender=number, since=now, now=now, limit=1)) == 1
            held.set()
            done.wait(10)
            connection.close()  # it dies, and frees nothing itself

    other = threading.Thread(target=lambda: suppress_errors(claim_one))
    other.start()
    held.wait(10)
    try:
        outcome = deliver(settings=sending, progress=lambda _: None)
        assert (outcome.accepted, outcome.left) == (1, 1)
    finally:
        done.set()
        other.join()
    outcome = deliver(settings=sending, progress=lambda _: None)
    assert (outcome.accepted, outcome.left) == (1, 0)


def suppress_errors(work: Callable[[], None]) -> None:
    """Ends as a killed process does: what it would have said goes nowhere."""
    with contextlib.suppress(Exception):
        work()
    connection.close()


def test_a_delivery_that_was_broken_off_is_sent_again_under_the_same_message_id(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    notification = Notification.objects.get()
    Delivery.objects.create(
        notification=notification,
        attempt=1,
        channel="mail",
        message_id=f"{notification.pk}@{sending.message_id_domain}",
        started_at=datetime.now(UTC),
    )
    assert deliver(settings=sending, progress=lambda _: None).accepted == 1
    first, second = Delivery.objects.order_by("attempt")
    assert (first.state, second.state) == ("uncertain", "accepted")
    assert first.message_id == second.message_id == str(server.messages()[0]["Message-ID"])[1:-1]


def test_the_ledger_is_append_only(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    send(sending)
    delivery = Delivery.objects.get()
    delivery.reply = "something else"
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        delivery.save()
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        delivery.delete()


def test_an_organisation_without_a_contact_is_told_once_it_has_one(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    organisation.contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    assert [(one.organisation_id, one.rule) for one in plan(settings=sending).unreachable] == [
        (organisation.pk, "no-contact")
    ]
    add_contact(organisation, email="it@haven.example.nl")
    send(sending)
    assert [mail["To"] for mail in server.messages()] == ["it@haven.example.nl"]


def test_who_lost_the_asset_is_not_told_of_the_system(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    haven.assets.update(valid_until=YESTERDAY - timedelta(days=1))
    assert send(sending).accepted == 0
    haven.assets.update(valid_until=YESTERDAY + timedelta(days=1))
    assert send(sending).accepted == 1
    assert len(server.messages()) == 1


class TakesNoLargeMail(MailFolder):
    """Says of every mail that it is too large."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        del server, session, envelope
        return "552 5.3.4 message size exceeds fixed limit"


def test_an_address_that_refused_the_mail_for_its_size_still_gets_others(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    with FolderMailServer(TakesNoLargeMail(tmp_path / "small")) as small:
        assert send(with_server(sending, small.port)).refused == 1
    ingest(report_text("192.0.2.8", severity="critical"))
    assert send(sending).accepted > 0


def test_no_occasion_is_removed_under_which_anything_was_told(
    ingest: Ingest, sending: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    told = NotifiedCase.objects.get().occasion
    with pytest.raises(IntegrityError, match="Cases were told under"), transaction.atomic():
        Occasion.objects.filter(pk=told.pk)._raw_delete("default")
    assert NotifiedCase.objects.get().occasion == told
