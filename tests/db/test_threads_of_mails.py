"""A reminder stands below the mail that it reminds of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from baken.constituency.models import Organisation
from baken.jobs.sending import plan, plan_at
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import Ingest, add_contact, hand_over, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)
A_MONTH_AGO = datetime.now(UTC) - timedelta(days=31)


@pytest.fixture
def told(ingest: Ingest, sending: Settings) -> Settings:
    """Haven was told of one system a month ago, by mail."""
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan_at(A_MONTH_AGO, settings=sending)
    assert hand_over(sending).accepted == 1
    return sending


def test_a_reminder_answers_the_mail_before_it(told: Settings, server: FolderMailServer) -> None:
    assert plan(settings=told).notifications == 1
    assert hand_over(told).accepted == 1
    first, second = sorted(server.messages(), key=lambda mail: "In-Reply-To" in mail)
    assert "In-Reply-To" not in first
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert second["Subject"] != first["Subject"]


def test_a_mail_with_something_new_begins_a_thread(
    told: Settings, ingest: Ingest, server: FolderMailServer
) -> None:
    ingest(report_text("192.0.2.8"))
    assert plan(settings=told).notifications == 1
    assert hand_over(told).accepted == 1
    assert not any("In-Reply-To" in mail for mail in server.messages())


def test_another_reader_gets_no_answer_to_a_mail_he_never_saw(
    told: Settings, server: FolderMailServer
) -> None:
    haven = Organisation.objects.get()
    haven.contacts.all().delete()
    add_contact(haven, email="it@haven.example.nl")
    assert plan(settings=told).notifications == 1
    assert hand_over(told).accepted == 1
    assert not any("In-Reply-To" in mail for mail in server.messages())
