"""An address that asks us to stop gets nothing, and its organisation another way to hear of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from baken.cases.models import Case
from baken.jobs.sending import deliver, plan
from baken.outbox.models import Delivery, Notification, Suppression
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import Command, Ingest, add_contact, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "security@haven.example.nl"


def test_what_waits_for_it_is_withdrawn_and_another_contact_is_told(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    add_contact(organisation, email="it@haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    assert "mails withdrawn: 1." in baken("suppress", ADDRESS.upper()).out
    assert Notification.objects.get().state == Notification.State.WITHDRAWN
    plan(settings=sending)
    assert deliver(settings=sending, progress=lambda _: None).accepted == 1
    assert [mail["To"] for mail in server.messages()] == ["it@haven.example.nl"]


def test_one_that_was_planned_meanwhile_is_not_sent_either(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    Suppression.objects.create(address=ADDRESS, reason="asked")
    assert deliver(settings=sending, progress=lambda _: None).left == 0
    assert server.messages() == []
    assert Case.objects.get().told_at is None


def test_one_that_may_have_arrived_is_not_tried_again_and_stays_told(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    Delivery.objects.create(
        notification=Notification.objects.get(), attempt=1, channel="mail",
        message_id="x@example.nl", started_at=datetime.now(UTC), finished_at=datetime.now(UTC),
        state=Delivery.State.UNCERTAIN,
    )  # fmt: skip
    assert "not tried again" in baken("suppress", ADDRESS).out
    assert deliver(settings=sending, progress=lambda _: None).left == 0
    assert server.messages() == []
    assert Case.objects.get().told_at is not None


def test_an_address_that_no_contact_has_is_suppressed_and_said_so(baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    assert "no contact has" not in baken("suppress", ADDRESS.upper()).out
    mistyped = baken("suppress", "securty@haven.example.nl")
    assert (mistyped.exit_code, "no contact has securty@" in mistyped.out) == (0, True)
    assert Suppression.objects.filter(address="securty@haven.example.nl").exists()


def test_it_is_listed_and_lifted(baken: Command) -> None:
    assert "No address is suppressed" in baken("suppress").out
    baken("suppress", ADDRESS, "--reason", "moved to another desk")
    assert "moved to another desk" in baken("suppress").out
    (listed,) = json.loads(baken("suppress", "--json").out)["suppressed"]
    assert listed["address"] == ADDRESS
    assert baken("suppress", ADDRESS, "--lift").exit_code == 0
    assert not Suppression.objects.exists()
    assert baken("suppress", ADDRESS, "--lift").exit_code == 66


@pytest.mark.parametrize("arguments", [["nobody"], [ADDRESS, "--reason", "x" * 201]])
def test_nonsense_is_refused(baken: Command, arguments: list[str]) -> None:
    done = baken("suppress", *arguments)
    assert (done.exit_code, "[text-refused]" in done.err) == (65, True)
