"""Calls: from the plan to the list, to one caller each, to what was said; and then otherwise."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from baken.cases.models import Case
from baken.cases.services import mark_gone
from baken.constituency.models import Organisation, Route
from baken.core.classification import Tlp
from baken.core.errors import CallRefusedError, NotFoundError
from baken.jobs.calling import next_call
from baken.jobs.sending import dry_run_into, plan
from baken.outbox.models import Delivery, Notification, Suppression
from baken.outbox.services import halt_sending
from baken.responses.models import CallAttempt
from baken.responses.services import claim_next_call, record_call
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
)

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "+31 70 000 0000"
HOUR = timedelta(hours=1)


@pytest.fixture
def calling(sending: Settings) -> Settings:
    """The settings of a service that also phones."""
    by_hand = replace(sending.by_hand, published_number=NUMBER)
    return replace(sending, by_hand=by_hand)


def discover(
    reference: str, network: str, *, number: str, mail: bool = False, language: str = "nl"
) -> Organisation:
    """An organisation that did not sign up, with a telephone number."""
    organisation = make_organisation(reference, network, language=language)
    contact = organisation.contacts.get()
    if not mail:
        contact.routes.all().delete()
    Route.objects.create(contact=contact, channel="phone", address=number, source="a register")
    Organisation.objects.filter(pk=organisation.pk).update(standing="discovered")
    return organisation


@pytest.fixture
def haven(ingest: Ingest) -> Organisation:
    """One that can be phoned and mailed, under a grave threat."""
    organisation = discover("haven", "192.0.2.0/28", number="+31201234567", mail=True)
    ingest(report_text("192.0.2.7"))
    release_threat("rdp-worm", tlp=Tlp.GREEN)
    return organisation


def send(settings: Settings) -> None:
    plan(settings=settings)
    hand_over(settings)


def code_of(organisation: Organisation) -> str:
    return organisation.notifications.order_by("planned_at").last().code  # type: ignore[union-attr] # there is one


def channels_of(organisation: Organisation) -> list[tuple[str, str]]:
    told = organisation.notifications.order_by("planned_at")
    return list(told.values_list("channel", "state"))


def test_a_grave_threat_puts_a_call_in_the_list_and_reaches_nobody_yet(
    haven: Organisation, calling: Settings, server: FolderMailServer, baken: Command
) -> None:
    send(calling)
    assert channels_of(haven) == [("phone", "accepted")]
    assert server.messages() == []
    said = baken("explain", "192.0.2.7", BAKEN_PUBLISHED_NUMBER=NUMBER).out
    assert "+31201234567 by phone" in said
    assert "[in the list of calls, attempt 1]" in said
    (call,) = json.loads(baken("calls", "list", "--json").out)["calls"]
    assert (call["state"], call["number"], call["attempts"]) == ("waiting", "+31201234567", 0)


def test_without_a_published_number_the_same_is_mailed(
    haven: Organisation, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    send(sending)
    assert channels_of(haven) == [("mail", "accepted")]
    assert len(server.messages()) == 1
    refused = baken("calls", "next", "--by", "Ann")
    assert (refused.exit_code, "BAKEN_PUBLISHED_NUMBER" in refused.err) == (78, True)


def test_a_caller_reads_what_was_seen_last_and_what_to_say(
    haven: Organisation, ingest: Ingest, calling: Settings, baken: Command
) -> None:
    send(calling)
    later = YESTERDAY + timedelta(hours=9)
    ingest(report_text("192.0.2.7", seen_at=later), name="2026-11-23-scan_rdp-test.csv")
    said = baken("calls", "next", "--by", "Ann", BAKEN_PUBLISHED_NUMBER=NUMBER).out
    assert f"{later:%Y-%m-%d %H:%M} UTC  open-rdp on 192.0.2.7:3389/tcp (open)" in said
    script = said.partition("Gesprek ")[2]
    assert script, "in the language of who is called"
    assert script.index(NUMBER) < script.index("Zoek wie verantwoordelijk is")
    assert script.index("Zoek wie verantwoordelijk is") < script.index("192.0.2.7, poort 3389")
    assert "192.0.2.7" not in script.partition("3. Zeg pas nu")[0], "nothing before that"
    assert "nooit om een wachtwoord" in script
    assert f"baken calls done {code_of(haven)}" in script
    again = baken("calls", "next", "--by", "Ann").out
    assert again == said, "who has a call gets the same"
    pages = baken("calls", "next", "--by", "Ann", BAKEN_PUBLIC_URL="https://check.example.nl").out
    assert f"zelf nakijken op check.example.nl. Typ daar code {code_of(haven)}." in pages
    assert "zelf nakijken" not in said, "without public pages there is nothing to look at"
    assert (
        "No call waits now; the next one may be made from"
        in baken("calls", "next", "--by", "Bob").out
    )


def test_two_people_never_get_the_same_call(ingest: Ingest, calling: Settings) -> None:
    for number in range(12):
        discover(f"org{number}", f"192.0.2.{number * 16}/28", number=f"+312012345{number:02}")
    ingest(report_text(*(f"192.0.2.{number * 16 + 1}" for number in range(12))))
    release_threat("rdp-worm", tlp=Tlp.GREEN)
    send(calling)
    now = datetime.now(UTC)

    def take_all(caller: int) -> list[object]:
        taken = []
        try:
            # A new name each time: who has a call gets the same one again.
            while (one := claim_next_call(by=f"{caller}-{len(taken)}", now=now)) is not None:
                taken.append(one)
        finally:
            connection.close()
        return taken

    with ThreadPoolExecutor(4) as callers:
        taken = Counter(one for some in callers.map(take_all, range(4)) for one in some)
    assert len(taken) == 12
    assert set(taken.values()) == {1}


def test_a_claim_lapses_after_an_hour(haven: Organisation, calling: Settings) -> None:
    send(calling)
    now = datetime.now(UTC)
    call = claim_next_call(by="Ann", now=now)
    assert call is not None
    with pytest.raises(CallRefusedError, match="Ann is making that call"):
        record_call(code_of(haven), outcome="reached", by="Bob", now=now)
    assert claim_next_call(by="Bob", now=now + HOUR - timedelta(seconds=1)) is None
    assert claim_next_call(by="Bob", now=now + HOUR) == call


def test_the_gravest_is_called_first_and_then_the_oldest(ingest: Ingest, calling: Settings) -> None:
    for place, reference in enumerate(("mild", "first", "second")):
        discover(reference, f"192.0.2.{place * 16}/28", number=f"+3120123456{place}")
    ingest(report_text("192.0.2.17"))
    release_threat("rdp-worm", tlp=Tlp.GREEN)
    send(calling)
    ingest(report_text("192.0.2.33"), name="2026-11-22-scan_rdp-second.csv")
    ingest(report_text("192.0.2.1", severity="medium"), name="2026-11-22-scan_rdp-mild.csv")
    send(calling)
    now, order = datetime.now(UTC), []
    while (call := next_call(by="Ann", settings=calling, now=now).call) is not None:
        order.append(call.organisation.split(" ")[1])
        record_call(call.code, outcome="reached", by="Ann", now=now)
    assert order == ["first", "second", "mild"]


def test_three_tries_then_the_next_route(
    haven: Organisation, calling: Settings, server: FolderMailServer, baken: Command
) -> None:
    send(calling)
    code, now = code_of(haven), datetime.now(UTC)
    first = record_call(code, outcome="no-answer", by="Ann", now=now)
    assert (first.tries_left, first.call_again_at) == (2, now + 2 * HOUR)
    assert claim_next_call(by="Bob", now=now + HOUR) is None, "not at once again"
    assert claim_next_call(by="Bob", now=now + 2 * HOUR) is not None
    second = record_call(code, outcome="left-word", by="Bob", now=now + 2 * HOUR)
    assert (second.tries_left, second.is_told_otherwise) == (1, False)
    third = record_call(code, outcome="no-answer", by="Ann", now=now)
    assert (third.tries_left, third.is_told_otherwise) == (0, True)

    assert channels_of(haven) == [("phone", "refused")]
    assert list(Delivery.objects.order_by("attempt").values_list("state", "about")) == [
        ("accepted", ""),
        ("refused", "address"),
    ], "what was recorded stays"
    assert Case.objects.get().told_at is None, "nobody heard of it"
    send(calling)
    assert channels_of(haven) == [("phone", "refused"), ("mail", "accepted")]
    assert len(server.messages()) == 1
    said = baken("explain", code, BAKEN_PUBLISHED_NUMBER=NUMBER).out
    assert "Called 3 times; nobody who is responsible was reached." in said
    assert "by Bob, call 2: left a message" in said
    with pytest.raises(CallRefusedError, match="is not to be called"):
        record_call(code, outcome="reached", by="Ann", now=now)


def test_a_wrong_number_is_never_called_again(haven: Organisation, calling: Settings) -> None:
    send(calling)
    done = record_call(code_of(haven), outcome="wrong-number", by="Ann", now=datetime.now(UTC))
    assert done.is_told_otherwise
    assert Suppression.objects.get().address == "+31201234567"
    send(calling)
    assert channels_of(haven) == [("phone", "refused"), ("mail", "accepted")]


@pytest.mark.parametrize("outcome", ["reached", "not-theirs"])
def test_who_was_spoken_to_is_not_told_again(
    haven: Organisation, calling: Settings, outcome: str
) -> None:
    send(calling)
    record_call(code_of(haven), outcome=outcome, by="Ann", now=datetime.now(UTC))
    send(calling)
    assert channels_of(haven) == [("phone", "accepted")]
    assert claim_next_call(by="Bob", now=datetime.now(UTC) + 9 * HOUR) is None


def test_what_is_not_theirs_is_not_told_to_them_by_any_way(
    haven: Organisation, calling: Settings, baken: Command
) -> None:
    send(calling)
    code = code_of(haven)
    record_call(code, outcome="not-theirs", by="Ann", now=datetime.now(UTC))
    assert set(Case.objects.filter(organisation=haven).values_list("answer", flat=True)) == {
        "not-ours"
    }
    assert "[answered]" in baken("explain", code).out


def test_call_back_comes_when_they_asked(
    haven: Organisation, calling: Settings, baken: Command
) -> None:
    send(calling)
    at = (datetime.now(UTC) + 3 * HOUR).replace(second=0, microsecond=0)
    code = code_of(haven)
    without = baken("calls", "done", code, "--by", "Ann", "--outcome", "call-back")
    assert (without.exit_code, "needs the time" in without.err) == (65, True)
    said = baken(
        "calls", "done", code, "--by", "Ann", "--outcome", "call-back", "--at",
        f"{at:%Y-%m-%dT%H:%M}",
    )  # fmt: skip
    assert f"It comes back in the list at {at:%Y-%m-%d %H:%M} UTC; 3 tries left." in said.out
    assert claim_next_call(by="Bob", now=at - HOUR) is None
    assert claim_next_call(by="Bob", now=at) is not None


def test_call_back_does_not_go_on_for_ever(haven: Organisation, calling: Settings) -> None:
    send(calling)
    now = datetime.now(UTC)
    for _ in range(5):
        record_call(
            code_of(haven), outcome="call-back", by="Ann", now=now, call_again_at=now + HOUR
        )
    last = record_call(
        code_of(haven), outcome="call-back", by="Ann", now=now, call_again_at=now + HOUR
    )
    assert last.is_told_otherwise


def test_nobody_is_called_about_what_is_gone(
    haven: Organisation, ingest: Ingest, calling: Settings, baken: Command
) -> None:
    send(calling)
    code = code_of(haven)
    ingest(
        report_text("203.0.113.9", seen_at=YESTERDAY + timedelta(hours=20)),
        name="2026-11-30-scan_rdp-test.csv",
    )
    assert mark_gone(silence=timedelta(hours=1), now=datetime.now(UTC)).gone == 1
    said = baken("calls", "next", "--by", "Ann", BAKEN_PUBLISHED_NUMBER=NUMBER).out
    assert said.splitlines() == [
        "Taken out of the list: nothing in it is seen any more.",
        "No call waits now.",
    ]
    assert channels_of(haven) == [("phone", "withdrawn")]
    assert Case.objects.get().told_at is None
    assert "[withdrawn: nothing in it is seen any more]" in baken("explain", code).out


def test_nobody_is_called_whose_number_asked_us_to_stop_or_whose_system_is_anothers(
    haven: Organisation, calling: Settings, baken: Command
) -> None:
    send(calling)
    assert baken("suppress", "+31 20 123 45 67", BAKEN_PUBLISHED_NUMBER=NUMBER).exit_code == 0
    found = next_call(by="Ann", settings=calling, now=datetime.now(UTC))
    assert (found.call, found.dropped) == (None, ("the address is left alone",))
    send(calling)
    assert channels_of(haven) == [("phone", "withdrawn"), ("mail", "accepted")]


def test_a_halt_stops_calls_too(haven: Organisation, calling: Settings, baken: Command) -> None:
    send(calling)
    assert channels_of(haven) == [("phone", "accepted")]
    halt_sending("an exercise")
    halted = baken("calls", "next", "--by", "Ann", BAKEN_PUBLISHED_NUMBER=NUMBER)
    assert (halted.exit_code, "an exercise" in halted.err) == (75, True)


def test_beyond_a_days_calls_who_can_be_mailed_is_and_who_cannot_waits_in_the_list(
    ingest: Ingest, calling: Settings
) -> None:
    few = replace(calling, by_hand=replace(calling.by_hand, calls_per_day=2))
    names = ["grave", "mailed", "silent"]
    for place, reference in enumerate(names):
        discover(
            reference,
            f"192.0.2.{place * 16}/28",
            number=f"+3120123456{place}",
            mail=reference != "silent",
        )
    ingest(report_text("192.0.2.1", severity="critical"))
    ingest(report_text("192.0.2.33"), name="2026-11-22-scan_rdp-silent.csv")
    ingest(report_text("192.0.2.17", severity="medium"), name="2026-11-22-scan_rdp-mild.csv")
    release_threat("rdp-worm", tlp=Tlp.GREEN)
    send(few)
    told = Notification.objects.values_list("organisation__reference", "channel")
    assert set(told) == {("grave", "phone"), ("silent", "phone"), ("mailed", "mail")}

    late = discover("late", "192.0.2.64/28", number="+31201234569")
    ingest(report_text("192.0.2.65"), name="2026-11-22-scan_rdp-late.csv")
    send(few)
    assert channels_of(late) == [("phone", "accepted")], "there is no other way to tell it"


def test_a_dry_run_writes_the_script(
    haven: Organisation, calling: Settings, tmp_path: Path
) -> None:
    done = dry_run_into(tmp_path / "dry", settings=calling)
    assert (done.messages, done.refused) == (1, 0)
    (script,) = (tmp_path / "dry").glob("*.txt")
    assert "Zeg wie u bent" in script.read_text()
    assert not haven.notifications.exists()


def test_the_list_as_csv_holds_no_formula(
    haven: Organisation, calling: Settings, baken: Command
) -> None:
    Organisation.objects.filter(pk=haven.pk).update(name="=HYPERLINK(1)")
    send(calling)
    (row,) = csv.DictReader(io.StringIO(baken("calls", "list", "--csv").out))
    assert (row["organisation"], row["number"]) == ("'=HYPERLINK(1)", "'+31201234567")
    line = baken("calls", "list", "--language", "nl").out
    assert "wacht" in line
    assert "+31201234567" in line


def test_an_attempt_once_recorded_stays(haven: Organisation, calling: Settings) -> None:
    send(calling)
    record_call(code_of(haven), outcome="left-word", by="Ann", now=datetime.now(UTC))
    with pytest.raises(DatabaseError, match="never changed"):
        CallAttempt.objects.update(outcome="reached")
    with pytest.raises(DatabaseError, match="never changed"):
        CallAttempt.objects.all().delete()


def test_a_code_of_a_mail_is_no_call(haven: Organisation, sending: Settings) -> None:
    send(sending)
    for code in (code_of(haven), "0000-0000-0000", "nonsense"):
        with pytest.raises(NotFoundError):
            record_call(code, outcome="reached", by="Ann", now=datetime.now(UTC))


def test_the_doctor_speaks_of_calls_where_people_are_called(
    haven: Organisation, baken: Command
) -> None:
    haven.contacts.get().routes.filter(channel="mail").delete()
    assert "calls" not in baken("doctor").out
    said = baken("doctor", BAKEN_PUBLISHED_NUMBER=NUMBER).out
    assert f"ok   list of calls: baken calls answers: who is called can call back {NUMBER}" in said
    assert "1 organisations, all with a mail address or telephone number" in said
