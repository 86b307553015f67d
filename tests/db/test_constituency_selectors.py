"""What matching and the outbox read from the constituency."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from baken.constituency.models import Asset, Contact, Organisation
from baken.constituency.selectors import (
    ASSET_SCHEMA,
    asset_table,
    assets_covering,
    find_organisation,
    routes_of,
)
from baken.core.asset import parse_asset
from baken.core.classification import Severity
from baken.core.errors import AssetRefusedError
from baken.core.policy import CaseFacts, OccasionFacts, Policy, decide
from baken.core.routes import Carries
from small_world import add_contact

pytestmark = pytest.mark.django_db


NOW = datetime(2026, 11, 23, tzinfo=UTC)
UNTOLD = CaseFacts(
    severity=Severity.HIGH, is_owner=True, is_held=True, is_gone=False, is_registered=True,
    last_seen_at=NOW, reopened_at=None, told_at=None, told_severity=None,
)  # fmt: skip


@pytest.fixture
def haven() -> Organisation:
    return Organisation.objects.create(reference="haven", name="Havenbedrijf")


def hold(organisation: Organisation, text: str, **period: datetime) -> Asset:
    asset = parse_asset(text, allow_documentation=True)
    return Asset.objects.create(
        organisation=organisation,
        kind=asset.kind.value,
        value=asset.value,
        network=asset.network,
        asn=asset.asn,
        domain=asset.domain,
        **period,
    )


class TestAssetTable:
    def test_gives_all_assets_in_columns(self, haven: Organisation) -> None:
        start = datetime(2026, 7, 1, 12, 30, 15, 123457, tzinfo=UTC)
        end = datetime(2027, 1, 1, tzinfo=UTC)
        network = hold(haven, "192.0.2.0/24", valid_from=start, valid_until=end)
        host = hold(haven, "198.51.100.7")
        six = hold(haven, "2001:db8::/48")
        asn = hold(haven, "AS65551")
        name = hold(haven, "example.nl")

        table = asset_table()

        assert table.schema == ASSET_SCHEMA
        none: dict[str, Any] = dict.fromkeys(
            ("network", "asn", "domain", "valid_from", "valid_until")
        )
        owner = {"organisation_id": haven.pk}
        assert table.to_pylist() == [
            {"asset_id": network.pk, **owner, "kind": "network", **none,
             "network": "192.0.2.0/24", "valid_from": start, "valid_until": end},
            {"asset_id": host.pk, **owner, "kind": "network", **none,
             "network": "198.51.100.7/32"},
            {"asset_id": six.pk, **owner, "kind": "network", **none, "network": "2001:db8::/48"},
            {"asset_id": asn.pk, **owner, "kind": "asn", **none, "asn": 65551},
            {"asset_id": name.pk, **owner, "kind": "domain", **none, "domain": "example.nl"},
        ]  # fmt: skip

    def test_times_before_1970_and_far_off_are_exact(self, haven: Organisation) -> None:
        start = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        end = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        hold(haven, "192.0.2.0/24", valid_from=start, valid_until=end)
        row = asset_table().to_pylist()[0]
        assert (row["valid_from"], row["valid_until"]) == (start, end)

    def test_of_nothing_is_an_empty_table_with_the_same_columns(self) -> None:
        table = asset_table()
        assert isinstance(table, pa.Table)
        assert table.num_rows == 0
        assert table.schema == ASSET_SCHEMA


def contacts_to_warn(
    organisation_ids: Collection[int], *, unwanted: Collection[str] = ()
) -> dict[int, Contact]:
    """Whom the verdict chooses at each of these organisations, where mail is the only channel."""
    policy = Policy(channels={"mail": Carries()})
    found = {}
    for organisation_id, routes in routes_of(organisation_ids, now=NOW, unwanted=unwanted).items():
        verdict = decide(UNTOLD, under=OccasionFacts(), routes=routes, policy=policy, now=NOW)
        if verdict.route is not None:
            found[organisation_id] = Contact(pk=verdict.route.contact_id)
    return found


class TestContactsToWarn:
    def test_goes_by_role(self, haven: Organisation) -> None:
        roles = ("management", "general", "security", "technical")
        contacts = {
            role: add_contact(haven, role=role, email=f"{role}@example.nl") for role in roles
        }
        for role in ("security", "technical", "general", "management"):
            assert contacts_to_warn([haven.pk]) == {haven.pk: contacts[role]}
            contacts[role].delete()
        assert contacts_to_warn([haven.pk]) == {}

    def test_who_wants_mail_comes_before_who_rather_hears_otherwise(
        self, haven: Organisation
    ) -> None:
        portal = add_contact(haven, role="security", email="s@example.nl", channel="portal")
        mail = add_contact(haven, role="general", email="g@example.nl")
        assert contacts_to_warn([haven.pk]) == {haven.pk: mail}
        mail.delete()
        assert contacts_to_warn([haven.pk]) == {haven.pk: portal}

    def test_of_equals_the_first_is_chosen(self, haven: Organisation) -> None:
        first = add_contact(haven, email="z@example.nl")
        add_contact(haven, email="a@example.nl")
        assert contacts_to_warn([haven.pk]) == {haven.pk: first}

    def test_who_has_no_mail_address_is_not_chosen(self, haven: Organisation) -> None:
        add_contact(haven, role="security", phone="+31701234567", channel="phone")
        assert contacts_to_warn([haven.pk]) == {}

    def test_an_unwanted_address_is_passed_over_in_any_case(self, haven: Organisation) -> None:
        add_contact(haven, role="security", email="Stop@example.nl")
        other = add_contact(haven, email="ok@example.nl")
        assert contacts_to_warn([haven.pk], unwanted=["sTOP@example.nl"]) == {haven.pk: other}

    def test_many_organisations_take_one_query(self, haven: Organisation) -> None:
        zorg = Organisation.objects.create(reference="zorg", name="Zorggroep")
        other = Organisation.objects.create(reference="other", name="Not asked about")
        for organisation in (haven, zorg, other):
            add_contact(organisation, email="a@example.nl")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert set(contacts_to_warn([haven.pk, zorg.pk])) == {haven.pk, zorg.pk}
        assert len(queries) == 1


class TestLookingUp:
    def test_an_organisation_by_reference_or_by_a_name_that_only_one_has(
        self, haven: Organisation
    ) -> None:
        assert find_organisation("haven") == haven
        assert find_organisation("HAVENbedrijf") == haven
        assert find_organisation("nobody") is None
        Organisation.objects.create(reference="haven-2", name="Havenbedrijf")
        assert find_organisation("Havenbedrijf") is None

    def test_the_assets_that_hold_an_address_the_narrowest_first(self, haven: Organisation) -> None:
        for text in ("198.51.100.0/24", "198.51.100.0/28", "198.51.100.7", "198.51.100.64/28"):
            hold(haven, text)
        hold(haven, "2001:db8::/32")
        found = [asset.value for asset in assets_covering("198.51.100.7")]
        assert found == ["198.51.100.7/32", "198.51.100.0/28", "198.51.100.0/24"]
        assert [asset.value for asset in assets_covering("2001:db8::1")] == ["2001:db8::/32"]

    def test_the_assets_that_hold_a_name_the_narrowest_first(self, haven: Organisation) -> None:
        for text in ("example.nl", "shop.example.nl", "notexample.nl", "AS64496"):
            hold(haven, text)
        found = [asset.value for asset in assets_covering("PAY.shop.example.nl.")]
        assert found == ["shop.example.nl", "example.nl"]
        assert [asset.value for asset in assets_covering("as64496")] == ["AS64496"]

    def test_what_nobody_can_hold_is_refused_with_the_reason(self) -> None:
        with pytest.raises(AssetRefusedError, match="private"):
            assets_covering("10.0.0.1")
