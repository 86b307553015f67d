"""Who holds the link of a message answers it, and what follows is what was asked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import ProgrammingError, transaction
from told import SENT_AT, tell
from visitors import Visitor

from baken.cases.models import Case
from baken.core.answer_link import WORKS_FOR, read_answer_link, write_answer_link
from baken.core.errors import AnswerRefusedError
from baken.jobs.forgetting import forget_who_never_signed_up
from baken.jobs.sending import policy_of, sender_of
from baken.occasions.models import Occasion
from baken.outbox.models import Addressee, LeftAlone, Notification, PassOnSystem, Suppression
from baken.outbox.pass_on_codes import digest_of
from baken.outbox.selectors import answer_key, unwanted_addresses, unwanted_of_any_kind, verdict_on
from baken.outbox.services import erase_addressee
from baken.responses.models import Answer
from baken.responses.selectors import standing_answer
from baken.responses.services import record_answer
from baken.settings.environment import Settings, read_settings
from small_world import add_contact, make_organisation

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "security@haven.example.nl"
ASKED = "do-not-contact"


def link_of(notification: Notification, *, planned_at: datetime | None = None) -> str:
    """The path of the answer page of `notification`."""
    when = planned_at or datetime.now(UTC)
    return f"/answer/{write_answer_link(notification.pk, planned_at=when, key=answer_key())}/"


def discovered(reference: str = "haven") -> Notification:
    """A notification of an organisation that never signed up."""
    organisation = make_organisation(reference)
    organisation.standing = organisation.Standing.DISCOVERED
    organisation.save()
    return tell(organisation=organisation)


def test_looking_at_the_page_changes_nothing_and_sending_the_form_answers(
    visitor: Visitor,
) -> None:
    told = tell()
    path = link_of(told)
    shown = visitor.get(path)
    assert (shown.status, "Antwoord geven op onze waarschuwing" in shown.body) == (200, True)
    assert not Answer.objects.exists()
    sent = visitor.post(path, kind="solved", text="Hersteld op maandag.")
    assert sent.status == 303
    assert "Bedankt, wij hebben uw antwoord" in visitor.get(sent.headers["Location"]).body
    (answer,) = Answer.objects.all()
    assert (answer.kind, answer.text, answer.how) == ("solved", "Hersteld op maandag.", "page")
    assert sent.headers["Set-Cookie"] is None


def test_a_second_answer_takes_the_place_of_the_first_and_both_are_kept(visitor: Visitor) -> None:
    told = tell()
    path = link_of(told)
    for kind in ("working-on-it", "not-ours"):
        assert visitor.post(path, kind=kind).status == 303
    standing = standing_answer(told.pk)
    assert standing is not None
    assert standing.kind == "not-ours"
    assert [one.kind for one in Answer.objects.all()] == ["working-on-it", "not-ours"]
    assert Case.objects.get().answer == "not-ours"
    assert "Uw antwoord: Dit is niet van ons." in visitor.get(path).body


def test_an_answer_is_never_changed_or_deleted_and_only_its_text_can_be_erased() -> None:
    answer = record_answer(tell().pk, kind="solved", text="by Jan", now=SENT_AT)
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        Answer.objects.update(kind="not-ours")
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        answer.delete()
    Answer.objects.update(text="")
    assert Answer.objects.get().text == ""


@pytest.mark.parametrize("kind", ["solved", "working-on-it", "not-ours"])
def test_what_was_answered_keeps_us_silent_and_the_verdict_says_so(
    kind: str, settings_of_test: Settings
) -> None:
    told = tell()
    now = datetime.now(UTC)
    Case.objects.update(told_at=None, told_severity=None)  # nothing else keeps us silent
    record_answer(told.pk, kind=kind, text="", now=now)
    policy = policy_of(settings_of_test)
    assert verdict_on(Case.objects.get(), policy=policy, now=now).rule == "answered"
    later = now + timedelta(days=15)
    Case.objects.update(last_seen_at=later)
    expected = "answered" if kind == "not-ours" else "new"
    assert verdict_on(Case.objects.get(), policy=policy, now=later).rule == expected


def test_the_wrong_contact_lets_the_next_planning_take_another(
    visitor: Visitor,
) -> None:
    told = tell()
    add_contact(told.organisation, email="it@haven.example.nl")
    visitor.post(link_of(told), kind="wrong-contact", text="Vraag it@haven.example.nl")
    told.refresh_from_db()
    assert told.state == Notification.State.REFUSED
    assert Case.objects.get().told_at is None
    assert ADDRESS in unwanted_addresses(now=datetime.now(UTC))


def test_who_signed_up_and_wants_no_more_is_suppressed_in_sight_of_our_people() -> None:
    record_answer(tell().pk, kind=ASKED, text="", now=datetime.now(UTC))
    assert Suppression.objects.get().address == ADDRESS
    assert not LeftAlone.objects.exists()


def test_who_never_signed_up_is_left_alone_for_ever_and_only_a_salted_hash_is_kept() -> None:
    now = datetime.now(UTC)
    told = discovered()
    record_answer(told.pk, kind=ASKED, text="", now=now)
    erase_addressee(ADDRESS, now=now)
    told.organisation.contacts.all().delete()
    assert not Suppression.objects.exists()
    (kept,) = LeftAlone.objects.all()
    assert re.fullmatch("[0-9a-f]{64}", kept.digest)
    unwanted = unwanted_of_any_kind(now=now)
    assert ADDRESS.upper() in unwanted, "a lookup that finds it again passes it over"
    assert "it@haven.example.nl" not in unwanted
    assert list(unwanted) == []
    add_contact(told.organisation, email=ADDRESS)
    assert unwanted_addresses(now=now) == {ADDRESS}, "and so does planning"
    record_answer(told.pk, kind="solved", text="", now=now)
    assert ADDRESS in unwanted_of_any_kind(now=now), "no later answer undoes it"


def test_when_they_are_forgotten_their_words_go_and_their_wish_stays(
    settings_of_test: Settings,
) -> None:
    now = datetime.now(UTC)
    told = discovered()
    record_answer(told.pk, kind=ASKED, text="Jan, 06", now=now)
    settings = replace(settings_of_test, store_kept_for=timedelta(0))
    Case.objects.update(state=Case.State.GONE, gone_at=now)
    assert forget_who_never_signed_up(settings=settings, now=now + timedelta(days=1)) == 1
    assert (Answer.objects.get().kind, Answer.objects.get().text) == (ASKED, "")
    assert Addressee.objects.get().address == ""
    assert ADDRESS in unwanted_of_any_kind(now=now)


def test_what_waits_for_who_wants_no_more_is_withdrawn_and_the_last_check_sees_it() -> None:
    from baken.outbox.last_check import why_not

    first = discovered()
    waiting = tell("b.haven.example.nl", state=None, organisation=first.organisation)
    record_answer(first.pk, kind=ASKED, text="", now=datetime.now(UTC))
    waiting.refresh_from_db()
    assert waiting.state == Notification.State.WITHDRAWN
    meanwhile = tell("c.haven.example.nl", state=None, organisation=first.organisation)
    settings = read_settings({})
    found = why_not([meanwhile.pk], policy=policy_of(settings), now=datetime.now(UTC))
    assert meanwhile.pk in found


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: secret[:-1],
        lambda secret: secret[:-2] + ("AA" if secret[-2:] != "AA" else "BB"),
        lambda secret: ("B" if secret[0] == "A" else "A") + secret[1:],
        lambda secret: secret[:22] + ("B" if secret[22] == "A" else "A") + secret[23:],
        lambda _: "hello",
        lambda _: "",
        lambda secret: secret * 3,
        lambda secret: "é" + secret,
    ],
)
def test_a_link_that_we_did_not_make_opens_nothing(visitor: Visitor, spoil: object) -> None:
    assert callable(spoil)
    secret = write_answer_link(tell().pk, planned_at=SENT_AT, key=answer_key())
    spoilt = spoil(secret)
    assert read_answer_link(spoilt, key=answer_key()) is None
    for said in (
        visitor.get(f"/answer/{quote(spoilt)}/"),
        visitor.post(f"/answer/{quote(spoilt)}/", kind="solved"),
    ):
        assert said.status == 404
    assert not Answer.objects.exists()


def test_a_link_is_bound_to_its_key_and_ends_after_half_a_year(visitor: Visitor) -> None:
    told = tell()
    other = write_answer_link(told.pk, planned_at=SENT_AT, key=b"another key")
    assert read_answer_link(other, key=answer_key()) is None
    old = link_of(told, planned_at=datetime.now(UTC) - WORKS_FOR - timedelta(minutes=1))
    for said in (visitor.get(old), visitor.post(old, kind="solved")):
        assert (said.status, "Deze link is verlopen" in said.body) == (410, True)
    assert not Answer.objects.exists()


def test_a_link_of_what_never_left_us_opens_nothing(visitor: Visitor) -> None:
    assert visitor.get(link_of(tell(state=None))).status == 404


def test_hostile_text_is_kept_without_what_hides_and_is_never_shown_as_markup(
    visitor: Visitor,
) -> None:
    path = link_of(tell())
    hostile = "<script>alert(1)</script>\r\nBcc: x@example.com\x00\u202e{% load x %}"
    assert visitor.post(path, kind="solved", text=hostile).status in (303, 422)
    kept = record_answer(
        Notification.objects.get().pk, kind="solved", text=hostile, now=datetime.now(UTC)
    )
    assert kept.text == "<script>alert(1)</script>\nBcc: x@example.com{% load x %}"
    refused = visitor.post(path, kind="nothing", text="</textarea><script>alert(1)</script>")
    assert refused.status == 422
    assert "<script" not in refused.body
    assert "&lt;/textarea&gt;" in refused.body


def test_a_text_that_is_too_long_or_no_choice_is_said_and_nothing_is_kept(
    visitor: Visitor,
) -> None:
    path = link_of(tell())
    assert "Kies een van de antwoorden" in visitor.post(path, text="x").body
    too_long = visitor.post(path, kind="solved", text="x" * 2_001)
    assert (too_long.status, "Maak hem korter" in too_long.body) == (422, True)
    assert not Answer.objects.exists()


def test_one_link_cannot_fill_the_database(visitor: Visitor) -> None:
    told = tell()
    for _ in range(20):
        record_answer(told.pk, kind="solved", text="", now=datetime.now(UTC))
    assert visitor.post(link_of(told), kind="solved").status == 409
    assert Answer.objects.count() == 20


def test_the_mail_leads_to_the_pages_where_there_are_any(settings_of_test: Settings) -> None:
    from baken.outbox.selectors import warning_of
    from baken.outbox.wording import compose

    told = tell()
    without = compose(warning_of(told), sender_of(settings_of_test))
    assert "/answer/" not in without.text + (without.html or "")
    public = replace(settings_of_test.public, url="https://check.example.nl")
    mail = compose(warning_of(told), sender_of(replace(settings_of_test, public=public)))
    for text in (mail.text, mail.html or ""):
        found = re.search(r"https://check\.example\.nl/answer/([\w-]+)/", text)
        assert found is not None
        link = read_answer_link(found.group(1), key=answer_key())
        assert link is not None
        assert link.notification_id == told.pk
        assert link.expires_at == told.planned_at + WORKS_FOR


def test_our_people_read_what_was_answered(capsys: pytest.CaptureFixture[str]) -> None:
    from baken.cli import answers

    told = tell()
    record_answer(told.pk, kind="wrong-contact", text="Ask IT:\nit@haven.example.nl", now=SENT_AT)
    answers.answers(at_most=5, as_json=False)
    said = capsys.readouterr().out
    assert f"2026-11-22 09:30  {told.code}  wrong-contact  Stichting haven" in said
    assert "“Ask IT: it@haven.example.nl”" in said


# What operators answer


def ask(*systems: str) -> Notification:
    """A request to pass these systems on, which left us."""
    organisation = make_organisation("provider")
    organisation.standing = organisation.Standing.DISCOVERED
    organisation.save()
    asked = tell(organisation=organisation, address="abuse@provider.example.nl")
    asked.notified_cases.all().delete()
    Notification.objects.filter(pk=asked.pk).update(is_pass_on=True)
    for place, system in enumerate(systems):
        PassOnSystem.objects.create(
            notification=asked, operator=organisation, finding_kind="open-rdp", system=system,
            occasion=Occasion.objects.get(key="scans"), severity=3, reason="new",
            code_digest=digest_of(CODES[place]),
        )  # fmt: skip
    return Notification.objects.get(pk=asked.pk)


CODES = ("K7QX-4M2P-9DTW", "K7QX-4M2P-9DTX")


def test_an_operator_says_that_it_passed_everything_on(visitor: Visitor) -> None:
    asked = ask("192.0.2.7:3389/tcp", "192.0.2.8:3389/tcp")
    path = link_of(asked)
    shown = visitor.get(path).body
    assert "Antwoord geven op ons verzoek" in shown
    assert "Wij hebben alles doorgegeven" in shown
    assert "met de codes van dat deel" in shown
    assert "Het is opgelost" not in shown
    assert "2 systemen" in shown
    sent = visitor.post(path, kind="passed-on")
    assert sent.status == 303
    assert "Wij hebben alles doorgegeven" in visitor.get(sent.headers["Location"]).body
    said = PassOnSystem.objects.values_list("answer", "answered_how")
    assert set(said) == {("passed-on", "page")}


def test_an_operator_says_that_it_is_not_its_network_and_may_correct_itself(
    visitor: Visitor,
) -> None:
    path = link_of(ask("192.0.2.7:3389/tcp"))
    for kind, answer in (("not-ours", "not-theirs"), ("passed-on", "passed-on")):
        assert visitor.post(path, kind=kind).status == 303
        assert PassOnSystem.objects.get().answer == answer


@pytest.mark.parametrize("kind", ["solved", "working-on-it"])
def test_an_operator_cannot_answer_for_whoever_uses_the_system(visitor: Visitor, kind: str) -> None:
    assert visitor.post(link_of(ask("192.0.2.7:3389/tcp")), kind=kind).status == 422
    assert not Answer.objects.exists()


def test_who_was_warned_cannot_say_that_it_passed_on(visitor: Visitor) -> None:
    assert visitor.post(link_of(tell()), kind="passed-on").status == 422
    with pytest.raises(AnswerRefusedError):
        record_answer(
            Notification.objects.get().pk, kind="passed-on", text="", now=datetime.now(UTC)
        )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nl", "vroegen wij de beheerder van het netwerk"),
        ("en", "asked the operator of the network"),
    ],
)
def test_whoever_gets_a_code_from_the_operator_sees_whose_address_it_is(
    visitor: Visitor, language: str, said: str
) -> None:
    ask("192.0.2.7:3389/tcp", "192.0.2.8:3389/tcp")
    shown = visitor.get(f"/check/?language={language}&code={CODES[1].lower()}").body
    assert said in shown
    assert CODES[1] in shown
    assert "192.0.2" not in shown
    assert ("1 systeem" if language == "nl" else "1 system") in shown
