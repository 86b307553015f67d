"""Words of registries, their servers, and telephone numbers are read as they are meant."""

from __future__ import annotations

import pytest

from baken.core.lookup import NetworkStanding
from baken.lookups.registries import registry_of, standing_of
from baken.lookups.telephone import callable_number


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ("ASSIGNED PA", NetworkStanding.ASSIGNMENT),
        ("ASSIGNED  PI", NetworkStanding.ASSIGNMENT),
        ("ALLOCATED-ASSIGNED PA", NetworkStanding.ASSIGNMENT),
        ("ASSIGNED NON-PORTABLE", NetworkStanding.ASSIGNMENT),
        ("REASSIGNMENT", NetworkStanding.ASSIGNMENT),
        ("DIRECT ASSIGNMENT", NetworkStanding.ASSIGNMENT),
        ("assigned", NetworkStanding.ASSIGNMENT),
        ("ASSIGNED BY SOMEBODY NEW", NetworkStanding.ASSIGNMENT),
        ("ALLOCATED PA", NetworkStanding.ALLOCATION),
        ("SUB-ALLOCATED PA", NetworkStanding.ALLOCATION),
        ("AGGREGATED-BY-LIR", NetworkStanding.ALLOCATION),
        ("ALLOCATED PORTABLE", NetworkStanding.ALLOCATION),
        ("DIRECT ALLOCATION", NetworkStanding.ALLOCATION),
        ("REALLOCATION", NetworkStanding.ALLOCATION),
        ("LEGACY", NetworkStanding.UNSAID),
        ("", NetworkStanding.UNSAID),
        ("NOT ASSIGNED", NetworkStanding.UNSAID),
    ],
)
def test_a_registrys_words_say_how_a_network_is_held(words: str, standing: NetworkStanding) -> None:
    assert standing_of(words) is standing


def test_a_registry_is_known_by_its_servers_and_no_other_by_a_name_like_it() -> None:
    assert registry_of("rdap.db.ripe.net") == "RIPE"
    assert registry_of("WHOIS.ARIN.NET.") == "ARIN"
    assert registry_of("notripe.net") == ""
    assert registry_of("") == ""


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("tel:+31.205550100", "", "+31205550100"),
        ("+31 (0)20 555 0100", "", "+31205550100"),
        ("tel:+31-20-555-0100;ext=12", "", "+31205550100"),
        ("020 555 0100", "NL", "+31205550100"),
        ("020 555 0100", "", ""),
        ("+00.0000000000", "", ""),
        ("+7", "", ""),
        ("tel:", "", ""),
        ("+31 20 555 0100" + "0" * 10_000, "", ""),
    ],
)
def test_a_number_is_kept_in_the_form_in_which_it_can_be_called(
    text: str, country: str, number: str
) -> None:
    assert callable_number(text, country=country) == number
