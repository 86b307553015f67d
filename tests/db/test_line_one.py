"""A grave threat, a system that nobody registered: found out, warned, explained, and not twice."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from django.db import DatabaseError, connection, transaction

from baken import lookups
from baken.cases.models import Case
from baken.constituency.models import Asset, Contact, Organisation
from baken.core.choosing import PassedOver
from baken.core.classification import Level, Tlp
from baken.core.given_file import GivenFile
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.pap import Pap
from baken.core.routes import Scope
from baken.discovery.models import KeptAnswer, SoughtSystem
from baken.discovery.selectors import decisions_about
from baken.intake.models import StoredFile
from baken.jobs.discovered_cases import discovered_kept_back
from baken.jobs.discovery import discover
from baken.jobs.forgetting import forget_who_never_signed_up
from baken.jobs.letters import print_letters
from baken.jobs.looking_back import match_again
from baken.jobs.sending import plan_and_deliver
from baken.lookups import LookupKind
from baken.occasions.models import Occasion
from baken.outbox import last_check, refusals
from baken.outbox.models import Delivery, Notification
from baken.outbox.selectors import unwanted_of_any_kind
from baken.outside import Outside
from baken.outside.fetching import FetchError
from baken.responses.services import record_answer, record_returned
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from public_page_peer import answering_pages
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("book")]


class AddressBook:
    """Knows who holds the addresses in it, as a registry would."""

    def __init__(self, holders: Mapping[str, tuple[str, str]]) -> None:
        self.holders = holders
        self.asked: list[str] = []

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        del outside  # it asks nobody
        self.asked += [subject.value for subject in subjects]
        return [self._answer(subject, now=now) for subject in subjects]

    def _answer(self, subject: Subject, *, now: datetime) -> LookupAnswer:
        nothing = LookupAnswer(
            "address-book", subject, Outcome.NONE, "the address book", now, now + timedelta(days=1)
        )
        if subject.value not in self.holders:
            return nothing
        handle, contact = self.holders[subject.value]
        channel = FoundChannel.LETTER if "\n" in contact else FoundChannel.MAIL
        return replace(
            nothing,
            outcome=Outcome.FOUND,
            routes=(FoundRoute(channel, contact, Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 80),),
            holders=(
                Holder(handle, f"Bedrijf {handle}", "203.0.113.0/29", NetworkStanding.ASSIGNMENT,
                       "NL"),
            ),
        )  # fmt: skip


@pytest.fixture
def sending(sending: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The settings of the test, with public pages that answer."""
    with answering_pages(sending, tmp_path) as with_pages:
        yield with_pages


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> AddressBook:
    """The one lookup there is."""
    book = AddressBook(
        {
            "203.0.113.9": ("EX:1", "it@bakkerij.example"),
            "203.0.113.10": ("EX:1", "it@bakkerij.example"),
            "203.0.113.11": ("EX:2", "it@bakkerij.example"),
            "203.0.113.12": ("EX:3", "info@slagerij.example"),
            "203.0.113.13": ("EX:4", "Havenkade 1\n1234 AB Voorbeeldstad\nNL"),
        }
    )

    def opened(_files: Sequence[GivenFile]) -> AddressBook:
        return book

    kind = LookupKind("address-book", SubjectKind.ADDRESS, opened, at_once=1000)
    monkeypatch.setattr(lookups, "LOOKUPS", MappingProxyType({kind.key: kind}))
    return book


def send(settings: Settings) -> int:
    """Plan and hand over; how many were accepted."""
    _, outcome = plan_and_deliver(settings=settings, progress=lambda _: None)
    return outcome.accepted


def find_out(settings: Settings, key: str = "worm") -> dict[str, int]:
    return dict(discover(key, settings=settings, progress=lambda *_: None).states)


