"""Which addresses may be asked, how long a server is let alone, and what a PAP label permits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core.pap import Pap, Touch
from baken.outside.fetching import FetchError
from baken.outside.keeping import MemoryBudgets
from baken.outside.purpose import make_purpose
from baken.outside.retry_after import read_retry_after
from baken.outside.targets import is_allowed, read_target
from baken.outside.turns import NoTurnError, Turns

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - asked for nothing, bound to nothing
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "233.252.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::1",
        "2001:0:101:101:0:0:f5ff:fffe",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "2606::5efe:127.0.0.1",
        "2606::200:5efe:10.0.0.1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "4000::1",
    ],
)
def test_an_inner_address_is_not_asked(address: str) -> None:
    assert not is_allowed(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "223.255.255.1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2606::1"]
)
def test_a_global_address_is_asked(address: str) -> None:
    assert is_allowed(ip_address(address))


def test_a_further_network_is_asked_in_the_form_that_was_named() -> None:
    further = (ip_network("127.0.0.0/8"),)
    assert is_allowed(ip_address("127.0.0.1"), further=further)
    assert not is_allowed(ip_address("::ffff:127.0.0.1"), further=further)
    assert not is_allowed(ip_address("10.0.0.1"), further=further)


@given(st.text())
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://www.example.nl/{text}"):
        try:
            target = read_target(url)
        except FetchError:
            continue
        assert target.url.scheme == "https"
        assert target.host == target.url.raw_host.decode()
        assert not target.url.fragment


def test_the_host_is_in_lower_case_without_its_last_dot() -> None:
    target = read_target("HTTPS://WWW.B\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.Example./A#b")
    assert (target.host, str(target.url.raw_path, "ascii")) == ("www.xn--bcher-kva.example", "/A")


@given(st.text())
def test_any_retry_after_is_read_within_a_day(text: str) -> None:
    again_at = read_retry_after(text, now=NOW)
    assert again_at is None or NOW <= again_at <= NOW + DAY


def test_a_pause_is_never_made_shorter_and_ends() -> None:
    budgets = MemoryBudgets()
    budgets.pause("www.example.nl", NOW + timedelta(hours=2))
    budgets.pause("www.example.nl", NOW + timedelta(hours=1))
    assert budgets.take("www.example.nl", NOW) == NOW + timedelta(hours=2)
    assert budgets.take("www.example.org", NOW) is None
    assert budgets.take("www.example.nl", NOW + timedelta(hours=2)) is None


def test_a_pause_outlasts_the_day() -> None:
    budgets = MemoryBudgets()
    budgets.pause("www.example.nl", NOW + DAY)
    tomorrow = datetime(2026, 11, 29, 1, tzinfo=UTC)
    assert budgets.take("www.example.nl", tomorrow) == NOW + DAY


def test_threads_share_a_budget() -> None:
    budgets = MemoryBudgets({"rdap.example": 100})
    taken: list[object] = []

    def take() -> None:
        taken.extend(budgets.take("rdap.example", NOW) for _ in range(50))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert taken.count(None) == 100


def test_a_turn_is_given_back_whatever_happens() -> None:
    turns = Turns(in_all=1, per_host=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn("a.example", seconds=1):
            raise ZeroDivisionError
    with turns.turn("a.example", seconds=1):
        for host in ("a.example", "b.example"):
            with pytest.raises(NoTurnError), turns.turn(host, seconds=0.01):
                pass
    with turns.turn("b.example", seconds=1):
        pass


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("PAP:RED", Pap.RED),
        ("pap:amber", Pap.AMBER),
        ("green", Pap.GREEN),
        ("PAP:WHITE", Pap.CLEAR),
        (" Clear ", Pap.CLEAR),
    ],
)
def test_a_label_is_read(text: str, label: Pap) -> None:
    assert Pap.from_text(text) is label


@pytest.mark.parametrize("text", ["", "PAP:", "TLP:RED", "PAP:AMBER+STRICT", "ROOD"])
def test_what_is_no_label_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a valid Pap"):
        Pap.from_text(text)


def test_whoever_says_nothing_touches_the_subject() -> None:
    assert not make_purpose("why", pap=Pap.AMBER).permits("rdap.example")
    assert make_purpose("why").permits("rdap.example")


def test_a_name_that_only_ends_alike_is_no_subject() -> None:
    purpose = make_purpose(
        "why", pap=Pap.AMBER, touch=Touch.THIRD_PARTY, subjects=["Example.NL.", "192.0.2.0/24"]
    )
    assert purpose.permits("myexample.nl")
    assert not purpose.permits("www.example.nl")
    assert not purpose.permits("192.0.2.7")
    assert purpose.permits("198.51.100.7")
