"""Keeps what lookups answered: read by the thousand, written in groups, out of date by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Count

from baken.core.ladder import Question
from baken.core.lookup import LookupAnswer, Subject, SubjectKind
from baken.core.lookup_text import from_json, to_json
from baken.discovery.models import KeptAnswer

KEPT_AFTER_END: Final = timedelta(days=30)
"""So long an answer stays after it is out of date, for whoever asks why somebody was told."""


def kept_answers(questions: Collection[Question], *, now: datetime) -> dict[Question, LookupAnswer]:
    """The answers to `questions` that hold at `now`, by question."""
    found: dict[Question, LookupAnswer] = {}
    by_lookup: dict[tuple[str, SubjectKind], list[str]] = {}
    for key, subject in questions:
        by_lookup.setdefault((key, subject.kind), []).append(subject.value)
    for (key, kind), values in by_lookup.items():
        rows = KeptAnswer.objects.filter(
            lookup=key, subject_kind=kind.value, subject__in=values, valid_until__gt=now
        )
        for value, text in rows.values_list("subject", "answer"):
            found[key, Subject(kind, value)] = from_json(text)
    return found


def answers_about(subjects: Collection[Subject]) -> list[LookupAnswer]:
    """Every answer that is kept about `subjects`, also those that are out of date."""
    wanted = set(subjects)
    rows = KeptAnswer.objects.filter(subject__in={subject.value for subject in wanted})
    answers = [from_json(text) for text in rows.values_list("answer", flat=True)]
    return [answer for answer in answers if answer.subject in wanted]


def keep_answers(answers: Iterable[LookupAnswer]) -> int:
    """Keep `answers`, each in place of an older one to the same question; how many.

    May run twice; the key is lookup and subject, and the later answer stays.
    """
    rows = [
        (
            answer.lookup,
            answer.subject.kind.value,
            answer.subject.value,
            answer.outcome.value,
            to_json(answer).decode(),
            answer.fetched_at,
            max(answer.valid_until, answer.fetched_at),
        )
        for answer in answers
    ]
    rows.sort(
        key=lambda row: row[:3]
    )  # in one order, so that two runs at once do not lock each other
    if rows:
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.executemany(_KEEP, rows)
    return len(rows)


# The ORM sends rows as arrays, and quotes each value of them by itself: that took twice the time.
_KEEP: Final = """
INSERT INTO discovery_keptanswer
    (lookup, subject_kind, subject, outcome, answer, fetched_at, valid_until)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (lookup, subject_kind, subject) DO UPDATE SET
    outcome = EXCLUDED.outcome,
    answer = EXCLUDED.answer,
    fetched_at = EXCLUDED.fetched_at,
    valid_until = EXCLUDED.valid_until
"""


def forget_old_answers(*, now: datetime) -> int:
    """Remove what is out of date for longer than `KEPT_AFTER_END`; how many."""
    removed, _ = KeptAnswer.objects.filter(valid_until__lt=now - KEPT_AFTER_END).delete()
    return removed


def answers_by_lookup() -> dict[str, dict[str, int]]:
    """How many answers of each outcome are kept, by lookup."""
    counted: dict[str, dict[str, int]] = {}
    rows = KeptAnswer.objects.order_by().values_list("lookup", "outcome")
    for lookup, outcome, count in rows.annotate(count=Count("pk")):
        counted.setdefault(lookup, {})[outcome] = count
    return counted
