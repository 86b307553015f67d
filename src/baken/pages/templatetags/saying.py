"""The template tag that says a sentence in the reader's language."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from baken.explaining.words import Words

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Context, key: str, **facts: Any) -> str:
    """The sentence `key` of the context's ``words``, with `facts` in their places.

    What comes out is escaped, as all that a template shows.
    """
    words: Words = context["words"]
    return words.say(key, **facts)
