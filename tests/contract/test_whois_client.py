"""The client of WHOIS against real servers on loopback: what it asks, and what it does not."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Final

import pytest

from baken.core.pap import Pap
from baken.jobs.outside import open_whois
from baken.outside.dns import DnsClient
from baken.outside.fetching import FetchError, FetchFailure
from baken.outside.keeping import MemoryBudgets, MemoryLog
from baken.outside.whois import WhoisClient, WhoisLimits
from baken.settings.environment import read_settings
from dns_peer import NO_SUCH_NAME, SERVFAIL, DnsPeer
from https_peer import closed_port
from whois_peer import BROKEN_OFF, SILENT, Said, WhoisPeer

NOW: Final = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
SERVER: Final = "whois.nic.example.net"
LIMITS: Final = WhoisLimits(
    further_networks=(ip_network("127.0.0.0/8"),),
    seconds=1.5,
    seconds_to_connect=0.5,
    seconds_of_silence=0.4,
)


class World:
    """A server, a client, and what they wrote down."""

    def __init__(self, peer: WhoisPeer, dns: DnsPeer, limits: WhoisLimits) -> None:
        self.peer = peer
        self.log = MemoryLog()
        self.budgets = MemoryBudgets()
        self.whois = WhoisClient(
            DnsClient([dns.server]),
            log=self.log,
            budgets=self.budgets,
            limits=replace(limits, port=peer.port),
            now=lambda: NOW,
        )

    def failure(self, question: str = "example.nl", *, server: str = SERVER) -> FetchFailure:
        with pytest.raises(FetchError) as caught:
            self.whois.ask(server, question)
        assert str(caught.value).endswith(".")
        return caught.value.failure


@contextmanager
def world(
    said: Said, *, limits: WhoisLimits = LIMITS, zone: Mapping[str, list[str]] | None = None
) -> Iterator[World]:
    with WhoisPeer(lambda _server, _question: said, servers=[SERVER]) as peer:
        records = {SERVER: [f"A {peer.addresses[SERVER]}"], **(zone or {})}
        with DnsPeer(lambda name: records.get(name, [NO_SUCH_NAME])) as dns:
            yield World(peer, dns, limits)


def test_a_question_is_one_line_and_the_answer_ends_with_the_connection() -> None:
    with world(b"Domain: example.nl\r\n\xff\x00") as made:
        asking = made.whois.because("whois-domain for worm")
        assert asking.ask(SERVER, "example.nl") == b"Domain: example.nl\r\n\xff\x00"
        assert made.peer.asked == [(SERVER, "example.nl")]
        [asked] = made.log.asked
    assert (asked.server, asked.what) == (SERVER, f"whois://{SERVER}/example.nl")
    assert (asked.why, asked.outcome) == ("whois-domain for worm", "answered")
    assert (asked.bytes_received, asked.address) == (22, "127.0.43.1")


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (SILENT, FetchFailure.TOO_SLOW),
        (BROKEN_OFF, FetchFailure.NOT_REACHED),
        (lambda: itertools.repeat(b"x" * 16_384), FetchFailure.TOO_LARGE),
    ],
)
def test_a_bad_answer_is_a_failure_with_its_reason(said: Said, failure: FetchFailure) -> None:
    with world(said) as made:
        assert made.failure() is failure
        assert [one.outcome for one in made.log.asked] == [str(failure)]


def test_a_byte_at_a_time_gains_no_time() -> None:
    def drops() -> Iterator[bytes]:
        while True:
            time.sleep(0.1)
            yield b"x"

    begun = time.monotonic()
    with world(drops) as made:
        assert made.failure() is FetchFailure.TOO_SLOW
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "question", ["", "a\r\nb", "b\u00e4ckerei.de", "x" * 301, "a\x00b", "a\tb"]
)
def test_only_one_line_of_plain_text_is_asked(question: str) -> None:
    with world(b"") as made:
        assert made.failure(question) is FetchFailure.NOT_ALLOWED
        assert not made.peer.asked


@pytest.mark.parametrize(
    "server", ["127.0.43.1", "2130706433", "localhost", "[::1]", "a b.example", "whois.0x7f", ""]
)
def test_only_a_name_is_asked(server: str) -> None:
    with world(b"") as made:
        assert made.failure(server=server) is FetchFailure.NOT_ALLOWED


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1"],
)
def test_a_name_with_an_inner_address_is_not_asked(address: str) -> None:
    kind = "AAAA" if ":" in address else "A"
    zone = {"trap.example.net": [f"{kind} {address}", "A 8.8.8.8"]}
    limits = replace(LIMITS, further_networks=())
    with world(b"secret", limits=limits, zone=zone) as made:
        assert made.failure(server="trap.example.net") is FetchFailure.NOT_ALLOWED
        assert not made.peer.asked
        assert not made.log.asked


def test_what_the_dns_says_of_the_server_decides_what_is_known() -> None:
    with world(b"", zone={"down.example.net": [SERVFAIL]}) as made:
        assert made.failure(server="gone.example.net") is FetchFailure.NO_SUCH_NAME
        assert made.failure(server="down.example.net") is FetchFailure.NOT_REACHED


def test_another_address_is_tried_where_nobody_answers() -> None:
    dead = closed_port()[0]
    with world(b"well") as made:
        zone = {SERVER: [f"A {dead}", f"A {made.peer.addresses[SERVER]}"]}
        with DnsPeer(lambda name: zone.get(name, [NO_SUCH_NAME])) as dns:
            again = World(made.peer, dns, LIMITS)
            assert again.whois.ask(SERVER, "example.nl") == b"well"
            assert [one.outcome for one in again.log.asked][-1] == "answered"


def test_a_server_gets_so_many_questions_a_day_and_none_while_it_is_left_alone() -> None:
    with world(b"well", limits=replace(LIMITS, per_day=2)) as made:
        made.whois.ask(SERVER, "a.example")
        made.whois.ask(SERVER, "b.example")
        assert made.failure() is FetchFailure.ASK_LATER
        assert len(made.peer.asked) == 2
    with world(b"well") as made:
        made.whois.leave_alone(SERVER, until=NOW + timedelta(hours=1))
        assert made.failure() is FetchFailure.ASK_LATER
        assert not made.peer.asked


def test_what_its_label_does_not_permit_is_not_asked() -> None:
    with world(b"well") as made:
        red = made.whois.because("test", pap=Pap.RED)
        with pytest.raises(FetchError) as caught:
            red.ask(SERVER, "example.nl")
        assert caught.value.failure is FetchFailure.NOT_ALLOWED
        assert not made.peer.asked


def test_the_settings_open_what_tests_and_the_demo_need() -> None:
    with WhoisPeer(lambda _server, _question: b"well", servers=[SERVER]) as peer:
        records = {SERVER: [f"A {peer.addresses[SERVER]}"]}
        with DnsPeer(lambda name: records.get(name, [NO_SUCH_NAME])) as dns:
            given = {
                "BAKEN_WHOIS_PORT": str(peer.port),
                "BAKEN_WEB_NETWORKS": "127.0.0.0/8",
                "BAKEN_DNS_SERVERS": dns.text,
            }
            kept = {"log": MemoryLog(), "budgets": MemoryBudgets()}
            assert open_whois(read_settings(given), **kept).ask(SERVER, "example.nl") == b"well"
            del given["BAKEN_WEB_NETWORKS"]
            with pytest.raises(FetchError) as caught:
                open_whois(read_settings(given), **kept).ask(SERVER, "example.nl")
    assert caught.value.failure is FetchFailure.NOT_ALLOWED
