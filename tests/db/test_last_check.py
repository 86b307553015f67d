"""What was planned is decided about once more at the moment when it is handed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baken.cases.models import Case
from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.core.classification import Tlp
from baken.jobs.sending import dry_run_into, plan
from baken.occasions.models import Occasion
from baken.outbox.models import Delivery, Notification, Suppression
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    YESTERDAY,
    Ingest,
    RefusesHaven,
    add_contact,
    first_attempt,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
    to_server,
)

pytestmark = pytest.mark.django_db(transaction=True)


def route_ended() -> None:
    Route.objects.update(state=Route.State.ENDED)


def route_expired() -> None:
    Route.objects.update(valid_until=datetime.now(UTC))


def contact_removed() -> None:
    Contact.objects.all().delete()


def left_alone() -> None:
    Suppression.objects.create(address="security@haven.example.nl", reason="asked to")


def left_the_service() -> None:
    Organisation.objects.update(standing=Organisation.Standing.DISCOVERED)


def lost_the_asset() -> None:
    Asset.objects.update(valid_until=YESTERDAY - timedelta(days=3))


def asset_removed() -> None:
    # As another writer would while a match was under way: the id stands on the case still.
    Asset.objects.all()._raw_delete("default")


def only_operator_now() -> None:
    Case.objects.update(relation=Case.Relation.OPERATOR)


def occasion_became_red() -> None:
    Occasion.objects.update(tlp=Tlp.RED)


def occasion_became_stricter() -> None:
    Occasion.objects.update(tlp=Tlp.AMBER_STRICT)


def strict_without_its_domain() -> None:
    Asset.objects.filter(kind="domain").update(valid_until=YESTERDAY - timedelta(days=3))
    occasion_became_stricter()


def case_became_red() -> None:
    Case.objects.update(tlp=Tlp.RED)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (route_ended, "its route has ended"),
        (route_expired, "its route has ended"),
        (contact_removed, "its route has ended"),
        (left_alone, "the address is left alone"),
        (left_the_service, "the organisation is not registered any more"),
        (lost_the_asset, "a system in it is no longer the organisation's"),
        (asset_removed, "a system in it is no longer the organisation's"),
        (
            strict_without_its_domain,
            "it may go to addresses inside the organisation only",
        ),
        (only_operator_now, "a system in it is another organisation's by now"),
        (occasion_became_red, "it became TLP:RED, and its channel cannot encrypt"),
        (occasion_became_stricter, "its label became stricter: TLP:AMBER+STRICT"),
        (case_became_red, "it became TLP:RED, and its channel cannot encrypt"),
    ],
)
def test_what_may_not_go_any_more_is_withdrawn(
    ingest: Ingest,
    sending: Settings,
    server: FolderMailServer,
    happens: Callable[[], None],
    reason: str,
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    happens()
    assert hand_over(sending).accepted == 0
    assert server.messages() == []
    notification = Notification.objects.get()
    assert (notification.state, notification.state_reason) == ("withdrawn", reason)
    assert Case.objects.get().told_at is None, "the next planning may tell it"


@pytest.mark.parametrize("happens", [route_ended, left_the_service, lost_the_asset])
def test_a_dry_run_shows_nothing_that_would_be_withdrawn(
    ingest: Ingest, settings_of_test: Settings, tmp_path: Path, happens: Callable[[], None]
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=settings_of_test)
    assert dry_run_into(tmp_path / "before", settings=settings_of_test).messages == 1
    happens()
    assert dry_run_into(tmp_path / "after", settings=settings_of_test).messages == 0
    assert Notification.objects.get().state == Notification.State.PLANNED, "it changes nothing"


def gone() -> None:
    Case.objects.update(state=Case.State.GONE, gone_at=datetime.now(UTC))


def long_ago() -> None:
    late = YESTERDAY - timedelta(days=60)
    Case.objects.update(first_seen_at=late, last_seen_at=late)


def less_severe() -> None:
    Case.objects.update(severity=0)


def occasion_became_wider() -> None:
    Occasion.objects.update(tlp=Tlp.GREEN)


@pytest.mark.parametrize("happens", [gone, long_ago, less_severe, occasion_became_wider])
def test_what_was_news_when_it_was_planned_goes_out(
    ingest: Ingest, sending: Settings, server: FolderMailServer, happens: Callable[[], None]
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    happens()
    assert hand_over(sending).accepted == 1
    (mail,) = server.messages()
    assert "[TLP:AMBER]" in mail["Subject"]


def test_another_route_is_told_with_the_next_run_when_the_planned_one_ended(
    ingest: Ingest, sending: Settings, server: FolderMailServer, tmp_path: Path
) -> None:
    contact = make_organisation("haven", "192.0.2.0/24").contacts.get()
    Route.objects.create(contact=contact, channel="mail", address="second@haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    assert Notification.objects.get().addressee.address == "security@haven.example.nl"
    Route.objects.filter(address="security@haven.example.nl").update(state=Route.State.ENDED)
    assert dry_run_into(tmp_path / "dry", settings=sending).messages == 1
    plan(settings=sending)
    assert hand_over(sending).accepted == 1
    assert [mail["To"] for mail in server.messages()] == ["second@haven.example.nl"]


def test_an_address_that_refused_one_message_is_not_knocked_at_with_the_next(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="critical"))
    release_threat("rdp-worm")
    ingest(report_text("192.0.2.8", severity="low"))
    release_threat("rdp-worm-again")
    assert plan(settings=sending).notifications == 2
    with FolderMailServer(RefusesHaven(tmp_path / "refusing")) as refusing:
        there = to_server(sending, refusing)
        assert hand_over(there).refused == 1
        add_contact(organisation, email="it@haven.example.nl")
        plan(settings=there)
        assert hand_over(there).accepted == 2
        assert {mail["To"] for mail in refusing.messages()} == {"it@haven.example.nl"}


def test_a_stricter_label_in_the_settings_reaches_what_waits(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    stricter = replace(sending, feed_tlp=Tlp.AMBER_STRICT)
    plan(settings=stricter)
    assert hand_over(stricter).accepted == 1
    (mail,) = server.messages()
    assert mail["Subject"].startswith("[TLP:AMBER+STRICT]")


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (Tlp.AMBER_STRICT, "its label became stricter: TLP:AMBER+STRICT"),
        (Tlp.RED, "it became TLP:RED, and its channel cannot encrypt"),
    ],
)
@pytest.mark.parametrize("is_in_doubt", [True, False])
def test_a_stricter_label_in_the_settings_holds_back_what_was_planned_before(
    ingest: Ingest,
    sending: Settings,
    server: FolderMailServer,
    label: Tlp,
    reason: str,
    is_in_doubt: bool,
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    if is_in_doubt:  # as a crash would leave it
        first_attempt(Notification.objects.get(), Delivery.State.SENDING)
    assert hand_over(replace(sending, feed_tlp=label)).accepted == 0
    assert server.messages() == []
    notification = Notification.objects.get()
    assert (notification.state, notification.state_reason) == ("withdrawn", reason)


def test_a_wider_label_in_the_settings_widens_nothing_that_was_planned(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    strict = replace(sending, feed_tlp=Tlp.AMBER_STRICT)
    plan(settings=strict)
    assert hand_over(replace(sending, feed_tlp=Tlp.CLEAR)).accepted == 1
    (mail,) = server.messages()
    assert "TLP:AMBER+STRICT" in mail["Subject"]
