"""Which other CSIRT warns: what its file says, and what makes a system its own or ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from baken.core.choosing import Choice, Circumstances, PassedOver, choose
from baken.core.errors import TextRefusedError
from baken.core.finding_kinds import Layer
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.home import Home, country_of_name
from baken.core.ladder import Answers, Sought, next_questions
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
from baken.lookups import LOOKUPS
from baken.lookups.constituency_file import Constituency, SkippedEntry, read_constituencies
from baken.outside import Outside
from given_files import GIVEN_AT, given_file

NOW: Final = GIVEN_AT + timedelta(days=1)
KIND: Final = GivenFileKind.CSIRT_CONSTITUENCIES
HOME: Final = Home("NL", ("csirt.example.nl",))

Read = Callable[[str], list[Constituency | SkippedEntry]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What a file with a text says."""

    def of(text: str) -> list[Constituency | SkippedEntry]:
        return list(read_constituencies(given_file(tmp_path, KIND, text).path, name="a list"))

    return of


def constituencies(found: Sequence[Constituency | SkippedEntry]) -> list[Constituency]:
    return [one for one in found if isinstance(one, Constituency)]


def test_both_forms_of_cerebrate_and_a_table_say_the_same(read: Read) -> None:
    listed = [
        {"field": "IPv4 address", "value": "192.0.2.0/24"},
        {"field": "AS Number", "value": "AS64496"},
        {"field": "Domain", "value": "Example.NL"},
        {"field": "email", "value": "cert@csirt.example"},
    ]
    by_template = {
        "CSIRT Constituency": {
            "IPv4 address": "192.0.2.0/24", "AS Number": ["AS64496"], "Domain": "example.nl",
        },
        "ENISA CSIRT Network": {"email": "cert@csirt.example"},
    }  # fmt: skip
    name = "CSIRT Elders"
    table = (
        "name,IPv4 address,AS Number,Domain,email\n"
        f"{name},192.0.2.0 - 192.0.2.255,64496,example.nl,cert@csirt.example\n"
    )
    texts = [
        json.dumps([{"name": name, "meta_fields": listed}]),
        json.dumps({"name": name, "meta_fields": by_template}),
        json.dumps({"organisations": [{"name": name, "metaFields": listed}]}),
        table,
        table.replace(",", "\t"),
    ]
    found = [read(text) for text in texts]
    assert all(one == found[0] for one in found)
    [one] = constituencies(found[0])
    assert (one.csirt, one.mails, one.domains) == (name, ("cert@csirt.example",), ("example.nl",))
    assert one.as_numbers == ((64496, 64496),)


@pytest.mark.parametrize(
    ("beside", "is_whole"),
    [
        ("", True),
        ("Health", False),
    ],
)
def test_a_country_beside_a_sector_is_no_whole_country(
    read: Read, beside: str, is_whole: bool
) -> None:
    [one] = constituencies(read(f"name,Country Code,Sector\nCSIRT Elders,DE,{beside}\n"))
    assert one.countries == (("DE",) if is_whole else ())


def test_a_country_beside_a_network_that_cannot_be_read_is_no_whole_country(read: Read) -> None:
    found = read("name,Country Code,IPv4 address\nCSIRT Elders,DE,everything\n")
    assert [one.countries for one in constituencies(found)] == [()]
    assert [one.entry for one in found if isinstance(one, SkippedEntry)] == [1]


def test_what_holds_too_much_is_no_constituency(read: Read) -> None:
    found = read(
        "name,IPv4 address,IPv6 address,Domain\n"
        "CSIRT Elders,0.0.0.0/0,::/0,nl com host.example.nl example.nl ac.uk\n"
    )
    [one] = constituencies(found)
    assert one.networks == ()
    assert one.domains == ("example.nl", "ac.uk")
    assert [skipped.why for skipped in found if isinstance(skipped, SkippedEntry)] == [
        "5 of its values cannot be read, or hold too much."
    ]


@pytest.mark.parametrize(
    "text", ["", "name\nCSIRT\n", "{", "[]", '[{"name": "A company"}]', "a,b\n1,2\n", "[" * 9_000]
)
def test_a_file_without_constituencies_is_refused_as_a_whole(read: Read, text: str) -> None:
    with pytest.raises(TextRefusedError, match="a list") as refused:
        read(text)
    assert "CSV" in refused.value.remedy


