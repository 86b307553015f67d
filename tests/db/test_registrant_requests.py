"""Requests for who registered a domain: tracked, answered into routes, shown late, forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from django.db import IntegrityError, transaction

from baken import lookups
from baken.constituency.models import Organisation
from baken.core.classification import Level, Tlp
from baken.core.errors import NotFoundError
from baken.discovery.models import KeptAnswer, RegistrantRequest
from baken.discovery.services import withdraw_registrant_request
from baken.jobs.discovery import discover
from baken.jobs.forgetting import forget_who_never_signed_up
from baken.jobs.sending import plan_and_deliver
from baken.occasions.services import Threat, create_threat_occasion, release_occasion
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from public_page_peer import answering_pages
from small_world import YESTERDAY, Command, Ingest

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = ("--to", "Registrar Voorbeeld", "--right", "article 6(1)(e) GDPR", "--by", "one of us")
BY = ("--by", "one of us")


@pytest.fixture
def sending(sending: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The settings of the test, with public pages that answer."""
    with answering_pages(sending, tmp_path) as with_pages:
        yield with_pages


@pytest.fixture(autouse=True)
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lookup is there: only what a person was given counts."""
    monkeypatch.setattr(lookups, "LOOKUPS", MappingProxyType({}))


def ask(baken: Command, domain: str = "bakkerij.example", *more: str) -> int:
    """Record a request; its number."""
    done = baken("registrant-request", "add", domain, *ASKED, *more)
    assert done.exit_code == 0, done.err
    return RegistrantRequest.objects.latest("pk").pk


def listed(baken: Command) -> list[dict[str, object]]:
    found = json.loads(baken("registrant-request", "list", "--json").out)
    return list(found["registrant_requests"])


def a_broken_site(ingest: Ingest) -> None:
    """A site at bakkerij.example under a released, grave threat; nobody registered owns it."""
    ingest(
        "timestamp,severity,ip,port,http_host,tag\n"
        f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}",critical,203.0.113.9,443,www.bakkerij.example,shell\n',
        name="2026-11-22-compromised_website-test.csv",
    )
    create_threat_occasion(
        Threat(
            key="shell", title="A shell", likelihood=Level.HIGH, impact=Level.HIGH, tlp=Tlp.GREEN,
            advice_nl="Doe dit.", advice_en="Do this.", finding_kinds=("compromised-website",),
        )
    )  # fmt: skip
    for name in ("one", "two"):
        release_occasion("shell", by=name, now=datetime.now(UTC))


def find_out(settings: Settings) -> dict[str, int]:
    return dict(discover("shell", settings=settings, progress=lambda *_: None).states)


def test_what_they_answer_leads_to_the_owner_with_its_source(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    a_broken_site(ingest)
    assert find_out(sending) == {"nobody": 1}
    number = ask(baken, "www.bakkerij.example")
    done = baken(
        "registrant-request", "answered", str(number), *BY,
        "--organisation", "Bakkerij Voorbeeld B.V.", "--mail", "info@bakkerij.example",
        "--phone", "+31 20 794 0001", "--letter", "Markt 1|1234 AB Voorbeeldstad",
    )  # fmt: skip
    assert done.exit_code == 0, done.err
    assert find_out(sending) == {"owner": 1}
    told = baken("explain", "www.bakkerij.example").out
    assert "Registrar Voorbeeld, asked on" in told
    assert "who registered the domain" in told
    assert "+31207940001" in told
    plan_and_deliver(settings=sending, progress=lambda _: None)
    (mail,) = server.messages()
    assert mail["To"] == "info@bakkerij.example"
    assert "the register of your domain name, on our request" in str(
        mail.get_body(("plain",)).get_content()
    )
    assert Organisation.objects.get().name == "Bakkerij Voorbeeld B.V."
    [request] = listed(baken)
    assert (request["outcome"], request["domain"]) == ("given", "bakkerij.example")


def test_a_private_person_is_not_kept_and_not_told(
    ingest: Ingest, sending: Settings, baken: Command
) -> None:
    a_broken_site(ingest)
    number = str(ask(baken))
    refused = baken("registrant-request", "answered", number, *BY, "--person", "--mail", "a@b.nl")
    assert refused.exit_code > 0
    done = baken("registrant-request", "answered", number, *BY, "--person")
    assert done.exit_code == 0, done.err
    assert find_out(sending) == {"nobody": 1}
    (kept,) = KeptAnswer.objects.all()
    assert "is_person" in kept.answer
    assert '"routes":[]' in kept.answer


def test_a_refusal_keeps_its_reason_and_gives_no_route(baken: Command) -> None:
    number = str(ask(baken))
    done = baken("registrant-request", "answered", number, *BY, "--refused", "no legal ground")
    assert done.exit_code == 0, done.err
    assert not KeptAnswer.objects.exists()
    told = baken("registrant-request", "list").out
    assert "refused on" in told
    assert "no legal ground" in told


def test_one_that_is_overdue_is_shown_by_the_list_and_by_doctor(baken: Command) -> None:
    ask(baken)
    assert "no answer yet, and none of them is overdue" in baken("doctor").out
    RegistrantRequest.objects.update(due_at=datetime.now(UTC) - timedelta(days=1))
    assert "OVERDUE since" in baken("registrant-request", "list").out
    assert [one["is_overdue"] for one in listed(baken)] == [True]
    for language, words in (("en", "the answer is overdue"), ("nl", "het antwoord is te laat")):
        told = baken("doctor", "--language", language).out
        assert words in told
        assert "Registrar Voorbeeld about bakkerij.example" in told


def test_one_request_to_one_party_is_open_at_a_time(baken: Command) -> None:
    number = ask(baken)
    again = baken("registrant-request", "add", "bakkerij.example", *ASKED)
    assert again.exit_code > 0
    assert "still open" in again.err
    other = baken(
        "registrant-request", "add", "bakkerij.example", "--to", "the registry", *ASKED[2:]
    )
    assert other.exit_code == 0, other.err
    assert baken("registrant-request", "withdraw", str(number), *BY).exit_code == 0
    ask(baken)
    assert [one["outcome"] for one in listed(baken)].count("open") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "co.uk", *ASKED),
        ("add", "no domain", *ASKED),
        ("add", "bakkerij.example", *ASKED, "--due", "2020-01-01"),
        ("add", "bakkerij.example", "--to", "x", "--right", " ", "--by", "me"),
        ("answered", "999", *BY, "--person"),
        ("withdraw", "999", *BY),
        ("draft", "999"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_what_to_do(
    baken: Command, arguments: tuple[str, ...]
) -> None:
    done = baken("registrant-request", *arguments)
    assert done.exit_code > 0
    assert done.err
    assert not RegistrantRequest.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [(), ("--organisation", "X", "--mail", "no address"), ("--mail", "a@bakkerij.example")],
)
def test_an_answer_that_cannot_be_used_leaves_the_request_open(
    baken: Command, arguments: tuple[str, ...]
) -> None:
    number = str(ask(baken))
    assert baken("registrant-request", "answered", number, *BY, *arguments).exit_code > 0
    assert [one["outcome"] for one in listed(baken)] == ["open"]
    assert not KeptAnswer.objects.exists()


def test_an_end_is_recorded_once(baken: Command) -> None:
    number = ask(baken)
    now = datetime.now(UTC)
    withdraw_registrant_request(number, by="one", now=now)
    with pytest.raises(NotFoundError):
        withdraw_registrant_request(number, by="two", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistrantRequest.objects.update(closed_by="")


def test_it_is_forgotten_with_what_it_gave(sending: Settings, baken: Command) -> None:
    number = str(ask(baken))
    ask(baken, "slagerij.example")
    given = ("--organisation", "Bakkerij Voorbeeld B.V.", "--mail", "info@bakkerij.example")
    baken("registrant-request", "answered", number, *BY, *given)
    now = datetime.now(UTC)
    forget_who_never_signed_up(settings=sending, now=now + timedelta(days=80))
    assert RegistrantRequest.objects.count() == 2
    forget_who_never_signed_up(settings=sending, now=now + timedelta(days=100))
    assert [one.domain for one in RegistrantRequest.objects.all()] == ["slagerij.example"]
    forget_who_never_signed_up(settings=sending, now=now + timedelta(days=125))
    assert not RegistrantRequest.objects.exists()
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Request for registrant data: bakkerij.example", "Please answer by 1 March 2099")),
        (
            "nl",
            (
                "Verzoek om houdergegevens: bakkerij.example",
                "Wilt u uiterlijk 1 maart 2099 antwoorden",
            ),
        ),
    ],
)
def test_a_draft_is_written_and_nothing_is_sent(
    baken: Command, server: FolderMailServer, language: str, words: tuple[str, str]
) -> None:
    number = str(ask(baken, "bakkerij.example", "--due", "2099-03-01"))
    done = baken("registrant-request", "draft", number, "--language", language)
    assert done.exit_code == 0, done.err
    for each in (*words, "article 6(1)(e) GDPR", number):
        assert each in done.out
    assert "{" not in done.out
    assert not server.messages()
