"""Finds the message that told the same reader of the same systems before, so that mails thread."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection

# A message that also tells of something new begins a thread of its own: below an old one nobody
# looks for it.
_EARLIER: Final = """
    SELECT DISTINCT ON (mine.id) mine.id, d.message_id
    FROM outbox_notification AS mine
    JOIN outbox_notifiedcase AS told ON told.notification_id = mine.id
    JOIN outbox_notifiedcase AS before ON before.case_id = told.case_id
    JOIN outbox_notification AS earlier ON earlier.id = before.notification_id
        AND earlier.planned_at = told.told_before_at
    JOIN outbox_delivery AS d ON d.notification_id = earlier.id AND d.state = 'accepted'
    WHERE mine.id = ANY(%(ids)s)
        AND earlier.addressee_id = mine.addressee_id
        AND NOT EXISTS (
            SELECT FROM outbox_notifiedcase AS other
            WHERE other.notification_id = mine.id AND other.told_before_at IS NULL
        )
    ORDER BY mine.id, earlier.planned_at DESC
"""


def earlier_messages(notification_ids: Collection[UUID]) -> dict[UUID, str]:
    """By notification: the Message-ID of the newest message that told its addressee of its cases.

    Only where each of its cases was told before, and a channel accepted that message.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, {"ids": list(notification_ids)})
        return dict(cursor.fetchall())
