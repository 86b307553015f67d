"""Whom to tell about a system of an unknown owner: the ladder's questions, and the choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.core.choosing import Choice, Circumstances, PassedOver, choose
from baken.core.finding_kinds import Layer
from baken.core.identity import Party
from baken.core.ladder import Answers, Sought, confirmed_names, next_questions
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
    Turn,
)
from baken.core.routes import Scope

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
ADDRESS = "192.0.2.7"
DEVICE = Sought(Layer.DEVICE, address=ADDRESS, hinted_names=("vpn.bakkerij.example",))
SITE = Sought(Layer.APPLICATION, address=ADDRESS, asked_name="www.bakkerij.example")
ASSIGNED = Holder("EX:ORG-1", "Bakkerij", "192.0.2.0/29", NetworkStanding.ASSIGNMENT, "NL")
ALLOCATED = Holder("EX:ORG-9", "Provider", "192.0.2.0/24", NetworkStanding.ALLOCATION, "NL")


def mail(
    address: str, scope: Scope = Scope.OWNER, basis: Basis = Basis.OWN_FILE, confidence: int = 90
) -> FoundRoute:
    return FoundRoute(FoundChannel.MAIL, address, scope, basis, confidence)


def answer(
    lookup: str,
    kind: SubjectKind,
    value: str,
    *routes: FoundRoute,
    holders: tuple[Holder, ...] = (),
    addresses: tuple[str, ...] = (),
    takes_mail: bool | None = None,
    outcome: Outcome = Outcome.FOUND,
    valid_for: timedelta = timedelta(days=7),
) -> LookupAnswer:
    return LookupAnswer(
        lookup=lookup,
        subject=Subject(kind, value),
        outcome=outcome,
        source="made up",
        fetched_at=NOW,
        valid_until=NOW + valid_for,
        routes=routes,
        holders=holders,
        addresses=addresses,
        takes_mail=takes_mail,
    )


def all_of(*several: LookupAnswer) -> Answers:
    return Answers({(one.lookup, one.subject): one for one in several})


RESOLVES = answer(
    "names", SubjectKind.NAME, "vpn.bakkerij.example", addresses=(ADDRESS, "192.0.2.8")
)
OWN_FILE = answer(
    "own-file", SubjectKind.NAME, "vpn.bakkerij.example", mail("security@bakkerij.example")
)
REGISTRY = answer(
    "registry",
    SubjectKind.ADDRESS,
    ADDRESS,
    mail("it@bakkerij.example", basis=Basis.ASSIGNMENT_HOLDER),
    mail("abuse@provider.example", Scope.NETWORK, Basis.ALLOCATION_ABUSE),
    holders=(ASSIGNED, ALLOCATED),
)
ONLY_OPERATOR = answer(
    "registry",
    SubjectKind.ADDRESS,
    ADDRESS,
    mail("abuse@provider.example", Scope.NETWORK, Basis.ALLOCATION_ABUSE),
    holders=(ALLOCATED,),
)


def chosen(sought: Sought, *answers: LookupAnswer, **circumstances: object) -> Choice:
    # What the host says of itself is of these lookups.
    defaults = Circumstances(now=NOW, said_by_subject=("own-file",))
    return choose(sought, all_of(*answers), replace(defaults, **circumstances))


def disowned(sought: Sought, *answers: LookupAnswer, by: str) -> Choice:
    """Chosen anew after `by` said that the system is not theirs."""
    return choose(sought, all_of(*answers), Circumstances(now=NOW), disowned_by=(by,))


def addresses_of(routes: Iterable[FoundRoute]) -> list[str]:
    return [route.address for route in routes]


def why_not(choice: Choice, address: str) -> PassedOver | None:
    return next(rung.passed_over for rung in choice.rungs if rung.route.address == address)


def test_a_device_is_told_to_the_holder_of_its_network_first() -> None:
    choice = chosen(DEVICE, RESOLVES, OWN_FILE, REGISTRY)
    assert choice.owner is not None
    assert str(choice.owner) == "handle:EX:ORG-1"
    assert addresses_of(choice.owner_routes) == ["it@bakkerij.example"]
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]
    assert why_not(choice, "security@bakkerij.example") is PassedOver.ANOTHER_OWNER


def test_a_confirmed_name_leads_to_the_owner_where_no_network_is_assigned() -> None:
    choice = chosen(DEVICE, RESOLVES, OWN_FILE, ONLY_OPERATOR)
    assert str(choice.owner) == "domain:bakkerij.example"
    assert addresses_of(choice.owner_routes) == ["security@bakkerij.example"]


def test_after_the_holder_said_it_is_not_theirs_the_owner_of_the_name_is_next() -> None:
    choice = disowned(DEVICE, RESOLVES, OWN_FILE, REGISTRY, by="handle:EX:ORG-1")
    assert str(choice.owner) == "domain:bakkerij.example"
    assert addresses_of(choice.owner_routes) == ["security@bakkerij.example"]
    assert why_not(choice, "it@bakkerij.example") is PassedOver.NOT_THEIRS


def test_who_said_it_is_not_theirs_is_not_reached_by_another_finding_either() -> None:
    same = replace(OWN_FILE, routes=(mail("IT@bakkerij.example"),))
    choice = disowned(DEVICE, RESOLVES, same, REGISTRY, by="handle:EX:ORG-1")
    assert choice.owner is None
    assert not choice.owner_routes
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]


def test_what_one_disowned_says_nothing_about_another() -> None:
    choice = disowned(DEVICE, REGISTRY, by="handle:EX:ORG-77")
    assert str(choice.owner) == "handle:EX:ORG-1"


@pytest.mark.parametrize("resolves_to", [(), ("198.51.100.1",)])
def test_a_hint_that_does_not_resolve_to_the_address_leads_to_nobody(
    resolves_to: tuple[str, ...],
) -> None:
    elsewhere = replace(RESOLVES, addresses=resolves_to)
    choice = chosen(DEVICE, elsewhere, OWN_FILE, ONLY_OPERATOR)
    assert choice.owner is None
    assert choice.owner_routes == ()
    assert why_not(choice, "security@bakkerij.example") is PassedOver.NAME_DOES_NOT_COUNT
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]


def test_a_hole_in_a_site_is_told_to_the_owner_of_its_name_and_last_to_the_hoster() -> None:
    own_file = answer(
        "own-file", SubjectKind.NAME, "www.bakkerij.example", mail("security@bakkerij.example")
    )
    hoster = replace(ASSIGNED, handle="EX:HOST", name="Hoster")
    of_hoster = answer(
        "registry",
        SubjectKind.ADDRESS,
        ADDRESS,
        mail("noc@hoster.example", basis=Basis.ASSIGNMENT_HOLDER),
        mail("abuse@hoster.example", Scope.NETWORK, Basis.ALLOCATION_ABUSE),
        holders=(hoster,),
    )
    choice = chosen(SITE, own_file, of_hoster)
    assert choice.owner is not None
    assert choice.owner.party is Party.NAME
    assert addresses_of(choice.owner_routes) == ["security@bakkerij.example"]
    assert why_not(choice, "noc@hoster.example") is PassedOver.ANOTHER_OWNER


def test_a_hoster_is_not_taken_for_the_owner_of_a_site_whose_own_is_unknown() -> None:
    hoster = replace(ASSIGNED, handle="EX:HOST", name="Hoster")
    of_hoster = answer(
        "registry",
        SubjectKind.ADDRESS,
        ADDRESS,
        mail("noc@hoster.example", basis=Basis.ASSIGNMENT_HOLDER),
        mail("abuse@hoster.example", Scope.NETWORK, Basis.ALLOCATION_ABUSE),
        holders=(hoster,),
    )
    choice = chosen(SITE, of_hoster)
    assert choice.owner is None
    assert choice.owner_routes == ()
    assert why_not(choice, "noc@hoster.example") is PassedOver.ANOTHER_OWNER
    assert addresses_of(choice.operator_routes) == ["abuse@hoster.example"]


def test_who_holds_the_address_of_its_own_site_is_its_owner() -> None:
    assert str(chosen(SITE, REGISTRY).owner) == "handle:EX:ORG-1"


def test_the_registrar_of_a_domain_is_never_told_for_its_owner() -> None:
    of_domain = answer(
        "domains",
        SubjectKind.DOMAIN,
        "bakkerij.example",
        mail("abuse@registrar.example", Scope.NAME, Basis.REGISTRAR, 20),
    )
    choice = chosen(DEVICE, RESOLVES, of_domain, ONLY_OPERATOR)
    assert choice.owner is None
    assert why_not(choice, "abuse@registrar.example") is PassedOver.REGISTRAR
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]


def test_the_name_of_the_operator_makes_the_operator_nobody_s_owner() -> None:
    sought = replace(DEVICE, hinted_names=("customer.provider.example",))
    resolves = answer("names", SubjectKind.NAME, "customer.provider.example", addresses=(ADDRESS,))
    of_provider = answer(
        "own-file", SubjectKind.NAME, "customer.provider.example", mail("cert@provider.example")
    )
    choice = chosen(sought, resolves, of_provider, ONLY_OPERATOR)
    assert choice.owner is None
    assert why_not(choice, "cert@provider.example") is PassedOver.NAME_DOES_NOT_COUNT


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("7-2-0-192.dyn.provider.example", ADDRESS),
        ("ip192-000-002-007.provider.example", ADDRESS),
        ("host-0-2-7.provider.example", ADDRESS),
        ("20010db8000000000000000000000017.provider.example", "2001:db8::17"),
    ],
)
def test_a_name_made_of_the_address_is_no_name_of_an_owner(name: str, address: str) -> None:
    sought = replace(DEVICE, address=address, hinted_names=(name,))
    resolves = answer("names", SubjectKind.NAME, name, addresses=(address,))
    assert confirmed_names(sought, all_of(resolves)) == ()


def test_where_somebody_broke_in_what_the_host_says_of_itself_does_not_count() -> None:
    sought = replace(DEVICE, is_broken_into=True)
    choice = chosen(sought, RESOLVES, OWN_FILE, ONLY_OPERATOR)
    assert choice.owner_routes == ()
    assert why_not(choice, "security@bakkerij.example") is PassedOver.SAID_BY_BURGLAR
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]


@pytest.mark.parametrize(("known", "is_taken"), [(("AB12",), True), (("CD34",), False)])
def test_a_word_signed_by_a_key_known_before_counts_all_the_same(
    known: tuple[str, ...], is_taken: bool
) -> None:
    signed = replace(OWN_FILE, routes=(replace(OWN_FILE.routes[0], signed_by="AB12"),))
    sought = replace(DEVICE, is_broken_into=True)
    choice = chosen(sought, RESOLVES, signed, ONLY_OPERATOR, known_keys=known)
    assert bool(choice.owner_routes) is is_taken


def test_where_the_mail_is_broken_into_that_domain_gets_no_mail() -> None:
    phone = FoundRoute(FoundChannel.PHONE, "+31201234567", Scope.NAME, Basis.REGISTRANT, 80)
    of_domain = answer(
        "domains",
        SubjectKind.DOMAIN,
        "bakkerij.example",
        mail("info@bakkerij.example", Scope.NAME, Basis.REGISTRANT),
        phone,
    )
    sought = replace(DEVICE, is_broken_into=True, is_mail_broken_into=True)
    choice = chosen(sought, RESOLVES, of_domain, ONLY_OPERATOR)
    assert addresses_of(choice.owner_routes) == ["+31201234567"]
    assert why_not(choice, "info@bakkerij.example") is PassedOver.MAIL_BROKEN_INTO
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]


def test_of_a_leaked_account_the_owner_of_the_mail_domain_is_told_and_nobody_else() -> None:
    sought = Sought(Layer.ACCOUNT, address=ADDRESS, mail_domain="bakkerij.example")
    of_domain = answer(
        "domains",
        SubjectKind.DOMAIN,
        "bakkerij.example",
        mail("info@bakkerij.example", Scope.NAME, Basis.REGISTRANT),
    )
    choice = chosen(sought, of_domain, REGISTRY)
    assert addresses_of(choice.owner_routes) == ["info@bakkerij.example"]
    assert choice.operator_routes == ()
    assert why_not(choice, "abuse@provider.example") is PassedOver.CANNOT_ACT


def test_where_the_holder_looks_like_a_person_only_the_operator_is_asked() -> None:
    person = replace(ASSIGNED, is_person=True)
    at_home = replace(REGISTRY, holders=(person, ALLOCATED))
    choice = chosen(DEVICE, at_home)
    assert choice.owner_routes == ()
    assert why_not(choice, "it@bakkerij.example") is PassedOver.PRIVATE_PERSON
    assert addresses_of(choice.operator_routes) == ["abuse@provider.example"]


def test_of_a_private_person_s_network_the_operator_is_known_by_that_network_alone() -> None:
    person = replace(ASSIGNED, handle="", name="", is_person=True)
    choice = chosen(DEVICE, replace(REGISTRY, holders=(person,)))
    assert str(choice.operator) == "network:192.0.2.0/29"
    assert choice.operator is not None
    assert choice.operator.name == "192.0.2.0/29"


def test_a_person_who_announces_the_address_is_not_its_holder() -> None:
    announces = answer(
        "numbers",
        SubjectKind.AS_NUMBER,
        "64496",
        holders=(Holder("", "", "AS64496", NetworkStanding.ASSIGNMENT, is_person=True),),
    )
    choice = chosen(DEVICE, announces, REGISTRY)
    assert addresses_of(choice.owner_routes) == ["it@bakkerij.example"]


def test_a_central_desk_is_never_taken_for_the_owner() -> None:
    choice = chosen(
        DEVICE, RESOLVES, OWN_FILE, ONLY_OPERATOR, central_desks=("security@bakkerij.example",)
    )
    assert choice.owner_routes == ()
    assert why_not(choice, "security@bakkerij.example") is PassedOver.CENTRAL_DESK


@pytest.mark.parametrize("own", ["it@bakkerij.example", "bakkerij.example"])
def test_our_own_addresses_are_never_warned(own: str) -> None:
    choice = chosen(DEVICE, REGISTRY, our_own=(own,))
    assert choice.owner_routes == ()
    assert why_not(choice, "it@bakkerij.example") is PassedOver.OUR_OWN


def test_who_asked_us_to_stop_is_not_told_by_that_address() -> None:
    choice = chosen(DEVICE, REGISTRY, unwanted=("it@bakkerij.example",))
    assert why_not(choice, "it@bakkerij.example") is PassedOver.UNWANTED


def test_an_address_whose_domain_takes_no_mail_is_not_taken() -> None:
    none = answer("mx", SubjectKind.DOMAIN, "bakkerij.example", takes_mail=False)
    choice = chosen(DEVICE, REGISTRY, none)
    assert why_not(choice, "it@bakkerij.example") is PassedOver.TAKES_NO_MAIL


def test_an_outdated_answer_is_not_taken() -> None:
    old = replace(REGISTRY, valid_until=NOW)
    assert why_not(chosen(DEVICE, old), "it@bakkerij.example") is PassedOver.OUTDATED


def test_a_form_on_the_web_is_a_task_for_a_person() -> None:
    form = FoundRoute(
        FoundChannel.FORM, "https://bakkerij.example/report", Scope.OWNER, Basis.OWN_FILE, 90
    )
    with_form = replace(OWN_FILE, routes=(form,))
    choice = chosen(DEVICE, RESOLVES, with_form)
    assert choice.tasks == (form,)
    assert choice.owner_routes == ()


def test_of_two_sources_with_one_address_the_better_counts_once() -> None:
    again = answer(
        "parent", SubjectKind.NAME, "vpn.bakkerij.example",
        mail("Security@bakkerij.example", Scope.NAME, Basis.PARENT_FILE, 50),
    )  # fmt: skip
    choice = chosen(DEVICE, RESOLVES, again, OWN_FILE, ONLY_OPERATOR)
    assert addresses_of(choice.owner_routes) == ["security@bakkerij.example"]
    assert why_not(choice, "Security@bakkerij.example") is PassedOver.SEEN_BEFORE


def test_of_several_routes_the_one_of_most_expected_use_is_tried_first() -> None:
    guessed = answer(
        "usual", SubjectKind.DOMAIN, "bakkerij.example",
        mail("abuse@bakkerij.example", Scope.NAME, Basis.USUAL_ADDRESS, 40),
    )  # fmt: skip
    choice = chosen(DEVICE, RESOLVES, guessed, OWN_FILE, ONLY_OPERATOR)
    assert addresses_of(choice.owner_routes) == [
        "security@bakkerij.example", "abuse@bakkerij.example",
    ]  # fmt: skip


def test_another_csirt_is_handed_what_is_its_own() -> None:
    abroad = answer(
        "csirts",
        SubjectKind.ADDRESS,
        ADDRESS,
        mail("cert@csirt.example", basis=Basis.NATIONAL_CSIRT),
        holders=(Holder("", "CSIRT", country="BE", handed_over_to="CSIRT Elders"),),
    )
    choice = chosen(DEVICE, abroad)
    assert choice.handed_over_to == "CSIRT Elders"
    assert choice.owner_routes == ()


REGISTER_PHONE = FoundRoute(
    FoundChannel.PHONE, "+31201234567", Scope.OWNER, Basis.REGISTER_EXTRACT, 70
)


@pytest.mark.parametrize(("country", "is_taken"), [("NL", True), ("BE", False), ("", True)])
def test_a_register_s_entry_counts_where_it_is_of_the_holder_s_country(
    country: str, is_taken: bool
) -> None:
    entry = answer(
        "register-extract",
        SubjectKind.HOLDER,
        "Bakkerij",
        REGISTER_PHONE,
        holders=(Holder("", "Bakkerij", country=country),),
    )
    choice = chosen(DEVICE, REGISTRY, entry)
    assert (REGISTER_PHONE in choice.owner_routes) is is_taken
    if not is_taken:
        assert why_not(choice, "+31201234567") is PassedOver.ANOTHER_OWNER


@dataclass(frozen=True)
class AskedLookup:
    key: str
    asks_about: SubjectKind
    turn: Turn
    resolves_names: bool = False
    judges_mail: bool = False
    stands_in_for: str = ""
    is_said_by_subject: bool = False


LOOKUPS = (
    AskedLookup("split-files", SubjectKind.ADDRESS, Turn.GIVEN),
    AskedLookup("names", SubjectKind.NAME, Turn.RESOLVED, resolves_names=True),
    AskedLookup("own-file", SubjectKind.NAME, Turn.OWN_WORD, is_said_by_subject=True),
    AskedLookup("parent", SubjectKind.NAME, Turn.PARENT_WORD),
    AskedLookup("registry", SubjectKind.ADDRESS, Turn.REGISTRY),
    AskedLookup("domains", SubjectKind.DOMAIN, Turn.REGISTRY),
    AskedLookup("usual", SubjectKind.DOMAIN, Turn.GUESS),
    AskedLookup("mx", SubjectKind.DOMAIN, Turn.JUDGED, judges_mail=True),
)


def asked(sought: Sought, *answers: LookupAnswer) -> list[tuple[str, str]]:
    questions = next_questions(sought, all_of(*answers), lookups=LOOKUPS)
    return [(key, subject.value) for key, subject in questions]


GIVEN_NONE = answer("split-files", SubjectKind.ADDRESS, ADDRESS, outcome=Outcome.NONE)


def test_what_was_given_is_looked_at_before_anybody_is_asked() -> None:
    assert asked(DEVICE) == [("split-files", ADDRESS)]


def test_a_hinted_name_is_only_asked_what_it_resolves_to() -> None:
    assert asked(DEVICE, GIVEN_NONE) == [("names", "vpn.bakkerij.example")]


def test_a_name_that_does_not_resolve_to_the_address_is_asked_nothing_more() -> None:
    elsewhere = replace(RESOLVES, addresses=("198.51.100.1",))
    assert asked(DEVICE, GIVEN_NONE, elsewhere) == [("registry", ADDRESS)]


def test_a_confirmed_name_is_asked_for_its_own_word_and_then_its_parent_s() -> None:
    assert asked(DEVICE, GIVEN_NONE, RESOLVES) == [("own-file", "vpn.bakkerij.example")]
    silent = replace(OWN_FILE, outcome=Outcome.NONE, routes=())
    assert asked(DEVICE, GIVEN_NONE, RESOLVES, silent) == [("parent", "vpn.bakkerij.example")]


def test_a_registry_is_not_troubled_where_the_given_files_know_the_network() -> None:
    given = replace(REGISTRY, lookup="split-files")
    assert asked(DEVICE, given, RESOLVES, OWN_FILE) == [
        ("mx", "bakkerij.example"), ("mx", "provider.example"),
    ]  # fmt: skip


def test_a_failed_source_settles_nothing_and_is_not_asked_again() -> None:
    failed = replace(OWN_FILE, outcome=Outcome.UNKNOWN, routes=())
    assert asked(DEVICE, GIVEN_NONE, RESOLVES, failed) == [("parent", "vpn.bakkerij.example")]


@pytest.mark.parametrize(("key", "goes_on"), [("", True), ("ABCD", False)])
def test_what_a_burglar_may_have_written_settles_nothing(key: str, *, goes_on: bool) -> None:
    contact = replace(mail("security@bakkerij.example"), signed_by=key)
    own_file = answer("own-file", SubjectKind.NAME, "www.bakkerij.example", contact)
    questions = asked(replace(SITE, is_broken_into=True), GIVEN_NONE, own_file)
    assert (("parent", "www.bakkerij.example") in questions) is goes_on
    assert ("parent", "www.bakkerij.example") not in asked(SITE, GIVEN_NONE, own_file)


def test_a_registrar_s_desk_settles_nothing() -> None:
    registrar = answer(
        "domains",
        SubjectKind.DOMAIN,
        "bakkerij.example",
        mail("abuse@registrar.example", Scope.NAME, Basis.REGISTRAR, 20),
    )
    none = [
        replace(OWN_FILE, outcome=Outcome.NONE, routes=()),
        answer("parent", SubjectKind.NAME, "vpn.bakkerij.example", outcome=Outcome.NONE),
        answer("registry", SubjectKind.ADDRESS, ADDRESS, outcome=Outcome.NONE),
    ]
    assert ("usual", "bakkerij.example") in asked(DEVICE, GIVEN_NONE, RESOLVES, registrar, *none)


def test_the_ladder_ends() -> None:
    answers: list[LookupAnswer] = []
    kinds = {lookup.key: lookup.asks_about for lookup in LOOKUPS}
    for _ in range(100):
        questions = asked(SITE, *answers)
        if not questions:
            break
        answers += [answer(key, kinds[key], value, outcome=Outcome.NONE)
                    for key, value in questions]  # fmt: skip
    assert asked(SITE, *answers) == []
    assert len({(one.lookup, one.subject) for one in answers}) == len(answers)


def test_every_basis_channel_and_layer_has_its_numbers() -> None:
    for layer in Layer:
        for basis in Basis:
            for channel in FoundChannel:
                route = FoundRoute(channel, "a@b.example", Scope.OWNER, basis, 50)
                sought = Sought(layer, address=ADDRESS)
                choose(
                    sought,
                    all_of(answer("any", SubjectKind.ADDRESS, ADDRESS, route)),
                    Circumstances(now=NOW),
                )


REGISTER = (
    AskedLookup("register-extract", SubjectKind.HOLDER, Turn.GIVEN),
    AskedLookup("register-extract-number", SubjectKind.REGISTER_NUMBER, Turn.GIVEN),
    AskedLookup("register-extract-domain", SubjectKind.DOMAIN, Turn.GIVEN),
)


def test_a_register_is_asked_by_the_name_and_the_number_that_a_registry_gave() -> None:
    numbered = replace(ASSIGNED, register_number="NL:12345678")
    person = replace(ASSIGNED, handle="EX:2", name="Jan Voorbeeld", is_person=True)
    registry = replace(REGISTRY, holders=(numbered, person, ALLOCATED))
    assert next_questions(DEVICE, all_of(registry), lookups=REGISTER) == [
        ("register-extract", Subject(SubjectKind.HOLDER, "Bakkerij")),
        ("register-extract-number", Subject(SubjectKind.REGISTER_NUMBER, "NL:12345678")),
    ]


def test_what_a_register_says_of_a_domain_does_not_end_the_search() -> None:
    entry = answer(
        "register-extract-domain", SubjectKind.DOMAIN, "bakkerij.example", REGISTER_PHONE
    )
    own_file = AskedLookup("own-file", SubjectKind.NAME, Turn.OWN_WORD)
    assert next_questions(SITE, all_of(entry), lookups=(*REGISTER, own_file)) == [
        ("own-file", Subject(SubjectKind.NAME, "www.bakkerij.example"))
    ]


def test_what_stands_in_for_another_lookup_is_asked_where_that_one_could_not_answer() -> None:
    registry = AskedLookup("domains", SubjectKind.DOMAIN, Turn.REGISTRY)
    other = AskedLookup("whois", SubjectKind.DOMAIN, Turn.REGISTRY, stands_in_for="domains")
    question = ("domains", Subject(SubjectKind.DOMAIN, "bakkerij.example"))
    assert next_questions(SITE, Answers(), lookups=(other, registry)) == [question]
    assert not next_questions(SITE, Answers(), lookups=(other,))
    for outcome, is_asked in (
        (Outcome.UNKNOWN, True),
        (Outcome.NONE, False),
        (Outcome.FOUND, False),
    ):
        said = answer("domains", question[1].kind, question[1].value, outcome=outcome)
        asked = next_questions(SITE, all_of(said), lookups=(other, registry))
        assert asked == ([("whois", question[1])] if is_asked else [])
