"""The forms of the public pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django import forms

from baken.responses.services import LONGEST_TEXT, TO_REQUESTS, TO_WARNINGS


class AnswerForm(forms.Form):
    """What a recipient answers to a warning; the word of each answer is in `words/`."""

    kinds: ClassVar[Sequence[str]] = TO_WARNINGS
    kind = forms.ChoiceField(choices=[(one.value, one.value) for one in TO_WARNINGS])
    text = forms.CharField(required=False, max_length=LONGEST_TEXT)


class RequestForm(AnswerForm):
    """What an operator answers to a request to pass on."""

    kinds: ClassVar[Sequence[str]] = TO_REQUESTS
    kind = forms.ChoiceField(choices=[(one.value, one.value) for one in TO_REQUESTS])