def test_the_template_of_cerebrate_names_the_fields_that_are_read(
    shared_data: Path, read: Read
) -> None:
    template = json.loads((shared_data / "cerebrate/cerebrate_csirt_constituency.json").read_text())
    values = {
        "IPv4 address": "192.0.2.0/24", "IPv6 address": "2001:db8::/32", "AS Number": "64496",
        "Domain": "example.nl", "Country": "Germany", "Country Code": "DE", "Sector": "Energy",
    }  # fmt: skip
    fields = [one["field"] for one in template["metaFields"]]
    assert set(fields) == set(values)
    meta = [{"field": field, "value": values[field]} for field in fields]
    [one] = constituencies(read(json.dumps([{"name": "CSIRT Elders", "meta_fields": meta}])))
    assert len(one.networks) == 2
    assert (one.as_numbers, one.domains, one.countries) == (((64496, 64496),), ("example.nl",), ())


@pytest.mark.parametrize(
    "name",
    [
        "cerebrate_csirt_constituency.json",
        "csn_individual.json",
        "csn_org.json",
        "enisa-csirt-inventory.json",
        "first.json",
        "it_infrastructure_and_services.json",
    ],
)
def test_a_template_of_cerebrate_alone_is_no_list_of_constituencies(
    shared_data: Path, name: str
) -> None:
    with pytest.raises(TextRefusedError, match="constituency"):
        list(read_constituencies(shared_data / "cerebrate" / name, name="a template"))


def asked(files: Sequence[GivenFile], key: str, value: str, *, outside: Outside) -> LookupAnswer:
    kind = LOOKUPS[key]
    [found] = kind.open(files).ask([Subject(kind.asks_about, value)], outside=outside, now=NOW)
    return found


def test_the_narrowest_constituency_counts_and_then_the_file_that_was_given_last(
    tmp_path: Path, nobody_outside: Outside
) -> None:
    head = "name,IPv4 address,email\n"
    wide = f"{head}Wide,192.0.2.0/24,cert@wide.example\nNarrow,192.0.2.0/28,cert@narrow.example\n"
    later = f"{head}Newer,192.0.2.0/24,cert@newer.example\n"
    files = [
        given_file(tmp_path, KIND, wide, name="old"),
        given_file(tmp_path, KIND, later, name="new", given_at=GIVEN_AT + timedelta(hours=1)),
    ]
    found = {
        address: asked(files, "csirt-constituencies", address, outside=nobody_outside)
        for address in ("192.0.2.1", "192.0.2.77")
    }
    assert found["192.0.2.1"].holders[0].handed_over_to == "Narrow"
    assert [route.address for route in found["192.0.2.1"].routes] == ["cert@narrow.example"]
    assert found["192.0.2.77"].holders[0].handed_over_to == "Newer"
    assert found["192.0.2.77"].note == "It is in the constituency of others too: Wide."


ADDRESS: Final = "192.0.2.7"
DEVICE: Final = Sought(Layer.DEVICE, address=ADDRESS, as_number="64496")
NAMED: Final = replace(DEVICE, hinted_names=("vpn.bakkerij.nl",))
SITE: Final = Sought(Layer.APPLICATION, address=ADDRESS, asked_name="www.bakkerij.nl")


def answer(
    lookup: str, subject: Subject, *holders: Holder, routes: tuple[FoundRoute, ...] = ()
) -> LookupAnswer:
    return LookupAnswer(
        lookup, subject, Outcome.FOUND, "made up", NOW, NOW + timedelta(days=7),
        holders=holders, routes=routes,
    )  # fmt: skip


def in_country(country: str, network: str = "192.0.2.0/24") -> LookupAnswer:
    holder = Holder("EX:1", "Example", network, NetworkStanding.UNSAID, country)
    return answer("registry", Subject(SubjectKind.ADDRESS, ADDRESS), holder)


def csirt(kind: SubjectKind, value: str, name: str, mail: str = "cert@csirt.test") -> LookupAnswer:
    basis = Basis.NATIONAL_CSIRT if kind is SubjectKind.COUNTRY else Basis.CSIRT_CONSTITUENCY
    route = FoundRoute(FoundChannel.MAIL, mail, Scope.NETWORK, basis, 90, name=name)
    holder = Holder("", name, handed_over_to=name)
    key = "csirt-constituencies" if kind is SubjectKind.ADDRESS else f"csirt-constituencies-{kind}"
    return answer(key, Subject(kind, value), holder, routes=(route,))


