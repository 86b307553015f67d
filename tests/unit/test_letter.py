"""Letters: what stands on the pages, that no text becomes markup, and that bytes are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from baken.channels import CHANNELS, Message
from baken.channels.letter import glyphs
from baken.channels.letter.page import page_content, pages_in, pdf_of
from baken.core.answer_link import read_answer_link
from baken.core.classification import Tlp
from baken.core.errors import ChannelError
from baken.core.postal_address import (
    addressed_to,
    normal_postal_address,
    postal_address_fault,
    window_lines,
)
from baken.outbox.codes import read_code
from baken.outbox.wording import Sender, compose
from baken.settings.environment import read_settings
from golden_warnings import CODE, LETTER_SENDER, SENDER, WARNINGS

FROM = "Nationaal CSIRT; Postbus 1; 2500 AA Den Haag"
TO = "Voorbeeld B.V.; Dorpsstraat 1; 1234 AB Voorbeeldstad"
CARRIES = CHANNELS["letter"].carries
PAPER = (595, 842)
"""A4, in points."""
HOSTILE = (
    '#read("/etc/passwd") $x$ *bold* _it_ @ref <label> \\ // /* #eval("1") "] #panic() `raw` '
    '#import "@preview/x:1.0.0": y'
)


def letter(
    name: str,
    *,
    language: str = "nl",
    to: str = TO,
    sender: Sender = LETTER_SENDER,
    **facts: str,
) -> Message:
    said = replace(WARNINGS[name], language=language, recipient_address=to, **facts)  # type: ignore[arg-type] # all texts
    return compose(said, sender, carries=CARRIES)


def pdf_for(message: Message) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(pdf_of(message, return_address=FROM))


def text_of(message: Message) -> str:
    """What a reader of the PDF sees, on one line."""
    return " ".join(" ".join(page_texts(pdf_for(message))).split())


def page_texts(pdf: pypdfium2.PdfDocument) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pdf]


def scanned(page: pypdfium2.PdfPage) -> list[str]:
    """What a camera reads on a page."""
    drawn = page.render(scale=3, grayscale=True)
    pixels = memoryview(bytes(drawn.buffer)).cast("B", (drawn.height, drawn.stride))
    return [code.text for code in zxingcpp.read_barcodes(pixels)]


@pytest.mark.parametrize("name", WARNINGS)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_warning_becomes_a_letter_the_same_each_time(name: str, language: str) -> None:
    message = letter(name, language=language)
    pdf = pdf_of(message, return_address=FROM)
    assert pdf == pdf_of(message, return_address=FROM)
    assert b"pdfuaid" in pdf, "tagged, for who has it read aloud"
    assert b"pdfaid" in pdf, "readable in years to come"
    assert pages_in(pdf) == len(pypdfium2.PdfDocument(pdf))
    for page in pypdfium2.PdfDocument(pdf):
        assert page.get_size() == pytest.approx(PAPER, abs=1)
    for word in ("deze mail", "this mail", "bijlage", "attachment", "klikken", "click"):
        assert word not in message.text, "it is on paper"


def test_a_letter_says_who_what_and_what_to_do() -> None:
    said = text_of(letter("never-signed-up"))
    for line in (
        "Nationaal CSIRT, Postbus 1, 2500 AA Den Haag",
        "Dorpsstraat 1",
        "26 november 2026",
        "192.0.2.77, poort 443 (TCP)",
        "Installeer de beveiligingsupdate van de maker",
        "Is deze brief echt?",
        "https://check.csirt.example.nl/check/",
        "Bel +31 70 000 0000 of stuur een mail naar team@csirt.example.nl.",
        "Bladzijde 1 van 2",
        "Uw adres komt uit deze bron",
    ):
        assert line in said
    assert said.count("TLP:CLEAR") >= 4, "on both edges of each page"
    assert said.count(CODE) >= 3


def test_a_camera_is_led_to_the_check_page_and_to_the_page_for_the_answer() -> None:
    message = letter("never-signed-up", language="en")
    first, *_, last = pdf_for(message)
    (check,) = map(urlsplit, scanned(first))
    assert (check.scheme, check.netloc, check.path) == (
        "https", "check.csirt.example.nl", "/check/",
    )  # fmt: skip
    assert [read_code(code) for code in parse_qs(check.query)["code"]] == [CODE]
    (answer,) = map(urlsplit, scanned(last))
    assert (answer.scheme, answer.netloc) == ("https", "check.csirt.example.nl")
    secret = answer.path.removeprefix("/answer/").removesuffix("/")
    link = read_answer_link(secret, key=LETTER_SENDER.answer_key)
    assert link is not None
    assert str(link.notification_id) == WARNINGS["never-signed-up"].reference
    assert secret not in text_of(message), "nobody types that"


def test_without_public_pages_there_is_no_code_for_a_camera() -> None:
    content = page_content(letter("threat", sender=SENDER), return_address=FROM)
    assert (content["qr"], content["url"], content["check"]) == ("", "", "")
    assert not [code for page in pdf_for(letter("threat", sender=SENDER)) for code in scanned(page)]


def test_a_long_one_offers_the_rest() -> None:
    said = text_of(letter("hoster", language="en"))
    assert "and 240 other systems; ask us for the whole list" in said


@pytest.mark.parametrize("name", ["bakery", "hospital"])
def test_hostile_text_stays_text(name: str) -> None:
    message = letter(
        name, organisation=HOSTILE, occasion_advice=HOSTILE, threat_title="#pagebreak()"
    )
    said = text_of(message)
    assert "#pagebreak()" in said
    assert '#read("/etc/passwd") $x$ *bold* _it_ @ref <label>' in said
    assert '#import "@preview/x:1.0.0": y' in said
    assert "root:" not in said


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "ab cd " * 2_000,
        "\u202egnp.exe\u202c \u2066x\u2069",
        "\U0001f600 \u682a\u5f0f\u4f1a\u793e \u0627\u0644\u0645\u062b\u0627\u0644",
        "e" + "\u0301" * 500,
        "\ud800\x00\x1b[2J",
    ],
    ids=["no end", "long", "turned around", "no font", "marks", "controls"],
)
def test_whatever_a_feed_says_becomes_a_letter(text: str) -> None:
    message = letter("bakery", organisation=text, occasion_advice=text)
    pdf = pdf_for(message)
    assert not set("".join(page_texts(pdf))) & set("\u202e\u2066\x00\x1b")
    for page in pdf:
        width, _ = page.get_size()
        texts = page.get_textpage()
        for place in range(texts.count_rects()):
            assert texts.get_rect(place)[2] <= width, "nothing runs off the paper"


def test_names_of_others_are_written_as_they_are() -> None:
    names = "Zoë Groß; Łukasz; Ελλάς 1; Жанна; Ștefan; 1234 AB Çağ"
    said = text_of(letter("bakery", to=names))
    for name in ("Zoë Groß", "Łukasz", "Ελλάς", "Жанна", "Ștefan", "Çağ"):
        assert name in said


def test_the_address_stands_in_the_window() -> None:
    long_name = "Voorbeeld Installatie- en Montagebedrijf Noord-Holland en Flevoland B.V."
    message = letter("bakery", to=f"{long_name}; t.a.v. de directie; Kade 1; 1234 AB Stad")
    (page, *_) = pdf_for(message)
    texts = page.get_textpage()
    _, height = page.get_size()
    in_points = 72 / 25.4
    window = texts.get_text_bounded(
        left=20 * in_points,
        right=110 * in_points,
        top=height - 45 * in_points,
        bottom=height - 90 * in_points,
    )
    lines = ["Nationaal CSIRT, Postbus 1, 2500 AA Den Haag", long_name, "t.a.v. de directie"]
    assert window.split() == " ".join([*lines, "Kade 1 1234 AB Stad"]).split()


def test_what_the_fonts_draw_they_draw() -> None:
    every = "".join(sorted(frozenset.union(*glyphs.FONTS)))
    lines = "\n".join(every[start : start + 400] for start in range(0, len(every), 400))
    pdf_of(letter("bakery", occasion_advice=lines), return_address=FROM)


@given(
    st.text(max_size=300), st.text(st.sampled_from("a\u0301\u0366\u255e\u05d0\u05b0"), max_size=40)
)
@settings(max_examples=25, deadline=None)
def test_any_text_becomes_a_letter(advice: str, marks: str) -> None:
    message = letter("bakery", occasion_advice=f"{advice} {marks}")
    assert pdf_of(message, return_address=FROM).startswith(b"%PDF-")


def test_red_is_no_letter() -> None:
    red = replace(WARNINGS["threat"], tlp=Tlp.RED, recipient_address=TO)
    message = compose(red, SENDER, carries=CARRIES)
    ours = read_settings({"BAKEN_LETTER_RETURN_ADDRESS": FROM})
    with (
        CHANNELS["letter"].open(ours) as channel,
        pytest.raises(ChannelError, match="encrypted"),
    ):
        channel.send(message)


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        (TO, ""),
        ("Voorbeeld B.V.\nDorpsstraat 1", ""),
        ("Voorbeeld B.V. | Dorpsstraat 1", ""),
        ("Dorpsstraat 1, 1234 AB Voorbeeldstad", ""),
        ("nobody", "2 to 6 lines"),
        ("a; b; c; d; e; f; 7", "2 to 6 lines"),
        (f"{'ab ' * 90}; 1", "2 to 6 lines"),
        ("Voorbeeld; Dorpsstraat", "has a number"),
        (f"{'x' * 46}; 1234 AB Voorbeeldstad", "at most 42"),
        ("Voor\u202ebeeld; 1234 AB", "invisible"),
    ],
)
def test_an_address_fits_the_window_or_says_why_not(address: str, fault: str) -> None:
    said = postal_address_fault(address)
    assert (fault in said) if fault else not said


def test_an_address_that_no_font_draws_is_none() -> None:
    fault = CHANNELS["letter"].address_fault("\u682a\u5f0f; 1234 AB Voorbeeldstad")
    assert "cannot show the character '\u682a'" in fault


@pytest.mark.parametrize(
    ("name", "address", "kept"),
    [
        ("Haven B.V.", "Kade 1\n1234 AB Haven\nNL", "Haven B.V.; Kade 1; 1234 AB Haven; NL"),
        ("haven b.v.", "Haven B.V.\nKade 1", "Haven B.V.; Kade 1"),
        (
            "Haven B.V.",
            "t.a.v. de directie; Haven BV; Kade 1",
            "t.a.v. de directie; Haven BV; Kade 1",
        ),
        ("Haven; Kade", "Kade 1; 1234 AB", "Haven, Kade; Kade 1; 1234 AB"),
    ],
)
def test_an_address_begins_with_whose_it_is(name: str, address: str, kept: str) -> None:
    assert addressed_to(name, address) == kept


def test_an_address_without_a_name_gets_that_of_the_organisation() -> None:
    said = letter("bakery", to="Dorpsstraat 1, 1234 AB Voorbeeldstad")
    assert window_lines(said.recipient_address) == [
        "Voorbeeld Bakkerij",
        "Dorpsstraat 1",
        "1234 AB Voorbeeldstad",
    ]


def test_an_address_is_kept_on_one_line() -> None:
    kept = normal_postal_address(" Voorbeeld  B.V. ;Dorpsstraat 1\n1234 AB Voorbeeldstad;")
    assert kept == TO
    lines: Sequence[str] = ["Voorbeeld B.V.", "Dorpsstraat 1", "1234 AB Voorbeeldstad"]
    assert window_lines(kept) == lines
