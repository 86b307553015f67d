"""What the DNS says: texts, zones, for how long it holds, and why there is nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from baken.outside.dns import Answered, DnsClient, DnsFailure, Texts, ZoneAuthority
from dns_peer import (
    BLOCKED,
    BOGUS,
    NO_SUCH_NAME,
    ONLY_BY_TCP,
    RUBBISH,
    SERVFAIL,
    SILENT,
    DnsPeer,
    txt,
)

DAY = 86_400


def texts(*records: str, name: str = "one.example", seconds_a_question: float = 2.0) -> Texts:
    """What the client makes of `records`."""
    with DnsPeer(lambda _: list(records)) as peer:
        client = DnsClient([peer.server], seconds_a_question=seconds_a_question)
        return client.texts([name])[name]


def authority(*records: str) -> ZoneAuthority:
    """What the client makes of a zone with `records`."""
    with DnsPeer(lambda _: list(records)) as peer:
        return DnsClient([peer.server]).zone_authorities(["example.nl"])["example.nl"]


def test_texts_are_put_together_and_sorted() -> None:
    found = texts(txt("b" * 600), 'TXT "a" "=" "1"', txt("\u00e9"), 'TXT "\\255"')
    assert found == Texts(Answered.FOUND, ("a=1", "b" * 600, "\u00e9", "\ufffd"), 60)


@pytest.mark.parametrize(
    ("records", "failure"),
    [
        ([SERVFAIL], DnsFailure.SERVER),
        ([BOGUS], DnsFailure.SIGNATURES),
        ([BLOCKED], DnsFailure.WITHHELD),
        ([SILENT], DnsFailure.TOO_SLOW),
        ([RUBBISH], DnsFailure.TOO_SLOW),  # by UDP anybody may have sent it: it is not looked at
    ],
)
def test_a_failure_is_unknown_and_says_why(records: list[str], failure: DnsFailure) -> None:
    found = texts(*records, seconds_a_question=0.5)
    assert found == Texts(Answered.UNKNOWN, failure=failure)


def test_what_cannot_be_a_name_is_said_to_be_none() -> None:
    assert texts(name="a..example").failure is DnsFailure.NO_NAME


@pytest.mark.parametrize(
    ("records", "answered", "seconds"),
    [
        (["TTL 3600", txt("a")], Answered.FOUND, 3600),
        (["TTL 0", txt("a")], Answered.FOUND, 60),
        (["TTL 31536000", txt("a")], Answered.FOUND, 7 * DAY),
        (["NEGATIVE 900", "A 192.0.2.1"], Answered.FOUND, 900),
        (["NEGATIVE 900", NO_SUCH_NAME], Answered.NO_SUCH_NAME, 900),
        (["NEGATIVE 1", NO_SUCH_NAME], Answered.NO_SUCH_NAME, 60),
        ([NO_SUCH_NAME], Answered.NO_SUCH_NAME, 60),
        (["A 192.0.2.1"], Answered.FOUND, 60),
    ],
)
def test_an_answer_holds_as_long_as_the_zone_says_within_bounds(
    records: list[str], answered: Answered, seconds: int
) -> None:
    found = texts(*records)
    assert (found.answered, found.seconds_valid) == (answered, seconds)


def test_four_thousand_texts_are_not_read_and_cost_little() -> None:
    digits = "0123456789abcdefghij"
    many = [f"TXT {one}{two}{three}" for one in digits for two in digits for three in digits[:10]]
    with DnsPeer(lambda _: many) as peer:
        client = DnsClient([peer.server])
        begun = time.thread_time()
        found = client.texts(["one.example"])["one.example"]
        cost = time.thread_time() - begun
    assert len(many) == 4_000
    assert found == Texts(Answered.UNKNOWN, failure=DnsFailure.TOO_LARGE)
    assert cost < 0.05


def test_hundreds_of_texts_are_read_by_tcp() -> None:
    assert len(texts(*[txt(f"number {number}") for number in range(400)]).texts) == 400


@contextmanager
def server_by_tcp(answers: Sequence[bytes], *, seconds_between: float) -> Iterator[tuple[str, int]]:
    """A server that is cut off by UDP, and sends `answers` by TCP with time between them."""
    with DnsPeer(lambda _: [ONLY_BY_TCP, txt("a")]) as peer:
        listening = socket.create_server(("127.0.0.1", 0))
        by_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        by_udp.bind(listening.getsockname())

        def serve_udp() -> None:
            question, client = by_udp.recvfrom(4096)
            answer = peer.answer_to(question, by="udp")
            assert answer is not None
            by_udp.sendto(answer, client)

        def serve_tcp() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                try:
                    for piece in answers:
                        connection.sendall(piece)
                        time.sleep(seconds_between)
                except OSError:
                    return

        threads = [threading.Thread(target=one, daemon=True) for one in (serve_udp, serve_tcp)]
        for thread in threads:
            thread.start()
        yield listening.getsockname()
        for thread in threads:
            thread.join(5)
        by_udp.close()
        listening.close()


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ([b"\xff\xff", *[b"x"] * 100], DnsFailure.TOO_SLOW),
        ([b"\x00\x20", b"x" * 32], DnsFailure.NOT_READABLE),
        ([b"\x00\x04", b"xxxx"], DnsFailure.NOT_READABLE),
        ([b"\x00"], DnsFailure.SERVER),
        ([], DnsFailure.SERVER),
    ],
)
def test_a_server_that_drips_breaks_off_or_raves_by_tcp_is_unknown_in_time(
    answers: list[bytes], failure: DnsFailure
) -> None:
    begun = time.monotonic()
    with server_by_tcp(answers, seconds_between=0.03) as server:
        client = DnsClient([server], seconds_a_question=1.0)
        found = client.texts(["one.example"])["one.example"]
        assert time.monotonic() - begun < 2
    assert found == Texts(Answered.UNKNOWN, failure=failure)


SOA = "SOA ns.example.nl. {} 1 2 3 4 5"


@pytest.mark.parametrize(
    ("rname", "mailbox"),
    [
        ("hostmaster.example.nl.", "hostmaster@example.nl"),
        (r"jo\.doe.Example.NL.", "jo.doe@example.nl"),
        (r"hostmaster\@example.nl.", "hostmaster@example@nl"),
        ("hostmaster.", ""),
        (".", ""),
        (r"\255.example.nl.", "\ufffd@example.nl"),
    ],
)
def test_who_runs_a_zone_is_read_as_a_mailbox(rname: str, mailbox: str) -> None:
    assert authority(SOA.format(rname)) == ZoneAuthority(Answered.FOUND, mailbox, 60)


def test_the_zone_above_a_name_is_not_its_own() -> None:
    assert authority("NEGATIVE 300") == ZoneAuthority(Answered.FOUND, "", 300)


def test_several_kinds_are_asked_at_once_by_many_threads() -> None:
    with DnsPeer(lambda _: ["A 192.0.2.1", txt("a"), "10 mx.example."]) as peer:
        client = DnsClient([peer.server])
        found: list[object] = []

        def ask() -> None:
            found.append(
                (
                    client.texts(["a.example", "b.example"])["b.example"].texts,
                    client.addresses(["a.example"])["a.example"].addresses,
                )
            )

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [(("a",), ("192.0.2.1",))] * 16
