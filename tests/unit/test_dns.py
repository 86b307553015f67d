"""The DNS client against a real server on loopback: each name has an answer, in time."""

from __future__ import annotations

import socket
import time

import pytest

from baken.outside.dns import (
    Addresses,
    Answered,
    DnsClient,
    DnsFailure,
    MailExchange,
    MailExchanges,
    is_reserved_name,
)
from dns_peer import NO_SUCH_NAME, ONLY_BY_TCP, SERVFAIL, SILENT, DnsPeer

ZONE = {
    "one.example": ["10 mx.one.example."],
    "several.example": ["20 b.example.", "10 C.Mail.Example.", "30 a.example."],
    "equal.example": ["10 b.example.", "10 a.example."],
    "null.example": ["0 ."],
    "none.example": [],
    "away.example": [NO_SUCH_NAME],
    "broken.example": [SERVFAIL],
    "silent.example": [SILENT],
    "long.example": [ONLY_BY_TCP, "10 mx.long.example."],
    "xn--bcher-kva.example": ["10 mx.example."],
}


def ask(*names: str, seconds_a_question: float = 2.0) -> dict[str, MailExchanges]:
    with DnsPeer(lambda name: ZONE[name]) as peer:
        client = DnsClient([peer.server], seconds_a_question=seconds_a_question)
        return client.mail_exchanges(names)


@pytest.mark.parametrize(
    ("name", "answered", "exchanges"),
    [
        ("one.example", Answered.FOUND, [(10, "mx.one.example")]),
        (
            "several.example",
            Answered.FOUND,
            [(10, "c.mail.example"), (20, "b.example"), (30, "a.example")],
        ),
        ("equal.example", Answered.FOUND, [(10, "a.example"), (10, "b.example")]),
        ("null.example", Answered.FOUND, [(0, "")]),
        ("none.example", Answered.FOUND, []),
        ("away.example", Answered.NO_SUCH_NAME, []),
        ("broken.example", Answered.UNKNOWN, []),
        ("bücher.example", Answered.FOUND, [(10, "mx.example")]),
    ],
)
def test_a_name_is_answered(
    name: str, answered: Answered, exchanges: list[tuple[int, str]]
) -> None:
    expected = tuple(MailExchange(preference, host) for preference, host in exchanges)
    is_unknown = answered is Answered.UNKNOWN
    seconds, failure = (0, DnsFailure.SERVER) if is_unknown else (60, None)
    assert ask(name) == {name: MailExchanges(answered, expected, seconds, failure)}


def test_an_answer_that_was_cut_off_is_asked_for_by_tcp() -> None:
    with DnsPeer(lambda name: ZONE[name]) as peer:
        (found,) = DnsClient([peer.server]).mail_exchanges(["long.example"]).values()
    assert found.exchanges == (MailExchange(10, "mx.long.example"),)
    assert peer.asked == [("udp", "long.example"), ("tcp", "long.example")]


@pytest.mark.parametrize(
    "name", ["", "..", "a..example", "x" * 64 + ".example", "x." * 200, "\ud800"]
)
def test_what_is_no_name_is_unknown(name: str) -> None:
    assert ask(name, "one.example")[name].answered is Answered.UNKNOWN


def test_silence_about_one_name_ends_and_keeps_no_other_waiting() -> None:
    begun = time.monotonic()
    found = ask("silent.example", "one.example", seconds_a_question=0.5)
    assert found["silent.example"].answered is Answered.UNKNOWN
    assert found["one.example"].answered is Answered.FOUND
    assert time.monotonic() - begun < 2


def test_silence_about_all_ends_with_the_batch() -> None:
    names = [f"org-{number}.example" for number in range(500)]
    with DnsPeer(lambda _: [SILENT]) as peer:
        client = DnsClient([peer.server], seconds_a_question=0.4, seconds_a_batch=1.0)
        begun = time.monotonic()
        found = client.mail_exchanges(names)
    assert time.monotonic() - begun < 3
    assert {one.answered for one in found.values()} == {Answered.UNKNOWN}
    assert set(found) == set(names)


