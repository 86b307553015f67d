"""A row that names a network is told to who holds a part of it, and found by any address in it."""

from __future__ import annotations

import pytest

from baken.cases.models import Case
from baken.jobs.sending import plan
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from small_world import YESTERDAY, Command, Ingest, make_organisation

pytestmark = pytest.mark.django_db(transaction=True)


def block_list(*networks: str) -> str:
    """A blocklist report with one row a network or address."""
    rows = "".join(
        f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}","high","{network}","","list","spam",64500,"spam"\n'
        for network in networks
    )
    return '"timestamp","severity","ip","hostname","source","reason","asn","tag"\n' + rows


def take_in(ingest: Ingest, *networks: str) -> None:
    ingest(block_list(*networks), name="2026-11-22-blocklist-test.csv")


def test_a_network_is_told_to_who_holds_it_and_who_holds_a_part_of_it(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("net", "192.0.2.0/24")
    haven = make_organisation("haven", "192.0.2.64/26")
    kade = make_organisation("kade", "192.0.2.90/32")
    make_organisation("sluis", "192.0.2.96/29")
    take_in(ingest, "192.0.2.88/29")
    found = Case.objects.order_by("organisation__reference")
    assert [(case.organisation.reference, case.rule, case.system) for case in found] == [
        ("haven", "longest-prefix", "192.0.2.88/29"),
        ("kade", "part-of-network", "192.0.2.88/29"),
        ("net", "covering-prefix", "192.0.2.88/29"),
    ]
    plan(settings=settings_of_test)
    told = Notification.objects.values_list("organisation", flat=True)
    assert set(told) == {haven.pk, kade.pk}


@pytest.mark.parametrize("length", ["/32", ""])
def test_a_network_of_one_address_is_that_address(ingest: Ingest, length: str) -> None:
    make_organisation("haven", "192.0.2.0/24")
    take_in(ingest, f"192.0.2.60{length}")
    assert Case.objects.get().system == "192.0.2.60"


@pytest.mark.parametrize(
    ("asked", "is_told_of"),
    [
        ("192.0.2.90", True),
        ("192.0.2.88", True),
        ("192.0.2.88/30", True),
        ("192.0.2.0/24", True),
        ("192.0.2.96", False),
        ("192.0.2.96/29", False),
    ],
)
def test_explain_finds_a_network_by_what_lies_in_it_and_around_it(
    ingest: Ingest, baken: Command, asked: str, is_told_of: bool
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    take_in(ingest, "192.0.2.88/29")
    assert ("on 192.0.2.88/29" in baken("explain", asked).out) == is_told_of


def test_explain_finds_a_network_of_ipv6(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "2001:db8:10::/48")
    take_in(ingest, "2001:db8:10:4::/62")
    for asked in ("2001:db8:10:7::1", "2001:db8:10:4::/64", "2001:db8:10::/48"):
        assert "on 2001:db8:10:4::/62" in baken("explain", asked).out
    assert "on 2001:db8" not in baken("explain", "2001:db8:10:8::1").out
