"""The subject: the label, how urgent, what is wrong and for whom, in about seventy characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from baken.advice import Frame
from baken.core.rules import Rule
from baken.outbox.wording.chapters import Chapter
from baken.outbox.wording.facts import WarningFacts
from baken.outbox.wording.quoting import cut, named

_LENGTH: Final = 76
_SHORTEST_NAME: Final = 18
_LONGEST_TITLE: Final = 72


def subject_of(
    warning: WarningFacts, chapters: Sequence[Chapter], words: Frame, *, longest: int = _LENGTH
) -> str:
    """Names the most urgent finding, or the threat when it is one.

    A long name of an organisation loses its end: mail programs cut what is longer than `longest`.
    """
    first = chapters[0]
    is_reminder = all(one.reason == Rule.REMINDER.value for one in warning.systems)
    others = len(chapters) - 1
    parts = {
        "label": str(warning.tlp),
        "urgency": words.urgency_reminder if is_reminder else words.urgency(first.severity.key),
        "finding": first.advice.subject,
        "more": f" {words.subject_more.format(count=others)}" if others else "",
    }
    if warning.threat_title:
        parts |= {"finding": cut(warning.threat_title, _LONGEST_TITLE), "more": ""}
    room = longest - len(words.subject.format(organisation="", **parts))
    name = named(warning.organisation)
    if len(name) > max(room, _SHORTEST_NAME):
        name = f"{name[: max(room, _SHORTEST_NAME) - 1].rstrip()}…"
    return words.subject.format(organisation=name, **parts)
