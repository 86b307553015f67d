"""Senders: each run draws a number, which counts for as long as its lock is held.

Claims and deliveries bear the number. The server frees the lock when the session ends, however it
ends. So a claim or delivery whose number has no lock was left behind by a run that died. The view
``outbox_live_sender`` has the numbers of the runs that live.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.db import connection

_CLASS: Final = 0x62616B65  # "bake": the first half of the keys of these locks, as the view has it

# What a dead sender had claimed is free again: nothing of it was handed over.
_FREE_CLAIMS: Final = """
    UPDATE outbox_notification SET claimed_by = NULL
    WHERE state = 'planned' AND claimed_by IS NOT NULL
        AND claimed_by NOT IN (SELECT number FROM outbox_live_sender)
"""

_LEFT_SENDING: Final = """
    UPDATE outbox_delivery
    SET state = 'uncertain', finished_at = %(now)s, about = 'us',
        reply = 'The process ended before the answer was recorded.'
    WHERE state = 'sending' AND sender NOT IN (SELECT number FROM outbox_live_sender)
"""


@contextmanager
def sender_session(*, now: datetime) -> Iterator[int]:
    """A sender's number, for as long as the block lasts; several may send at once.

    First settles what senders that died left behind: what they were sending is *uncertain*, what
    they had claimed is free.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('outbox_sender')")
        (number,) = cursor.fetchone()
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_CLASS, number])
    try:
        settle_dead_senders(now=now)
        yield number
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox_notification SET claimed_by = NULL "
                "WHERE state = 'planned' AND claimed_by = %s",
                [number],
            )
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_CLASS, number])


def reconnect_if_cut() -> None:
    """Take a new database session where the old one was cut; the lock is not taken again."""
    if not connection.is_usable():
        connection.close()


def settle_dead_senders(*, now: datetime) -> int:
    """Settle what senders that died left behind; gives how many deliveries became uncertain."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_SENDING, {"now": now})
        uncertain = int(cursor.rowcount)
        cursor.execute(_FREE_CLAIMS)
    return uncertain