OF_GERMANY: Final = csirt(SubjectKind.COUNTRY, "DE", "CSIRT of Germany")
RESOLVES: Final = replace(
    answer("name-addresses", Subject(SubjectKind.NAME, "vpn.bakkerij.nl")), addresses=(ADDRESS,)
)


def chosen(sought: Sought, *answers: LookupAnswer, home: Home = HOME) -> Choice:
    known = Answers({(one.lookup, one.subject): one for one in answers})
    return choose(sought, known, Circumstances(NOW, our_own=home.our_own, country=home.country))


def test_a_system_abroad_is_handed_to_the_csirt_of_its_country_with_its_contact() -> None:
    routes = (
        FoundRoute(FoundChannel.MAIL, "it@baecker.test", Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 90),
        FoundRoute(FoundChannel.MAIL, "noc@carrier.test", Scope.NETWORK, Basis.ALLOCATION_ABUSE, 9),
        FoundRoute(FoundChannel.FORM, "https://baecker.test/", Scope.OWNER, Basis.OWN_FILE, 90),
    )
    holder = Holder("EX:2", "Baecker", "192.0.2.0/29", NetworkStanding.ASSIGNMENT, "DE")
    at = Subject(SubjectKind.ADDRESS, ADDRESS)
    choice = chosen(DEVICE, answer("files", at, holder, routes=routes), OF_GERMANY)
    assert (choice.handed_over_to, choice.country) == ("CSIRT of Germany", "DE")
    assert [route.address for route in choice.csirt_routes] == ["cert@csirt.test"]
    assert choice.owner is None
    assert not choice.owner_routes + choice.operator_routes + choice.tasks
    assert [rung.passed_over for rung in choice.rungs] == [PassedOver.HANDED_OVER] * 3


def test_nothing_of_our_own_country_or_of_a_service_without_one_is_handed_over() -> None:
    ours = csirt(SubjectKind.COUNTRY, "NL", "CSIRT of the Netherlands")
    assert not chosen(DEVICE, in_country("NL"), ours).handed_over_to
    assert not chosen(DEVICE, in_country("DE"), OF_GERMANY, home=Home()).handed_over_to
    assert not chosen(DEVICE, in_country(""), OF_GERMANY).handed_over_to


def test_the_country_is_that_of_the_narrowest_network() -> None:
    narrow = replace(in_country("NL", "192.0.2.0/29"), lookup="files")
    assert not chosen(DEVICE, in_country("DE"), narrow, OF_GERMANY).handed_over_to


def test_a_name_of_our_country_keeps_a_system_abroad_with_us_once_it_counts() -> None:
    abroad = (in_country("DE"), OF_GERMANY)
    assert chosen(NAMED, *abroad).handed_over_to == "CSIRT of Germany"
    assert not chosen(NAMED, *abroad, RESOLVES).handed_over_to
    assert not chosen(SITE, *abroad).handed_over_to


@pytest.mark.parametrize(
    ("name", "registrant", "is_handed_over"),
    [
        ("www.baecker.de", "", True),
        ("www.baecker.de", "NL", False),
        ("www.bakkerij.com", "DE", True),
        ("www.bakkerij.com", "", False),
        ("www.bakkerij.co", "", False),
    ],
)
def test_of_a_site_the_country_of_its_name_counts_and_not_the_hoster_s(
    name: str, registrant: str, is_handed_over: bool
) -> None:
    site = replace(SITE, asked_name=name)
    domain = Subject(SubjectKind.DOMAIN, name.removeprefix("www."))
    owner = answer("domains", domain, Holder("", "Baecker", country=registrant))
    choice = chosen(site, in_country("DE"), owner, OF_GERMANY)
    assert bool(choice.handed_over_to) is is_handed_over


