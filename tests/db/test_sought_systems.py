"""What is decided about systems of unknown owners, and the organisations that are written of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from baken.constituency.models import Contact, Organisation, Route
from baken.core.choosing import Circumstances
from baken.core.classification import AddressRole, Level, Severity, Tlp
from baken.core.ladder import Answers, Sought
from baken.core.language import Language
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
from baken.core.observation import AffectedRole
from baken.core.routes import Scope
from baken.core.unknown_system import CountryBy, UnknownSystem
from baken.discovery.selectors import decided_systems, sought_of, states_under, systems_to_open
from baken.discovery.services import decide_about, write_discovered
from baken.explaining.ladders import explain_ladders, ladder_lines
from baken.explaining.words import words_in
from baken.occasions.models import Occasion
from baken.occasions.services import Threat, create_threat_occasion

pytestmark = pytest.mark.django_db

NOW: Final = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
CIRCUMSTANCES: Final = Circumstances(now=NOW, said_by_subject=("security-txt",))


def unknown(number: int = 7, **facts: object) -> UnknownSystem:
    system = UnknownSystem(
        finding_kind="vulnerable-http",
        system=f"192.0.2.{number}:443/tcp",
        address=f"192.0.2.{number}",
        network_bits=None,
        port=443,
        transport="tcp",
        host_name="",
        hinted_name="",
        hint_origin=None,
        url_host="",
        email_domain="",
        asn=64496,
        country="NL",
        country_by=CountryBy.SOURCE,
        product="",
        address_role=AddressRole.VULNERABLE,
        affected_role=AffectedRole.SERVICE,
        feed="made-up",
        report_type="made_up",
        severity=Severity.CRITICAL,
        cves=("CVE-2026-0001",),
        tlp=Tlp.GREEN,
        operators=(),
        first_seen_at=NOW - timedelta(days=1),
        last_seen_at=NOW - timedelta(hours=3),
        sightings=2,
    )
    return replace(system, **facts)


def answers(number: int = 7, *, mail: str = "it@bakkerij.example", handle: str = "EX:1") -> Answers:
    subject = Subject(SubjectKind.ADDRESS, f"192.0.2.{number}")
    holder = Holder(handle, "Bakkerij", "192.0.2.0/29", NetworkStanding.ASSIGNMENT, "NL")
    answer = LookupAnswer(
        "rdap-address", subject, Outcome.FOUND, "made up", NOW, NOW + timedelta(days=7),
        (
            FoundRoute(FoundChannel.MAIL, mail, Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 80),
            FoundRoute(
                FoundChannel.PHONE, "+31201234567", Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 60
            ),
            FoundRoute(
                FoundChannel.MAIL, "abuse@provider.example", Scope.NETWORK,
                Basis.ALLOCATION_ABUSE, 80,
            ),
        ),
        (holder,),
    )  # fmt: skip
    return Answers({("rdap-address", subject): answer})


@pytest.fixture
def occasion() -> Occasion:
    return create_threat_occasion(
        Threat(
            key="grave",
            title="A grave threat",
            likelihood=Level.HIGH,
            impact=Level.HIGH,
            tlp=Tlp.GREEN,
            advice_nl="Los het op.",
            advice_en="Solve it.",
            finding_kinds=("vulnerable-http",),
        )
    )


def decide(occasion: Occasion, *systems: UnknownSystem, all_answers: list[Answers]) -> None:
    decide_about(occasion, systems, all_answers, circumstances=CIRCUMSTANCES)


def test_nothing_is_written_of_an_organisation_before_a_warning_is_about_to_go(
    occasion: Occasion,
) -> None:
    decide(occasion, unknown(), all_answers=[answers()])
    assert states_under(occasion) == {"owner": 1}
    assert not Organisation.objects.exists()


def test_a_discovered_organisation_has_a_name_its_routes_and_nothing_else(
    occasion: Occasion,
) -> None:
    decide(occasion, unknown(), all_answers=[answers()])
    write_discovered(occasion, now=NOW)
    found = Organisation.objects.get()
    assert (found.name, found.standing, found.sector, found.rhythm) == (
        "Bakkerij", "discovered", "", "",
    )  # fmt: skip
    assert not found.assets.exists()
    routes = {
        (route.channel, route.address, route.source) for route in Route.objects.order_by("id")
    }
    assert routes == {
        ("mail", "it@bakkerij.example", "rdap-address"),
        ("phone", "+31201234567", "rdap-address"),
    }
    assert {contact.language for contact in Contact.objects.all()} == {Language.NL}


def test_one_organisation_with_many_systems_is_written_once(occasion: Occasion) -> None:
    systems = [unknown(number) for number in range(1, 7)]
    decide(occasion, *systems, all_answers=[answers(number) for number in range(1, 7)])
    done = write_discovered(occasion, now=NOW)
    assert (done.organisations, done.systems) == (1, 6)
    assert Organisation.objects.count() == 1
    assert len({one.organisation_id for one in systems_to_open(occasion)}) == 1
    assert write_discovered(occasion, now=NOW).systems == 0


def test_two_holders_with_one_contact_are_two_organisations(occasion: Occasion) -> None:
    decide(
        occasion, unknown(1), unknown(2),
        all_answers=[answers(1, handle="EX:1"), answers(2, handle="EX:2")],
    )  # fmt: skip
    write_discovered(occasion, now=NOW)
    assert Organisation.objects.count() == 2


def test_who_signed_up_since_keeps_what_it_gave_us_itself(occasion: Occasion) -> None:
    decide(occasion, unknown(1), all_answers=[answers(1)])
    write_discovered(occasion, now=NOW)
    Organisation.objects.update(standing="registered")
    decide(occasion, unknown(2), all_answers=[answers(2, mail="other@bakkerij.example")])
    write_discovered(occasion, now=NOW)
    assert not Route.objects.filter(address="other@bakkerij.example").exists()
    assert Organisation.objects.count() == 1


def test_deciding_again_keeps_the_newest_choice_and_the_organisation(occasion: Occasion) -> None:
    decide(occasion, unknown(), all_answers=[answers()])
    write_discovered(occasion, now=NOW)
    decide(occasion, unknown(), all_answers=[answers(mail="new@bakkerij.example")])
    (decided,) = decided_systems(occasion)
    assert decided.organisation_id == Organisation.objects.get().pk
    addresses = [route.address for route in decided.choice.owner_routes]
    assert addresses == ["+31201234567", "new@bakkerij.example"]


@pytest.mark.parametrize(
    ("facts", "is_broken_into", "is_mail"),
    [
        ({}, False, False),
        ({"address_role": AddressRole.ABUSED}, True, False),
        ({"address_role": AddressRole.VICTIM, "finding_kind": "vulnerable-exchange"}, True, True),
        ({"address_role": AddressRole.VICTIM, "product": "Zimbra Collaboration"}, True, True),
        ({"address_role": AddressRole.VICTIM, "port": 25}, True, True),
        ({"address_role": AddressRole.VICTIM, "finding_kind": "leaked-account"}, True, True),
    ],
)
def test_what_was_in_other_hands_is_told_from_what_is_only_weak(
    facts: dict[str, object], is_broken_into: bool, is_mail: bool
) -> None:
    sought = sought_of(unknown(**facts))
    assert (sought.is_broken_into, sought.is_mail_broken_into) == (is_broken_into, is_mail)


def test_a_url_s_host_counts_as_asked_for_only_when_it_is_a_name() -> None:
    assert sought_of(unknown(url_host="www.example.nl")).asked_name == "www.example.nl"
    assert sought_of(unknown(url_host="192.0.2.7")).asked_name == ""
    assert isinstance(sought_of(unknown(url_host="[2001:db8::1]")), Sought)


@pytest.mark.parametrize("language", list(Language))
def test_the_ladder_is_told_in_words(occasion: Occasion, language: Language) -> None:
    decide(occasion, unknown(), all_answers=[answers()])
    (ladder,) = explain_ladders("192.0.2.7:443/tcp")
    said = "\n".join(ladder_lines(ladder, words_in(language)))
    for fact in ("Bakkerij", "it@bakkerij.example", "abuse@provider.example", "+31201234567"):
        assert fact in said