def test_who_did_not_sign_up_is_found_and_warned_of_a_grave_threat(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    ingest(report_text("203.0.113.9", "203.0.113.99"))
    release_threat("worm", tlp=Tlp.GREEN)
    assert find_out(sending) == {"owner": 1, "nobody": 1}
    assert not Organisation.objects.exists()
    assert send(sending) == 1
    (mail,) = server.messages()
    assert mail["To"] == "it@bakkerij.example"
    text = mail.get_body(("plain",)).get_content()
    assert "203.0.113.9" in text
    assert "203.0.113.99" not in text
    found = Organisation.objects.get()
    assert (found.name, found.standing) == ("Bedrijf EX:1", "discovered")
    assert not Asset.objects.exists()
    case = Case.objects.get()
    assert (case.rule, case.system, case.relation) == (
        "discovered",
        "203.0.113.9:3389/tcp",
        "owner",
    )


def answer_last(kind: str, *, text: str = "") -> None:
    """Answer the newest notification, as by the link in it."""
    newest = Notification.objects.latest("planned_at")
    record_answer(newest.pk, kind=kind, text=text, now=datetime.now(UTC))


def test_explain_tells_what_was_answered_to_a_message_by_its_code(
    ingest: Ingest, sending: Settings, baken: Command
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    send(sending)
    answer_last("working-on-it")
    answer_last("solved", text="Patched.\nBy us.")
    said = baken("explain", Notification.objects.get().code).out
    assert said.count("UTC: working on it\n") == 2, "of the message, and of the case that it tells"
    assert said.count("UTC: solved, “Patched. By us.”\n") == 2


def test_a_system_that_is_not_theirs_is_not_told_to_them_again(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9", "203.0.113.10"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    assert send(sending) == 1
    answer_last("not-ours")
    assert set(SoughtSystem.objects.values_list("state", "organisation")) == {("disowned", None)}
    assert send(sending) == 0
    assert find_out(sending) == {"nobody": 2}
    assert send(sending) == 0
    (told,) = {one.choice.rungs[0].passed_over for one in decisions_about("203.0.113.9:3389/tcp")}
    assert told is PassedOver.NOT_THEIRS


def test_a_system_that_is_theirs_after_all_is_theirs_again(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    send(sending)
    answer_last("not-ours")
    answer_last("working-on-it")
    assert SoughtSystem.objects.get().organisation == Organisation.objects.get()
    assert find_out(sending) == {"owner": 1}
    assert send(sending) == 0


def test_a_wrong_contact_is_not_written_to_again_though_it_is_found_again(
    ingest: Ingest, sending: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    assert send(sending) == 1
    answer_last("wrong-contact")
    monkeypatch.setattr(refusals, "REFUSED_FOR", timedelta(0))
    monkeypatch.setattr(last_check, "REFUSED_FOR", timedelta(0))
    assert find_out(sending) == {"owner": 1}
    assert send(sending) == 0


def test_whoever_signs_up_is_told_of_its_systems_instead_of_who_was_found(
    ingest: Ingest, sending: Settings, baken: Command
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    assert send(sending) == 1
    make_organisation("bakkerij", "203.0.113.0/28")
    assert send(sending) == 1
    by_rule = dict(Case.objects.values_list("rule", "organisation__reference"))
    assert by_rule.keys() == {"registered-since", "longest-prefix"}
    Case.objects.update(told_at=datetime.now(UTC) - timedelta(days=90))  # a reminder would be due
    assert send(sending) == 1
    assert Notification.objects.latest("planned_at").organisation.reference == "bakkerij"
    said = baken("explain", "203.0.113.9").out
    assert "somebody registered the system since [registered-since]" in said
    assert "it@bakkerij.example" in said, "what was told before is still to be read"


class Asking(AddressBook):
    """Would ask a server on the web, and remembers why it could not."""

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        with pytest.raises(FetchError) as refused:
            outside.web.get("https://registry.example.net/")
        self.asked.append(str(refused.value))
        return [
            LookupAnswer("asking", subject, Outcome.UNKNOWN, "a registry", now, now)
            for subject in subjects
        ]


@pytest.mark.parametrize(
    ("pap", "is_said_by_subject", "is_permitted"),
    [
        (Pap.RED, False, False),
        (Pap.AMBER, False, True),
        (Pap.AMBER, True, False),
        (Pap.GREEN, True, True),
    ],
)
def test_only_what_the_pap_label_of_the_threat_permits_is_asked(
    ingest: Ingest,
    sending: Settings,
    monkeypatch: pytest.MonkeyPatch,
    pap: Pap,
    is_said_by_subject: bool,
    is_permitted: bool,
) -> None:
    asking = Asking({})
    kind = LookupKind(
        "asking", SubjectKind.ADDRESS, lambda _: asking, is_said_by_subject=is_said_by_subject
    )
    monkeypatch.setattr(lookups, "LOOKUPS", MappingProxyType({kind.key: kind}))
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    Occasion.objects.update(pap=pap.value)
    assert find_out(sending) == {"nobody": 1}
    (why,) = asking.asked
    assert (f"{pap} does not permit" in why) is not is_permitted


def test_nobody_is_asked_twice_and_nobody_is_warned_twice(
    ingest: Ingest, sending: Settings, book: AddressBook
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    assert send(sending) == 1
    find_out(sending)
    assert send(sending) == 0
    assert book.asked == ["203.0.113.9"]
    assert KeptAnswer.objects.count() == 1


def test_before_two_people_released_the_threat_nothing_is_written_of_anybody(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    Occasion.objects.update(released_at=None, seconded_by="")
    find_out(sending)
    assert send(sending) == 0
    assert not Organisation.objects.exists()
    assert not Case.objects.exists()


@pytest.mark.parametrize("impact", [Level.MEDIUM, Level.LOW])
def test_a_threat_that_is_not_grave_warns_nobody_who_did_not_sign_up(
    ingest: Ingest, sending: Settings, impact: Level
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN, impact=impact)
    find_out(sending)
    assert send(sending) == 0
    assert not Organisation.objects.exists()


def test_amber_reaches_who_did_not_sign_up_only_by_a_setting(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.AMBER)
    find_out(sending)
    assert send(sending) == 0
    assert send(replace(sending, amber_reaches_unregistered=True)) == 1


def test_one_contact_responsible_for_many_systems_gets_one_mail_with_all_of_them(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    ingest(report_text("203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.12"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    assert send(sending) == 2
    texts = {mail["To"]: mail.get_body(("plain",)).get_content() for mail in server.messages()}
    assert texts.keys() == {"it@bakkerij.example", "info@slagerij.example"}
    for address in ("203.0.113.9", "203.0.113.10", "203.0.113.11"):
        assert address in texts["it@bakkerij.example"]
    assert "203.0.113.12" not in texts["it@bakkerij.example"]
    assert "Volgens onze gegevens van: Bedrijf EX:2" in texts["it@bakkerij.example"]
    assert Organisation.objects.count() == 3


def test_who_signs_up_before_the_mail_goes_gets_it_as_a_participant(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    make_organisation("haven", "203.0.113.0/24")
    assert send(sending) == 0
    assert [one.reference for one in Organisation.objects.all()] == ["haven"]
    match_again(settings=sending, progress=lambda _: None, occasion_key="worm")
    assert send(sending) == 1
    assert [mail["To"] for mail in server.messages()] == ["security@haven.example.nl"]


def test_the_dry_run_shows_who_would_be_found_and_writes_nothing(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    done = baken("send", "--dry-run", f"{tmp_path}/dry", "--occasion", "worm")
    assert done.exit_code == 0, done.err
    assert not Organisation.objects.exists()
    assert not Contact.objects.exists()
    assert not Notification.objects.exists()
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*.eml")]
    assert any("it@bakkerij.example" in text for text in written)


@pytest.mark.parametrize("what", ["203.0.113.9:3389/tcp", "203.0.113.9"])
def test_explain_tells_the_ladder_of_a_system(
    ingest: Ingest, sending: Settings, baken: Command, what: str
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    for language in ("en", "nl"):
        done = baken("explain", what, "--language", language)
        assert done.exit_code == 0, done.err
        assert "it@bakkerij.example" in done.out
        assert "EX:1" in done.out


def test_a_system_that_is_seen_again_keeps_its_one_case_up_to_date(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    send(sending)
    later = YESTERDAY + timedelta(hours=2)
    ingest(report_text("203.0.113.9", seen_at=later), name="2026-11-23-scan_rdp-test.csv")
    find_out(sending)
    send(sending)
    case = Case.objects.get()
    assert case.last_seen_at.replace(microsecond=0) == later.replace(microsecond=0)
    assert Notification.objects.count() == 1
    hand_over(sending)


def test_the_command_says_what_was_found_and_what_to_do_next(
    ingest: Ingest, baken: Command
) -> None:
    ingest(report_text("203.0.113.9", "203.0.113.99"))
    release_threat("worm", tlp=Tlp.GREEN)
    done = baken("occasion", "discover", "worm")
    assert done.exit_code == 0, done.err
    assert "2 systems" in done.out
    assert "baken explain" in done.out
    shown = baken("occasion", "show", "worm")
    assert "systems of unknown owner, as they were found: 1 nobody, 1 owner" in shown.out


def texts_of_all_tables() -> str:
    """All that the database holds, but for what Django and the occasion say of themselves."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows: list[str] = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 - names of tables
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_when_all_is_over_only_counts_are_left_of_who_did_not_sign_up(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9", "203.0.113.12"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    send(sending)
    before = texts_of_all_tables()
    for text in ("203.0.113.9", "it@bakkerij.example", "Bedrijf EX:1", "EX:1"):
        assert text in before
    answer_last("not-ours")
    Case.objects.update(state="gone", gone_at=datetime.now(UTC))
    StoredFile.objects.all().delete()  # as the purge of the store does
    now = datetime.now(UTC)
    assert forget_who_never_signed_up(settings=sending, now=now + timedelta(days=80)) == 0
    assert forget_who_never_signed_up(settings=sending, now=now + timedelta(days=120)) == 2
    after = texts_of_all_tables()
    for text in ("203.0.113", "bakkerij", "slagerij", "Bedrijf", "EX:"):
        assert text not in after
    assert Notification.objects.filter(state="accepted").count() == 2
    assert Case.objects.filter(finding_kind="open-rdp").count() == 2


def test_who_has_a_postal_address_alone_gets_a_letter_and_no_address_is_left_of_it(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    by_hand = replace(sending.by_hand, letter_return_address="CSIRT; Postbus 1; 2500 AA Den Haag")
    sending = replace(sending, by_hand=by_hand)
    ingest(report_text("203.0.113.13"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    assert send(sending) == 1
    now = datetime.now(UTC)
    (batch,) = print_letters(tmp_path / "letters", settings=sending, now=now).batches
    (row,) = csv.DictReader((batch.folder / "list.csv").read_text().splitlines())
    assert [row[f"line{place}"] for place in range(1, 5)] == [
        "Bedrijf EX:4", "Havenkade 1", "1234 AB Voorbeeldstad", "",
    ]  # fmt: skip
    assert "    accepted by: 1 letter\n" in baken("occasion", "show", "worm").out
    done = record_returned(row["code"], reason="moved", now=now)
    assert done.suppressed_address == "Bedrijf EX:4; Havenkade 1; 1234 AB Voorbeeldstad"

    Case.objects.update(state="gone", gone_at=now)
    StoredFile.objects.all().delete()  # as the purge of the store does
    assert forget_who_never_signed_up(settings=sending, now=now + timedelta(days=120)) == 1
    after = texts_of_all_tables().lower()
    for text in ("havenkade", "voorbeeldstad", "bedrijf", "203.0.113"):
        assert text not in after
    assert done.suppressed_address in unwanted_of_any_kind(now=now), "by its hash"


def test_who_still_has_an_open_case_is_not_forgotten(ingest: Ingest, sending: Settings) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    send(sending)
    later = datetime.now(UTC) + timedelta(days=400)
    assert forget_who_never_signed_up(settings=sending, now=later) == 0


def test_what_a_server_said_can_be_taken_out_of_a_delivery_and_nothing_else_can(
    ingest: Ingest, sending: Settings
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    send(sending)
    for change in ({"reply": "other"}, {"reply": "", "state": "refused"}, {"attempt": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Delivery.objects.update(**change)
    Delivery.objects.update(reply="")


STEPS = (
    "baken.jobs.discovered_cases.write_discovered",
    "baken.jobs.discovered_cases.match_stored",
    "baken.jobs.discovered_cases.note_opened",
    "baken.jobs.discovered_cases.forget_without_case",
    "baken.jobs.sending.plan_notifications",
)


@pytest.mark.parametrize("step", STEPS)
def test_broken_off_at_any_step_it_is_warned_once_by_the_next_run(
    ingest: Ingest,
    sending: Settings,
    server: FolderMailServer,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    class BrokenOffError(Exception):
        pass

    def breaks(*_: object, **__: object) -> None:
        raise BrokenOffError

    ingest(report_text("203.0.113.9", "203.0.113.12"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    with monkeypatch.context() as broken:
        broken.setattr(step, breaks)
        with pytest.raises(BrokenOffError):
            send(sending)
    assert send(sending) == 2
    assert send(sending) == 0
    assert sorted(mail["To"] for mail in server.messages()) == [
        "info@slagerij.example", "it@bakkerij.example",
    ]  # fmt: skip
    assert Case.objects.count() == Organisation.objects.count() == 2


def test_two_runs_at_once_write_and_warn_everybody_once(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    ingest(report_text("203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.12"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)

    def run(_: int) -> int:
        try:
            return send(sending)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as runs:
        assert sum(runs.map(run, range(3))) == 2
    assert len(server.messages()) == 2
    assert Organisation.objects.count() == 3
    assert Case.objects.count() == 4


def test_while_our_pages_do_not_answer_only_who_signed_up_is_warned(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("203.0.113.9", "192.0.2.7"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    without = replace(sending, public=replace(sending.public, url=""))
    assert send(without) == 1
    assert [mail["To"] for mail in server.messages()] == ["security@haven.example.nl"]
    assert [one.reference for one in Organisation.objects.all()] == ["haven"]
    assert discovered_kept_back() == 1
    health = baken("doctor").out
    assert "BAKEN_PUBLIC_URL is not set: nobody could check" in health
    assert send(sending) == 1
    assert discovered_kept_back() == 0


@pytest.mark.parametrize(("language", "said"), [("en", "1 system of"), ("nl", "1 systeem van")])
def test_the_command_says_who_waits_for_our_pages(
    ingest: Ingest, sending: Settings, baken: Command, language: str, said: str
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(sending)
    done = baken("send", "--language", language)
    assert done.exit_code == 1
    assert said in done.out
    figures = json.loads(baken("send", "--json").out)
    assert figures["systems_waiting_for_public_pages"] == 1
