"""What an analyst found counts before what was looked up, with its source, by whom and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from baken import lookups
from baken.constituency.models import Organisation, Route
from baken.core.classification import Tlp
from baken.discovery.models import KeptAnswer
from baken.jobs.discovery import discover
from baken.jobs.sending import plan_and_deliver
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from public_page_peer import answering_pages
from small_world import Command, Ingest, make_organisation, release_threat, report_text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sending(sending: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The settings of the test, with public pages that answer."""
    with answering_pages(sending, tmp_path) as with_pages:
        yield with_pages


@pytest.fixture(autouse=True)
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lookup is there: only what a person found counts."""
    monkeypatch.setattr(lookups, "LOOKUPS", MappingProxyType({}))


FOUND = ("--source", "its website", "--by", "one of us", "--organisation", "Bakkerij Voorbeeld")


def test_a_route_found_for_a_system_leads_to_its_owner(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    done = baken("route", "add", "203.0.113.9", "--mail", "info@bakkerij.example", *FOUND)
    assert done.exit_code == 0, done.err
    discover("worm", settings=sending, progress=lambda *_: None)
    plan_and_deliver(settings=sending, progress=lambda _: None)
    (mail,) = server.messages()
    assert mail["To"] == "info@bakkerij.example"
    assert Organisation.objects.get().name == "Bakkerij Voorbeeld"
    told = baken("explain", "203.0.113.9").out
    assert "its website (found by one of us)" in told


def test_a_second_route_stays_beside_the_first(baken: Command) -> None:
    baken("route", "add", "203.0.113.9", "--mail", "info@bakkerij.example", *FOUND)
    baken("route", "add", "203.0.113.9", "--phone", "+31 20 123 4567", *FOUND)
    (kept,) = KeptAnswer.objects.all()
    assert "info@bakkerij.example" in kept.answer
    assert "+31201234567" in kept.answer


def test_a_route_found_for_an_organisation_is_added_to_it(baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    done = baken("route", "add", "haven", "--mail", "cert@haven.example.nl", *FOUND[:4])
    assert done.exit_code == 0, done.err
    assert Route.objects.get(address="cert@haven.example.nl").source == "one of us: its website"


@pytest.mark.parametrize(
    "arguments",
    [
        ("203.0.113.9", "--mail", "no address", *FOUND),
        ("203.0.113.9", "--phone", "12", *FOUND),
        ("no system", "--mail", "info@bakkerij.example", *FOUND),
        ("203.0.113.9", "--mail", "info@bakkerij.example", *FOUND[:4]),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(
    baken: Command, arguments: tuple[str, ...]
) -> None:
    done = baken("route", "add", *arguments)
    assert done.exit_code > 0
    assert done.err
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("given", [(), ("--mail", "a@b.example", "--phone", "+31201234567")])
def test_exactly_one_address_is_given(baken: Command, given: tuple[str, ...]) -> None:
    assert baken("route", "add", "203.0.113.9", *given, *FOUND).exit_code == 2
