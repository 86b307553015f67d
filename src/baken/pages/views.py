"""The public pages: what a request asks, from whom it is asked, and which page shows it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from baken.core.answer_link import read_answer_link
from baken.core.errors import AnswerRefusedError
from baken.core.language import Language
from baken.core.text import one_line
from baken.explaining.words import Words
from baken.outbox.selectors import answer_key, check_code, message_sent
from baken.pages.forms import AnswerForm, RequestForm
from baken.pages.reader import LANGUAGE, seconds_to_wait, words_for
from baken.responses.selectors import standing_answer
from baken.responses.services import LONGEST_TEXT, record_answer
from baken.settings.process import this_process

_log = structlog.get_logger()

_LONGEST_CODE: Final = 40


@require_safe
def first_page(request: HttpRequest) -> HttpResponse:
    """Where who types only the name of the server is led."""
    del request
    return HttpResponseRedirect(reverse("check"))


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """The form for a code, and what is said of the one that is given.

    A code may stand in the address, since nothing changes by asking: the QR code of a letter leads
    here. A code that nobody has and what cannot be a code are answered alike.
    """
    words = words_for(request)
    typed = one_line(request.GET.get("code", ""), limit=_LONGEST_CODE)
    if not typed:
        return page(request, "check", words)
    if wait := seconds_to_wait(request):
        return too_many(request, words, wait=wait)
    found = check_code(typed)
    return page(
        request,
        "check",
        words,
        typed=typed,
        is_checked=True,
        found=found,
        sent_on=_date(found.sent_at, words) if found else "",
        how=words.name("check.by", found.channel) if found else "",
        systems=words.counted("system", found.systems) if found else "",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, secret: str) -> HttpResponse:
    """The form to answer one message, for who holds its link; only POST changes anything.

    Programs that look at mails follow links. A link that we did not make, or whose message never
    left us, gets one and the same page; so does one that has expired, which is no secret.
    """
    if wait := seconds_to_wait(request):
        return too_many(request, words_for(request), wait=wait)
    link = read_answer_link(secret, key=answer_key())
    message = None if link is None else message_sent(link.notification_id)
    if link is None or message is None:
        return page(request, "wrong", words_for(request), status=404, why="no_link")
    words = words_for(request, otherwise=Language(message.language))
    now = datetime.now(UTC)
    if link.is_expired(now):
        return page(request, "wrong", words, status=410, why="expired")
    about, form_of = ("request", RequestForm) if message.is_pass_on else ("warning", AnswerForm)
    form = form_of(request.POST or None)
    why = ""
    standing = standing_answer(link.notification_id)
    if request.method == "POST" and form.is_valid():
        try:
            record_answer(link.notification_id, now=now, **form.cleaned_data)
        except AnswerRefusedError:
            return page(request, "wrong", words, status=409, why="too_many_answers")
        again = request.GET.copy()
        again.update({LANGUAGE: words.language.value, "given": "1"})
        return HttpResponseRedirect(f"{request.path}?{again.urlencode()}", status=303)
    if request.method == "POST":
        why = "kind" if "kind" in form.errors else "text"
    return page(
        request,
        "answer",
        words,
        status=422 if why else 200,
        why=why,
        title_key=f"answer.{about}.title",
        kinds=[(str(kind), words.say(f"answer.{about}.{kind}")) for kind in form.kinds],
        chosen=form.data.get("kind", "") if form.is_bound else "",
        text=form.data.get("text", "") if form.is_bound else "",
        longest=LONGEST_TEXT,
        standing="" if standing is None else words.say(f"answer.{about}.{standing.kind}"),
        is_given="given" in request.GET and not why,
        may_be_part=message.is_pass_on and message.systems > 1,
        code=message.code,
        sent_on=_date(message.sent_at, words),
        systems=words.counted("system", message.systems),
    )


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    del request
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


def too_many(request: HttpRequest, words: Words, *, wait: float) -> HttpResponse:
    """Who asks too much is told until when to wait, in seconds."""
    seconds = math.ceil(wait)
    response = page(request, "too_many", words, status=429, seconds=seconds)
    response["Retry-After"] = str(seconds)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is said to a request that is none."""
    del exception
    return page(request, "wrong", words_for(request), status=400, why="bad_request")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What stands at an address that there is not."""
    del exception
    return page(request, "wrong", words_for(request), status=404, why="not_found")


def failed(request: HttpRequest) -> HttpResponse:
    """What is said when the fault is ours, which is logged without the address of the page."""
    _log.error("page.failed", exc_info=True)
    return page(request, "wrong", words_for(request), status=500, why="failed")


def page(
    request: HttpRequest, name: str, words: Words, *, status: int = 200, **facts: Any
) -> HttpResponse:
    """The page `name` with `facts`; nobody on the way keeps a copy."""
    settings = this_process().settings
    others = [
        {"code": key.removeprefix("languages."), "name": name, "query": _query(request, key)}
        for key, name in words.sentences.items()
        if key.startswith("languages.") and not key.endswith(f".{words.language}")
    ]
    response = render(
        request,
        f"pages/{name}.html",
        {
            "words": words,
            "language": words.language.value,
            "others": others,
            "sender": settings.sender_name,
            "contact_line": settings.mail_contact_line,
            "reply_to": settings.mail_reply_to,
            **facts,
        },
        status=status,
    )
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept-Language"
    return response


def _query(request: HttpRequest, key: str) -> str:
    """What follows the `?` of this very page in another language."""
    asked = request.GET.copy()
    asked[LANGUAGE] = key.removeprefix("languages.")
    return asked.urlencode()


def _date(moment: datetime, words: Words) -> str:
    local = moment.astimezone(this_process().settings.zone)
    return f"{local.day} {words.say(f'months.{local.month}')} {local.year}"
