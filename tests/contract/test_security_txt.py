"""What a host's security.txt gives, asked over real TLS on loopback. Source: RFC 9116."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysequoia
import pytest
import trustme
from lookup_world import World, outside_of
from web_world import certificate, web_world

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import (
    Basis,
    FoundChannel,
    LookupAnswer,
    Outcome,
    Refusal,
    Subject,
    SubjectKind,
)
from baken.lookups.security_txt import KIND, PARENT_KIND
from baken.outside import Outside
from baken.outside.dns import DnsClient
from baken.outside.fetching import Fetched, FetchError, FetchFailure
from https_peer import Page, text_page
from raw_https_peer import Behaviour, Conversation
from whois_peer import nobody_to_ask

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
HOST = "www.example.nl"
WELL_KNOWN = f"https://{HOST}/.well-known/security.txt"
ROOT = f"https://{HOST}/security.txt"
ELSEWHERE = "https://desk.example.org/.well-known/security.txt"
EXPIRES = "Expires: 2027-03-01T00:00:00Z\n"
CONTACT = "Contact: mailto:security@example.nl\n"
IN_ORDER = CONTACT + EXPIRES


def page(text: str | Page) -> Page:
    return text_page(text) if isinstance(text, str) else text


def led_to(url: str) -> Page:
    return Page(status=301, headers={"location": url})


def said(
    pages: Mapping[str, str | Page],
    *,
    host: str = HOST,
    keys: Path | None = None,
    kind: str = "security-txt",
) -> LookupAnswer:
    """What the lookup `kind` says of `host` while `pages` stand on the web."""
    files = [key_file(keys)] if keys is not None else []
    line = KIND if kind == KIND.key else PARENT_KIND
    world = World(pages={url: page(text) for url, text in pages.items()})
    with outside_of(world) as outside:
        (answer,) = line.open(files).ask(
            [Subject(SubjectKind.NAME, host)], outside=outside, now=NOW
        )
    return answer


def key_file(path: Path, *, days: int = 100) -> GivenFile:
    until = NOW + timedelta(days=days)
    kind = GivenFileKind.OPENPGP_KEYS
    return GivenFile(kind, path, "keys", NOW, until, "by the organisations themselves")


def addresses(answer: LookupAnswer) -> list[str]:
    return [route.address for route in answer.routes]


def reasons(answer: LookupAnswer) -> list[Refusal]:
    return [refused.why for refused in answer.refused]


def test_a_file_in_order_gives_the_owners_routes_in_its_order_of_preference() -> None:
    answer = said(
        {
            WELL_KNOWN: "Contact: https://example.nl/report\nContact: tel:+44-20-7946-0123\n"
            f"{IN_ORDER}Encryption: https://example.nl/key.asc\nPreferred-Languages: de, nl, en\n"
        }
    )
    assert [(route.channel, route.address) for route in answer.routes] == [
        (FoundChannel.FORM, "https://example.nl/report"),
        (FoundChannel.PHONE, "+442079460123"),
        (FoundChannel.MAIL, "security@example.nl"),
    ]
    assert {route.basis for route in answer.routes} == {Basis.OWN_FILE}
    assert {route.language for route in answer.routes} == {"nl"}
    assert {route.encryption for route in answer.routes} == {"https://example.nl/key.asc"}
    assert (answer.source, answer.note) == (WELL_KNOWN, "")


def test_the_well_known_place_counts_before_the_root() -> None:
    other = "Contact: mailto:old@example.nl\n" + EXPIRES
    assert addresses(said({WELL_KNOWN: IN_ORDER, ROOT: other})) == ["security@example.nl"]
    at_the_root = said({WELL_KNOWN: Page(status=404), ROOT: other})
    assert addresses(at_the_root) == ["old@example.nl"]
    assert at_the_root.source == ROOT


def test_an_expired_file_in_the_first_place_hides_the_second() -> None:
    answer = said({WELL_KNOWN: CONTACT + "Expires: 2026-11-28T02:30:00Z\n", ROOT: IN_ORDER})
    assert answer.outcome is Outcome.NONE
    assert reasons(answer) == [Refusal.EXPIRED]
    assert answer.refused[0].text == "mailto:security@example.nl"


@pytest.mark.parametrize("status", [401, 403, 500, 502])
def test_a_host_that_refuses_or_fails_leaves_it_unknown(status: int) -> None:
    answer = said({WELL_KNOWN: Page(status=status), ROOT: IN_ORDER})
    assert answer.outcome is Outcome.UNKNOWN
    assert answer.valid_until == NOW + timedelta(hours=1)
    assert str(status) in answer.note


@pytest.mark.parametrize(
    ("asks_for", "held"),
    [
        (None, timedelta(hours=1)),
        (timedelta(hours=5), timedelta(hours=5)),
        (timedelta(days=4_000), timedelta(days=1)),
        (timedelta(days=-3), timedelta(hours=1)),
    ],
)
def test_a_host_that_asks_us_to_wait_is_obeyed_up_to_a_day(
    asks_for: timedelta | None, held: timedelta
) -> None:
    answer = asked_of(
        FetchError(
            FetchFailure.ASK_LATER,
            "The host asks to wait.",
            again_at=None if asks_for is None else NOW + asks_for,
        )
    )
    assert answer.outcome is Outcome.UNKNOWN
    assert answer.valid_until == NOW + held


def test_a_name_that_does_not_exist_has_no_file() -> None:
    answer = asked_of(FetchError(FetchFailure.NO_SUCH_NAME, "The name does not exist."))
    assert answer.outcome is Outcome.NONE


class MadeUpWeb:
    """Answers whatever it is asked, or fails, as a test says."""

    def __init__(self, answer: Fetched | FetchError) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def get(self, url: str, *, accept: str = "*/*", largest: int = 1 << 20) -> Fetched:
        """See `baken.outside.fetching.Web`."""
        self.asked.append(url)
        assert (accept, largest) == ("text/plain", 32 * 1024)
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


def asked_of(failure: FetchError) -> LookupAnswer:
    outside = Outside(MadeUpWeb(failure), DnsClient([("127.0.0.1", 9)]), nobody_to_ask())
    (answer,) = KIND.open([]).ask([Subject(SubjectKind.NAME, HOST)], outside=outside, now=NOW)
    return answer


def test_a_page_in_place_of_the_file_is_no_file() -> None:
    html = Page(b"<html>Contact: us!</html>", headers={"content-type": "text/html"})
    answer = said({WELL_KNOWN: html, ROOT: html})
    assert answer.outcome is Outcome.NONE
    assert "no security.txt" in answer.note


@pytest.mark.parametrize(
    ("expires", "held"),
    [
        ("2026-11-30T02:30:00Z", timedelta(days=2)),
        ("2026-11-30 04:30:00.123+02:00", timedelta(days=2, milliseconds=123)),
        ("2026-11-30t02:30:00z", timedelta(days=2)),
        ("2099-12-31T23:59:59Z", timedelta(days=7)),
    ],
)
def test_a_route_holds_until_the_file_expires_and_a_week_at_most(
    expires: str, held: timedelta
) -> None:
    assert said({WELL_KNOWN: f"{CONTACT}Expires: {expires}\n"}).valid_until == NOW + held


def test_a_date_more_than_a_year_ahead_is_noted() -> None:
    assert "year ahead" in said({WELL_KNOWN: CONTACT + "Expires: 2028-01-01T00:00:00Z\n"}).note


@pytest.mark.parametrize(
    "expires",
    ["", *(f"Expires: {time}\n" for time in ("tomorrow", "2027-01-01", "2027-01-01T00:00:00"))],
)
def test_a_file_that_does_not_say_until_when_is_shown_and_not_used(expires: str) -> None:
    answer = said({WELL_KNOWN: CONTACT + expires})
    assert answer.outcome is Outcome.NONE
    assert reasons(answer) == [Refusal.WITHOUT_EXPIRY]


def test_of_several_dates_the_earliest_counts() -> None:
    answer = said({WELL_KNOWN: IN_ORDER + "Expires: 2026-01-01T00:00:00Z\n"})
    assert reasons(answer) == [Refusal.EXPIRED]


def test_a_file_for_another_place_is_refused() -> None:
    canonical = "Canonical: https://example.nl/.well-known/security.txt\n"
    assert reasons(said({WELL_KNOWN: IN_ORDER + canonical})) == [Refusal.NOT_CANONICAL]
    both = canonical + f"Canonical: {WELL_KNOWN.replace('www', 'WWW')}\n"
    assert addresses(said({WELL_KNOWN: IN_ORDER + both})) == ["security@example.nl"]


def test_a_redirect_within_the_registered_domain_is_followed() -> None:
    above = "https://example.nl/.well-known/security.txt"
    answer = said({WELL_KNOWN: led_to(above), above: f"{IN_ORDER}Canonical: {above}\n"})
    assert addresses(answer) == ["security@example.nl"]
    assert above in answer.note


def test_a_redirect_to_another_organisation_counts_only_where_its_file_names_this_host() -> None:
    theirs = "Contact: mailto:security@desk.example\n" + EXPIRES
    for canonical in ("", f"Canonical: {ELSEWHERE}\n"):
        answer = said({WELL_KNOWN: led_to(ELSEWHERE), ELSEWHERE: theirs + canonical})
        assert reasons(answer) == [Refusal.NOT_CANONICAL]
    ours = f"{theirs}Canonical: {ELSEWHERE}\nCanonical: {WELL_KNOWN}\n"
    answer = said({WELL_KNOWN: led_to(ELSEWHERE), ELSEWHERE: ours})
    assert addresses(answer) == ["security@desk.example"]


def test_names_below_one_hosters_suffix_are_not_one_organisation() -> None:
    mine, theirs = "https://mine.github.io", "https://theirs.github.io"
    pages = {f"{mine}/.well-known/security.txt": led_to(f"{theirs}/x"), f"{theirs}/x": IN_ORDER}
    assert reasons(said(pages, host="mine.github.io")) == [Refusal.NOT_CANONICAL]


def test_a_bare_mail_address_counts_less() -> None:
    bare = said({WELL_KNOWN: "Contact: security@example.nl\n" + EXPIRES})
    assert addresses(bare) == ["security@example.nl"]
    assert bare.routes[0].confidence < said({WELL_KNOWN: IN_ORDER}).routes[0].confidence
    assert "without mailto" in bare.note


def test_five_contacts_are_looked_at_and_the_rest_is_counted() -> None:
    many = "".join(f"Contact: mailto:desk-{n}@example.nl\n" for n in range(200))
    answer = said({WELL_KNOWN: many + EXPIRES})
    assert addresses(answer) == [f"desk-{n}@example.nl" for n in range(5)]
    assert reasons(answer) == [Refusal.TOO_MANY]
    assert "195 contacts" in answer.note


def test_one_contact_with_a_thousand_addresses_is_no_way_around_that() -> None:
    many = ",".join(f"d{n}@example.nl" for n in range(25))
    answer = said({WELL_KNOWN: f"Contact: mailto:{many}\n{EXPIRES}"})
    assert len(answer.routes) == 5
    assert reasons(answer) == [Refusal.TOO_MANY]


def test_a_line_that_breaks_the_parser_costs_only_itself() -> None:
    assert addresses(said({WELL_KNOWN: f"Policy: https://[\n{IN_ORDER}"})) == [
        "security@example.nl"
    ]


def test_a_parents_file_counts_less_and_says_so() -> None:
    above = "https://example.nl/.well-known/security.txt"
    answer = said({above: IN_ORDER}, host="a.example.nl", kind="security-txt-parent")
    assert [route.basis for route in answer.routes] == [Basis.PARENT_FILE]
    assert answer.routes[0].confidence < said({WELL_KNOWN: IN_ORDER}).routes[0].confidence
    assert answer.source == above


def test_a_public_suffix_is_never_asked() -> None:
    suffix = "https://co.uk/.well-known/security.txt"
    pages = {suffix: IN_ORDER, "https://example.co.uk/": text_page("")}
    answer = said(pages, host="www.example.co.uk", kind="security-txt-parent")
    assert answer.outcome is Outcome.NONE
    answer = said(pages, host="example.co.uk", kind="security-txt-parent")
    assert (answer.outcome, answer.routes) == (Outcome.NONE, ())


def test_the_next_parent_is_asked_where_the_nearest_has_nothing_that_holds() -> None:
    late = CONTACT + "Expires: 2026-01-01T00:00:00Z\n"
    pages = {
        "https://shop.example.nl/.well-known/security.txt": late,
        "https://example.nl/.well-known/security.txt": IN_ORDER,
    }
    answer = said(pages, host="a.shop.example.nl", kind="security-txt-parent")
    assert addresses(answer) == ["security@example.nl"]
    pages["https://example.nl/.well-known/security.txt"] = late
    answer = said(pages, host="a.shop.example.nl", kind="security-txt-parent")
    assert reasons(answer) == [Refusal.EXPIRED, Refusal.EXPIRED]


def test_a_parent_that_fails_leaves_it_unknown() -> None:
    pages = {
        "https://shop.example.nl/.well-known/security.txt": Page(status=500),
        "https://example.nl/": text_page(""),
    }
    answer = said(pages, host="a.shop.example.nl", kind="security-txt-parent")
    assert answer.outcome is Outcome.UNKNOWN


def test_a_long_name_costs_three_questions() -> None:
    host = ".".join("a" * 40) + ".example.nl"
    web = MadeUpWeb(Fetched(f"https://{host}", 404, {}, b"", "192.0.2.1"))
    outside = Outside(web, DnsClient([("127.0.0.1", 9)]), nobody_to_ask())
    PARENT_KIND.open([]).ask([Subject(SubjectKind.NAME, host)], outside=outside, now=NOW)
    assert len(web.asked) == 6
    assert web.asked[-1] == "https://example.nl/security.txt"


def said_by_real_client(behave: Behaviour, *, leaf: trustme.LeafCert | None = None) -> LookupAnswer:
    """What the lookup says of a host that does as `behave` says, with the certificate `leaf`."""
    with web_world(behave, leaf=leaf) as world:
        outside = Outside(world.web, DnsClient([world.dns.server]), nobody_to_ask())
        (answer,) = KIND.open([]).ask([Subject(SubjectKind.NAME, HOST)], outside=outside, now=NOW)
    return answer


def test_the_client_that_leaves_the_house_brings_the_file() -> None:
    answer = said_by_real_client(
        lambda talk: talk.answer(IN_ORDER.encode(), head=b"Content-Type: text/plain\r\n")
    )
    assert addresses(answer) == ["security@example.nl"]


@pytest.mark.parametrize("to", ["https://[::1]/x", "https://10.0.0.1/x", "http://www.example.nl/x"])
def test_a_redirect_into_a_house_is_not_followed(to: str) -> None:
    head = f"Location: {to}\r\n".encode()
    answer = said_by_real_client(lambda talk: talk.answer(status="302 Found", head=head))
    assert answer.outcome is Outcome.UNKNOWN


def test_a_host_whose_certificate_is_another_names_leaves_it_unknown() -> None:
    answer = said_by_real_client(
        lambda talk: talk.answer(IN_ORDER.encode()), leaf=certificate("other.example.org")
    )
    assert answer.outcome is Outcome.UNKNOWN


def test_a_file_without_end_is_left_off() -> None:
    def pour(talk: Conversation) -> None:
        talk.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(10_000):
            talk.say(b"# endless\n" * 1_000)

    assert said_by_real_client(pour).outcome is Outcome.UNKNOWN


class Signer:
    """Somebody with a key of their own."""

    def __init__(self, folder: Path) -> None:
        self.key = pysequoia.Tsk.generate(user_id="Desk <security@example.nl>")
        self.public = folder / f"{id(self)}.asc"
        self.certificate = self.key.extract_certificate()
        self.public.write_text(str(self.certificate))

    def signed(self, text: str) -> str:
        mode = pysequoia.SignatureMode.CLEAR
        return pysequoia.sign(self.key.signer(), text.encode(), mode=mode).decode()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path)


SIGNED = f"{IN_ORDER}Canonical: {WELL_KNOWN}\n"


def test_a_signature_by_a_known_key_goes_with_the_route(signer: Signer) -> None:
    answer = said({WELL_KNOWN: signer.signed(SIGNED)}, keys=signer.public)
    (route,) = answer.routes
    assert route.signed_by == signer.certificate.fingerprint.upper()
    assert route.confidence > said({WELL_KNOWN: SIGNED}).routes[0].confidence
    assert answer.note == ""


def test_a_signature_by_an_unknown_key_says_nothing(signer: Signer, tmp_path: Path) -> None:
    other = Signer(tmp_path)
    for keys in (None, other.public):
        answer = said({WELL_KNOWN: signer.signed(SIGNED)}, keys=keys)
        assert [route.signed_by for route in answer.routes] == [""]
        assert "signature was ignored" in answer.note


def test_a_text_that_was_changed_after_a_known_key_signed_it_is_refused(signer: Signer) -> None:
    changed = signer.signed(SIGNED).replace("security@", "thief@")
    answer = said({WELL_KNOWN: changed}, keys=signer.public)
    assert answer.outcome is Outcome.NONE
    assert reasons(answer) == [Refusal.BAD_SIGNATURE]


def test_only_what_is_signed_is_read(signer: Signer) -> None:
    thief = "Contact: mailto:thief@example.nl\n"
    for body in (thief + signer.signed(SIGNED), signer.signed(SIGNED) + thief):
        for keys in (None, signer.public):
            assert addresses(said({WELL_KNOWN: body}, keys=keys)) == ["security@example.nl"]


def test_a_signed_file_without_canonical_may_be_a_copy(signer: Signer) -> None:
    answer = said({WELL_KNOWN: signer.signed(IN_ORDER)}, keys=signer.public)
    assert [route.signed_by for route in answer.routes] == [""]
    assert "may be copied" in answer.note


def test_a_key_counts_no_longer_than_its_file_holds(signer: Signer) -> None:
    lookup = KIND.open([key_file(signer.public, days=0)])
    world = World(pages={WELL_KNOWN: text_page(signer.signed(SIGNED))})
    with outside_of(world) as outside:
        (answer,) = lookup.ask([Subject(SubjectKind.NAME, HOST)], outside=outside, now=NOW)
    assert [route.signed_by for route in answer.routes] == [""]


@pytest.mark.parametrize("content", [b"", b"no keys here", b"\x00\xff" * 99])
def test_a_file_without_keys_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    with pytest.raises(TextRefusedError):
        KIND.open([key_file(path)])


def test_a_secret_key_is_refused(signer: Signer, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(bytes(signer.key))
    with pytest.raises(TextRefusedError, match="secret"):
        KIND.open([key_file(path)])