def test_a_constituency_that_names_the_system_comes_before_a_country() -> None:
    of_network = csirt(SubjectKind.ADDRESS, ADDRESS, "CSIRT of operators")
    of_number = csirt(SubjectKind.AS_NUMBER, "64496", "CSIRT of a number")
    of_domain = csirt(SubjectKind.DOMAIN, "bakkerij.nl", "CSIRT of bakers")
    said = (OF_GERMANY, of_number, of_network, of_domain)
    assert chosen(DEVICE, in_country("DE"), *said).handed_over_to == "CSIRT of operators"
    assert chosen(SITE, in_country("DE"), *said).handed_over_to == "CSIRT of bakers"
    assert chosen(DEVICE, in_country("NL"), of_number).handed_over_to == "CSIRT of a number"
    account = Sought(Layer.ACCOUNT, address=ADDRESS, mail_domain="bakkerij.nl")
    assert not chosen(account, of_network).handed_over_to
    assert chosen(account, of_network, of_domain).handed_over_to == "CSIRT of bakers"


def test_our_own_entry_hands_nothing_over() -> None:
    ours = csirt(SubjectKind.ADDRESS, ADDRESS, "We", mail="info@csirt.example.nl")
    assert not chosen(DEVICE, ours).handed_over_to


def test_a_csirt_is_never_taken_for_the_owner() -> None:
    of_domain = csirt(SubjectKind.DOMAIN, "bakkerij.nl", "We", mail="info@csirt.example.nl")
    own_file = answer(
        "own-file",
        Subject(SubjectKind.NAME, "www.bakkerij.nl"),
        routes=(FoundRoute(FoundChannel.MAIL, "it@bakkerij.nl", Scope.OWNER, Basis.OWN_FILE, 90),),
    )
    choice = chosen(SITE, of_domain, own_file)
    assert choice.owner is not None
    assert (choice.owner.name, str(choice.owner)) == ("bakkerij.nl", "domain:bakkerij.nl")


ASKED: Final = [
    LOOKUPS[key]
    for key in (
        "delegated", "csirt-constituencies", "csirt-constituencies-domain",
        "csirt-constituencies-country", "name-addresses", "security-txt", "rdap-address",
    )
]  # fmt: skip


def questions(sought: Sought, *answers: LookupAnswer) -> list[tuple[str, str]]:
    known = Answers({(one.lookup, one.subject): one for one in answers})
    put = next_questions(sought, known, lookups=ASKED, home=HOME)
    return [(key, subject.value) for key, subject in put]


def test_of_what_is_handed_over_nobody_outside_is_asked_but_what_its_names_resolve_to() -> None:
    named = replace(NAMED, as_number="")
    given = (
        replace(in_country("DE"), lookup="delegated"),
        replace(csirt(SubjectKind.ADDRESS, ADDRESS, ""), outcome=Outcome.NONE, holders=()),
    )
    assert questions(named) == [("delegated", ADDRESS), ("csirt-constituencies", ADDRESS)]
    assert questions(named, *given) == [("csirt-constituencies-country", "DE")]
    assert questions(named, *given, OF_GERMANY) == [("name-addresses", "vpn.bakkerij.nl")]
    elsewhere = replace(RESOLVES, addresses=("198.51.100.1",))
    assert questions(named, *given, OF_GERMANY, elsewhere) == []
    of_domain = replace(
        csirt(SubjectKind.DOMAIN, "bakkerij.nl", ""), outcome=Outcome.NONE, holders=(), routes=()
    )
    assert questions(named, *given, OF_GERMANY, RESOLVES) == [
        ("csirt-constituencies-domain", "bakkerij.nl")
    ]
    assert questions(named, *given, OF_GERMANY, RESOLVES, of_domain) == [
        ("security-txt", "vpn.bakkerij.nl")
    ]


def test_a_country_that_the_csirts_file_does_not_name_settles_nothing() -> None:
    unknown = replace(OF_GERMANY, outcome=Outcome.NONE, holders=(), routes=())
    given = (
        replace(in_country("DE"), lookup="delegated"),
        replace(csirt(SubjectKind.ADDRESS, ADDRESS, ""), outcome=Outcome.NONE, holders=()),
    )
    assert questions(DEVICE, *given, unknown) == [("rdap-address", ADDRESS)]


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("www.example.nl", "NL"), ("example.co.uk", "GB"), ("example.eu", ""), ("example.io", ""),
        ("example.com", ""), ("xn--p1ai", ""), ("nl", "NL"), ("", ""),
    ],
)  # fmt: skip
def test_a_top_level_domain_that_is_sold_everywhere_says_no_country(
    name: str, country: str
) -> None:
    assert country_of_name(name) == country
