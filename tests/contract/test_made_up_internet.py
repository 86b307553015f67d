"""The made-up internet answers Baken's own clients as the real one would."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from baken.outside.dns import Answered, DnsClient
from baken.outside.fetching import FetchError, FetchFailure
from baken.outside.keeping import MemoryBudgets, MemoryLog
from baken.outside.web import WebClient, WebLimits, make_trust
from baken.specimen.internet import MadeUpInternet, Page, Proxied, Record, World

_DELAY = 0.05
_WORLD = World(
    records=(
        Record("www.bakkerij.example", "A", "127.0.0.1"),
        Record("mail.bakkerij.example", "AAAA", "2001:db8::9"),
        Record("rdap.registry.example", "A", "127.0.0.1"),
        Record("bakkerij.example", "MX", "10 mail.bakkerij.example"),
        Record("bakkerij.example", "TXT", "x" * 300),
    ),
    pages=(
        Page("https://www.bakkerij.example/.well-known/security.txt", "Contact: …"),
        Page("https://rdap.registry.example/ip/198.18.0.1", status=429, retry_after_seconds=60),
        Page("https://rdap.registry.example/ip/198.18.0.2", is_silent=True),
    ),
)


@pytest.fixture(scope="module")
def internet() -> Iterator[MadeUpInternet]:
    with MadeUpInternet(_WORLD, delay_seconds=_DELAY) as running:
        yield running


@pytest.fixture
def dns(internet: MadeUpInternet) -> DnsClient:
    return DnsClient([(internet.host, internet.dns_port)])


@pytest.fixture
def web(internet: MadeUpInternet, dns: DnsClient) -> Iterator[WebClient]:
    with web_of(internet, dns) as client:
        yield client


@contextmanager
def web_of(internet: MadeUpInternet, dns: DnsClient) -> Iterator[WebClient]:
    client = WebClient(
        dns,
        trust=make_trust(internet.ca_file),
        contact="https://csirt.example.nl/requests",
        log=MemoryLog(),
        budgets=MemoryBudgets(),
        limits=WebLimits(
            further_networks=(ip_network("127.0.0.1"),),
            port=internet.https_port,
            seconds=3,
            seconds_of_silence=1,
        ),
    )
    with closing(client):
        yield client


def test_a_name_has_the_records_it_was_given_and_another_name_does_not_exist(
    dns: DnsClient,
) -> None:
    web, mails = "www.bakkerij.example", "mail.bakkerij.example"
    found = dns.addresses([web, mails])
    assert found[web].addresses == ("127.0.0.1",)
    assert found[mails].addresses == ("2001:db8::9",)
    assert dns.texts(["bakkerij.example"])["bakkerij.example"].texts == ("x" * 300,)
    (mail,) = dns.mail_exchanges(["bakkerij.example"])["bakkerij.example"].exchanges
    assert mail.host == "mail.bakkerij.example"
    assert dns.texts(["slager.example"])["slager.example"].answered is Answered.NO_SUCH_NAME


def test_a_page_comes_after_the_delay_under_a_certificate_of_its_host(web: WebClient) -> None:
    begun = time.monotonic()
    got = web.get(
        "https://www.bakkerij.example/.well-known/security.txt", accept="text/plain", largest=1000
    )
    assert got.body.decode() == "Contact: …"
    assert time.monotonic() - begun >= 2 * _DELAY  # the name, then the page


def test_a_host_can_stand_before_a_server_on_this_machine() -> None:
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as behind,
        MadeUpInternet(
            World(
                (Record("check.csirt.example", "A", "127.0.0.1"),),
                proxied=(Proxied("check.csirt.example", behind.server_port),),
            )
        ) as internet,
    ):
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        with web_of(internet, DnsClient([(internet.host, internet.dns_port)])) as web:
            got = web.get("https://check.csirt.example/check/?code=1", largest=1000)
        behind.shutdown()
    assert got.body.decode() == "check.csirt.example /check/?code=1 https 127.0.0.1"


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said = (
            self.headers["Host"], self.path, self.headers["X-Forwarded-Proto"],
            self.headers["X-Forwarded-For"],
        )  # fmt: skip
        self.send_response(200)
        self.end_headers()
        self.wfile.write(" ".join(said).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        ("https://rdap.registry.example/ip/198.18.0.1", FetchFailure.ASK_LATER),
        ("https://rdap.registry.example/ip/198.18.0.2", FetchFailure.TOO_SLOW),
    ],
)
def test_a_server_can_ask_to_wait_or_say_nothing(
    web: WebClient, url: str, failure: FetchFailure
) -> None:
    with pytest.raises(FetchError) as caught:
        web.get(url, accept="application/rdap+json", largest=1000)
    assert caught.value.failure is failure
