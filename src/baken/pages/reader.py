"""Who reads a public page: in which language, and counted as which subscriber."""

from __future__ import annotations

from time import monotonic
from typing import Final

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from baken.core.language import Language
from baken.explaining.words import Words, words_of
from baken.pages.limits import Rate, RateLimit, subscriber_of
from baken.settings.process import this_process

LANGUAGE: Final = "language"
"""The parameter that names the language."""

_EVERYBODY: Final = ""
_OF_ONE: Final = RateLimit(Rate(at_once=20, per_minute=10))
_OF_ALL: Final = RateLimit(Rate(at_once=3_000, per_minute=3_000))


def words_for(request: HttpRequest, *, otherwise: Language | None = None) -> Words:
    """The words in the language that the reader chose by a link, else `otherwise`, else what the
    browser asks for, else the service's."""
    chosen = request.GET.get(LANGUAGE) or request.POST.get(LANGUAGE) or ""
    if chosen in tuple(Language):
        return public_words(Language(chosen))
    if otherwise is not None:
        return public_words(otherwise)
    for asked, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if (short := asked.partition("-")[0]) in tuple(Language):
            return public_words(Language(short))
    return public_words(this_process().settings.default_language)


def public_words(language: Language) -> Words:
    """The words of the public pages in `language`."""
    return words_of("baken.pages.words", language)


def seconds_to_wait(request: HttpRequest) -> float:
    """0 when who asks may go on, which is counted; else how long to wait.

    Who asks too much is not counted among all: one address alone shuts nobody else out.
    """
    who = subscriber_of(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        proxies=this_process().settings.public.proxies,
    )
    now = monotonic()
    return _OF_ONE.seconds_to_wait(who, now=now) or _OF_ALL.seconds_to_wait(_EVERYBODY, now=now)
