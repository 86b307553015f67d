"""What RDAP answers come to: whose contact it is, what is refused, and what is asked once more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from lookup_world import World, outside_of
from rdap_samples import (
    ABUSE_DESK,
    BAKERY,
    BOOTSTRAPS,
    REGISTRAR,
    REGISTRAR_ENTITY,
    REGISTRY,
    Json,
    as_number,
    bootstrap_files,
    domain,
    entity,
    network,
    rdap_page,
)

from baken.core.errors import TextRefusedError
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Refusal,
    Subject,
)
from baken.core.routes import Scope
from baken.lookups import LOOKUPS
from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.fetching import Fetched, FetchError, FetchFailure
from https_peer import Page
from whois_peer import nobody_to_ask

NOW: Final = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)


def ask(
    key: str,
    value: str,
    pages: Mapping[str, Json | Page],
    folder: Path,
    *,
    bootstraps: Mapping[str, Any] = BOOTSTRAPS,
) -> LookupAnswer:
    """What the lookup `key` says of `value`, where `pages` stand at their URLs."""
    kind = LOOKUPS[key]
    lookup = kind.open(bootstrap_files(folder, bootstraps))
    served = {
        url: page if isinstance(page, Page) else rdap_page(page) for url, page in pages.items()
    }
    with outside_of(World(pages=served)) as outside:
        answers = lookup.ask([Subject(kind.asks_about, value)], outside=outside, now=NOW)
    return answers[0]


def ask_domain(folder: Path, answer: Json) -> LookupAnswer:
    return ask("rdap-domain", "voorbeeld.nl", {f"{REGISTRY}domain/voorbeeld.nl": answer}, folder)


def ask_address(folder: Path, answer: Json, more: Mapping[str, Json] | None = None) -> LookupAnswer:
    return ask(
        "rdap-address", "192.0.2.1", {f"{REGISTRY}ip/192.0.2.1": answer, **(more or {})}, folder
    )


def ways(answer: LookupAnswer, basis: Basis) -> list[tuple[FoundChannel, str]]:
    return [(one.channel, one.address) for one in answer.routes if one.basis is basis]


def mails(answer: LookupAnswer) -> dict[str, FoundRoute]:
    return {one.address: one for one in answer.routes if one.channel is FoundChannel.MAIL}


def reasons(answer: LookupAnswer) -> set[Refusal]:
    return {one.why for one in answer.refused}


class TestDomain:
    def test_the_registrant_is_found_with_every_way_to_it(self, tmp_path: Path) -> None:
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", BAKERY))
        assert ways(answer, Basis.REGISTRANT) == [
            (FoundChannel.MAIL, "it@bakkerij.example"),
            (FoundChannel.MAIL, "info@bakkerij.example"),
            (FoundChannel.PHONE, "+31205550100"),
            (FoundChannel.LETTER, "Dorpsstraat 1\n1234 AB Voorbeeld\nNL"),
        ]
        assert {one.scope for one in answer.routes} == {Scope.NAME}
        assert {one.language for one in answer.routes} == {"nl"}
        assert answer.holders == (
            Holder("TEST:ORG-BAK1-TEST", "Bakkerij Voorbeeld B.V.", country="NL"),
        )

    @pytest.mark.parametrize(
        "beside",
        [
            pytest.param([], id="inside the registrar"),
            pytest.param([entity("A", ["abuse"], ("email", "abuse@else.example"))], id="beside it"),
            pytest.param(
                [entity("T", ["technical"], ("email", "hostmaster@registrar.example"))],
                id="a contact at the registrar's domain",
            ),
        ],
    )
    def test_the_registrars_desk_is_never_the_owners(
        self, tmp_path: Path, beside: list[Json]
    ) -> None:
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", REGISTRAR_ENTITY, *beside))
        assert "abuse@registrar.example" in mails(answer)
        assert {one.basis for one in answer.routes} == {Basis.REGISTRAR}
        assert all(one.confidence < 30 and one.scope is Scope.NAME for one in answer.routes)
        assert answer.holders == ()

    def test_a_contact_of_the_domain_counts_less_than_its_registrant(self, tmp_path: Path) -> None:
        desk = entity("T1", ["technical"], ("fn", "Beheer B.V."), ("email", "beheer@it.example"))
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", BAKERY, desk, REGISTRAR_ENTITY))
        found = mails(answer)
        assert found["beheer@it.example"].basis is Basis.DOMAIN_CONTACT
        assert (
            found["it@bakkerij.example"].confidence
            > found["beheer@it.example"].confidence
            > found["abuse@registrar.example"].confidence
        )

    @pytest.mark.parametrize(
        "properties",
        [
            [("kind", "individual"), ("fn", "Jan Voorbeeld")],
            [("fn", "Jan de Voorbeeld")],
            [("fn", "J. Voorbeeld"), ("n", ["Voorbeeld", "Jan", "", "", ""])],
            [("fn", "Jan Voorbeeld"), ("org", "Jan Voorbeeld")],
            [("fn", "Ad Voorbeeld"), ("org", "")],
        ],
    )
    def test_of_a_private_person_nothing_is_kept(
        self, tmp_path: Path, properties: list[Any]
    ) -> None:
        person = entity(
            "P1",
            ["registrant"],
            *properties,
            ("email", "jan@voorbeeld.nl"),
            ("tel", "+31205550100"),
        )
        admin = entity("P1", ["administrative"], ("fn", "Jan"), ("email", "admin@voorbeeld.nl"))
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", person, admin, REGISTRAR_ENTITY))
        assert answer.holders == (Holder("", "", is_person=True),)
        assert Refusal.PRIVATE_PERSON in reasons(answer)
        assert {one.basis for one in answer.routes} == {Basis.REGISTRAR}
        assert "Jan" not in repr(answer)

    @pytest.mark.parametrize(
        "properties",
        [
            [("kind", "org"), ("fn", "Jan Voorbeeld")],
            [("fn", "Jan Voorbeeld"), ("org", "Voorbeeld Bakkers")],
            [("fn", "Voorbeeld Hosting")],
            [("kind", "individual"), ("fn", "Bakkerij Voorbeeld AS")],
            [("fn", "Stichting Jan Voorbeeld")],
        ],
    )
    def test_an_organisation_is_not_taken_for_a_person(
        self, tmp_path: Path, properties: list[Any]
    ) -> None:
        registrant = entity("R1", ["registrant"], *properties, ("email", "info@voorbeeld.nl"))
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", registrant))
        assert mails(answer)["info@voorbeeld.nl"].basis is Basis.REGISTRANT

    def test_a_contact_who_is_one_person_is_left_out(self, tmp_path: Path) -> None:
        person = entity(
            "P1",
            ["technical"],
            ("kind", "individual"),
            ("fn", "Jan V"),
            ("email", "jan@it.example"),
        )
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", BAKERY, person))
        assert "jan@it.example" not in repr(answer)

    def test_a_form_on_the_web_is_for_a_person_to_fill_in(self, tmp_path: Path) -> None:
        registrant = entity(
            "R1", ["registrant"], ("org", "Bakkers"), ("contact-uri", "https://form.example/c?d=1")
        )
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", registrant))
        assert ways(answer, Basis.REGISTRANT) == [(FoundChannel.FORM, "https://form.example/c?d=1")]

    @pytest.mark.parametrize(
        ("properties", "why"),
        [
            ([("fn", ""), ("email", "")], None),
            ([("fn", "REDACTED FOR PRIVACY"), ("email", "")], Refusal.PLACEHOLDER),
            ([("email", "REDACTED FOR PRIVACY")], Refusal.PLACEHOLDER),
            ([("email", "voorbeeld@anonymised.email")], Refusal.PLACEHOLDER),
            ([("email", "https://form.example/")], Refusal.NOT_READABLE),
            ([("org", "Domains By Proxy, LLC"), ("email", "a@b.example")], Refusal.PRIVACY_SERVICE),
            ([("email", "x.protect@withheldforprivacy.com")], Refusal.PRIVACY_SERVICE),
            ([("email", "hostmaster@sidn.nl"), ("tel", "+31205550100")], Refusal.REGISTRY_DESK),
            ([("adr", ["", "", "REDACTED", "REDACTED", "", "", "NL"])], Refusal.PLACEHOLDER),
        ],
    )
    def test_what_stands_for_a_contact_is_none(
        self, tmp_path: Path, properties: list[Any], why: Refusal | None
    ) -> None:
        registrant = entity("R1", ["registrant"], *properties)
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", registrant))
        assert answer.routes == ()
        assert reasons(answer) == ({why} if why else set())

    def test_a_proxy_is_no_registrant(self, tmp_path: Path) -> None:
        proxy = entity("R1", ["registrant", "proxy"], ("fn", "P B.V."), ("email", "p@p.example"))
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", proxy))
        assert (answer.routes, reasons(answer)) == ((), {Refusal.PRIVACY_SERVICE})

    @pytest.mark.parametrize(
        "redacted",
        [
            {"name": {"type": "Registrant Email"}, "method": "replacementValue"},
            {"name": {"description": "registrant email"}, "method": "partialValue"},
            {
                "name": {"description": "something"},
                "postPath": "$.entities[?(@.roles[0]=='registrant')]"
                ".vcardArray[1][?(@[0]=='email')]",
                "method": "replacementValue",
            },
        ],
    )
    def test_a_redacted_address_is_not_the_registrants(
        self, tmp_path: Path, redacted: Json
    ) -> None:
        answer = ask_domain(
            tmp_path, domain("voorbeeld.nl", BAKERY, REGISTRAR_ENTITY, redacted=[redacted])
        )
        assert list(mails(answer)) == ["abuse@registrar.example"]
        assert Refusal.PLACEHOLDER in reasons(answer)
        assert (FoundChannel.PHONE, "+31205550100") in ways(answer, Basis.REGISTRANT)

    def test_what_was_removed_is_shown_and_the_rest_counts(self, tmp_path: Path) -> None:
        removed = {"name": {"type": "Registrant Street"}, "method": "removal"}
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", BAKERY, redacted=[removed, None, 7]))
        assert "it@bakkerij.example" in mails(answer)
        assert "Registrant Street" in {one.text for one in answer.refused}

    def test_no_letter_goes_to_an_address_of_which_a_part_is_redacted(self, tmp_path: Path) -> None:
        remark = {"type": "object redacted due to authorization"}
        answer = ask_domain(tmp_path, domain("voorbeeld.nl", BAKERY | {"remarks": [remark]}))
        assert FoundChannel.LETTER not in {one.channel for one in answer.routes}
        assert Refusal.PLACEHOLDER in reasons(answer)

    def test_the_registrar_is_asked_where_the_registry_knows_no_registrant(
        self, tmp_path: Path
    ) -> None:
        link = {
            "rel": "related",
            "type": "application/rdap+json",
            "href": f"{REGISTRAR}domain/voorbeeld.nl",
        }
        thin = domain("voorbeeld.nl", REGISTRAR_ENTITY, links=[link])
        pages = {f"{REGISTRY}domain/voorbeeld.nl": thin}
        whole = domain("voorbeeld.nl", BAKERY, REGISTRAR_ENTITY)
        answer = ask("rdap-domain", "voorbeeld.nl", pages | {link["href"]: whole}, tmp_path)
        assert answer.source == link["href"]
        assert "it@bakkerij.example" in mails(answer)
        busy = ask(
            "rdap-domain",
            "voorbeeld.nl",
            pages | {link["href"]: rdap_page({}, status=429)},
            tmp_path,
        )
        assert list(mails(busy)) == ["abuse@registrar.example"]
        assert busy.note
        assert busy.valid_until <= NOW + timedelta(hours=1), "it is soon asked again"


class TestAddress:
    def test_the_holder_of_an_assignment_is_the_owner(self, tmp_path: Path) -> None:
        answer = ask_address(
            tmp_path, network("192.0.2.0", "192.0.2.63", "ASSIGNED PA", BAKERY, ABUSE_DESK)
        )
        found = mails(answer)
        owner = found["it@bakkerij.example"]
        assert (owner.scope, owner.basis) == (Scope.OWNER, Basis.ASSIGNMENT_HOLDER)
        assert owner.holder == "TEST:ORG-BAK1-TEST"
        desk = found["abuse@hoster.example"]
        assert (desk.scope, desk.basis) == (Scope.NETWORK, Basis.ALLOCATION_ABUSE)
        assert FoundChannel.LETTER in {one.channel for one in answer.routes}
        assert answer.holders == (
            Holder(
                "TEST:ORG-BAK1-TEST",
                "Bakkerij Voorbeeld B.V.",
                "192.0.2.0/26",
                NetworkStanding.ASSIGNMENT,
                "NL",
            ),
        )

    @pytest.mark.parametrize(
        "desk",
        [
            pytest.param(
                {"entities": [entity("X", ["abuse"], ("email", "abuse@desk.example"))]},
                id="inside the holder",
            ),
            pytest.param({"roles": ["registrant", "abuse"]}, id="the holder itself"),
        ],
    )
    def test_an_abuse_desk_with_the_holder_is_the_holders(self, tmp_path: Path, desk: Json) -> None:
        answer = ask_address(
            tmp_path, network("192.0.2.0", "192.0.2.63", "ASSIGNED PI", BAKERY | desk)
        )
        assert ways(answer, Basis.ASSIGNMENT_ABUSE)
        assert {one.scope for one in answer.routes} == {Scope.OWNER}

    def test_an_abuse_desk_at_the_holders_mail_domain_is_the_holders(self, tmp_path: Path) -> None:
        own = entity("AR2", ["abuse"], ("email", "abuse@mail.bakkerij.example"))
        answer = ask_address(
            tmp_path, network("192.0.2.0", "192.0.2.63", "ASSIGNED PI", BAKERY, own)
        )
        assert mails(answer)["abuse@mail.bakkerij.example"].basis is Basis.ASSIGNMENT_ABUSE

    @pytest.mark.parametrize("kind", ["ALLOCATED PA", "DIRECT ALLOCATION", "LEGACY", ""])
    def test_the_holder_of_anything_else_is_no_owner(self, tmp_path: Path, kind: str) -> None:
        answer = ask_address(tmp_path, network("192.0.2.0", "192.0.2.255", kind, BAKERY))
        assert {one.scope for one in answer.routes} == {Scope.NETWORK}
        assert {one.basis for one in answer.routes} == {Basis.NETWORK_CONTACT}

    def test_who_may_change_an_entry_is_no_holder(self, tmp_path: Path) -> None:
        maintainers = [
            entity(
                "VOORBEELD-MNT", ["registrant"], ("fn", "VOORBEELD-MNT"), ("kind", "individual")
            ),
            entity("mnt-voorbeeld", ["registrant"], ("fn", "mnt-voorbeeld")),
            entity("KEEPER", ["registrant"], ("fn", "KEEPER"), ("kind", "individual")),
        ]
        answer = ask_address(
            tmp_path, network("192.0.2.0", "192.0.2.63", "ASSIGNED PA", *maintainers)
        )
        (holder,) = answer.holders
        assert (holder.handle, holder.name, holder.is_person) == ("", "", False)
        assert holder.network == "192.0.2.0/26"

    def test_a_description_names_a_holder_only_when_it_is_an_organisations_name(
        self, tmp_path: Path
    ) -> None:
        def name_from(line: str) -> str:
            remark = {"title": "description", "description": [line, "second"]}
            answer = ask_address(
                tmp_path, network("192.0.2.0", "192.0.2.63", "ASSIGNED PA", remarks=[remark])
            )
            return answer.holders[0].name

        assert name_from("Bakkerij Voorbeeld B.V.") == "Bakkerij Voorbeeld B.V."
        assert name_from("Voorbeeld, Nederland") == ""
        assert name_from("*****************") == ""

    @pytest.mark.parametrize(
        ("first", "last", "part"),
        [
            ("192.0.2.0", "192.0.2.255", "192.0.2.0/24"),
            ("192.0.2.0/32", "192.0.2.255/32", "192.0.2.0/24"),
            ("192.000.002.000", "192.000.002.255", "192.0.2.0/24"),
            ("192.0.2.0", "192.0.2.95", "192.0.2.0/26"),
            ("192.0.2.1", "192.0.2.7", "192.0.2.1/32"),
            ("192.0.0.0", "192.0.3.255", "192.0.0.0/22"),
        ],
    )
    def test_a_network_is_the_prefix_of_the_range_that_holds_the_address(
        self, tmp_path: Path, first: str, last: str, part: str
    ) -> None:
        answer = ask_address(tmp_path, network(first, last, "ASSIGNED PA", BAKERY))
        assert answer.holders[0].network == part

    def test_where_nobody_answers_for_the_network_the_one_above_is_asked(
        self, tmp_path: Path
    ) -> None:
        up = f"{REGISTRY}ip/192.0.2.0/24"
        small = network(
            "192.0.2.0", "192.0.2.63", "ASSIGNED PA", BAKERY, links=[{"rel": "up", "href": up}]
        )
        large = network("192.0.2.0", "192.0.2.255", "ALLOCATED PA", ABUSE_DESK)
        answer = ask_address(tmp_path, small, {up: large})
        assert mails(answer)["abuse@hoster.example"].basis is Basis.ALLOCATION_ABUSE
        assert mails(answer)["it@bakkerij.example"].basis is Basis.ASSIGNMENT_HOLDER

    def test_a_link_to_a_server_that_no_bootstrap_file_names_is_not_asked(
        self, tmp_path: Path
    ) -> None:
        up = "https://elsewhere.example/ip/192.0.2.0/24"
        small = network(
            "192.0.2.0", "192.0.2.63", "ASSIGNED PA", BAKERY, links=[{"rel": "up", "href": up}]
        )
        large = network("192.0.2.0", "192.0.2.255", "ALLOCATED PA", ABUSE_DESK)
        assert "abuse@hoster.example" not in mails(ask_address(tmp_path, small, {up: large}))

    def test_networks_that_name_each_other_as_the_one_above_do_not_keep_us(
        self, tmp_path: Path
    ) -> None:
        first, second = f"{REGISTRY}ip/192.0.2.1", f"{REGISTRY}ip/192.0.2.0/24"
        small = network(
            "192.0.2.0", "192.0.2.63", "ASSIGNED PA", BAKERY, links=[{"rel": "up", "href": second}]
        )
        large = network(
            "192.0.2.0", "192.0.2.255", "ALLOCATED PA", links=[{"rel": "up", "href": first}]
        )
        itself = small | {"links": [{"rel": "up", "href": first}]}
        for answer in (ask_address(tmp_path, small, {second: large}),
                       ask_address(tmp_path, itself)):  # fmt: skip
            assert set(mails(answer)) == {"it@bakkerij.example", "info@bakkerij.example"}

    def test_a_holder_that_is_only_named_is_asked_for(self, tmp_path: Path) -> None:
        handle = {"objectClassName": "entity", "handle": "ORG-BAK1-TEST", "roles": ["registrant"]}
        answer = ask_address(
            tmp_path,
            network("192.0.2.0", "192.0.2.63", "ASSIGNED PA", handle, ABUSE_DESK),
            {f"{REGISTRY}entity/ORG-BAK1-TEST": BAKERY},
        )
        assert mails(answer)["it@bakkerij.example"].basis is Basis.ASSIGNMENT_HOLDER
        assert answer.holders[0].name == "Bakkerij Voorbeeld B.V."

    def test_personal_data_is_counted_and_abuse_desks_are_not(self, tmp_path: Path) -> None:
        person = entity("P1", ["technical"], ("kind", "individual"), ("email", "p@x.example"))
        group = entity("G1", ["administrative"], ("kind", "group"), ("email", "g@x.example"))
        answer = ask_address(
            tmp_path,
            network(
                "192.0.2.0", "192.0.2.63", "ASSIGNED PA", BAKERY, ABUSE_DESK, person, group, person
            ),
        )
        assert answer.personal_sets == 2

    def test_a_persons_own_mailbox_is_not_kept_beside_a_desks(self, tmp_path: Path) -> None:
        desk = entity(
            "AR1", ["abuse"], ("email", "jan@hoster.example"), ("email", "noc@hoster.example")
        )
        answer = ask_address(tmp_path, network("192.0.2.0", "192.0.2.255", "ALLOCATED PA", desk))
        assert list(mails(answer)) == ["noc@hoster.example"]


class TestAsNumber:
    def test_its_abuse_desk_is_the_operators(self, tmp_path: Path) -> None:
        page = {f"{REGISTRY}autnum/64496": as_number(64496, BAKERY, ABUSE_DESK)}
        answer = ask("rdap-as-number", "64496", page, tmp_path)
        assert ways(answer, Basis.AS_NUMBER_ABUSE) == [
            (FoundChannel.MAIL, "abuse@hoster.example"),
            (FoundChannel.PHONE, "+31205550101"),
        ]
        assert {one.scope for one in answer.routes} == {Scope.NETWORK}
        assert answer.holders[0].network == "AS64496"


class TestServers:
    def test_the_longest_match_is_asked(self, tmp_path: Path) -> None:
        answer = network("198.51.100.0", "198.51.100.255", "ALLOCATED PA", ABUSE_DESK)
        pages = {f"{REGISTRY}narrow/ip/198.51.100.1": answer}
        assert ask("rdap-address", "198.51.100.1", pages, tmp_path).outcome is Outcome.FOUND

    def test_a_name_below_an_entry_goes_to_it_and_one_beside_it_to_the_root(
        self, tmp_path: Path
    ) -> None:
        bootstraps = {
            "dns.json": {"services": [[[""], [f"{REGISTRY}root"]], [["co.nl"], [REGISTRY]]]}
        }
        pages = {
            f"{REGISTRY}domain/a.co.nl": domain("a.co.nl", BAKERY),
            f"{REGISTRY}root/domain/aco.nl": domain("aco.nl", BAKERY),
        }
        for name in ("a.co.nl", "aco.nl"):
            answer = ask("rdap-domain", name, pages, tmp_path, bootstraps=bootstraps)
            assert answer.outcome is Outcome.FOUND, name

    def test_http_is_never_asked(self, tmp_path: Path) -> None:
        bootstraps = {"dns.json": {"services": [[["nl"], ["http://rdap.registry.example/"]]]}}
        answer = ask("rdap-domain", "voorbeeld.nl", {}, tmp_path, bootstraps=bootstraps)
        assert (answer.outcome, answer.note) == (
            Outcome.UNKNOWN,
            "No RDAP server is known for voorbeeld.nl.",
        )

    def test_another_server_is_asked_when_the_first_is_away(self, tmp_path: Path) -> None:
        # The peer has no certificate for the first host.
        urls = ["https://dead.registry.example/", REGISTRY]
        bootstraps = {"dns.json": {"services": [[["nl"], urls]]}}
        pages = {f"{REGISTRY}domain/voorbeeld.nl": domain("voorbeeld.nl", BAKERY)}
        answer = ask("rdap-domain", "voorbeeld.nl", pages, tmp_path, bootstraps=bootstraps)
        assert answer.outcome is Outcome.FOUND

    def test_a_server_that_asks_us_to_wait_is_asked_when_it_says(self, tmp_path: Path) -> None:
        class BusyWeb:
            def get(self, *_: str, **__: object) -> Fetched:
                later = NOW + timedelta(hours=5)
                raise FetchError(FetchFailure.ASK_LATER, "It is busy.", again_at=later)

        kind = LOOKUPS["rdap-domain"]
        lookup = kind.open(bootstrap_files(tmp_path))
        outside = Outside(BusyWeb(), DnsClient(), nobody_to_ask())
        (answer,) = lookup.ask([Subject(kind.asks_about, "voorbeeld.nl")], outside=outside, now=NOW)
        assert (answer.outcome, answer.note) == (Outcome.UNKNOWN, "It is busy.")
        assert answer.valid_until == NOW + timedelta(hours=5)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"{}",
            b"[" * 100_000,
            b'{"services": {}}',
            b'{"services": [[]]}',
            b'{"services": [[["nl"]]]}',
            b'{"services": [["nl", ["https://a.example"]]]}',
            b'{"services": [[["nl", 7], ["https://a.example"]]]}',
            b'{"services": [[["nl"], ["http://example.org/%%"]]]}',
            b'{"services": [[["nl"], ["ftp://a.example/"]]]}',
            b'{"services": [[["nl"], ["https://[a/"]]]}',
            b'{"services": [[["192.0.2.1/24"], ["https://a.example"]]]}',
            b'{"services": [[["9-3"], ["https://a.example"]]]}',
            b'{"services": [[["1-9999999999"], ["https://a.example"]]]}',
        ],
    )
    def test_a_malformed_bootstrap_file_is_refused_by_its_name(
        self, tmp_path: Path, body: bytes
    ) -> None:
        with pytest.raises(TextRefusedError, match=r"odd\.json"):
            LOOKUPS["rdap-domain"].open(bootstrap_files(tmp_path, {"odd.json": body}))
