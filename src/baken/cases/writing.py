"""Writes cases: many at once, from what was staged, and what each remembers of being told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from baken.cases import statements
from baken.cases.models import Case
from baken.core.answers import Answer
from baken.core.text import as_array


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """What became of the sightings."""

    opened: int = 0
    seen_again: int = 0
    reopened: int = 0

    def __add__(self, other: CaseCounts) -> CaseCounts:
        return CaseCounts(
            opened=self.opened + other.opened,
            seen_again=self.seen_again + other.seen_again,
            reopened=self.reopened + other.reopened,
        )


def stage(cursor: Any, sightings: bytes) -> None:
    """Copy `sightings` (`baken.cases.sightings.copy_text`) into the stage of this transaction."""
    if sightings:
        with cursor.copy(statements.COPY_INTO_STAGE) as copy:
            copy.write(sightings)


def hold_cases() -> None:
    """Take the lock of those who write many cases, to the end of the transaction.

    Call it after locking occasions and notifications, and before locking any case.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_CASES)


def cases_of_sightings(
    batch: int, sightings: Iterable[bytes], *, now: datetime, refresh: str
) -> CaseCounts:
    """Make cases of `sightings` (`baken.cases.sightings.copy_text`), in one transaction.

    `refresh` is what happens to those that are known: REFRESH_CASES or WIDEN_CASES.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.CREATE_STAGE)
        for text in sightings:
            stage(cursor, text)
        return write_cases(cursor, batch, now=now, refresh=refresh)


def write_cases(cursor: Any, batch: int, *, now: datetime, refresh: str) -> CaseCounts:
    """Refresh the cases that are known of what was staged, and open the others."""
    parameters = {"batch": batch, "now": now}
    hold_cases()
    cursor.execute(statements.SUM_STAGE)
    cursor.execute(refresh, parameters)
    seen_again, reopened = cursor.fetchone()
    cursor.execute(statements.HOLD_ORGANISATIONS)
    cursor.execute(statements.OPEN_CASES, parameters)
    opened = cursor.rowcount
    cursor.execute("DROP TABLE staged_sighting, summed_sighting")
    return CaseCounts(opened=opened, seen_again=seen_again, reopened=reopened)


@dataclass(frozen=True, slots=True)
class ClosedCases:
    """How many cases are not open any more."""

    gone: int = 0
    """The feed still looks, and no longer sees them."""
    not_looked_at: int = 0
    """The whole feed fell silent."""


def mark_gone(*, silence: timedelta, now: datetime) -> ClosedCases:
    """Close the cases that their feed stayed silent about for `silence`.

    Gone are those that their report type was delivered without, and those of a type of which no
    file came while others of the feed did: a feed may send none when it finds nothing. When the
    whole feed fell silent, they are no longer looked at. May run any number of times.
    """
    parameters: dict[str, Any] = {"silence": silence, "now": now}
    with transaction.atomic(), connection.cursor() as cursor:
        hold_cases()
        cursor.execute(statements.MARK_GONE, parameters)
        gone, not_looked_at = cursor.fetchone()
        return ClosedCases(gone, not_looked_at)


def record_told(case_ids: Collection[int], *, now: datetime) -> None:
    """Write on each case that its organisation is told of it now, as severe as it is, with all that
    counts as news.

    Call it in the transaction that plans the notification: what is told and what is remembered as
    told can then never differ.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.RECORD_TOLD, {"ids": as_array(case_ids), "now": now})


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """What a case was told at a moment, to be taken back, and what it had been told before."""

    case_id: int
    told_at: datetime
    before_at: datetime | None
    before_severity: int | None
    before_news: Sequence[str]


def restore_told(taken_back: Collection[ToldBefore]) -> None:
    """Undo `record_told` for cases whose notification nobody got.

    A case that was told again since keeps that. Call it in the transaction that ends the
    notification.
    """
    hold_cases()
    with connection.cursor() as cursor:
        cursor.execute(
            statements.RESTORE_TOLD,
            {
                "ids": [one.case_id for one in taken_back],
                "told_at": [one.told_at for one in taken_back],
                "before_at": [one.before_at for one in taken_back],
                "before_severity": [one.before_severity for one in taken_back],
                "before_news": [json.dumps(list(one.before_news)) for one in taken_back],
            },
        )


def record_answer(case_ids: Collection[int], answer: Answer | None) -> None:
    """Let `answer` stand on these cases, or none any more.

    Call it in the transaction that keeps the answer itself.
    """
    lock_cases(case_ids)
    Case.objects.filter(pk__in=case_ids).update(
        answer="" if answer is None else answer.kind.value,
        answered_at=None if answer is None else answer.answered_at,
        answer_until=None if answer is None else answer.until,
    )


def lock_cases(case_ids: Collection[int]) -> None:
    """Hold these cases to the end of the transaction."""
    hold_cases()
    locked = Case.objects.filter(pk__in=case_ids).select_for_update()
    list(locked.order_by("organisation_id", "finding_kind", "system").values_list("pk"))
