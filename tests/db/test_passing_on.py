"""A grave threat, systems that only a network's operator can find: asked once, and passed on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from django.db import connection

from baken import lookups
from baken.cases.models import Case
from baken.constituency.models import Organisation
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
from baken.core.routes import Scope
from baken.discovery.models import SoughtSystem
from baken.intake.models import StoredFile
from baken.jobs.discovered_cases import discovered_kept_back
from baken.jobs.discovery import discover
from baken.jobs.forgetting import forget_who_never_signed_up
from baken.jobs.matching_again import match_what_waits
from baken.jobs.sending import plan, plan_and_deliver
from baken.lookups import LookupKind
from baken.occasions.models import Occasion
from baken.outbox.models import Notification, PassOnSystem
from baken.outbox.selectors import check_code, outbox_totals, pass_on_totals
from baken.outbox.services import close_threat, leave_alone, record_passed_on
from baken.outside import Outside
from baken.responses.services import record_answer
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

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("registry")]

PROVIDER, OTHER = "abuse@provider.example", "abuse@other.example"
CODE = re.compile(r"Code meesturen: (\S{4}-\S{4}-\S{4})")
NAMES = {"EX:ISP-1": "Provider", "EX:ISP-2": "Zusterbedrijf", "EX:ISP-3": "Other"}


class Registry:
    """Knows in whose allocation an address lies, and of no customer."""

    def __init__(self, operators: Mapping[str, tuple[str, str]]) -> None:
        self.operators = operators

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        del outside  # it asks nobody
        return [self._answer(subject, now=now) for subject in subjects]

    def _answer(self, subject: Subject, *, now: datetime) -> LookupAnswer:
        nothing = LookupAnswer(
            "registry", subject, Outcome.NONE, "the registry", now, now + timedelta(days=1)
        )
        if subject.value not in self.operators:
            return nothing
        handle, desk = self.operators[subject.value]
        desk_route = FoundRoute(
            FoundChannel.MAIL, desk, Scope.NETWORK, Basis.ALLOCATION_ABUSE, 90, name="Abuse desk"
        )
        holder = Holder(handle, NAMES[handle], "203.0.113.0/24", NetworkStanding.ALLOCATION, "NL")
        return replace(nothing, outcome=Outcome.FOUND, routes=(desk_route,), holders=(holder,))


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The one lookup there is."""
    known = Registry(
        {
            "203.0.113.9": ("EX:ISP-1", PROVIDER),
            "203.0.113.10": ("EX:ISP-1", PROVIDER),
            "203.0.113.11": ("EX:ISP-2", PROVIDER),
            "203.0.113.12": ("EX:ISP-3", OTHER),
        }
    )

    def opened(_files: Sequence[GivenFile]) -> Registry:
        return known

    kind = LookupKind("registry", SubjectKind.ADDRESS, opened, at_once=1000)
    monkeypatch.setattr(lookups, "LOOKUPS", MappingProxyType({kind.key: kind}))
    return known


