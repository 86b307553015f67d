"""Holders and abuse desks out of registries' files."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import (
    Basis,
    FoundChannel,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Refusal,
    Subject,
    SubjectKind,
)
from baken.core.routes import Scope
from baken.lookups import LOOKUPS
from baken.lookups.registry_files.database import RegistryDatabase
from baken.lookups.registry_files.prefix_table import PrefixTableBuilder
from baken.lookups.registry_files.ranges import address_range, as_numbers
from baken.outside import Outside
from given_files import GIVEN_AT, given_file

NOW: Final = GIVEN_AT + timedelta(days=1)
OPERATOR: Final = """\
inetnum:        192.0.2.0 - 192.0.2.255
netname:        EXAMPLE-CARRIER
country:        NL # only the office
org:            ORG-EC1-TEST
status:         ALLOCATED PA
source:         TEST # Filtered

organisation:   ORG-EC1-TEST
org-name:       Example Carrier
abuse-c:        ACR1-TEST
e-mail:         office@carrier.example
source:         TEST

role:           Abuse desk
nic-hdl:        ACR1-TEST
e-mail:         noc@carrier.example
abuse-mailbox:  abuse@carrier.example
source:         TEST
"""
COMPANY: Final = """\
inetnum:        192.0.2.64 - 192.0.2.127
netname:        EXAMPLE-COMPANY
descr:          Example Company B.V.
                Somewhere
country:        NL
org:            ORG-CO1-TEST
status:         ASSIGNED PA
source:         TEST

organisation:   ORG-CO1-TEST
org-name:       Example Company B.V.
address:        Example Street 1
address:        1234 AB Example Town
phone:          +31 20 123 4567
e-mail:         info@company.example
abuse-c:        ACO1-TEST
source:         TEST

