"""What `baken explain` says is what planning does, and the remedy fits the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from baken.cases.models import Case
from baken.constituency.models import Contact, Organisation
from baken.jobs.sending import plan, policy_of
from baken.occasions.models import Occasion
from baken.outbox.models import Notification, Suppression
from baken.outbox.selectors import verdict_on
from baken.outbox.services import halt_sending
from baken.settings.environment import Settings
from small_world import Command, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)


def in_plain_order() -> None:
    """Nothing stands in the way."""


def without_contact() -> None:
    Contact.objects.all().delete()


def left_alone() -> None:
    Suppression.objects.create(address="security@haven.example.nl", reason="asked to")


def for_few_eyes() -> None:
    Case.objects.update(tlp="TLP:RED")


def without_occasion() -> None:
    Occasion.objects.update(closed_at=datetime.now(UTC))


def not_signed_up() -> None:
    Organisation.objects.update(standing=Organisation.Standing.DISCOVERED)


@pytest.mark.parametrize(
    ("circumstance", "rule"),
    [
        (in_plain_order, "new"),
        (without_contact, "no-contact"),
        (left_alone, "contact-unwanted"),
        (for_few_eyes, "tlp-red"),
        (without_occasion, "no-occasion"),
        (not_signed_up, "not-registered"),
    ],
)
def test_what_is_explained_is_what_is_planned(
    ingest: Ingest,
    settings_of_test: Settings,
    baken: Command,
    circumstance: Callable[[], None],
    rule: str,
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    circumstance()
    case = Case.objects.select_related("organisation").get()
    verdict = verdict_on(case, policy=policy_of(settings_of_test), now=datetime.now(UTC))
    assert verdict.rule == rule
    assert f"[{rule}]" in baken("explain", "192.0.2.7").out
    planned = plan(settings=settings_of_test)
    assert planned.notifications == int(verdict.rule.tells)
    hindered = {"no-contact", "contact-unwanted", "tlp-red"} & {rule}
    assert {one.rule for one in planned.unreachable} == hindered


def test_a_label_that_keeps_one_case_back_leaves_the_others_told(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "192.0.2.8"))
    Case.objects.filter(address="192.0.2.8").update(tlp="TLP:RED")
    planned = plan(settings=settings_of_test)
    assert (planned.notifications, planned.cases) == (1, 1)
    assert Notification.objects.get().tlp == "TLP:AMBER"
    assert [(one.organisation_id, one.rule) for one in planned.unreachable] == [
        (organisation.pk, "tlp-red")
    ]
    assert Case.objects.get(address="192.0.2.8").told_at is None


def test_what_one_occasion_withholds_and_another_tells_is_not_unreachable(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    Occasion.objects.create(
        key="quiet", title="For few eyes", kind="threat", likelihood=3, impact=3, tlp="TLP:RED",
        finding_kinds=["open-rdp"], released_by="one", seconded_by="two",
        released_at=datetime.now(UTC),
    )  # fmt: skip
    planned = plan(settings=settings_of_test)
    assert (planned.notifications, planned.unreachable) == (1, ())


def test_nobody_is_asked_for_a_contact_when_the_label_is_the_reason(
    ingest: Ingest, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    Case.objects.update(tlp="TLP:RED")
    said = baken("send").out
    assert "TLP:RED" in said
    assert "baken import" not in said


def test_a_halt_is_explained(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    halt_sending("a wrong feed")
    said = baken("explain", "192.0.2.7").out
    assert "[new]" in said
    assert "sending is halted (a wrong feed)" in said


@pytest.mark.parametrize("what", ["::ffff:192.0.2.7", "192.0.2.0/24", "192.0.2.7/32"])
def test_an_address_is_known_however_it_is_written(
    ingest: Ingest, baken: Command, what: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    assert "open-rdp on 192.0.2.7" in baken("explain", what).out


def test_an_as_number_is_explained_by_what_it_matched(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "AS64500")
    ingest(report_text("192.0.2.7"))
    said = baken("explain", "as64500").out
    assert "lies in AS64500 of Stichting haven" in said
    assert "open-rdp on 192.0.2.7" in said


def test_part_of_a_name_is_answered_with_the_names_that_hold_it(baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    done = baken("explain", "Stichting hav")
    assert done.exit_code == 66
    assert "Stichting haven (haven)" in done.err


def test_as_json_every_case_has_its_fields(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text(*(f"192.0.2.{number}" for number in range(1, 31))))
    figures = json.loads(baken("explain", "haven", "--json").out)
    assert figures["case_count"] == len(figures["cases"]) == 30
    assert {one["because"] for one in figures["cases"]} == {"new"}
    assert "10 more cases" in baken("explain", "haven").out
    assert baken("explain", "haven", "--all").out.count("open-rdp on") == 30


def test_what_is_no_text_is_refused_with_a_word(baken: Command) -> None:
    done = baken("explain", "caf\udce9")
    assert done.exit_code == 65
    assert "UTF-8" in done.err