@pytest.fixture
def sending(sending: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The settings of the test, with public pages that answer."""
    with answering_pages(sending, tmp_path) as with_pages:
        yield with_pages


def send(settings: Settings) -> int:
    """Plan and hand over; how many were accepted."""
    _, outcome = plan_and_deliver(settings=settings, progress=lambda _: None)
    return outcome.accepted


def find_out(settings: Settings, key: str = "worm") -> dict[str, int]:
    return dict(discover(key, settings=settings, progress=lambda *_: None).states)


def texts(server: FolderMailServer) -> list[tuple[str, str]]:
    """To whom, and the plain text, of each mail."""
    return [(mail["To"], mail.get_body(("plain",)).get_content()) for mail in server.messages()]


def codes_in(server: FolderMailServer) -> list[str]:
    return [code for _, text in texts(server) for code in CODE.findall(text)]


def under_a_threat(ingest: Ingest, settings: Settings, *addresses: str) -> None:
    ingest(report_text(*addresses))
    release_threat("worm", tlp=Tlp.GREEN)
    find_out(settings)


def test_an_operator_is_asked_with_all_that_it_needs_to_find_who_uses_the_systems(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.10", "203.0.113.99")
    assert send(sending) == 1
    ((to, text),) = texts(server)
    assert PROVIDER in to
    for said in ("203.0.113.9, poort 3389 (TCP)", "203.0.113.10", f"{YESTERDAY:%Y-%m-%dT%H:%M:%SZ}",
                 "A worm: worm", "Doe dit vandaag nog."):  # fmt: skip
        assert said in text
    assert "203.0.113.99" not in text
    assert len(set(codes_in(server))) == 2
    assert not Case.objects.exists()
    operator = Organisation.objects.get()
    assert (operator.name, operator.standing) == ("Provider", "discovered")
    assert outbox_totals().organisations_warned == 0


def test_of_what_a_system_sent_the_port_and_the_second_of_each_moment_are_told(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    seen = [YESTERDAY + timedelta(minutes=place, seconds=7) for place in range(2)]
    rows = [
        f'"{at:%Y-%m-%d %H:%M:%S}",critical,tcp,203.0.113.9,{40000 + place},192.0.2.1,443,mirai\n'
        for place, at in enumerate(seen)
    ]
    header = "timestamp,severity,protocol,src_ip,src_port,dst_ip,dst_port,infection\n"
    ingest(header + "".join(rows), name="2026-11-22-event4_sinkhole-test.csv")
    release_threat("worm", tlp=Tlp.GREEN)
    Occasion.objects.filter(key="worm").update(finding_kinds=["infected-host"])
    find_out(sending)
    assert send(sending) == 1
    ((_, text),) = texts(server)
    for place, at in enumerate(seen):
        assert f"In UTC: {at:%Y-%m-%dT%H:%M:%SZ}, bronpoort {40000 + place}" in text
    assert len(codes_in(server)) == 1


def test_nobody_is_asked_twice_until_a_reminder_is_due(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    assert send(sending) == 1
    assert send(sending) == 0
    find_out(sending)
    assert send(sending) == 0
    long_ago = datetime.now(UTC) - timedelta(days=40)
    Notification.objects.update(planned_at=long_ago)
    assert send(sending) == 1
    first, second = codes_in(server)
    assert first == second
    assert "Herinnering" in server.messages()[-1]["Subject"]


def test_one_contact_gets_one_mail_also_when_it_acts_for_several_operators(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.12")
    assert send(sending) == 2
    by_desk = {PROVIDER if PROVIDER in to else OTHER: text for to, text in texts(server)}
    for address in ("203.0.113.9", "203.0.113.10", "203.0.113.11"):
        assert address in by_desk[PROVIDER]
    assert "203.0.113.12" in by_desk[OTHER]
    assert "203.0.113.12" not in by_desk[PROVIDER]
    assert Organisation.objects.count() == 3


def test_what_is_new_goes_in_the_message_that_still_waits(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    plan(settings=sending)
    ingest(report_text("203.0.113.10"), name="2026-11-23-scan_rdp-test.csv")
    find_out(sending)
    assert send(sending) == 1
    ((_, text),) = texts(server)
    assert "203.0.113.9, poort" in text
    assert "203.0.113.10, poort" in text


@pytest.mark.parametrize("impact", [Level.MEDIUM, Level.LOW])
def test_a_threat_that_is_not_grave_asks_nobody(
    ingest: Ingest, sending: Settings, impact: Level
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN, impact=impact)
    find_out(sending)
    assert send(sending) == 0
    assert not Organisation.objects.exists()


def test_amber_reaches_operators_only_by_a_setting(ingest: Ingest, sending: Settings) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.AMBER)
    find_out(sending)
    assert send(sending) == 0
    assert send(replace(sending, amber_reaches_unregistered=True)) == 1


def test_while_our_pages_do_not_answer_no_operator_is_asked(
    ingest: Ingest, sending: Settings
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    without = replace(sending, public=replace(sending.public, url=""))
    assert send(without) == 0
    assert discovered_kept_back() == 1
    assert send(sending) == 1
    assert discovered_kept_back() == 0


def test_an_operator_that_asked_us_to_stop_is_left_alone(ingest: Ingest, sending: Settings) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    plan(settings=sending)
    leave_alone(PROVIDER)
    hand_over(sending)
    assert Notification.objects.get().state == "withdrawn"
    assert send(sending) == 0


def test_who_signs_up_before_the_mail_goes_is_told_and_the_operator_is_not_asked(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    plan(settings=sending)
    make_organisation("haven", "203.0.113.0/24")
    match_what_waits(sending)
    hand_over(sending)
    waiting = Notification.objects.get(is_pass_on=True)
    assert (waiting.state, waiting.state_reason) == (
        "withdrawn", "a system in it is not the operator's to pass on any more",
    )  # fmt: skip
    assert server.messages() == []


def test_when_the_threat_ends_what_waits_is_withdrawn(ingest: Ingest, sending: Settings) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    plan(settings=sending)
    assert close_threat("worm", now=datetime.now(UTC)).withdrawn == 1
    hand_over(sending)
    assert Notification.objects.get().state == "withdrawn"


def test_the_dry_run_shows_what_would_be_asked_and_writes_nothing(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    done = baken("send", "--dry-run", f"{tmp_path}/dry", "--occasion", "worm")
    assert done.exit_code == 0, done.err
    assert not Organisation.objects.exists()
    assert not Notification.objects.exists()
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*.eml")]
    assert any(PROVIDER in text for text in written)


def test_whoever_gets_a_code_from_the_operator_can_check_it(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.10")
    plan(settings=sending)
    row = PassOnSystem.objects.first()
    assert row is not None
    send(sending)
    code, _ = codes_in(server)
    checked = check_code(code.lower())
    assert checked is not None
    assert (checked.systems, checked.is_handed_down, checked.channel) == (1, True, "mail")
    whole = check_code(Notification.objects.get().code)
    assert whole is not None
    assert (whole.systems, whole.is_handed_down) == (2, False)
    assert code not in texts_of_all_tables()


def test_a_code_of_what_never_left_us_is_not_ours(ingest: Ingest, sending: Settings) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    plan(settings=sending)
    from baken.outbox.pass_on_facts import requests_of

    (request,) = requests_of([Notification.objects.get().pk]).values()
    assert check_code(request.systems[0].code) is None


def texts_of_all_tables() -> str:
    """All that the database holds."""
    with connection.cursor() as cursor:
        rows: list[str] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 - names of tables
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_what_was_passed_on_is_counted_once_when_the_operator_says_so(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.10")
    send(sending)
    code, _ = codes_in(server)
    now = datetime.now(UTC)
    first = record_passed_on([code], now=now)
    again = record_passed_on([code], now=now + timedelta(days=1))
    assert (first.recorded, first.known) == (1, 0)
    assert (again.recorded, again.known) == (0, 1)
    assert PassOnSystem.objects.get(answer="passed-on").answered_at == now
    totals = pass_on_totals(Occasion.objects.get(key="worm").pk)
    assert (totals.operators, totals.systems, totals.passed_on) == (1, 2, 1)


def test_when_all_is_over_only_counts_are_left_of_operators(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.12")
    send(sending)
    record_passed_on(codes_in(server)[:1], now=datetime.now(UTC))
    before = texts_of_all_tables()
    for text in ("203.0.113.9", PROVIDER, "Provider", "EX:ISP-1"):
        assert text in before
    StoredFile.objects.all().delete()  # as the purge of the store does
    now = datetime.now(UTC)
    assert forget_who_never_signed_up(settings=sending, now=now + timedelta(days=80)) == 0
    assert forget_who_never_signed_up(settings=sending, now=now + timedelta(days=120)) == 2
    after = texts_of_all_tables()
    for text in ("203.0.113", "provider", "Provider", "EX:ISP", "other.example"):
        assert text not in after
    totals = pass_on_totals(Occasion.objects.get(key="worm").pk)
    assert (totals.operators, totals.systems, totals.passed_on) == (2, 2, 1)


STEPS = (
    "baken.jobs.passing_on.read_for_operators",
    "baken.jobs.passing_on.write_operators",
    "baken.jobs.sending.plan_notifications",
    "baken.outbox.planning.plan_requests",
    "baken.outbox.passing_on.PassOnSystem.objects.bulk_create",
    "baken.jobs.sending.deliver_waiting",
)


@pytest.mark.parametrize("step", STEPS)
def test_broken_off_at_any_step_each_is_asked_once_by_the_next_run(
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

    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.12")
    with monkeypatch.context() as broken:
        broken.setattr(step, breaks)
        with pytest.raises(BrokenOffError):
            send(sending)
    assert send(sending) == 2
    assert send(sending) == 0
    assert len(server.messages()) == Organisation.objects.count() == 2


def test_two_runs_at_once_ask_everybody_once(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.10", "203.0.113.11", "203.0.113.12")

    def run(_: int) -> int:
        try:
            return send(sending)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as runs:
        assert sum(runs.map(run, range(3))) == 2
    assert len(server.messages()) == 2
    assert Organisation.objects.count() == 3
    assert SoughtSystem.objects.exclude(to_pass_on="").count() == 4


@pytest.mark.parametrize("language", ["en", "nl"])
def test_explain_says_who_was_asked_when_and_what_the_operator_said(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command, language: str
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    plan(settings=sending)
    said = baken("explain", "203.0.113.9", "--language", language).out
    assert "Provider" in said
    assert "[not-seen-since]" in said
    hand_over(sending)
    (code,) = codes_in(server)
    record_passed_on([code], now=datetime.now(UTC))
    for what in ("203.0.113.9:3389/tcp", code, Notification.objects.get().code):
        said = baken("explain", what, "--language", language).out
        assert PROVIDER in said
        assert code in said
        assert {"en": ": passed on (", "nl": ": doorgegeven ("}[language] in said
    figures = json.loads(baken("explain", "203.0.113.9", "--json").out)
    (request,) = figures["requests"]
    assert (request["code"], request["answer"]) == (code, "passed-on")


def test_explain_says_why_an_operator_is_not_asked(
    ingest: Ingest, sending: Settings, baken: Command
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.AMBER)
    find_out(sending)
    send(sending)
    assert "Provider is not asked now" in (said := baken("explain", "203.0.113.9").out)
    assert "[ask-source]" in said


def test_the_commands_tell_what_was_asked_and_record_what_was_passed_on(
    ingest: Ingest, sending: Settings, server: FolderMailServer, baken: Command
) -> None:
    assert "No operator was asked" in baken("pass-on", "list").out
    under_a_threat(ingest, sending, "203.0.113.9", "203.0.113.10", "203.0.113.12")
    planned = plan(settings=sending)
    assert (planned.notifications, planned.requests, planned.to_pass_on) == (2, 2, 3)
    hand_over(sending)
    whole = Notification.objects.get(organisation__name="Provider")
    first, second = CODE.findall(dict(texts_by_desk(server))[PROVIDER])
    listed = baken("pass-on", "list", whole.code).out
    assert first in listed
    assert second in listed
    done = baken("pass-on", "done", first.lower().replace("-", " "))
    assert (done.exit_code, "1 system passed on" in done.out) == (0, True)
    wrong = baken("pass-on", "done", second, "K7QX-4M2P-9DTW")
    assert wrong.exit_code
    assert "K7QX-4M2P-9DTW" in wrong.err
    assert "2 systems, 1 passed on" in baken("pass-on", "list").out
    figures = json.loads(baken("pass-on", "done", "--all", whole.code, "--json").out)
    assert figures == {"recorded": 1, "known": 1}
    for command in (("occasion", "show", "worm"), ("occasion", "discover", "worm")):
        assert "2 network operators asked to pass on 3 systems; 2 passed on" in baken(*command).out
    assert baken("pass-on", "done").exit_code == 2
    assert baken("pass-on", "list", first).exit_code


def texts_by_desk(server: FolderMailServer) -> list[tuple[str, str]]:
    return [(PROVIDER if PROVIDER in to else OTHER, text) for to, text in texts(server)]


def test_a_desk_that_is_the_wrong_one_is_not_written_to_again_and_explain_says_so(
    ingest: Ingest, sending: Settings, baken: Command
) -> None:
    under_a_threat(ingest, sending, "203.0.113.9")
    assert send(sending) == 1
    asked = Notification.objects.get()
    record_answer(asked.pk, kind="wrong-contact", text="", now=datetime.now(UTC))
    assert send(sending) == 0
    assert pass_on_totals(Occasion.objects.get(key="worm").pk).systems == 0
    assert "Provider is not asked now" in baken("explain", "203.0.113.9").out
