"""Domains whose mail one provider receives share its pace, and no other waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.jobs.sending import plan
from baken.outbox.models import Addressee, Delivery, Provider
from baken.outbox.pacing import Pace, allow, slow_down
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from dns_peer import DnsPeer
from small_world import Ingest, hand_over, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

ZONE = {
    "haven.example.nl": ["10 haven.mail.example.com."],
    "zorg.example.nl": ["10 zorg.mail.example.com."],
    "bank.example.nl": ["10 mx.example.net."],
}


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsPeer]:
    """A DNS server on loopback, that is asked for names of tests too."""
    monkeypatch.setattr("baken.channels.mail.providers.is_reserved_name", lambda _: False)
    with DnsPeer(lambda name: ZONE[name]) as running:
        yield running


@pytest.fixture
def paced(sending: Settings, dns: DnsPeer) -> Settings:
    """Settings under which a provider takes one message a minute."""
    return replace(
        sending, dns_servers=(dns.server,), provider_per_minute=1, provider_first_day_per_minute=1
    )


def plan_for(settings: Settings, ingest: Ingest, *references: str) -> None:
    """Let each of these organisations be told of something."""
    for number, reference in enumerate(references, start=1):
        make_organisation(reference, f"198.18.{number}.0/24")
    ingest(report_text(*(f"198.18.{number}.1" for number in range(1, len(references) + 1))))
    plan(settings=settings)


def let_pass(duration: timedelta) -> None:
    """Move what every provider waits for nearer by `duration`."""
    for provider in Provider.objects.all():
        Provider.objects.filter(pk=provider.pk).update(
            first_used_at=provider.first_used_at - duration, next_at=provider.next_at - duration
        )


def test_two_domains_of_one_provider_share_its_pace(
    ingest: Ingest, paced: Settings, server: FolderMailServer
) -> None:
    # Put off once, both take a message in two minutes: longer than a run waits for them.
    for name in ("example.com", "example.net"):
        now = datetime.now(UTC)
        Provider.objects.create(name=name, first_used_at=now, next_at=now, slowed=1)
    plan_for(paced, ingest, "haven", "zorg", "bank")

    outcome = hand_over(paced)

    assert (outcome.accepted, outcome.left) == (2, 1), "one of each provider"
    assert list(Provider.objects.values_list("name", flat=True)) == ["example.com", "example.net"]
    assert dict(Addressee.objects.values_list("address", "provider")) == {
        "security@haven.example.nl": "example.com",
        "security@zorg.example.nl": "example.com",
        "security@bank.example.nl": "example.net",
    }
    let_pass(timedelta(seconds=30))
    assert hand_over(paced).accepted == 0, "a minute and a half is left"
    let_pass(timedelta(seconds=90))
    assert hand_over(paced).accepted == 1
    assert len(server.messages()) == 3


def test_a_provider_that_is_slowed_holds_up_no_other(
    ingest: Ingest, sending: Settings, dns: DnsPeer, server: FolderMailServer
) -> None:
    settings = replace(sending, dns_servers=(dns.server,))
    now = datetime.now(UTC)
    Provider.objects.create(
        name="example.com", first_used_at=now, next_at=now + timedelta(hours=1), slowed=3
    )
    plan_for(settings, ingest, "haven", "zorg", "bank")

    outcome = hand_over(settings)

    assert (outcome.accepted, outcome.left) == (1, 2)
    assert [mail["To"] for mail in server.messages()] == ["security@bank.example.nl"]
    assert Delivery.objects.count() == 1, "nothing was tried at the one that is slowed"


def test_a_provider_is_asked_for_once_and_remembered(
    ingest: Ingest, sending: Settings, dns: DnsPeer
) -> None:
    settings = replace(sending, dns_servers=(dns.server,))
    plan_for(settings, ingest, "haven", "zorg", "bank")
    assert hand_over(settings).accepted == 3
    ingest(report_text("198.18.1.9", severity="critical"))
    plan(settings=settings)
    assert hand_over(settings).left == 0
    assert sorted(name for _, name in dns.asked) == sorted(ZONE)


def test_the_settings_say_the_pace(ingest: Ingest, paced: Settings, dns: DnsPeer) -> None:
    del dns
    plan_for(paced, ingest, "haven")
    hand_over(paced)
    provider = Provider.objects.get()
    assert provider.next_at - provider.first_used_at == timedelta(minutes=1)


def test_a_provider_that_puts_us_off_gets_nothing_sooner_than_its_pace_had_allowed() -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    pace = Pace(per_minute=60, first_day_per_minute=60)
    allow({"large.example": 16}, pace=pace, now=now)
    slow_down(["large.example"], pace=pace, now=now)
    provider = Provider.objects.get()
    assert (provider.slowed, provider.next_at - now) == (1, timedelta(seconds=16))
