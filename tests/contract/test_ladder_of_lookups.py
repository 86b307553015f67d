"""The real lookups, and one new to Baken, climb the ladder in one small world.

The made-up lookup is a module of its own and a line in the table; nothing else knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from lookup_scenarios.dns_security import EXPIRES, contact
from lookup_world import NOW, World, outside_of

import made_up_lookup
from baken.core.finding_kinds import Layer
from baken.core.ladder import Answers, Sought
from baken.core.lookup import Basis, Outcome, Subject, SubjectKind
from baken.discovery.services import OpenLookup, climb
from baken.lookups import LOOKUPS, LookupKind
from baken.outside import Outside
from dns_peer import NO_SUCH_NAME
from https_peer import text_page

pytestmark = pytest.mark.django_db

BOOK = "https://book.example.net/desks/"
TABLE: Mapping[str, LookupKind] = {
    **{key: kind for key, kind in LOOKUPS.items() if kind.reads is None and "rdap" not in key},
    made_up_lookup.KEY: made_up_lookup.KIND,
}
WORLD = World(
    zone={
        "vpn.example.nl": ["A 192.0.2.7"],
        "liar.example.org": ["A 203.0.113.9"],
        "_security.vpn.example.nl": [NO_SUCH_NAME],
        "_security.own.example.nl": [contact("mailto:security@example.nl"), EXPIRES],
        "own.example.nl": ["A 192.0.2.8"],
        "example.nl": ["10 mx.example.nl."],
    },
    pages={
        f"{BOOK}vpn.example.nl": text_page("desks\nhelp@example.nl"),
        f"{BOOK}own.example.nl": text_page("desks\nhelp@example.nl"),
        f"{BOOK}liar.example.org": text_page("desks\nliar@example.org"),
    },
)


@pytest.fixture
def outside() -> Iterator[Outside]:
    with outside_of(WORLD) as outside:
        yield outside


def climbed(sought: Sought, *, outside: Outside) -> Answers:
    done = climb(
        {"system": sought},
        lookups=[OpenLookup(kind, kind.open(())) for kind in TABLE.values()],
        outside=lambda _: outside,
        clock=lambda: NOW,
        progress=lambda _: None,
    )
    return done.answers["system"]


def addresses(answers: Answers) -> set[str]:
    return {route.address for one in answers.by_question.values() for route in one.routes}


def test_a_lookup_new_to_baken_is_asked_and_its_route_found(outside: Outside) -> None:
    sought = Sought(Layer.DEVICE, address="192.0.2.7", hinted_names=("vpn.example.nl",))
    answers = climbed(sought, outside=outside)
    assert "help@example.nl" in addresses(answers)
    assert made_up_lookup.KEY in {key for key, _ in answers.by_question}
    judged = answers.by_question["mail-exchange", Subject(SubjectKind.DOMAIN, "example.nl")]
    assert (judged.outcome, judged.takes_mail) == (Outcome.FOUND, True)


def test_a_name_that_leads_elsewhere_leads_no_further(outside: Outside) -> None:
    sought = Sought(Layer.DEVICE, address="192.0.2.7", hinted_names=("liar.example.org",))
    answers = climbed(sought, outside=outside)
    assert {key for key, _ in answers.by_question} == {"name-addresses"}
    assert not addresses(answers)


def test_where_a_name_says_itself_whom_to_tell_nobody_guesses(outside: Outside) -> None:
    sought = Sought(Layer.DEVICE, address="192.0.2.8", hinted_names=("own.example.nl",))
    answers = climbed(sought, outside=outside)
    bases = {route.basis for one in answers.by_question.values() for route in one.routes}
    assert bases == {Basis.OWN_RECORD}
    assert not {"usual-addresses", "zone-mailbox"} & {key for key, _ in answers.by_question}
