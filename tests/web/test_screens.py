"""The public pages in a browser: read, used by keyboard, on a telephone and on a large screen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from screens import Screen
from told import tell

from baken.core.answer_link import write_answer_link
from baken.core.language import Language
from baken.outbox.codes import new_code
from baken.outbox.models import Notification
from baken.outbox.selectors import answer_key, unwanted_addresses
from baken.responses.selectors import standing_answer

pytestmark = pytest.mark.django_db(transaction=True)

YES = {Language.NL: "Ja, dit bericht is van ons", Language.EN: "Yes, this message is from us"}
NO = {Language.NL: "Deze code kennen wij niet", Language.EN: "We do not know this code"}
OTHER = {Language.NL: "English", Language.EN: "Nederlands"}
BUTTON = {Language.NL: "Controleer", Language.EN: "Check"}


def in_language(screen: Screen, language: Language) -> None:
    """Go to the check page, and to `language` by its link."""
    screen.page.goto("/check/")
    if language is Language.EN:  # the browser asks for Dutch
        screen.page.get_by_role("link", name="English").click()
    expect(screen.page.locator("html")).to_have_attribute("lang", language.value)


@pytest.mark.parametrize("language", Language)
def test_a_code_is_checked(screen: Screen, language: Language) -> None:
    code = tell().code
    in_language(screen, language)
    screen.check(f"check-{language}")
    screen.page.get_by_label("Code", exact=True).fill(code.lower())
    screen.page.get_by_role("button", name=BUTTON[language]).click()
    expect(screen.page.get_by_role("heading", level=1)).to_have_text(YES[language])
    expect(screen.page.get_by_text("…ple.nl")).to_be_visible()
    screen.check(f"check-yes-{language}")
    screen.page.get_by_role("link", name=OTHER[language]).click()
    other = next(one for one in Language if one is not language)
    expect(screen.page.get_by_role("heading", level=1)).to_have_text(YES[other])


@pytest.mark.parametrize("language", Language)
def test_a_wrong_code_is_told_apart(screen: Screen, language: Language) -> None:
    tell()
    in_language(screen, language)
    screen.page.get_by_label("Code", exact=True).fill(new_code())
    screen.page.get_by_role("button", name=BUTTON[language]).click()
    expect(screen.page.get_by_role("heading", level=1)).to_have_text(NO[language])
    screen.check(f"check-no-{language}")


def test_it_works_by_keyboard_and_the_focus_is_seen(screen: Screen) -> None:
    code = tell().code
    page = screen.page
    page.goto("/check/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ga naar de inhoud")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    field = page.get_by_label("Code", exact=True)
    expect(field).to_be_focused()
    assert field.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(YES[Language.NL])


def test_what_is_missing_or_too_much_has_a_page_of_its_own(screen: Screen) -> None:
    screen.page.goto("/nowhere/")
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Deze pagina is er niet")
    assert screen.page.title().startswith("Deze pagina is er niet")
    screen.check("not-found")
    for _ in range(21):
        screen.page.goto("/check/?code=hello")
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Even wachten")
    screen.check("too-many")


GIVEN = {
    Language.NL: "Bedankt, wij hebben uw antwoord",
    Language.EN: "Thank you, we have your answer",
}
SEND = {Language.NL: "Antwoord versturen", Language.EN: "Send answer"}
SOLVED = {Language.NL: "Het is opgelost", Language.EN: "It is solved"}
STOP = {
    Language.NL: "Stuur mij geen berichten meer",
    Language.EN: "Do not send me messages any more",
}


@pytest.mark.parametrize("language", Language)
def test_a_message_is_answered_in_its_own_language(screen: Screen, language: Language) -> None:
    told = tell(language=language)
    page = screen.page
    page.goto(answer_path(told))
    expect(page.locator("html")).to_have_attribute("lang", language.value)
    screen.check(f"answer-{language}")
    page.get_by_label(SOLVED[language]).check()
    page.get_by_role("textbox").fill("<b>Monday</b>")
    page.get_by_role("button", name=SEND[language]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(GIVEN[language])
    expect(page.get_by_role("status")).to_contain_text(f": {SOLVED[language]}.")
    screen.check(f"answer-given-{language}")
    standing = standing_answer(told.pk)
    assert standing is not None
    assert (standing.kind, standing.text) == ("solved", "<b>Monday</b>")


@pytest.mark.parametrize("language", Language)
def test_who_objects_is_left_alone(screen: Screen, language: Language) -> None:
    told = tell(language=language)
    page = screen.page
    page.goto(answer_path(told))
    page.get_by_label(STOP[language]).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(GIVEN[language])
    assert told.addressee.address in unwanted_addresses(now=datetime.now(UTC))


def test_what_is_wrong_with_an_answer_is_said_beside_the_form(screen: Screen) -> None:
    page = screen.page
    page.goto(answer_path(tell()))
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name=SEND[Language.NL]).click()
    expect(page.get_by_role("alert")).to_contain_text("Kies een van de antwoorden.")
    screen.check("answer-wrong")


def test_a_link_that_does_not_work_says_so(screen: Screen) -> None:
    screen.page.goto("/answer/AAAA/")
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Deze link werkt niet")
    screen.check("answer-no-link")


def answer_path(told: Notification) -> str:
    """The path of the page on which `told` is answered."""
    secret = write_answer_link(told.pk, planned_at=datetime.now(UTC), key=answer_key())
    return f"/answer/{secret}/"
