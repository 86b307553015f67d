"""Letters: from the plan to one batch each, to the post, and otherwise when one comes back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

import baken.jobs.letters
from baken.cases.models import Case
from baken.constituency.models import Organisation, Route
from baken.core.errors import LetterRefusedError, NotFoundError
from baken.jobs.letters import print_letters
from baken.jobs.sending import dry_run_into, plan
from baken.outbox.models import Delivery, Notification
from baken.outbox.selectors import check_code, unwanted_of_any_kind
from baken.outbox.services import suppress_address
from baken.responses.models import Letter, LetterBatch, LetterFact
from baken.responses.selectors import waiting_letters
from baken.responses.services import begin_batch, printing_alone, record_returned, record_sent
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from small_world import Command, Ingest, hand_over, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

FROM = "Nationaal CSIRT; Postbus 1; 2500 AA Den Haag"
TO = "Stichting haven; Havenweg 1; 1234 AB Voorbeeldstad"
LETTERS = {"BAKEN_LETTER_RETURN_ADDRESS": FROM}


@pytest.fixture
def writing(sending: Settings) -> Settings:
    """The settings of a service that also writes letters."""
    by_hand = replace(sending.by_hand, letter_return_address=FROM)
    return replace(sending, by_hand=by_hand)


def with_letter_only(reference: str, network: str, address: str = TO) -> Organisation:
    organisation = make_organisation(reference, network)
    organisation.contacts.get().routes.update(channel="letter", address=address)
    return organisation


@pytest.fixture
def haven(ingest: Ingest) -> Organisation:
    """An organisation with a postal address only, of which something grave was seen."""
    organisation = with_letter_only("haven", "192.0.2.0/28")
    ingest(report_text("192.0.2.7"))
    return organisation


def send(settings: Settings) -> None:
    plan(settings=settings)
    hand_over(settings)


def print_now(folder: Path, settings: Settings) -> list[tuple[int, int]]:
    done = print_letters(folder, settings=settings, now=datetime.now(UTC))
    return [(one.batch, one.letters) for one in done.batches]


def code_of(organisation: Organisation) -> str:
    return organisation.notifications.get(channel="letter").code


def channels_of(organisation: Organisation) -> list[tuple[str, str]]:
    told = organisation.notifications.order_by("planned_at")
    return list(told.values_list("channel", "state"))


def test_a_letter_is_planned_printed_posted_and_explained(
    haven: Organisation, writing: Settings, baken: Command, tmp_path: Path
) -> None:
    send(writing)
    assert channels_of(haven) == [("letter", "accepted")]
    assert "[in the list of letters, attempt 1]" in baken("explain", "192.0.2.7", **LETTERS).out
    code = code_of(haven)
    said = baken("letters", "print", "--out", tmp_path).out
    batch = LetterBatch.objects.get()
    assert f"Batch {batch.pk}: 1 letter, 2 pages, in {tmp_path}" in said
    folder = tmp_path / f"batch-{batch.pk:04}"
    assert {path.name for path in folder.iterdir()} == {"list.csv", f"0001-{code}.pdf"}
    (row,) = csv.DictReader((folder / "list.csv").read_text().splitlines())
    assert (row["number"], row["line2"], row["code"]) == ("1", "Havenweg 1", code)
    assert (folder / row["file"]).read_bytes().startswith(b"%PDF-")

    assert "No letter was printed" in baken("letters", "print", "--out", tmp_path).out
    assert "1 letter recorded as posted." in baken("letters", "sent", "--all", batch.pk).out
    assert "0 letters recorded" in baken("letters", "sent", code).out
    (listed,) = json.loads(baken("letters", "list", "--json").out)["letters"]
    assert (listed["state"], listed["batch"]) == ("sent", batch.pk)
    explained = baken("explain", code).out
    assert f"in batch {batch.pk}" in explained
    assert "letter posted, recorded" in explained


def test_a_letter_that_comes_back_is_told_otherwise(
    haven: Organisation, writing: Settings, server: FolderMailServer, baken: Command, tmp_path: Path
) -> None:
    send(writing)
    print_now(tmp_path, writing)
    code = code_of(haven)
    record_sent(codes=[code], now=datetime.now(UTC))
    Route.objects.create(
        contact=haven.contacts.get(), channel="mail", address="security@haven.example.nl"
    )
    said = baken("letters", "returned", code, "--reason", "moved").out
    assert f"{code} came back: the next baken send takes another way" in said
    assert channels_of(haven) == [("letter", "refused")]
    assert Case.objects.get().told_at is None
    assert list(Delivery.objects.order_by("attempt").values_list("state", "about")) == [
        ("accepted", ""),
        ("refused", "address"),
    ]
    send(writing)
    assert channels_of(haven) == [("letter", "refused"), ("mail", "accepted")]
    assert len(server.messages()) == 1
    assert "letter came back, recorded" in baken("explain", code).out
    again = record_returned(code, reason="refused", now=datetime.now(UTC))
    assert not again.is_told_otherwise
    assert LetterFact.objects.get(fact="returned").reason == "moved", "what was recorded stays"


@pytest.fixture
def two_letters(haven: Organisation, ingest: Ingest, writing: Settings) -> list[str]:
    """Two letters in the list; their codes."""
    with_letter_only("zorg", "192.0.2.16/28", "Stichting zorg; Zorgweg 2; 1234 AB Voorbeeldstad")
    ingest(report_text("192.0.2.17"), name="2026-11-22-scan_rdp-zorg.csv")
    send(writing)
    del haven
    return sorted(Notification.objects.values_list("code", flat=True))


class BrokenOffError(Exception):
    """Where a process that was killed would have ended."""


@pytest.mark.parametrize("place", range(4))
def test_a_batch_that_was_broken_off_is_finished_and_no_letter_is_in_two(
    two_letters: list[str], writing: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    place: int,
) -> None:  # fmt: skip
    whole = _print_into(tmp_path / "whole", writing)
    LetterBatch.objects.update(written_at=None)
    first = tmp_path / "whole"
    steps = iter(range(place + 1))

    def step(really: Callable[..., None]) -> Callable[..., None]:
        def broken(*args: object, **named: object) -> None:
            if next(steps) == place:
                raise BrokenOffError
            really(*args, **named)

        return broken

    for file in first.rglob("*.*"):
        file.unlink()
    with monkeypatch.context() as patched:
        for name in ("_write_whole", "record_written"):
            patched.setattr(baken.jobs.letters, name, step(getattr(baken.jobs.letters, name)))
        with pytest.raises(BrokenOffError):
            print_now(tmp_path / "second", writing)
    (batch,) = LetterBatch.objects.all()
    assert batch.written_at is None
    assert len(list(first.rglob("*.*"))) == place
    with pytest.raises(LetterRefusedError, match="not printed yet"):
        record_sent(codes=two_letters, now=datetime.now(UTC))

    assert print_now(tmp_path / "second", writing) == [(batch.pk, 2)]
    assert not (tmp_path / "second").exists(), "where it was to go"
    assert {path.name: path.read_bytes() for path in first.rglob("*.*")} == whole
    assert begin_batch(waiting_letters(), folder="x", now=datetime.now(UTC)) is None
    assert LetterBatch.objects.count() == 1
    assert print_now(tmp_path / "third", writing) == []


def _print_into(folder: Path, settings: Settings) -> dict[str, bytes]:
    """The files of the one batch."""
    print_now(folder, settings)
    return {path.name: path.read_bytes() for path in folder.rglob("*.*")}


def test_two_who_print_at_once_print_each_letter_once(
    two_letters: list[str], writing: Settings, tmp_path: Path
) -> None:
    def run(name: str) -> int:
        try:
            return sum(letters for _, letters in print_now(tmp_path / name, writing))
        except LetterRefusedError as error:
            assert "at work" in str(error)
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(run, ("one", "two"))) == 2
    assert len(list(tmp_path.rglob("*.pdf"))) == 2
    assert sorted(Letter.objects.values_list("notification__code", flat=True)) == two_letters


def test_who_prints_while_another_does_is_told_to_wait(
    two_letters: list[str], writing: Settings, tmp_path: Path
) -> None:
    def run() -> None:
        try:
            print_now(tmp_path, writing)
        finally:
            connection.close()

    with (
        printing_alone(),
        ThreadPoolExecutor(1) as pool,
        pytest.raises(LetterRefusedError, match="Another baken letters print is at work"),
    ):
        pool.submit(run).result()
    assert print_now(tmp_path, writing)[0][1] == len(two_letters)


def test_postage_is_capped_and_the_rest_waits_for_another_day(
    two_letters: list[str], baken: Command, tmp_path: Path
) -> None:
    one_a_day = {**LETTERS, "BAKEN_LETTERS_PER_DAY": "1"}
    said = baken("letters", "print", "--out", tmp_path, **one_a_day).out
    assert "1 letter, 2 pages" in said
    assert "1 letter more for another day: BAKEN_LETTERS_PER_DAY is reached." in said
    assert "No letter was printed" in baken("letters", "print", "--out", tmp_path, **one_a_day).out
    LetterBatch.objects.update(made_at=datetime.now(UTC) - timedelta(days=1))
    assert "1 letter, 2 pages" in baken("letters", "print", "--out", tmp_path, **one_a_day).out
    assert Letter.objects.count() == len(two_letters)


def test_a_dry_run_of_printing_says_what_would_be_and_writes_nothing(
    two_letters: list[str], baken: Command, tmp_path: Path
) -> None:
    said = baken("letters", "print", "--out", tmp_path / "x", "--dry-run", **LETTERS).out
    assert f"{code_at('Zorgweg')}  2 pages  Stichting zorg, Zorgweg 2, 1234 AB Voorbeeldst" in said
    assert "To print now: 2 letters. This was a dry run: nothing was written." in said
    assert not (tmp_path / "x").exists()
    assert not LetterBatch.objects.exists()
    figures = json.loads(baken("letters", "print", "--dry-run", "--json", **LETTERS).out)
    assert sorted(one["code"] for one in figures["letters"]) == two_letters


def code_at(street: str) -> str:
    return Notification.objects.get(addressee__address__contains=street).code


def test_a_cell_of_the_list_is_no_formula(
    ingest: Ingest, writing: Settings, tmp_path: Path
) -> None:
    with_letter_only("haven", "192.0.2.0/28", "=cmd|' /C calc'!A0, Kade 1, 1234 AB Haven")
    ingest(report_text("192.0.2.7"))
    send(writing)
    print_now(tmp_path, writing)
    (path,) = tmp_path.rglob("list.csv")
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert row["line1"].startswith("'=cmd")


@pytest.mark.parametrize(
    ("reason", "is_left_alone"),
    [("undeliverable", True), ("moved", True), ("refused", False), ("not-collected", False)],
)
def test_where_nobody_is_found_nothing_is_sent_again_until_that_is_lifted(
    haven: Organisation, writing: Settings, baken: Command, tmp_path: Path, reason: str,
    is_left_alone: bool,
) -> None:  # fmt: skip
    send(writing)
    print_now(tmp_path, writing)
    said = baken("letters", "returned", code_of(haven), "--reason", reason).out
    assert ("Nothing is sent to" in said) == is_left_alone
    now = datetime.now(UTC)
    in_a_month = now + timedelta(days=30)
    assert (TO in unwanted_of_any_kind(now=in_a_month)) == is_left_alone
    assert TO in unwanted_of_any_kind(now=now)
    if is_left_alone:
        assert baken("suppress", TO, "--lift").exit_code == 0
        assert TO not in unwanted_of_any_kind(now=in_a_month)


def test_whoever_holds_a_letter_can_check_its_code(
    haven: Organisation, writing: Settings, tmp_path: Path
) -> None:
    send(writing)
    print_now(tmp_path, writing)
    found = check_code(code_of(haven).lower())
    assert found is not None
    assert (found.channel, found.systems, found.address_ending) == ("letter", 1, "")


def test_what_may_not_go_any_more_is_not_printed(
    haven: Organisation, writing: Settings, tmp_path: Path
) -> None:
    send(writing)
    suppress_address(TO, reason="asked to")
    done = print_letters(tmp_path, settings=writing, now=datetime.now(UTC))
    assert (done.batches, done.dropped) == ((), ("the address is left alone",))
    assert channels_of(haven) == [("letter", "withdrawn")]
    assert list(tmp_path.glob("batch-*")) == []


def test_who_can_be_mailed_gets_no_letter(
    haven: Organisation, writing: Settings, server: FolderMailServer
) -> None:
    Route.objects.create(
        contact=haven.contacts.get(), channel="mail", address="security@haven.example.nl"
    )
    send(writing)
    assert channels_of(haven) == [("mail", "accepted")]
    assert len(server.messages()) == 1


def test_without_a_return_address_nobody_is_written_to(
    haven: Organisation, sending: Settings, baken: Command
) -> None:
    assert [one.rule for one in plan(settings=sending).unreachable] == ["no-contact"]
    assert not haven.notifications.exists()
    refused = baken("letters", "print")
    assert (refused.exit_code, "BAKEN_LETTER_RETURN_ADDRESS" in refused.err) == (78, True)


def test_what_waits_for_people_is_said_after_sending_and_by_the_doctor(
    haven: Organisation, writing: Settings, baken: Command, tmp_path: Path
) -> None:
    assert "by hand" not in baken("doctor", **LETTERS).out
    assert "To print: 1 letter (baken letters print)." in baken("send", **LETTERS).out
    assert "by hand: To print: 1 letter (baken letters print)." in baken("doctor", **LETTERS).out
    print_now(tmp_path, writing)
    said = "by hand: Printed, and not yet recorded as posted: 1 letter (baken letters sent)."
    assert said in baken("doctor", **LETTERS).out
    figures = json.loads(baken("send", "--json", **LETTERS).out)
    assert figures["waiting_by_hand"] == {"calls": 0, "letters": 0, "unposted": 1}
    record_sent(codes=[code_of(haven)], now=datetime.now(UTC))
    assert "by hand" not in baken("doctor", **LETTERS).out


def test_a_dry_run_shows_the_letter(haven: Organisation, writing: Settings, tmp_path: Path) -> None:
    done = dry_run_into(tmp_path / "dry", settings=writing)
    assert (done.messages, done.refused) == (1, 0)
    (pdf,) = (tmp_path / "dry").glob("*.pdf")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert not haven.notifications.exists()


def test_postal_addresses_are_imported_and_those_that_do_not_fit_are_refused(
    ingest: Ingest, writing: Settings, baken: Command, tmp_path: Path
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    organisation.contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    routes = tmp_path / "routes.csv"
    routes.write_text(
        "organisation,role,name,channel,address\n"
        'haven,general,Directie,letter,"Haven;Havenweg 1 ; 1234 AB Voorbeeldstad"\n'
        "haven,general,Directie,letter,somewhere\n"
    )
    said = baken("import", routes).out
    assert "routes: 1 new, 0 changed, 0 as they were, 1 refused" in said
    assert "A postal address has 2 to 6 lines" in said
    send(writing)
    assert organisation.notifications.get().addressee.address == (
        "Haven; Havenweg 1; 1234 AB Voorbeeldstad"
    )


def test_a_postal_address_that_somebody_found_is_written_to(
    ingest: Ingest, writing: Settings, baken: Command
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    organisation.contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    found = ("--source", "its website", "--by", "Ann")
    refused = baken("route", "add", "haven", "--letter", "somewhere", *found)
    assert refused.exit_code != 0
    assert "A postal address has 2 to 6 lines" in refused.err
    assert '"Voorbeeld B.V.; Dorpsstraat 1; 1234 AB Voorbeeldstad"' in refused.err
    added = baken("route", "add", "haven", "--letter", " Havenweg 1 | 1234 AB Haven ", *found)
    assert added.exit_code == 0, added.err
    send(writing)
    assert organisation.notifications.get().addressee.address == "Havenweg 1; 1234 AB Haven"


def test_the_doctor_says_where_letters_come_back_and_are_checked(
    haven: Organisation, baken: Command
) -> None:
    assert channels_of(haven) == []
    assert "list of letters" not in baken("doctor").out
    said = baken("doctor", **LETTERS).out
    assert f"letters come back to {FROM}; a reader checks them at no page" in said
    said = baken("doctor", BAKEN_PUBLIC_URL="https://check.example.nl").out
    assert "a reader checks them at https://check.example.nl" in said


def test_what_became_of_a_letter_stays_and_a_stranger_is_no_letter(
    haven: Organisation, writing: Settings, tmp_path: Path
) -> None:
    send(writing)
    with pytest.raises(NotFoundError):
        record_sent(codes=[code_of(haven)], now=datetime.now(UTC))
    with pytest.raises(NotFoundError):
        record_sent(batch_id=999, now=datetime.now(UTC))
    print_now(tmp_path, writing)
    record_sent(codes=[code_of(haven)], now=datetime.now(UTC))
    with pytest.raises(DatabaseError, match="never changed"):
        LetterFact.objects.all().delete()
    with pytest.raises(NotFoundError):
        record_returned("0000-0000-0000", reason="moved", now=datetime.now(UTC))
