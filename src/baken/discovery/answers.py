"""Keeps what lookups answered: read by the thousand, written in groups, out of date by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

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

    In one statement. May run twice; the key is lookup and subject, and the later answer stays.
    """
    rows = [
        KeptAnswer(
            lookup=answer.lookup,
            subject_kind=answer.subject.kind.value,
            subject=answer.subject.value,
            outcome=answer.outcome.value,
            answer=to_json(answer).decode(),
            fetched_at=answer.fetched_at,
            valid_until=max(answer.valid_until, answer.fetched_at),
        )
        for answer in answers
    ]
    KeptAnswer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["lookup", "subject_kind", "subject"],
        update_fields=["outcome", "answer", "fetched_at", "valid_until"],
    )
    return len(rows)


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
