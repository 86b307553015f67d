"""The client of the web against real TLS servers that do what they should not."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Final

import pytest
import trustme
from web_world import (
    CONTACT,
    ELSEWHERE,
    NAME,
    NOW,
    URL,
    a_record,
    authority,
    certificate,
    error_of,
    failure_of,
    web_world,
)

from baken.core.pap import Pap, Touch
from baken.outside.fetching import FetchFailure
from baken.outside.keeping import Asked, MemoryBudgets
from dns_peer import NO_SUCH_NAME, SERVFAIL, SILENT
from raw_https_peer import Behaviour, Conversation

MEBIBYTE: Final = b"x" * (1 << 20)


def hello(talk: Conversation) -> None:
    talk.answer(b"hello", head=b"Content-Type: text/plain\r\nX-Two: a\r\nx-two: b\r\n")


def test_an_answer_comes_whole() -> None:
    with web_world(hello) as world:
        came = world.web.get(f"https://{NAME}/a/b?c=d#e", accept="text/plain")
    assert (came.status, came.body, came.address) == (200, b"hello", "127.0.0.1")
    assert came.url == f"https://{NAME}/a/b?c=d"
    assert came.headers["content-type"] == "text/plain"
    assert came.headers["x-two"] == "a, b"
    head = world.peer.heads[0].decode().lower()
    assert head.startswith("get /a/b?c=d http/1.1\r\n")
    assert f"\r\nhost: {NAME}\r\n" in head
    assert "\r\naccept: text/plain\r\n" in head
    assert world.peer.names == [NAME]


def test_we_say_who_we_are_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with web_world(hello) as world:
        world.web.get(URL)
    fields = world.peer.heads[0].decode().split("\r\n")[1:-2]
    assert {field.split(":")[0].lower() for field in fields} == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
    }
    (agent,) = [field for field in fields if field.lower().startswith("user-agent")]
    assert agent.split(": ", 1)[1].startswith("Baken/")
    assert agent.endswith(f" (+{CONTACT})")


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops", "304 Not Modified"])
def test_an_answer_of_any_status_is_an_answer(status: str) -> None:
    with web_world(lambda talk: talk.answer(b"", status=status)) as world:
        assert world.web.get(URL).status == int(status.split()[0])


# --- size ---


def test_a_body_of_ten_gigabytes_is_left_at_the_limit() -> None:
    sent = 0

    def pour(talk: Conversation) -> None:
        nonlocal sent
        talk.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(10 * 1024):
            talk.say(MEBIBYTE)
            sent += len(MEBIBYTE)

    with web_world(pour) as world:
        assert failure_of(world, largest=1 << 20) is FetchFailure.TOO_LARGE
        (asked,) = [one for one in world.log.asked if one.address]
        assert asked.bytes_received < 3 << 20
    assert sent < 32 << 20  # what stands in the buffers of the system


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    def claim(talk: Conversation) -> None:
        talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
        talk.wait()

    with web_world(claim) as world:
        assert failure_of(world) is FetchFailure.TOO_LARGE


def test_a_body_may_be_as_large_as_the_limit() -> None:
    with web_world(lambda talk: talk.answer(MEBIBYTE)) as world:
        assert len(world.web.get(URL, largest=1 << 20).body) == 1 << 20
        assert failure_of(world, largest=(1 << 20) - 1) is FetchFailure.TOO_LARGE


def test_a_body_in_countless_small_chunks_is_left() -> None:
    def crumble(talk: Conversation) -> None:
        talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while talk.is_wanted:
            talk.say(b"1;" + b"e" * 1000 + b"\r\nx\r\n")

    with web_world(crumble) as world:
        assert failure_of(world, largest=10_000) is FetchFailure.TOO_LARGE


def test_a_packed_body_is_unpacked() -> None:
    packed = gzip.compress(b"hello " * 1000)
    with web_world(lambda talk: talk.answer(packed, head=b"Content-Encoding: gzip\r\n")) as world:
        assert world.web.get(URL, largest=6000).body == b"hello " * 1000
        assert failure_of(world, largest=5999) is FetchFailure.TOO_LARGE


def test_a_bomb_does_not_unfold() -> None:
    bomb = gzip.compress(bytes(50 << 20))
    assert len(bomb) < 1 << 20
    with web_world(lambda talk: talk.answer(bomb, head=b"Content-Encoding: gzip\r\n")) as world:
        tracemalloc.start()
        assert failure_of(world, largest=1 << 20) is FetchFailure.TOO_LARGE
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 16 << 20


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", b"not packed at all"),
        (b"gzip", gzip.compress(b"hello")[:-4]),
        (b"gzip", gzip.compress(b"hello") + b"and more"),
        (b"gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
        (b"br", b"hello"),
        (b"x\xff", b"hello"),
    ],
)
def test_what_is_packed_wrongly_or_strangely_is_no_answer(encoding: bytes, body: bytes) -> None:
    head = b"Content-Encoding: " + encoding + b"\r\n"
    with web_world(lambda talk: talk.answer(body, head=head)) as world:
        assert failure_of(world) is FetchFailure.BAD_ANSWER


@pytest.mark.parametrize(
    "line",
    [b"X-More: again\r\n", b"Set-Cookie: a=b\r\n", b"x" * 4096],
    ids=["many", "cookies", "one"],
)
def test_a_head_without_an_end_is_left(line: bytes) -> None:
    def go_on(talk: Conversation) -> None:
        talk.say(b"HTTP/1.1 200 OK\r\n")
        while talk.is_wanted:
            talk.say(line)

    with web_world(go_on) as world:
        assert failure_of(world) is FetchFailure.TOO_LARGE


def test_first_answers_without_an_end_are_left() -> None:
    def put_off(talk: Conversation) -> None:
        while talk.is_wanted:
            talk.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")

    with web_world(put_off) as world:
        assert failure_of(world) is FetchFailure.TOO_LARGE


def test_a_huge_cookie_is_too_large_and_a_small_one_is_forgotten() -> None:
    size = 200_000

    def bake(talk: Conversation) -> None:
        talk.answer(b"hello", head=b"Set-Cookie: a=" + b"b" * size + b"\r\n")

    with web_world(bake) as world:
        assert failure_of(world) is FetchFailure.TOO_LARGE
        size = 10
        assert "set-cookie" not in world.web.get(URL).headers
        world.web.get(URL)
    assert b"ookie" not in b"".join(world.peer.heads)


# --- time ---


def test_a_byte_now_and_then_does_not_hold_us() -> None:
    def drip(talk: Conversation) -> None:
        talk.say(b"HTTP/1.1 200 OK\r\n\r\n")
        talk.drip(itertools.repeat(b"x"), seconds=0.05)

    with web_world(drip, seconds=0.6) as world:
        begun = time.monotonic()
        assert failure_of(world) is FetchFailure.TOO_SLOW
        assert time.monotonic() - begun < 1.5


def test_a_head_that_drips_does_not_hold_us() -> None:
    def drip(talk: Conversation) -> None:
        talk.drip((bytes([one]) for one in b"HTTP/1.1 200 OK\r\n" * 100), seconds=0.05)

    with web_world(drip, seconds=0.6) as world:
        begun = time.monotonic()
        assert failure_of(world) is FetchFailure.TOO_SLOW
        assert time.monotonic() - begun < 1.5


def test_redirects_share_one_time() -> None:
    def dawdle(talk: Conversation) -> None:
        time.sleep(0.3)
        talk.answer(status="302 Found", head=b"Location: /again\r\n")

    with web_world(dawdle, seconds=0.8) as world:
        begun = time.monotonic()
        assert failure_of(world) is FetchFailure.TOO_SLOW
        assert time.monotonic() - begun < 1.5
    assert len(world.peer.heads) < 5


def test_a_server_that_never_answers_is_left() -> None:
    with web_world(lambda talk: talk.wait(), seconds_of_silence=0.3) as world:
        begun = time.monotonic()
        assert failure_of(world) is FetchFailure.TOO_SLOW
        assert time.monotonic() - begun < 1.5


def test_a_server_that_never_shakes_hands_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with web_world(hello, port=port, seconds_to_connect=0.3) as world:
            begun = time.monotonic()
            assert failure_of(world) is FetchFailure.TOO_SLOW
            assert time.monotonic() - begun < 1.5


# --- redirects ---


def redirect_to(location: str, *, status: str = "302 Found") -> Behaviour:
    def send_on(talk: Conversation) -> None:
        if talk.path == "/":
            talk.answer(status=status, head=b"Location: " + location.encode() + b"\r\n")
        else:
            talk.answer(talk.path.encode())

    return send_on


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_a_redirect_is_followed(status: str) -> None:
    with web_world(redirect_to(f"//{ELSEWHERE}/there#part", status=status)) as world:
        came = world.web.get(URL)
    assert (came.url, came.body) == (f"https://{ELSEWHERE}/there", b"/there")
    assert came.redirects == (URL,)
    assert world.peer.names == [NAME, ELSEWHERE]


def test_redirects_end_after_five() -> None:
    numbers = itertools.count(1)

    def send_on(talk: Conversation) -> None:
        talk.answer(status="302 Found", head=f"Location: /{next(numbers)}\r\n".encode())

    with web_world(send_on) as world:
        assert failure_of(world) is FetchFailure.TOO_MANY_REDIRECTS
    assert len(world.peer.heads) == 6


@pytest.mark.parametrize(
    "location",
    [
        f"http://{NAME}/there",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.2]/",
        "https://2130706434/",
        "https://0x7f000002/",
        "https://0177.0.0.2/",
        "https://127.2/",
        "https://127\u30020\u30020\u30022/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://inner.example.net/",
        "https://0.0.0.0/",
        f"https://{NAME}:22/",
        f"https://staff:secret@{NAME}/",
        f"https://127.0.0.2\\@{NAME}/",
        "https://[fe80::1%25eth0]/",
        "file:///etc/passwd",
        "ftp://www.example.nl/",
        "javascript:alert(1)",
        f"https://{NAME}/{'x' * 5000}",
    ],
)
def test_a_redirect_leads_nowhere_else(location: str) -> None:
    def zone(name: str) -> list[str]:
        return ["A 10.1.2.3"] if name == "inner.example.net" else a_record(name)

    with web_world(redirect_to(location), zone=zone) as world:
        assert failure_of(world) is FetchFailure.NOT_ALLOWED
    assert len(world.peer.heads) == 1
    assert {one.address for one in world.log.asked} <= {"", "127.0.0.1"}


@pytest.mark.parametrize(
    "head",
    [
        b"Location: https://exa mple.org/\r\n",
        b"Location: https://[::1/\r\n",
        b"Location: https://x\x01y/\r\n",
        b"Location: /a\x00b\r\n",
        b"Location: /a\rX-Injected: b\r\n",
        b"Location: https://www.example.nl:port/\r\n",
    ],
)
def test_a_redirect_to_no_web_address_ends_it(head: bytes) -> None:
    with web_world(lambda talk: talk.answer(status="302 Found", head=head)) as world:
        assert failure_of(world) in (FetchFailure.BAD_ANSWER, FetchFailure.NOT_ALLOWED)
    assert len(world.peer.heads) == 1


def test_what_a_redirect_holds_does_not_become_a_header() -> None:
    with web_world(redirect_to("/there%0d%0aX-Injected:%20yes?a=%0d%0ab")) as world:
        world.web.get(URL)
    assert world.peer.heads[1].startswith(
        b"GET /there%0d%0aX-Injected:%20yes?a=%0d%0ab HTTP/1.1\r\n"
    )
    assert b"\r\nX-Injected" not in world.peer.heads[1]


# --- addresses ---


@pytest.mark.parametrize(
    "url",
    [
        "",
        "www.example.nl",
        f"http://{NAME}/",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://2130706433/",
        "https://localhost/",
        f"https://user@{NAME}/",
        f"https://{NAME}:8443/",
        "\x00",
        f"https://{NAME}/\r\nX: y",
        "https://\ud800/",
    ],
)
def test_what_is_no_good_web_address_is_not_asked(url: str) -> None:
    with web_world(hello, zone=lambda _: ["A 127.0.0.2"]) as world:
        assert failure_of(world, url) is FetchFailure.NOT_ALLOWED
    assert world.peer.connections == 0


def test_without_the_setting_loopback_is_not_asked() -> None:
    with web_world(hello, further_networks=()) as world:
        assert failure_of(world) is FetchFailure.NOT_ALLOWED
        assert failure_of(world, "https://127.0.0.1/") is FetchFailure.NOT_ALLOWED
    assert world.peer.connections == 0


@pytest.mark.parametrize("inner", ["A 10.0.0.1", "A 127.0.0.2", "AAAA ::1", "AAAA fd00::1"])
def test_one_inner_address_spoils_a_name(inner: str) -> None:
    with web_world(hello, zone=lambda _: ["A 127.0.0.1", inner]) as world:
        assert failure_of(world) is FetchFailure.NOT_ALLOWED
    assert world.peer.connections == 0


def test_a_name_that_changes_between_looks_gains_nothing() -> None:
    """DNS rebinding: only the first look leads to an allowed address, and none is kept (TTL 0)."""
    looks = itertools.count()

    def rebinding(_: str) -> list[str]:
        return ["A 127.0.0.1"] if next(looks) < 2 else ["A 127.0.0.2"]

    with (
        web_world(hello, zone=rebinding, seconds_of_memory=0) as world,
        socket.create_server(("127.0.0.2", world.peer.port)) as trap,
    ):
        trap.settimeout(0.2)
        came = world.web.get(URL)
        assert (came.address, came.body) == ("127.0.0.1", b"hello")
        assert len(world.dns.asked) == 2, "A and AAAA, once for the whole conversation"
        assert failure_of(world) is FetchFailure.NOT_ALLOWED, "the second look is checked anew"
        with pytest.raises(TimeoutError):
            trap.accept()
    assert len(world.peer.heads) == 1


def test_a_name_is_looked_up_once_while_the_dns_says_that_it_holds() -> None:
    with web_world(hello) as world:
        for _ in range(5):
            world.web.get(URL)
    assert len(world.dns.asked) == 2


def test_an_address_is_asked_as_itself() -> None:
    with web_world(hello, leaf=certificate("127.0.0.1")) as world:
        assert world.web.get("https://127.0.0.1/").body == b"hello"
    assert world.dns.asked == []


def test_ipv6_is_asked_where_there_is_no_ipv4() -> None:
    further = (ip_network("::1/128"),)
    with web_world(
        hello, zone=lambda _: ["AAAA ::1"], address="::1", further_networks=further
    ) as world:
        assert world.web.get(URL).address == "::1"


def test_the_next_address_is_tried_where_nobody_answers() -> None:
    further = (ip_network("127.0.0.0/8"),)
    with web_world(
        hello,
        zone=lambda _: ["A 127.0.0.1", "A 127.0.0.9"],
        address="127.0.0.9",
        further_networks=further,
    ) as world:
        assert world.web.get(URL).address == "127.0.0.9"
    asked = [(one.address, one.outcome) for one in world.log.asked if one.address]
    assert asked == [("127.0.0.1", "not-reached"), ("127.0.0.9", "answered")]


@pytest.mark.parametrize(
    ("records", "failure"),
    [
        ([NO_SUCH_NAME], FetchFailure.NO_SUCH_NAME),
        ([], FetchFailure.NO_SUCH_NAME),
        ([SERVFAIL], FetchFailure.NOT_REACHED),
        ([SILENT], FetchFailure.NOT_REACHED),
    ],
)
def test_a_name_without_an_address_is_not_reached(
    records: list[str], failure: FetchFailure
) -> None:
    with web_world(hello, zone=lambda _: records) as world:
        assert failure_of(world) is failure


# --- certificates and connections ---


def test_a_certificate_must_be_for_the_name_from_a_known_authority_and_valid() -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for leaf in (
        certificate(ELSEWHERE),
        trustme.CA().issue_cert(NAME),
        authority().issue_cert(NAME, not_after=long_ago, not_before=long_ago - timedelta(days=9)),
        authority().issue_cert(ELSEWHERE, common_name=NAME),
    ):
        with web_world(hello, leaf=leaf) as world:
            assert failure_of(world) is FetchFailure.BAD_CERTIFICATE
        assert world.peer.heads == []


def test_rubbish_is_no_answer() -> None:
    for rubbish in (bytes(range(256)) * 8, b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"):

        def spew(talk: Conversation, rubbish: bytes = rubbish) -> None:
            talk.say(rubbish)
            talk.wait()

        with web_world(spew) as world:
            assert failure_of(world) is FetchFailure.BAD_ANSWER


def test_a_body_of_any_bytes_is_a_body() -> None:
    with web_world(lambda talk: talk.answer(bytes(range(256)))) as world:
        assert world.web.get(URL).body == bytes(range(256))


def break_off(talk: Conversation) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    raise ConnectionError


def reset(talk: Conversation) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    talk.reset()


def say_nothing(_: Conversation) -> None:
    raise ConnectionError


def end_without_saying_so(talk: Conversation) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    raise ConnectionError


@pytest.mark.parametrize("behave", [break_off, reset, say_nothing, end_without_saying_so])
def test_an_answer_that_breaks_off_is_none(behave: Behaviour) -> None:
    with web_world(behave) as world:
        assert failure_of(world) is FetchFailure.NOT_REACHED


def test_nobody_at_the_port_is_not_reached() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with web_world(hello, port=closed.getsockname()[1]) as world:
            assert failure_of(world) is FetchFailure.NOT_REACHED


def test_a_server_without_tls_is_not_reached() -> None:
    with ThreadPoolExecutor(1) as pool, socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

        answered = pool.submit(answer)
        with web_world(hello, port=plain.getsockname()[1]) as world:
            assert failure_of(world) is FetchFailure.NOT_REACHED
        answered.result(5)


def test_a_connection_is_used_again_and_replaced_when_it_was_closed() -> None:
    with web_world(hello) as world:
        for _ in range(5):
            world.web.get(URL)
        assert world.peer.connections == 1
        world.web.get(f"https://{ELSEWHERE}/")
        assert world.peer.connections == 2, "a connection for one name is not for another"


def test_a_connection_that_closes_when_it_is_used_again_is_no_failure() -> None:
    def once(talk: Conversation) -> None:
        if talk.path == "/":
            hello(talk)
        elif len(world.peer.heads) == 2:
            raise ConnectionError
        else:
            talk.answer(b"there")

    with web_world(once) as world:
        world.web.get(URL)
        assert world.web.get(f"{URL}again").body == b"there"
    assert world.peer.connections == 2


# --- manners ---


@pytest.mark.parametrize(
    ("status", "value", "again_at"),
    [
        ("429 Slow", b"120", NOW + timedelta(minutes=2)),
        ("429 Slow", b"Sat, 28 Nov 2026 13:00:00 GMT", NOW + timedelta(hours=1)),
        ("429 Slow", b"Sat, 28 Nov 2020 13:00:00 GMT", NOW),
        ("429 Slow", b"999999999", NOW + timedelta(days=1)),
        ("429 Slow", b"99999999999999999999", NOW + timedelta(minutes=5)),
        ("429 Slow", b"soon", NOW + timedelta(minutes=5)),
        ("429 Slow", b"-5", NOW + timedelta(minutes=5)),
        ("429 Slow", b"\xff\xfe", NOW + timedelta(minutes=5)),
        ("503 Away", b"120", NOW + timedelta(minutes=2)),
        ("503 Away", b"soon", None),
    ],
)
def test_a_server_that_asks_for_time_gets_it(
    status: str, value: bytes, again_at: datetime | None
) -> None:
    moment = NOW
    behaviour = {"is_busy": True}

    def behave(talk: Conversation) -> None:
        if behaviour["is_busy"]:
            talk.answer(status=status, head=b"Retry-After: " + value + b"\r\n")
        else:
            hello(talk)

    with web_world(behave, now=lambda: moment) as world:
        error = error_of(world)
        assert (error.failure, error.again_at) == (FetchFailure.ASK_LATER, again_at)
        behaviour["is_busy"] = False
        if again_at is not None and again_at > NOW:
            moment = again_at - timedelta(seconds=1)
            assert error_of(world).again_at == again_at
            assert world.web.get(f"https://{ELSEWHERE}/").status == 200
            assert len(world.peer.heads) == 2
            moment = again_at
        assert world.web.get(URL).body == b"hello"


def test_a_budget_ends_for_the_day() -> None:
    moment = NOW
    budgets = MemoryBudgets({NAME: 2})
    with web_world(hello, budgets=budgets, now=lambda: moment) as world:
        world.web.get(URL)
        world.web.get(URL)
        error = error_of(world)
        assert error.failure is FetchFailure.ASK_LATER
        assert error.again_at == datetime(2026, 11, 29, tzinfo=UTC)
        assert len(world.peer.heads) == 2
        moment = datetime(2026, 11, 29, tzinfo=UTC)
        world.web.get(URL)


def test_at_most_two_at_once_ask_one_host() -> None:
    at_once: list[int] = []
    here: list[None] = []

    def slowly(talk: Conversation) -> None:
        here.append(None)
        at_once.append(len(here))
        time.sleep(0.05)
        here.pop()
        hello(talk)

    with web_world(slowly, seconds=10) as world, ThreadPoolExecutor(12) as pool:
        came = list(pool.map(world.web.get, [URL] * 12))
    assert {one.body for one in came} == {b"hello"}
    assert max(at_once) == 2


def test_a_slow_host_keeps_no_other_waiting() -> None:
    def behave(talk: Conversation) -> None:
        if NAME.encode() in talk.head:
            talk.wait()
        hello(talk)

    with (
        web_world(behave, at_once=3, seconds=1.0, seconds_for_a_turn=0.2) as world,
        ThreadPoolExecutor(12) as pool,
    ):
        slow = [pool.submit(failure_of, world) for _ in range(6)]
        time.sleep(0.05)
        begun = time.monotonic()
        assert world.web.get(f"https://{ELSEWHERE}/").body == b"hello"
        assert time.monotonic() - begun < 0.5
        failures = sorted(one.result() for one in slow)
    assert failures == [FetchFailure.ASK_LATER] * 4 + [FetchFailure.TOO_SLOW] * 2


def test_a_server_that_is_silent_twice_is_let_alone_for_a_while() -> None:
    moment = NOW
    behaviour = {"is_silent": True}

    def behave(talk: Conversation) -> None:
        if behaviour["is_silent"] and NAME.encode() in talk.head:
            talk.wait()
        hello(talk)

    with web_world(behave, seconds=0.3, now=lambda: moment) as world:
        assert [failure_of(world) for _ in range(2)] == [FetchFailure.TOO_SLOW] * 2
        begun = time.monotonic()
        error = error_of(world)
        assert error.failure is FetchFailure.ASK_LATER
        assert error.again_at == NOW + timedelta(minutes=5)
        assert time.monotonic() - begun < 0.2
        assert world.web.get(f"https://{ELSEWHERE}/").body == b"hello"
        behaviour["is_silent"] = False
        moment = NOW + timedelta(minutes=5)
        assert world.web.get(URL).body == b"hello"


def test_a_server_that_answers_in_between_is_not_let_alone() -> None:
    moment = NOW
    silent = iter([True, False, True, False])

    def behave(talk: Conversation) -> None:
        if next(silent):
            talk.wait()
        hello(talk)

    with web_world(behave, seconds=0.3, now=lambda: moment) as world:
        for _ in range(2):
            assert failure_of(world) is FetchFailure.TOO_SLOW
            assert world.web.get(URL).body == b"hello"


def what(asked: Asked) -> str:
    return asked.what


def test_every_request_is_written_down_with_its_reason() -> None:
    with web_world(redirect_to("/there")) as world:
        world.web.because("threat T1, security.txt").get(URL)
        failure_of(world, "https://none.example/")
    # Both questions about a name are asked at once, and either may be answered first.
    in_order = [*sorted(world.log.asked[:2], key=what), *world.log.asked[2:4]]
    in_order += sorted(world.log.asked[4:], key=what)
    assert [(one.server, one.what, one.why, one.outcome) for one in in_order] == [
        ("127.0.0.1", f"A {NAME}", "threat T1, security.txt", "found"),
        ("127.0.0.1", f"AAAA {NAME}", "threat T1, security.txt", "found"),
        (NAME, URL, "threat T1, security.txt", "redirected"),
        (NAME, f"{URL}there", "threat T1, security.txt", "answered"),
        ("127.0.0.1", "A none.example", "", "no-such-name"),
        ("127.0.0.1", "AAAA none.example", "", "no-such-name"),
    ]
    asked = in_order[3]
    assert asked.asked_at == NOW
    assert asked.address == "127.0.0.1"
    assert asked.bytes_received > len(b"/there")
    assert 0 <= asked.milliseconds < 3000


# --- PAP ---


@pytest.mark.parametrize(
    ("pap", "touch", "is_permitted"),
    [
        (Pap.RED, Touch.THIRD_PARTY, False),
        (Pap.RED, Touch.SUBJECT, False),
        (Pap.AMBER, Touch.THIRD_PARTY, True),
        (Pap.AMBER, Touch.SUBJECT, False),
        (Pap.GREEN, Touch.SUBJECT, True),
        (Pap.CLEAR, Touch.SUBJECT, True),
    ],
)
def test_the_label_says_who_may_be_asked(pap: Pap, touch: Touch, *, is_permitted: bool) -> None:
    with web_world(hello) as world:
        world.web = world.web.because("threat T1", pap=pap, touch=touch)
        if is_permitted:
            assert world.web.get(URL).body == b"hello"
        else:
            assert failure_of(world) is FetchFailure.NOT_ALLOWED
            assert world.dns.asked == [], "a question to the DNS can be noticed too"
            assert world.peer.connections == 0
            assert world.log.asked == []


@pytest.mark.parametrize("subject", ["example.org", ELSEWHERE, "127.0.0.1", "127.0.0.0/8"])
def test_a_third_party_does_not_lead_to_the_subject(subject: str) -> None:
    with web_world(redirect_to(f"https://{ELSEWHERE}/there")) as world:
        world.web = world.web.because(
            "threat T1", pap=Pap.AMBER, touch=Touch.THIRD_PARTY, subjects=[subject]
        )
        assert failure_of(world) is FetchFailure.NOT_ALLOWED
    assert ELSEWHERE not in world.peer.names


# --- speed ---


def test_many_hosts_are_asked_at_once() -> None:
    """Many hosts at once: each waits for its own server, and none for another's."""

    here: list[None] = []
    are_enough = threading.Event()

    def patiently(talk: Conversation) -> None:
        here.append(None)
        if len(here) > 16:
            are_enough.set()
        are_enough.wait(10)  # nobody is answered before so many ask
        hello(talk)

    names = [f"host-{number}.example.net" for number in range(128)]
    leaf = certificate("*.example.net")
    with (
        web_world(patiently, zone=lambda _: ["A 127.0.0.1"], leaf=leaf, seconds=30) as world,
        ThreadPoolExecutor(64) as pool,
    ):
        came = list(pool.map(world.web.get, [f"https://{name}/" for name in names]))
    assert {one.body for one in came} == {b"hello"}
    assert are_enough.is_set()
