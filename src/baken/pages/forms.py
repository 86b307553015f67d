"""The forms of the public pages."""

from __future__ import annotations

from typing import Final

from django import forms

from baken.responses.services import LONGEST_TEXT

ANSWERS: Final = ("solved", "working-on-it", "not-ours", "wrong-contact", "do-not-contact")
"""What can be answered, in the order of the page; the word of each is in `words/`."""


class AnswerForm(forms.Form):
    """What a recipient answers."""

    kind = forms.ChoiceField(choices=[(one, one) for one in ANSWERS])
    text = forms.CharField(required=False, max_length=LONGEST_TEXT)
