"""What every channel promises about its addresses, over every line of the table."""

from __future__ import annotations

import pytest

import made_up_channel
from baken.channels import CHANNELS, ChannelKind
from baken.settings.environment import read_settings

KINDS = {**CHANNELS, made_up_channel.KEY: made_up_channel.KIND}
ADDRESSES = [
    "security@haven.example.nl",
    " Security@Bücher.example ",
    "https://hooks.example.nl/haven",
    "+31201234567",
    "Haven B.V.; Kade 1; 1234 AB Voorbeeldstad",
    "Haven B.V., Kade 1, 1234 AB Voorbeeldstad",
    "nobody",
    "a@b@c.example",
    "http://[",
    f"a@{'x' * 300}.example",
    f"https://{'x' * 480}.example",
    "",
]


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> ChannelKind:
    """Each channel of the table, and a made-up one."""
    return KINDS[request.param]


def test_an_address_without_a_fault_is_kept_as_one_without_a_fault(kind: ChannelKind) -> None:
    good = [address for address in ADDRESSES if not kind.address_fault(address)]
    assert good
    for address in good:
        kept = kind.normal_address(address)
        assert kind.address_fault(kept) == ""
        assert kind.normal_address(kept) == kept


def test_every_address_has_a_provider_or_none_that_is_known(kind: ChannelKind) -> None:
    providers = kind.providers_of(read_settings({}))(ADDRESSES)
    assert providers.keys() == set(ADDRESSES)
    assert all(len(name) <= 253 and name == name.lower() for name in providers.values())
