"""What an answer changes about the cases that were told: it stands on them, however it came.

Locks are taken in one order: the notification, cases.
"""

from __future__ import annotations

from collections.abc import Iterable

from baken.cases.selectors import cases_in_order
from baken.cases.services import record_answer
from baken.core.answers import Answer, AnswerKind
from baken.discovery.services import disown, own_again


def let_stand(case_ids: Iterable[int], organisation_id: int, answer: Answer | None) -> None:
    """Let `answer`, or none any more, stand on these cases, of which this organisation was told.

    Of who never signed up, the owner of what is *not ours* is sought again; that they work on it,
    or solved it, takes that back. Call it in the transaction that keeps the answer itself.
    """
    cases = list(case_ids)
    record_answer(cases, answer)
    if answer is None:
        return
    systems = [case.system for case in cases_in_order(cases)]
    if answer.kind is AnswerKind.NOT_OURS:
        disown(organisation_id, systems, now=answer.answered_at)
    else:
        own_again(organisation_id, systems)
