"""Forgets the organisations that never signed up, once all that concerned them is over."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from baken.cases.services import blank_cases_of
from baken.constituency.services import forget_discovered
from baken.discovery.services import (
    forget_identities,
    forget_old_answers,
    forget_old_registrant_requests,
    forget_old_requests,
    forget_old_searches,
)
from baken.outbox.selectors import organisations_to_forget
from baken.outbox.services import blank_ledger_of, forget_idle_providers
from baken.responses.services import erase_answer_texts
from baken.settings.environment import Settings

_log = structlog.get_logger()
_AT_ONCE = 500


def forget_who_never_signed_up(*, settings: Settings, now: datetime) -> int:
    """Forget discovered organisations of which nothing was open, seen or told for so long.

    That is BAKEN_STORE_DAYS. Names, addresses, systems and how they were known go, in one
    transaction for some hundred; what was counted stays. So do the answers of lookups and the
    requests that are over. May run any number of times; gives how many were forgotten.
    """
    before = now - settings.store_kept_for
    ids = organisations_to_forget(before=before)
    for start in range(0, len(ids), _AT_ONCE):
        portion = ids[start : start + _AT_ONCE]
        with transaction.atomic():
            blank_ledger_of(portion, now=now)
            erase_answer_texts(portion)
            blank_cases_of(portion)
            forget_identities(portion)
            forget_discovered(portion)
    forget_idle_providers(before=before)
    forget_old_searches(before=before)
    forget_old_answers(now=now)
    forget_old_registrant_requests(now=now)
    forget_old_requests(now=now)
    if ids:
        _log.info("discovered.forgotten", organisations=len(ids))
    return len(ids)
