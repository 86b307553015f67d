"""What is explained is said in the language asked for, in as few questions for many as for one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from baken.cases.models import Case
from baken.constituency.models import Channel, Contact, Organisation
from baken.core.classification import Severity
from baken.core.language import Language
from baken.core.policy import Policy
from baken.explaining.cases import explain_cases
from baken.explaining.subjects import explain, explanation_lines
from baken.explaining.words import words_in
from baken.jobs.sending import plan, policy_of
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.settings.environment import Settings
from small_world import YESTERDAY, Command, Ingest, make_cases_about, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("family", "stored"),
    [
        ("states.case", Case.State),
        ("states.notification", Notification.State),
        ("states.delivery", Delivery.State),
        ("relations", Case.Relation),
        ("reasons", NotifiedCase.Reason),
        ("standings", Organisation.Standing),
        ("roles", Contact.Role),
        ("channels", Channel),
    ],
)
@pytest.mark.parametrize("language", Language)
def test_every_state_has_a_word(family: str, stored: type, language: Language) -> None:
    words = words_in(language)
    assert all(words.has(f"{family}.{key}") for key in stored.values)


def test_dutch_is_said_when_it_is_asked_for(
    ingest: Ingest, settings_of_test: Settings, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/25")
    make_organisation("net", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=settings_of_test)
    said = baken("explain", "192.0.2.7", "--language", "nl").out
    assert "192.0.2.7 ligt in 192.0.2.0/25 van Stichting haven (haven)." in said
    assert "open-rdp op 192.0.2.7:3389/tcp (hoog, open)" in said
    assert "als eigenaar: 192.0.2.0/25 is het kleinste geregistreerde netwerk" in said
    assert "per mail, gepland" in said
    assert "[gepland, nog niet verzonden]" in said
    assert "nu      stil, want het is al verteld en daarna niet meer gezien" in said
    assert "alleen beheerder van dit systeem" in said


def test_who_cannot_be_told_is_named_in_dutch(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24").contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    said = baken("send", "--language", "nl").out
    assert "Niet over alles in te lichten: 1 organisatie. Reden: geen contact" in said
    assert "Voeg er een toe met baken import." in said
    assert "te doen Voeg er een toe" in baken("explain", "haven", "--language", "nl").out
    done = baken("doctor", "--language", "nl")
    assert "FOUT doelgroep: 1 van 1 organisaties hebben geen mail address" in done.out
    figures = json.loads(baken("doctor", "--json", "--language", "nl").out)
    assert "constituency" in {check["subject"] for check in figures["checks"]}


def test_a_reminder_is_explained_with_its_day(
    ingest: Ingest, settings_of_test: Settings, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=settings_of_test)
    now = datetime.now(UTC)
    Case.objects.update(last_seen_at=now + timedelta(minutes=1))
    told_at = Case.objects.get().told_at
    assert told_at is not None
    after = policy_of(settings_of_test).reminder_after[Severity.HIGH]
    day = (told_at + after).date()
    assert f"a reminder goes from {day:%Y-%m-%d} [told-recently]" in baken("explain", "haven").out
    (case,) = json.loads(baken("explain", "haven", "--json").out)["cases"]
    assert case["not_before"].startswith(f"{day:%Y-%m-%d}")


def test_what_was_withdrawn_after_an_attempt_is_said_to_be_withdrawn(
    ingest: Ingest, settings_of_test: Settings, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=settings_of_test)
    notification = Notification.objects.get()
    Delivery.objects.create(
        notification=notification, attempt=1, channel="mail", message_id="a@baken.example.nl",
        started_at=YESTERDAY, finished_at=YESTERDAY, state=Delivery.State.DEFERRED,
        reply="451 later",
    )  # fmt: skip
    assert "[deferred, attempt 1: 451 later]" in baken("explain", "haven").out
    Notification.objects.update(state=Notification.State.WITHDRAWN, state_reason="it was closed")
    assert "[withdrawn: it was closed]" in baken("explain", "haven").out


def test_many_cases_take_as_many_questions_as_one(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text(*(f"192.0.2.{number}" for number in range(1, 31))))
    cases = list(Case.objects.select_related("organisation", "asset"))
    counts = []
    for some in (cases[:1], cases):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            explain_cases(some, policy=Policy(), now=datetime.now(UTC))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_of_very_many_names_it_is_said_that_not_all_were_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("baken.explaining.subjects._LOOKED_AT", 3)
    make_cases_about(*(f"h{number}.example.nl" for number in range(9)))
    explanation = explain("example.nl", policy=Policy(), now=datetime.now(UTC), shown=2)
    lines = list(explanation_lines(explanation, words_in(Language.EN)))
    assert "only the first 3 by name were looked at" in lines[-1]
    few = explain("h1.example.nl", policy=Policy(), now=datetime.now(UTC), shown=2)
    assert few.were_all_looked_at
    assert few.more == 0


def test_as_json_all_cases_are_printed_as_they_come(
    ingest: Ingest, baken: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baken.explaining.subjects._PORTION", 7)
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text(*(f"192.0.2.{number}" for number in range(1, 31))))
    figures = json.loads(baken("explain", "haven", "--json").out)
    assert list(figures) == ["about", "assets", "ladders", "requests", "cases", "case_count"]
    assert figures["case_count"] == len({one["system"] for one in figures["cases"]}) == 30
    nothing = json.loads(baken("explain", "203.0.113.9", "--json").out)
    assert (nothing["cases"], nothing["case_count"]) == ([], 0)