role:           Security desk
nic-hdl:        ACO1-TEST
abuse-mailbox:  security@company.example
source:         TEST
"""


def ask(
    files: Sequence[GivenFile], *addresses: str, now: datetime = NOW, outside: Outside
) -> list[LookupAnswer]:
    lookup = LOOKUPS["split-files"].open(files)
    subjects = [Subject(SubjectKind.ADDRESS, address) for address in addresses]
    return list(lookup.ask(subjects, outside=outside, now=now))


About = Callable[[str | bytes, str], LookupAnswer]


@pytest.fixture
def about(tmp_path: Path, nobody_outside: Outside) -> About:
    """Asks about one address in a file with a text."""

    def one(text: str | bytes, address: str) -> LookupAnswer:
        file = given_file(tmp_path, GivenFileKind.SPLIT_FILE, text)
        return ask([file], address, outside=nobody_outside)[0]

    return one


def routes(answer: LookupAnswer) -> list[tuple[FoundChannel, str, Scope, Basis]]:
    return [(one.channel, one.address, one.scope, one.basis) for one in answer.routes]


def test_the_holder_of_an_assigned_network_is_the_owner_and_the_one_around_the_operator(
    about: About,
) -> None:
    answer = about(f"{OPERATOR}\n{COMPANY}", "192.0.2.65")
    owner, desk, network = Scope.OWNER, Basis.ASSIGNMENT_ABUSE, Scope.NETWORK
    holder = Basis.ASSIGNMENT_HOLDER
    assert routes(answer) == [
        (FoundChannel.MAIL, "info@company.example", owner, holder),
        (FoundChannel.PHONE, "+31201234567", owner, holder),
        (
            FoundChannel.LETTER,
            "Example Company B.V.\nExample Street 1\n1234 AB Example Town",
            owner,
            holder,
        ),
        (FoundChannel.MAIL, "security@company.example", owner, desk),
        (FoundChannel.MAIL, "abuse@carrier.example", network, Basis.ALLOCATION_ABUSE),
    ]
    assert [(one.handle, one.name, one.network, one.standing) for one in answer.holders] == [
        (
            "TEST:ORG-CO1-TEST", "Example Company B.V.", "192.0.2.64/26",
            NetworkStanding.ASSIGNMENT,
        ),
        ("TEST:ORG-EC1-TEST", "Example Carrier", "192.0.2.0/24", NetworkStanding.ALLOCATION),
    ]  # fmt: skip
    assert answer.holders[1].country == "NL"


def test_an_address_outside_of_assigned_networks_has_an_operator_only(about: About) -> None:
    answer = about(f"{OPERATOR}\n{COMPANY}", "192.0.2.1")
    assert routes(answer) == [
        (
            FoundChannel.MAIL, "abuse@carrier.example", Scope.NETWORK, Basis.ALLOCATION_ABUSE,
        )
    ]  # fmt: skip


def test_an_operator_that_stands_at_what_it_assigned_is_not_the_owner(
    about: About,
) -> None:
    assigned = COMPANY.replace("ORG-CO1-TEST", "ORG-EC1-TEST", 1)
    answer = about(f"{OPERATOR}\n{assigned}", "192.0.2.65")
    assert {one.scope for one in answer.routes} == {Scope.NETWORK}
    assert (answer.holders[0].name, answer.holders[0].handle) == ("Example Company B.V.", "")


def test_the_abuse_contact_is_found_the_way_each_registry_names_it(about: About) -> None:
    network = "inetnum: 192.0.2.0/24\nstatus: ALLOCATED PORTABLE\nsource: TEST\n"
    irt = "irt: IRT-EX\nabuse-mailbox: irt@carrier.example\nsource: TEST\n"
    role = "role: Desk\nnic-hdl: R1\ne-mail: noc@carrier.example\nsource: TEST\n"
    person = role.replace("role: Desk", "person: Example Person")
    for text, address in (
        (f"{network}mnt-irt: IRT-EX\n\n{irt}", "irt@carrier.example"),
        (f"{network}abuse-mailbox: old@carrier.example\n", "old@carrier.example"),
        (f"{network}abuse-c: R1\n\n{role}", "noc@carrier.example"),
    ):
        assert [one.address for one in about(text, "192.0.2.1").routes] == [address]
    assert not about(f"{network}abuse-c: R1\n\n{person}", "192.0.2.1").routes


def test_the_bulk_form_of_arin_says_the_same(about: About) -> None:
    answer = about(
        "NetHandle:  NET-192-0-2-0-1\nOrgID: EXAMPL\nNetName: EXAMPLE\n"
        "NetRange: 192.0.2.0 - 192.0.2.255\nNetType: assignment\nSource: ARIN\n\n"
        "OrgID: EXAMPL\nOrgName: Example Inc.\nStreet: 1 Example Street\nCity: Example Town\n"
        "State/Prov: CA\nPostalCode: 90000\nCountry: US\nOrgAbuseHandle: ABU1-ARIN\n"
        "Source: ARIN\n\n"
        "POCHandle: ABU1-ARIN\nIsRole: Y\nLastName: Abuse\nMailbox: abuse@company.example\n"
        "Source: ARIN\n",
        "192.0.2.7",
    )
    assert answer.holders[0].handle == "ARIN:EXAMPL"
    assert [one.address for one in answer.routes] == [
        "Example Inc.\n1 Example Street\n90000 Example Town CA",
        "abuse@company.example",
    ]


def test_a_snapshot_of_nrtm_is_read(about: About) -> None:
    answer = about(
        '\x1e{"nrtm_version":4,"type":"snapshot","source":"TEST"}\n'
        '\x1e{"object":"inet6num: 2001:db8::/32\\ndescr: Example\\nstatus: ASSIGNED PI\\n'
        'source: TEST\\n"}\n',
        "2001:db8::1",
    )
    assert [one.name for one in answer.holders] == ["Example"]


def test_a_range_that_is_no_prefix_holds_its_addresses_and_no_others(
    tmp_path: Path, nobody_outside: Outside
) -> None:
    text = "inetnum: 192.0.2.3 - 192.0.2.17\ndescr: Example\nstatus: ASSIGNED PI\nsource: TEST\n"
    file = given_file(tmp_path, GivenFileKind.SPLIT_FILE, text)
    addresses = [f"192.0.2.{last}" for last in range(32)]
    found = ask([file], *addresses, outside=nobody_outside)
    held = [place for place, one in enumerate(found) if one.outcome is Outcome.FOUND]
    assert held == list(range(3, 18))


def test_of_two_ranges_that_share_a_prefix_the_narrower_is_the_holder(about: About) -> None:
    wide = "inetnum: 192.0.2.0 - 192.0.2.191\ndescr: Wide\nstatus: ASSIGNED PI\nsource: TEST\n"
    narrow = "inetnum: 192.0.2.0 - 192.0.2.127\ndescr: Narrow\nstatus: ASSIGNED PI\nsource: TEST\n"
    answer = about(f"{wide}\n{narrow}", "192.0.2.1")
    assert [one.name for one in answer.holders] == ["Narrow", "Wide"]


def test_texts_of_another_encoding_with_comments_and_continued_lines_are_read(about: About) -> None:
    answer = about(
        "# a file\r\n\r\ninetnum: 192.0.2/24\r\n% a remark\r\n"
        "owner: FUNDA\xc7\xc3O EXEMPLO\r\n+   with more\r\nstatus: assigned\r\nsource: TEST"
        "\r\n".encode("latin-1"),
        "192.0.2.1",
    )
    assert answer.holders[0].name == "FUNDA\xc7\xc3O EXEMPLO"


PRIVATE: Final = """\
inetnum:        192.0.2.64 - 192.0.2.71
netname:        {label}
descr:          {description}
country:        NL
status:         ASSIGNED PA
abuse-mailbox:  {mail}
source:         TEST
"""
PRIVATE_ORGANISATION: Final = """\
inetnum:        192.0.2.64 - 192.0.2.71
netname:        EXAMPLE-NET
country:        NL
org:            ORG-PP1-TEST
status:         ASSIGNED PA
source:         TEST

