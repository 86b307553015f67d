"""Files as sites publish them get the right verdict each, and no bytes do harm."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    LookupAnswer,
    Outcome,
    Refusal,
    Subject,
    SubjectKind,
)
from baken.core.text import is_harmful
from baken.lookups.security_txt import KIND
from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.fetching import Fetched
from whois_peer import nobody_to_ask

BROUGHT_AT = datetime(2026, 11, 23, tzinfo=UTC)
"""When the files were collected: their notes say *expired* as of then."""
WHERE = re.compile(r"https://(?P<host>[a-z0-9.-]*[a-z])(?P<path>(?:/\.well-known)?/security\.txt)")
HOST = "www.example.com"
EXPIRES = b"\nExpires: 2027-03-01T00:00:00Z\n"


class OnePlaceWeb:
    """Has one file at one path, for whatever host."""

    def __init__(self, body: bytes, *, path: str) -> None:
        self._body = body
        self._path = path

    def get(self, url: str, *, accept: str = "*/*", largest: int = 1 << 20) -> Fetched:
        """See `baken.outside.fetching.Web`."""
        stands = re.sub("https://[^/]*", "", url) == self._path
        body = self._body if stands else b"not found"
        headers = {"content-type": accept}
        return Fetched(url, 200 if stands else 404, headers, body[:largest], "192.0.2.1")


def said_of(
    body: bytes,
    *,
    host: str = HOST,
    path: str = "/.well-known/security.txt",
    now: datetime = BROUGHT_AT,
) -> LookupAnswer:
    """What the lookup says of a file `body` that stands at `path` of `host`."""
    outside = Outside(OnePlaceWeb(body, path=path), DnsClient([("127.0.0.1", 9)]), nobody_to_ask())
    (answer,) = KIND.open([]).ask([Subject(SubjectKind.NAME, host)], outside=outside, now=now)
    return answer


def said_where_it_belongs(body: bytes) -> LookupAnswer:
    """What the lookup says of a file where it says itself that it stands, if it can stand there."""
    for canonical in canonicals(body):
        where = WHERE.fullmatch(canonical)
        if where is not None:
            return said_of(body, host=where["host"], path=where["path"])
    return said_of(body)


def canonicals(body: bytes) -> list[str]:
    return re.findall(r"(?m)^Canonical: *(\S+)", body.decode(errors="replace"))


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "security_txt"


@pytest.fixture(scope="module")
def notes(folder: Path) -> dict[str, list[str]]:
    """By file, what is known of it."""
    with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t"))
    return {row["file"]: (row["note"] or "").split("; ") for row in rows if "*" not in row["file"]}


def expected_refusal(body: bytes, *, notes: list[str]) -> Refusal | None:
    """Why, by what is known of the file, none of its contacts counts."""
    if canonicals(body) and not any(map(WHERE.fullmatch, canonicals(body))):
        return Refusal.NOT_CANONICAL
    without = ("no Expires", "Expires no RFC 3339 time", "Expires without zone or time")
    if any(note in without for note in notes):
        return Refusal.WITHOUT_EXPIRY
    return Refusal.EXPIRED if "expired" in notes else None


def test_every_file_gets_the_verdict_that_its_note_asks_for(
    folder: Path, notes: dict[str, list[str]]
) -> None:
    for name, known in notes.items():
        body = (folder / name).read_bytes()
        answer = said_where_it_belongs(body)
        why = expected_refusal(body, notes=known)
        if "no Contact" in known or "a detached signature" in known:
            assert (answer.outcome, answer.routes, answer.refused) == (Outcome.NONE, (), ()), name
        elif why is not None:
            assert answer.outcome is Outcome.NONE, name
            assert {refused.why for refused in answer.refused} == {why}, name
            assert len(answer.refused) == contacts_in(known), name
        else:
            assert answer.outcome is Outcome.FOUND, name
            assert not answer.refused, name
            if name.startswith("real_"):
                assert len(answer.routes) == contacts_in(known), name
    assert len(notes) >= 40


def contacts_in(notes: list[str]) -> int:
    counted = [re.fullmatch(r"(\d+) contacts", note) for note in notes]
    return next((int(count[1]) for count in counted if count), 1)


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ("signed", "signature was ignored"),
        ("Expires more than a year ahead", "more than a year ahead"),
        ("Expires no RFC 3339 time", "RFC 3339"),
        ("Expires without zone or time", "RFC 3339"),
    ],
)
def test_what_is_odd_about_a_file_is_said(
    folder: Path, notes: dict[str, list[str]], known: str, says: str
) -> None:
    odd = [name for name, facts in notes.items() if known in facts]
    assert odd
    for name in odd:
        assert says in said_where_it_belongs((folder / name).read_bytes()).note, name


def test_a_contact_without_a_scheme_counts_less(folder: Path, notes: dict[str, list[str]]) -> None:
    names = [
        name
        for name, known in notes.items()
        if "Contact without a scheme" in known and "no Expires" not in known
    ]
    assert names
    for name in names:
        answer = said_where_it_belongs((folder / name).read_bytes())
        sure = {route.channel: route.confidence for route in answer.routes}
        assert sure[FoundChannel.MAIL] < sure[FoundChannel.FORM], name


def test_a_key_in_the_file_itself_is_not_taken_for_its_place(
    folder: Path, notes: dict[str, list[str]]
) -> None:
    names = [name for name, known in notes.items() if "Encryption is a data: URI" in known]
    assert names
    for name in names:
        (route,) = said_where_it_belongs((folder / name).read_bytes()).routes
        assert route.encryption == "", name


def test_no_template_gives_a_route(folder: Path, notes: dict[str, list[str]]) -> None:
    names = [name for name, known in notes.items() if "a template, not filled in" in known]
    assert len(names) == 2
    for name in names:
        body = (folder / name).read_bytes()
        assert not said_where_it_belongs(body).routes, name
        in_time = re.sub(rb"(?m)^(Expires|Canonical):.*$", b"", body) + EXPIRES
        assert not any("{" in route.address for route in said_of(in_time).routes), name


@pytest.mark.parametrize(
    ("name", "found", "refused"),
    [
        ("byte_order_mark_12", ["me@example.com"], []),
        ("byte_order_mark_parser_11", ["me@example.com"], []),
        (
            "contact_field_properties_9",
            [
                "security@example.com",
                "security+uri+encoded@example.com",
                "+12015550123",
                "https://example.com/security-contact.html",
            ],
            ["mailto:not_a_valid_email"],
        ),
        ("missing_space_3", ["me@example.com"], []),
        ("missing_value_4", [], []),
        ("no_https_5", [], ["http://example.com/contact"]),
        ("no_line_separators_8", [], ["mailto:security@example.com Expires"]),
        ("no_uri_6", ["me@example.com"], []),
        ("prec_ws_2", ["me@example.com"], []),
        ("valid_security_txt_10", ["me@example.com"], []),
    ],
)
def test_the_parsers_own_examples_are_read(
    folder: Path, name: str, found: list[str], refused: list[str]
) -> None:
    body = (folder / f"test_{name}.txt").read_bytes()
    assert not said_of(body).routes, "none of them says until when it holds"
    answer = said_of(body + EXPIRES)
    assert [route.address for route in answer.routes] == found
    assert [(one.text, one.why) for one in answer.refused] == [
        (text, Refusal.NOT_READABLE) for text in refused
    ]


STARTS = (
    *("Contact: ", "contact:", "Expires: ", "Canonical: ", "Preferred-Languages: "),
    *("Encryption: ", "Policy: ", "Hash: ", "# ", "", "- ", ":", "\ufeff"),
    *("-----BEGIN PGP SIGNED MESSAGE-----\n", "-----BEGIN PGP SIGNATURE-----\n"),
)
VALUES = (
    *("mailto:s@example.nl", "mailto:s@example.nl%0d%0aX: y", "tel:+442079460123", "https://["),
    *("2027-03-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    *("2027-02-30T00:00:00Z", "99999999999999", "nl, en", "\u202e", "\x00", "\x85", "1e999"),
)
LINE_ENDS = ("\n", "\r\n", "\r", "", "\u2028")
LINES = st.lists(
    st.tuples(
        st.sampled_from(STARTS),
        st.sampled_from(VALUES) | st.text(max_size=12),
        st.sampled_from(LINE_ENDS),
    ).map("".join),
    max_size=12,
).map(lambda lines: "".join(lines).encode(errors="surrogatepass"))


@given(LINES | st.binary(max_size=200), st.sampled_from([b"", EXPIRES]))
def test_no_bytes_do_harm(body: bytes, ending: bytes) -> None:
    answer = said_of(body + ending, host="www.example.nl")
    assert answer.outcome in (Outcome.FOUND, Outcome.NONE)
    assert BROUGHT_AT < answer.valid_until <= BROUGHT_AT + timedelta(days=7)
    assert len(answer.routes) + len(answer.refused) <= 6
    shown = [answer.note, *(refused.text for refused in answer.refused)]
    for route in answer.routes:
        assert is_usable(route)
        shown += [route.address, route.language, route.encryption]
    assert not any(is_harmful(character) for text in shown for character in text)


def is_usable(route: FoundRoute) -> bool:
    forms = {
        FoundChannel.MAIL: r"[!-~]+@[a-z0-9.-]+\.[a-z0-9-]+",
        FoundChannel.PHONE: r"\+[1-9][0-9]{6,14}",
        FoundChannel.FORM: r"https://[a-z0-9.-]+/[!-~]*",
    }
    return (
        route.basis is Basis.OWN_FILE
        and re.fullmatch(forms[route.channel], route.address) is not None
    )
