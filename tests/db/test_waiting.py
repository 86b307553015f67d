"""What waits while the mail server is away: told once, whole, and as it was when it was planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from baken.cases.models import Case
from baken.constituency.models import Asset
from baken.core.errors import SettingsError
from baken.jobs.sending import check_sender, plan, sender_of
from baken.outbox.models import Delivery, Notification
from baken.outbox.selectors import warning_of
from baken.outbox.wording import compose
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    first_attempt,
    hand_over,
    make_organisation,
    report_text,
)

pytestmark = pytest.mark.django_db(transaction=True)
LATER = YESTERDAY + timedelta(minutes=5)
PLANNED, WITHDRAWN = Notification.State.PLANNED, Notification.State.WITHDRAWN


def test_what_waits_goes_out_in_one_mail_with_what_is_new(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    make_organisation("markt", "198.51.100.0/24")
    ingest(report_text("192.0.2.7", "198.51.100.7"))
    plan(settings=sending)
    of_markt = Notification.objects.get(organisation__reference="markt")
    ingest(report_text("192.0.2.8", seen_at=LATER))
    plan(settings=sending)
    assert Notification.objects.filter(state=WITHDRAWN).count() == 1
    assert Notification.objects.get(pk=of_markt.pk).state == PLANNED, "nothing new: left alone"
    assert hand_over(sending).accepted == 2
    (mail,) = (mail for mail in server.messages() if "haven" in str(mail["To"]))
    body = mail.get_body().get_content()
    assert "192.0.2.7" in body
    assert "192.0.2.8" in body
    assert plan(settings=sending).notifications == 0


def test_what_got_worse_while_it_waited_is_told_once_as_it_is_now(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "192.0.2.9", severity="medium"))
    plan(settings=sending)
    ingest(report_text("192.0.2.7", severity="critical", seen_at=LATER))
    plan(settings=sending)
    assert hand_over(sending).accepted == 1
    (mail,) = server.messages()
    text = mail.get_body().get_content()
    assert "192.0.2.7" in text
    assert "192.0.2.9" in text, "what is less urgent stands in the same mail"
    assert plan(settings=sending).notifications == 0


def test_what_may_have_arrived_keeps_its_place(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    first = Notification.objects.get()
    first_attempt(first, Delivery.State.UNCERTAIN)
    ingest(report_text("192.0.2.8", seen_at=LATER))
    plan(settings=sending)
    assert list(Notification.objects.values_list("state", flat=True)) == [PLANNED, PLANNED]
    second = Notification.objects.exclude(pk=first.pk).get()
    assert [one.case.system for one in second.notified_cases.all()] == ["192.0.2.8:3389/tcp"]


def test_a_retry_says_what_the_first_attempt_said(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    notification = Notification.objects.get()
    before = compose(warning_of(notification), sender_of(sending))
    row = f'"{LATER:%Y-%m-%d %H:%M:%S}",high,192.0.2.7,tcp,3389,other.example.nl,rdp,64500,NLA\n'
    ingest(report_text() + row)
    assert Case.objects.get().evidence["rdp_protocol"] == "NLA"
    assert compose(warning_of(notification), sender_of(sending)) == before


def test_who_lost_the_asset_since_it_was_planned_gets_the_rest_only(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/25", "192.0.2.128/25")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    plan(settings=sending)
    Asset.objects.filter(value="192.0.2.128/25").update(valid_until=YESTERDAY - timedelta(days=3))
    assert hand_over(sending).accepted == 0
    assert "no longer" in Notification.objects.get().state_reason
    plan(settings=sending)
    assert hand_over(sending).accepted == 1
    (mail,) = server.messages()
    body = mail.get_body().get_content()
    assert "192.0.2.7" in body
    assert "192.0.2.200" not in body


def test_nothing_goes_out_in_the_name_of_the_example(
    settings_of_test: Settings, baken: Command
) -> None:
    check_sender(settings_of_test)  # the documentation's names are allowed in a test
    with pytest.raises(SettingsError, match="BAKEN_MAIL_FROM"):
        check_sender(replace(settings_of_test, allow_documentation_ranges=False))
    with pytest.raises(SettingsError, match="BAKEN_SENDER_NAME"):
        check_sender(replace(settings_of_test, sender_name=""))
    done = baken("run", BAKEN_ALLOW_DOCUMENTATION_RANGES="no")
    assert done.exit_code == SettingsError.exit_code
    assert "Nothing was done" in done.err


def test_who_cannot_be_reached_is_named(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24").contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    done = baken("send")
    assert done.exit_code == 1
    assert "1 organisation cannot be told everything" in done.out
    assert "Stichting haven" in done.out
    assert "Stichting haven" in baken("doctor").out