organisation:   ORG-PP1-TEST
org-name:       {name}
org-type:       {type}
address:        Example Street 1
address:        1234 AB Example Town
phone:          +31 20 123 4567
e-mail:         {mail}
source:         TEST
"""


@pytest.mark.parametrize(
    ("label", "description"),
    [
        ("EXAMPLE-NET", "Voornaam van Achternaam"),
        ("EXAMPLE-NET", "Private customer in Example Town"),
        ("NL-HOME-USERS-7", "Example Town"),
        ("PRIVATKUNDE-7", "Example GmbH for its customer"),
    ],
)
def test_of_a_private_person_the_operator_alone_is_named(
    about: About, label: str, description: str
) -> None:
    private = PRIVATE.format(label=label, description=description, mail="me@private.example")
    answer = about(f"{OPERATOR}\n{private}", "192.0.2.65")
    assert [(one.address, one.scope) for one in answer.routes] == [
        ("abuse@carrier.example", Scope.NETWORK)
    ]
    narrowest, _ = answer.holders
    assert (narrowest.is_person, narrowest.name, narrowest.handle) == (True, "", "")
    assert narrowest.network == "192.0.2.64/29"
    assert Refusal.PRIVATE_PERSON in {one.why for one in answer.refused}
    assert description not in repr(answer)


@pytest.mark.parametrize(
    ("name", "type_of_it", "mail", "is_person"),
    [
        ("Voornaam Achternaam", "OTHER", "voornaam@private.example", True),
        ("Voornaam Achternaam", "OTHER", "info@gmail.com", True),
        ("Voornaam Achternaam", "OTHER", "", True),
        ("Voornaam Achternaam", "OTHER", "info@company.example", False),
        ("Voornaam Achternaam", "LIR", "voornaam@private.example", False),
        ("Bakkerij Achternaam", "OTHER", "voornaam@private.example", False),
        ("Residential customers", "OTHER", "info@company.example", True),
    ],
)
def test_an_organisation_of_a_registry_is_a_person_where_all_that_is_said_looks_like_one(
    about: About, name: str, type_of_it: str, mail: str, is_person: bool
) -> None:
    text = PRIVATE_ORGANISATION.format(name=name, type=type_of_it, mail=mail)
    answer = about(f"{OPERATOR}\n{text}", "192.0.2.65")
    assert answer.holders[0].is_person is is_person
    assert bool({Scope.OWNER} & {one.scope for one in answer.routes}) is not is_person
    assert "abuse@carrier.example" in {one.address for one in answer.routes}


def test_a_provider_s_own_network_of_private_persons_is_the_provider_s_to_pass_on(
    about: About,
) -> None:
    text = OPERATOR.replace("EXAMPLE-CARRIER", "CARRIER-HOME-USERS").replace(
        "ALLOCATED", "ASSIGNED"
    )
    answer = about(text.replace("abuse-c:", "org-type: LIR\nabuse-c:"), "192.0.2.65")
    assert [(one.address, one.scope) for one in answer.routes] == [
        ("abuse@carrier.example", Scope.NETWORK)
    ]


def test_dummy_data_is_no_contact(about: About) -> None:
    dummy = COMPANY.replace("info@company.example", "unread@ripe.net").replace(
        "security@company.example", "bitbucket@ripe.net"
    )
    answer = about(dummy, "192.0.2.65")
    assert FoundChannel.MAIL not in {one.channel for one in answer.routes}
    assert {one.text for one in answer.refused} == {"unread@ripe.net", "bitbucket@ripe.net"}


def test_an_address_that_nobody_should_use_is_refused_with_its_reason(about: About) -> None:
    odd = (
        COMPANY.replace("+31 20 123 4567", "0900 1234567")
        .replace("info@company.example", "info@c\N{CYRILLIC SMALL LETTER O}mpany.example")
        .replace("security@company.example", "$(reboot)@company.example")
    )
    answer = about(odd, "192.0.2.65")
    assert {one.channel for one in answer.routes} == {FoundChannel.LETTER}
    assert {one.why for one in answer.refused} == {
        Refusal.LOOKALIKE, Refusal.COSTLY_NUMBER, Refusal.NOT_READABLE,
    }  # fmt: skip


def test_blocks_that_only_fill_a_database_up_hold_nothing(about: About) -> None:
    text = (
        "inetnum: 192.0.2.0 - 192.0.2.255\nnetname: NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK\n"
        "descr: Example\nstatus: ALLOCATED UNSPECIFIED\nsource: TEST\n"
    )
    assert about(text, "192.0.2.1").outcome is Outcome.NONE


def test_a_malformed_object_is_counted_with_its_line_and_the_others_are_read(
    tmp_path: Path, nobody_outside: Outside
) -> None:
    text = f"inetnum: somewhere\nsource: TEST\n\n\n# more\naut-num: ASX\n\n{COMPANY}"
    file = given_file(tmp_path, GivenFileKind.SPLIT_FILE, text)
    (skipped,) = RegistryDatabase([file]).skipped
    assert (skipped.count, [one.line for one in skipped.first]) == (2, [1, 6])
    assert ask([file], "192.0.2.65", outside=nobody_outside)[0].outcome is Outcome.FOUND


def test_a_file_that_cannot_be_read_says_what_and_what_to_do(tmp_path: Path) -> None:
    cut = given_file(tmp_path, GivenFileKind.SPLIT_FILE, COMPANY * 50, name="cut", packed=True)
    cut.path.write_bytes(cut.path.read_bytes()[:-20])
    away = given_file(tmp_path, GivenFileKind.SPLIT_FILE, COMPANY, name="away")
    away.path.unlink()
    delta = '{"nrtm_version":4,"type":"delta"}\n'
    for file in (
        cut,
        away,
        given_file(tmp_path, GivenFileKind.SPLIT_FILE, "", name="empty"),
        given_file(tmp_path, GivenFileKind.SPLIT_FILE, delta, name="delta"),
    ):
        with pytest.raises(TextRefusedError, match=file.name) as refused:
            LOOKUPS["split-files"].open([file])
        assert refused.value.remedy


def test_an_expired_file_is_not_used(tmp_path: Path, nobody_outside: Outside) -> None:
    kind = GivenFileKind.SPLIT_FILE
    old = given_file(tmp_path, kind, COMPANY, name="old", days=2)
    new = given_file(tmp_path, kind, OPERATOR, name="new", days=20)
    days = [
        ask([old, new], "192.0.2.65", now=GIVEN_AT + timedelta(days=day), outside=nobody_outside)[0]
        for day in (1, 3, 21)
    ]
    assert [len(one.holders) for one in days] == [2, 1, 0]
    assert [one.outcome for one in days] == [Outcome.FOUND, Outcome.FOUND, Outcome.UNKNOWN]
    assert days[0].valid_until == old.valid_until
    assert "run out" in days[2].note


def test_of_an_object_in_two_files_the_newer_counts(
    tmp_path: Path, nobody_outside: Outside
) -> None:
    kind = GivenFileKind.SPLIT_FILE
    earlier = GIVEN_AT - timedelta(days=9)
    moved = COMPANY.replace("info@company", "desk@company").replace("B.V.", "N.V.")
    old = given_file(tmp_path, kind, COMPANY, name="old", given_at=earlier)
    new = given_file(tmp_path, kind, moved, name="new")
    (answer,) = ask([new, old], "192.0.2.65", outside=nobody_outside)
    assert [one.name for one in answer.holders] == ["Example Company N.V."]
    assert "desk@company.example" in {one.address for one in answer.routes}
    assert "info@company.example" not in {one.address for one in answer.routes}


def test_the_desk_of_an_as_number_is_an_operators(tmp_path: Path, nobody_outside: Outside) -> None:
    text = (
        "aut-num: AS64496\nas-name: EXAMPLE\norg: ORG-EC1-TEST\nsource: TEST\n\n"
        f"as-block: AS64496 - AS64511\nsource: TEST\n\n{OPERATOR}"
    )
    file = given_file(tmp_path, GivenFileKind.SPLIT_FILE, text)
    lookup = LOOKUPS["split-files-as-number"].open([file])
    subjects = [Subject(SubjectKind.AS_NUMBER, number) for number in ("64496", "64497")]
    found, none = lookup.ask(subjects, outside=nobody_outside, now=NOW)
    assert routes(found) == [
        (FoundChannel.MAIL, "abuse@carrier.example", Scope.NETWORK, Basis.AS_NUMBER_ABUSE)
    ]
    assert found.holders[0].network == "AS64496"
    assert none.outcome is Outcome.NONE


@given(
    st.lists(
        st.tuples(st.integers(0, 255), st.integers(0, 255)).map(sorted), min_size=1, max_size=12
    )
)
def test_the_table_finds_what_a_slow_search_finds(ranges: list[list[int]]) -> None:
    base = int(ipaddress.ip_address("192.0.2.0"))
    builder = PrefixTableBuilder(4)
    for row, (first, last) in enumerate(ranges):
        builder.add(base + first, base + last, row=row)
    table = builder.build()
    nodes = table.nodes_of([base + last for last in range(256)])
    for place, node in enumerate(nodes):
        rows = [one.row for one in table.rows_from(node)]
        holding = {row for row, (first, last) in enumerate(ranges) if first <= place <= last}
        assert set(rows) == holding
        assert len(rows) == len(holding)


def test_networks_and_numbers_are_read_however_they_are_written() -> None:
    whole = address_range("192.0.2.0 - 192.0.2.255")
    for text in ("192.0.2.0/24", "192.0.2/24", "192.000.002.000-192.000.002.255"):
        assert address_range(text) == whole
    assert address_range("2001:DB8:: - 2001:db8::ffff") == address_range("2001:db8::/112")
    assert as_numbers("as064496") == as_numbers(" 64496") == (64496, 64496)
    assert as_numbers("AS64496 - as64511") == (64496, 64511)
    for wrong in ("192.0.2.9 - 192.0.2.1", "192.0.2.256/32", "x", "", "192.0.2.0 - 2001:db8::"):
        with pytest.raises(ValueError, match=r".*"):
            address_range(wrong)
    for wrong in ("AS", "4294967296", "AS2 - AS1"):
        with pytest.raises(ValueError, match="no AS number"):
            as_numbers(wrong)


REAL: Final = {
    "grs_apnic.txt": 0, "grs_arin.txt": 0, "grs_lacnic.txt": 0, "grs_radb.txt": 0,
    "grs_ripe.txt": 0, "irrd_bad.txt": 0, "irrd_good.txt": 0, "nrtm4_snapshot.json": 0,
    "ripe_TEST.db": 0, "ripe_load_dump_with_error.db": 0,
}  # fmt: skip
"""Files as registries write them, and how many of their objects cannot be read."""


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_to_their_end(name: str, shared_data: Path) -> None:
    path = shared_data / "rpsl" / name
    file = GivenFile(
        GivenFileKind.SPLIT_FILE, path, name, GIVEN_AT, GIVEN_AT + timedelta(days=9), "A test."
    )
    (skipped,) = RegistryDatabase([file]).skipped
    assert skipped.count == REAL[name], skipped


def test_a_real_delta_is_no_snapshot(shared_data: Path) -> None:
    path = shared_data / "rpsl" / "nrtm4_delta.json"
    file = GivenFile(
        GivenFileKind.SPLIT_FILE, path, "delta", GIVEN_AT, GIVEN_AT + timedelta(days=9), "A test."
    )
    with pytest.raises(TextRefusedError, match="snapshot"):
        RegistryDatabase([file])


ASSIGNMENT, ALLOCATION, UNSAID = NetworkStanding
REAL_VERDICTS: Final = (
    ("grs_arin.txt", "192.104.33.1", ((ASSIGNMENT, ""),)),
    ("grs_arin.txt", "2001:4d0::1", ((ALLOCATION, ""),)),
    ("grs_arin.txt", "2001:468:400::1", ((ALLOCATION, ""),)),  # handed on once more
    ("grs_lacnic.txt", "24.232.16.1", ((ALLOCATION, "AR"),)),
    ("grs_lacnic.txt", "2001:1200:2000::1", ((ALLOCATION, "MX"),)),
    ("grs_lacnic.txt", "AS278", ((UNSAID, "MX"),)),
    ("grs_apnic.txt", "AS7467", ()),  # a block of numbers holds none
    ("grs_ripe.txt", "AS1877", ()),
    ("grs_radb.txt", "AS1263", ((UNSAID, ""),)),
    ("grs_radb.txt", "167.96.0.1", ()),  # a route says who announces it, not who holds it
    ("irrd_good.txt", "192.0.2.1", ((ASSIGNMENT, "IT"),)),
    ("irrd_good.txt", "2001:db8::1", ((ASSIGNMENT, "DE"),)),
    ("irrd_good.txt", "AS65537", ((UNSAID, ""),)),
    ("irrd_bad.txt", "192.0.2.1", ()),
    ("nrtm4_snapshot.json", "2a00:2381:c3be::1", ((ALLOCATION, "GB"),)),
    ("nrtm4_snapshot.json", "AS211871", ((ASSIGNMENT, ""),)),
    ("ripe_TEST.db", "10.11.11.1", ((ASSIGNMENT, "GB"),)),
    ("ripe_TEST.db", "10.11.13.1", ((ASSIGNMENT, "GB"),)),
    ("ripe_TEST.db", "10.9.9.9", ()),  # blocks of IANA
    ("ripe_TEST.db", "172.16.1.1", ((ALLOCATION, ""),)),  # EU is no country
    ("ripe_TEST.db", "2001:db8:1::1", ((ALLOCATION, ""),)),  # the root holds nothing
    ("ripe_TEST.db", "AS101", ((UNSAID, ""),)),
    ("ripe_load_dump_with_error.db", "192.0.2.1", ()),
)
"""How real files say that a network or AS number is held, and in which country."""


@pytest.mark.parametrize(("name", "about_what", "holders"), REAL_VERDICTS)
def test_real_files_say_how_a_network_is_held_and_lead_to_no_desk_of_a_registry(
    name: str,
    about_what: str,
    holders: tuple[tuple[NetworkStanding, str], ...],
    shared_data: Path,
    nobody_outside: Outside,
) -> None:
    file = GivenFile(
        GivenFileKind.SPLIT_FILE,
        shared_data / "rpsl" / name,
        name,
        GIVEN_AT,
        GIVEN_AT + timedelta(days=9),
        "A test.",
    )
    is_number = about_what.startswith("AS")
    lookup = LOOKUPS["split-files-as-number" if is_number else "split-files"].open([file])
    kind = SubjectKind.AS_NUMBER if is_number else SubjectKind.ADDRESS
    subject = Subject(kind, about_what.removeprefix("AS"))
    (answer,) = lookup.ask([subject], outside=nobody_outside, now=NOW)
    assert tuple((one.standing, one.country) for one in answer.holders) == holders
    assert not any(one.is_person for one in answer.holders)
    assert not answer.routes  # none of these files names a desk but the registries'
    assert answer.outcome is (Outcome.FOUND if holders else Outcome.NONE)
