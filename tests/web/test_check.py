"""Whoever holds a code learns whether the message is ours, and nobody else learns anything."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable

import pytest
from told import tell
from visitors import HOST, NewVisitor, Visitor

from baken.core.language import Language
from baken.outbox.codes import new_code
from baken.outbox.models import Delivery
from baken.outbox.selectors import check_code

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_code_of_ours_is_known_with_date_systems_channel_and_end_of_the_address(
    visitor: Visitor,
) -> None:
    code = tell("a.haven.example.nl", "b.haven.example.nl").code
    said = visitor.get(f"/check/?code={code}&language=nl")
    assert said.status == 200
    assert "Ja, dit bericht is van ons" in said.body
    for fact in (code, "22 november 2026", "per mail", "2 systemen", "…ple.nl"):
        assert fact in said.body
    assert "security@" not in said.body
    assert "haven" not in said.body


def test_it_is_said_in_english_as_well(visitor: Visitor) -> None:
    code = tell(language=Language.EN).code
    said = visitor.get(f"/check/?code={code}", accept_language="en-GB,en;q=0.8,nl;q=0.5")
    assert "Yes, this message is from us" in said.body
    assert '<html lang="en">' in said.body
    assert "22 November 2026" in said.body
    other = re.search(r'href="\?([^"]*language=nl)"', said.body)
    assert other is not None, "the other language is one link away"
    assert f"code={code}" in other.group(1), "and keeps the code"


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code}  ",
        lambda code: code.replace("0", "O").replace("1", "l"),
    ],
)
def test_a_code_is_read_in_any_grouping_and_case(typed: Callable[[str], str]) -> None:
    code = tell().code
    found = check_code(typed(code))
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "state", [Delivery.State.SENDING, Delivery.State.UNCERTAIN, Delivery.State.ACCEPTED]
)
def test_what_may_have_arrived_is_ours(state: Delivery.State) -> None:
    assert check_code(tell(state=state).code) is not None


@pytest.mark.parametrize("state", [None, Delivery.State.DEFERRED, Delivery.State.REFUSED])
def test_what_never_left_us_is_not(state: Delivery.State | None) -> None:
    assert check_code(tell(state=state).code) is None


def test_of_a_number_the_last_digits_are_said_and_of_a_postal_address_nothing() -> None:
    call = check_code(tell(channel="phone", address="+31700000123").code)
    letter = check_code(
        tell(channel="letter", address="Kade 1, 1234 AB Haven", reference="kade").code
    )
    assert call is not None
    assert letter is not None
    assert (call.address_ending, letter.address_ending) == ("123", "")


def test_a_code_that_nobody_has_and_what_is_no_code_get_the_same_page(visitor: Visitor) -> None:
    tell()
    pages = set()
    for typed in (new_code(), "hello", "K7QX-4M2P", "'; DROP TABLE x; --"):
        said = visitor.get(f"/check/?language=en&code={typed.replace(' ', '+')}")
        assert said.status == 200
        assert "We do not know this code" in said.body
        pages.add(re.sub(r"“[^”]*”|value=\"[^\"]*\"|href=\"[^\"]*\"", "", said.body))
    assert len(pages) == 1


def test_both_take_the_same_time() -> None:
    tell()

    def seconds(text: str) -> float:
        began = time.perf_counter()
        check_code(text)
        return time.perf_counter() - began

    unknown = statistics.median(seconds(new_code()) for _ in range(60))
    malformed = statistics.median(seconds("no code at all") for _ in range(60))
    assert 0.5 < unknown / malformed < 2


def test_what_was_typed_comes_back_as_text_and_nothing_else(visitor: Visitor) -> None:
    said = visitor.get("/check/?language=en&code=%3Cscript%3Ealert(1)%3C/script%3E%0d%0aX-Bad:1")
    assert "<script" not in said.body
    assert "&lt;script&gt;alert(1)" in said.body
    assert "X-Bad" not in said.headers


def test_who_asks_too_often_has_to_wait_and_nobody_else_does(new_visitor: NewVisitor) -> None:
    hasty, other = new_visitor(), new_visitor()
    asked = [hasty.get("/check/?code=hello").status for _ in range(25)]
    assert asked[:20] == [200] * 20
    assert set(asked[20:]) == {429}
    assert 0 < int(hasty.get("/check/?code=hello").headers["Retry-After"]) <= 6
    assert hasty.get("/check/").status == 200, "the form itself is not limited"
    assert other.get("/check/?code=hello").status == 200


def test_who_invents_forwarding_addresses_is_counted_by_the_one_that_the_proxy_saw(
    new_visitor: NewVisitor,
) -> None:
    one = new_visitor()
    asked = [
        Visitor(one.port, f"198.51.100.{number}, {one.address}").get("/check/?code=x").status
        for number in range(25)
    ]
    assert asked.count(429) >= 4


def test_every_page_bears_the_headers_that_keep_it_harmless(visitor: Visitor) -> None:
    for path in (
        "/check/",
        "/check/?code=x",
        "/nowhere/",
        "/robots.txt",
        "/static/pages/pages.css",
    ):
        headers = visitor.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Set-Cookie"] is None
    assert visitor.get("/check/?code=x").headers["Cache-Control"] == "no-store"
    assert "Disallow: /" in visitor.get("/robots.txt").body


def test_nothing_on_a_page_comes_from_elsewhere_and_nothing_runs(visitor: Visitor) -> None:
    body = visitor.get("/check/?code=x").body
    assert "<script" not in body
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', body)
    assert not re.findall(r"\son\w+=|style=", body)


def test_another_host_name_another_method_and_a_large_body_are_refused(visitor: Visitor) -> None:
    assert visitor.get("/check/", host="evil.example").status == 400
    assert visitor.get("/check/", host=f"{HOST}:8443").status == 200
    assert visitor.post("/check/", code="x").status == 405
    assert visitor.ask("POST", "/check/", body="x" * 200_000).status == 413
    assert visitor.ask("POST", "/check/", body="x", content_type="text/plain").status == 415
    assert visitor.get("/").headers["Location"] == "/check/"