def test_a_server_that_is_away_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        server = closed.getsockname()
    client = DnsClient([server], seconds_a_question=0.3)
    assert client.mail_exchanges(["one.example"])["one.example"].answered is Answered.UNKNOWN


def test_a_system_that_names_no_server_is_no_error() -> None:
    found = DnsClient().mail_exchanges(["one.example"])
    no_answer = MailExchanges(Answered.UNKNOWN, failure=DnsFailure.NO_SERVER)
    assert found == {"one.example": no_answer}


def test_a_second_server_answers_where_the_first_is_silent() -> None:
    with DnsPeer(lambda _: [SILENT]) as silent, DnsPeer(lambda name: ZONE[name]) as other:
        client = DnsClient([silent.server, other.server], seconds_a_question=1.0)
        found = client.mail_exchanges(["one.example"])
    assert found["one.example"].answered is Answered.FOUND


def test_two_thousand_names_are_answered_within_the_deadline() -> None:
    names = [f"org-{number}.example" for number in range(2_000)]
    with DnsPeer(lambda name: [f"10 mx.{name}."], delay_seconds=0.02) as peer:
        found = DnsClient([peer.server]).mail_exchanges(names)
    assert {one.answered for one in found.values()} == {Answered.FOUND}
    assert len(peer.asked) == len(found) == 2_000


def test_a_name_is_asked_once_and_nothing_is_asked_for_no_names() -> None:
    with DnsPeer(lambda name: ZONE[name]) as peer:
        client = DnsClient([peer.server])
        assert client.mail_exchanges([]) == {}
        client.mail_exchanges(["one.example", "one.example"])
    assert len(peer.asked) == 1


ADDRESSES = {
    "both.example": ["A 192.0.2.2", "A 192.0.2.1", "AAAA 2001:DB8::0:1", "10 mx.example."],
    "old.example": ["A 192.0.2.1"],
    "new.example": ["AAAA 2001:db8::1"],
    "none.example": ["10 mx.example."],
    "away.example": [NO_SUCH_NAME],
    "half.example": ["A 192.0.2.1", f"AAAA {SERVFAIL}"],
    "lame.example": ["A 192.0.2.1", f"AAAA {NO_SUCH_NAME}"],
    "silent.example": [SILENT],
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "both.example",
            Addresses(Answered.FOUND, ("192.0.2.1", "192.0.2.2", "2001:db8::1"), 60),
        ),
        ("old.example", Addresses(Answered.FOUND, ("192.0.2.1",), 60)),
        ("new.example", Addresses(Answered.FOUND, ("2001:db8::1",), 60)),
        ("none.example", Addresses(Answered.FOUND, (), 60)),
        ("away.example", Addresses(Answered.NO_SUCH_NAME, (), 60)),
        ("half.example", Addresses(Answered.UNKNOWN, ("192.0.2.1",), 60, DnsFailure.SERVER)),
        ("lame.example", Addresses(Answered.FOUND, ("192.0.2.1",), 60)),
        ("silent.example", Addresses(Answered.UNKNOWN, failure=DnsFailure.TOO_SLOW)),
    ],
)
def test_a_name_leads_to_its_addresses(name: str, expected: Addresses) -> None:
    with DnsPeer(lambda name: ADDRESSES[name]) as peer:
        client = DnsClient([peer.server], seconds_a_question=0.5)
        assert client.addresses([name, name]) == {name: expected}
    assert {kind for _, kind in peer.asked_for} == {"A", "AAAA"}


@pytest.mark.parametrize(
    ("name", "is_reserved"),
    [
        ("haven.example", True),
        ("Haven.Test.", True),
        ("localhost", True),
        ("mail.example.nl", True),
        ("example.com", True),
        ("myexample.com", False),
        ("example.eu", False),
        ("invalid.nl", False),
        ("", False),
    ],
)
def test_names_for_tests_and_documentation_are_known(name: str, *, is_reserved: bool) -> None:
    assert is_reserved_name(name) is is_reserved
