"""A threat is rated, selected for, and released by two people before anybody is warned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.db import IntegrityError, transaction

from baken.core.classification import Level, Tlp
from baken.core.errors import NotFoundError, OccasionError
from baken.jobs.sending import deliver, plan
from baken.occasions.models import Occasion
from baken.occasions.services import create_threat_occasion, release_occasion
from baken.occasions.threats import Threat
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.services import close_threat
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import YESTERDAY, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def make_threat(key: str = "rdp-worm", **selection: tuple[str, ...]) -> Occasion:
    threat = Threat(
        key=key,
        title="A worm in remote desktop",
        likelihood=Level.HIGH,
        impact=Level.HIGH,
        tlp=Tlp.AMBER_STRICT,
        advice_nl="Doe dit vandaag nog.",
        advice_en="Do this today.",
        **(selection or {"finding_kinds": ("open-rdp",)}),
    )
    return create_threat_occasion(threat)


def test_it_takes_two_different_people(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7", severity="info"))
    make_threat()
    for by in ("An analyst", "an ANALYST", " An  analyst", "Ａn\u00a0analyst"):
        assert release_occasion("rdp-worm", by=by, now=NOW).released_at is None
        assert plan(settings=sending).notifications == 0
    assert release_occasion("rdp-worm", by="A colleague", now=NOW).released_at == NOW
    assert plan(settings=sending).notifications == 1


def test_the_database_knows_it_too() -> None:
    make_threat()
    with pytest.raises(IntegrityError, match="released_by_two"), transaction.atomic():
        Occasion.objects.filter(key="rdp-worm").update(released_at=NOW, released_by="one")


def test_a_threat_goes_before_the_daily_feed_and_is_not_told_twice(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    make_threat()
    release_occasion("rdp-worm", by="one", now=NOW)
    release_occasion("rdp-worm", by="two", now=NOW)
    plan(settings=sending)
    deliver(settings=sending, progress=lambda _: None)
    (mail,) = server.messages()
    assert NotifiedCase.objects.get().occasion.key == "rdp-worm"
    assert mail["Subject"].startswith("[TLP:AMBER+STRICT]"), "the strictest label of all"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Doe dit vandaag nog." in body.get_content()


def test_a_closed_occasion_warns_nobody(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7", severity="info"))
    make_threat()
    release_occasion("rdp-worm", by="one", now=NOW)
    release_occasion("rdp-worm", by="two", now=NOW)
    close_threat("rdp-worm", now=NOW)
    assert plan(settings=sending).notifications == 0


def test_only_what_is_selected_is_told(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7", severity="info"))
    make_threat(cves=("CVE-2023-46805",))
    release_occasion("rdp-worm", by="one", now=NOW)
    release_occasion("rdp-worm", by="two", now=NOW)
    assert plan(settings=sending).notifications == 0


def test_an_old_sighting_is_no_reason_to_warn(ingest: Ingest, sending: Settings) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=40)))
    assert plan(settings=sending).notifications == 0


def test_tlp_red_is_not_sent_by_mail(ingest: Ingest, sending: Settings) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7", severity="info"))
    make_threat()
    Occasion.objects.filter(key="rdp-worm").update(tlp="TLP:RED")
    release_occasion("rdp-worm", by="one", now=NOW)
    release_occasion("rdp-worm", by="two", now=NOW)
    (unreachable,) = plan(settings=sending).unreachable
    assert (unreachable.organisation_id, unreachable.rule) == (organisation.pk, "tlp-red")


def test_what_does_not_exist_or_goes_by_itself_cannot_be_released(ingest: Ingest) -> None:
    ingest(report_text())
    with pytest.raises(NotFoundError):
        release_occasion("nothing", by="one", now=NOW)
    with pytest.raises(OccasionError, match="standing"):
        release_occasion("shadowserver-high", by="one", now=NOW)
    with pytest.raises(OccasionError, match="Nobody"):
        release_occasion("shadowserver-high", by=" ", now=NOW)


def test_a_threat_is_told_to_those_whom_the_daily_feed_told_already_and_once(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    deliver(settings=sending, progress=lambda _: None)
    make_threat()
    for person in ("first", "second"):
        release_occasion("rdp-worm", by=person, now=datetime.now(UTC))
    for _ in range(2):
        plan(settings=sending)
        deliver(settings=sending, progress=lambda _: None)
    daily, threat = server.messages()
    assert "Doe dit vandaag nog." not in text_of(daily)
    assert "Doe dit vandaag nog." in text_of(threat)
    assert Notification.objects.get(notified_cases__occasion__key="rdp-worm").policy == "threat"


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
