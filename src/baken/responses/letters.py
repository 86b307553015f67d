"""Letters: printed in batches, each letter in one; posted, or come back and told otherwise.

Locks are taken in one order: the letter, its notification, cases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from baken.core.errors import About, LetterRefusedError, NotFoundError
from baken.outbox.selectors import read_code
from baken.outbox.services import record_return, suppress_address
from baken.responses.models import Letter, LetterBatch, LetterFact

_log = structlog.get_logger()

_PRINTING: Final = 0x6C65747465727300  # "letters": the key of the lock
_NOT_THERE: Final = frozenset({LetterFact.Reason.UNDELIVERABLE, LetterFact.Reason.MOVED})
"""Who is written to is not found at that address, so that nothing is sent there again."""

# What another batch took meanwhile is left to that one.
_TAKE: Final = """
    INSERT INTO responses_letter (notification_id, batch_id, number)
    SELECT id, %(batch)s, number
    FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, number)
    ON CONFLICT (notification_id) DO NOTHING
    RETURNING notification_id, number
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters that are printed together."""

    id: int
    folder: str
    numbers: tuple[tuple[UUID, int], ...]
    """Each notification with its number in the batch, in order."""


@dataclass(frozen=True, slots=True)
class ReturnedLetter:
    """A letter that came back."""

    code: str
    is_told_otherwise: bool
    """Whether the next planning looks for another route."""
    suppressed_address: str
    """The address that is left alone from now on; empty when it is not, or was erased."""


@contextmanager
def printing_alone() -> Iterator[None]:
    """Nobody else prints letters while the block lasts, however its process ends.

    Raises `LetterRefusedError` when somebody does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_PRINTING])
        (is_free,) = cursor.fetchone()
    if not is_free:
        raise LetterRefusedError(
            "Another baken letters print is at work.",
            remedy="Wait until it is done; it prints what waits.",
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_PRINTING])


def begin_batch(notification_ids: Sequence[UUID], *, folder: str, now: datetime) -> Batch | None:
    """Intend to print these letters; None when all of them are in another batch by now.

    One transaction; key: the notification, which is in one batch only.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        batch = LetterBatch.objects.create(made_at=now, folder=folder)
        cursor.execute(_TAKE, {"batch": batch.pk, "ids": list(notification_ids)})
        taken = sorted(cursor.fetchall(), key=lambda row: row[1])
        if not taken:
            transaction.set_rollback(True)
            return None
    return Batch(batch.pk, folder, tuple((UUID(str(pk)), number) for pk, number in taken))


def unwritten_batches() -> list[Batch]:
    """The batches that were intended and whose files are not all there, the oldest first."""
    return [
        Batch(
            one.pk,
            one.folder,
            tuple(one.letters.order_by("number").values_list("notification_id", "number")),
        )
        for one in LetterBatch.objects.filter(written_at=None).order_by("pk")
    ]


def record_written(batch_id: int, *, now: datetime) -> None:
    """All files of the batch are there. May run twice."""
    LetterBatch.objects.filter(pk=batch_id, written_at=None).update(written_at=now)
    _log.info("letters.written", batch=batch_id)


def record_sent(*, codes: Collection[str] = (), batch_id: int | None = None, now: datetime) -> int:
    """These letters, or all of a batch, were posted; gives of how many that is news.

    May run twice. One transaction. Raises `NotFoundError`, `LetterRefusedError`.
    """
    with transaction.atomic():
        if batch_id is not None:
            if not LetterBatch.objects.filter(pk=batch_id, written_at__isnull=False).exists():
                raise NotFoundError(
                    f"There is no printed batch {batch_id}.",
                    remedy="List the letters with baken letters list.",
                )
            letters = list(Letter.objects.filter(batch=batch_id))
        else:
            letters = [_letter_with(code) for code in codes]
        made = [
            LetterFact.objects.get_or_create(
                letter=one, fact=LetterFact.Fact.SENT, defaults={"recorded_at": now}
            )
            for one in letters
        ]
    return sum(is_new for _, is_new in made)


def record_returned(code: str, *, reason: str, now: datetime) -> ReturnedLetter:
    """The letter with that code came back, so that the next planning takes another route.

    Where nobody is found at the address, it is suppressed; else it is passed over for a while. May
    run twice: what was recorded stays. Raises `NotFoundError`, `LetterRefusedError`.
    """
    why = LetterFact.Reason(reason)
    found = _letter_with(code)
    suppressed = _leave_address_alone(found, why)
    with transaction.atomic():
        letter = Letter.objects.select_for_update().get(pk=found.pk)
        LetterFact.objects.get_or_create(
            letter=letter,
            fact=LetterFact.Fact.RETURNED,
            defaults={"reason": why, "recorded_at": now},
        )
        is_told_otherwise = record_return(
            letter.notification_id,
            about=About.ADDRESS,
            reply=f"The letter came back: {why.label}.",
            now=now,
        )
    _log.info("letter.returned", notification=str(letter.notification_id), reason=why.value)
    return ReturnedLetter(found.notification.code, is_told_otherwise, suppressed)


def _leave_address_alone(letter: Letter, why: LetterFact.Reason) -> str:
    """Suppress the address, in a transaction of its own: it locks other notifications.

    After a crash the return is not recorded yet, and is recorded again. Gives the address.
    """
    before = LetterFact.objects.filter(letter=letter, fact=LetterFact.Fact.RETURNED).exists()
    address = letter.notification.addressee.address
    if before or why not in _NOT_THERE or not address:  # it may have been erased since
        return ""
    suppress_address(address, reason=f"a letter came back: {why.label}")
    return address


def _letter_with(code: str) -> Letter:
    found = Letter.objects.filter(notification__code=read_code(code))
    letter = found.select_related("notification__addressee", "batch").first()
    if letter is None:
        raise NotFoundError(
            f"{code} is the code of no printed letter.",
            remedy="List the letters with baken letters list.",
        )
    if letter.batch.written_at is None:
        raise LetterRefusedError(
            f"{letter.notification.code} is in batch {letter.batch_id}, which is not printed yet.",
            remedy="Print it with baken letters print.",
        )
    return letter
