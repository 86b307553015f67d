"""Answers that recipients give by the link in a message, and what follows from them.

Locks are taken in one order: the notification, cases.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from baken.constituency.selectors import is_registered
from baken.constituency.services import end_discovered_route
from baken.core.answers import Answer as StandingAnswer
from baken.core.answers import AnswerKind
from baken.core.errors import About, AnswerRefusedError
from baken.core.text import many_lines
from baken.outbox.models import Notification, PassOnSystem
from baken.outbox.selectors import cases_told_by
from baken.outbox.services import (
    leave_alone,
    record_answer_of_operator,
    record_return,
    suppress_address,
)
from baken.responses.models import Answer
from baken.responses.standing import let_stand

LONGEST_TEXT: Final = 2_000
MOST_ANSWERS: Final = 20
"""To one notification; who holds its link cannot fill the database."""
WAITS_FOR: Final = timedelta(days=14)
"""How long *working on it* keeps us silent."""

_Kind = Answer.Kind
TO_WARNINGS: Final = (
    _Kind.SOLVED, _Kind.WORKING_ON_IT, _Kind.NOT_OURS, _Kind.WRONG_CONTACT, _Kind.DO_NOT_CONTACT,
)  # fmt: skip
"""What can be answered to a warning, in the order in which it is offered."""
TO_REQUESTS: Final = (
    _Kind.PASSED_ON, _Kind.NOT_OURS, _Kind.WRONG_CONTACT, _Kind.DO_NOT_CONTACT,
)  # fmt: skip
"""What an operator can answer that was asked to pass on."""
_OF_OPERATORS: Final = {
    _Kind.PASSED_ON: PassOnSystem.Answer.PASSED_ON,
    _Kind.NOT_OURS: PassOnSystem.Answer.NOT_THEIRS,
}
_STANDS_ON_CASES: Final = {
    _Kind.SOLVED: AnswerKind.SOLVED,
    _Kind.WORKING_ON_IT: AnswerKind.WORKING_ON_IT,
    _Kind.NOT_OURS: AnswerKind.NOT_OURS,
}
_ASKED: Final = "asked us to stop on the answer page"
_WRONG: Final = "the wrong contact, says who answered"
_log = structlog.get_logger()


def record_answer(notification_id: UUID, *, kind: str, text: str, now: datetime) -> Answer:
    """Keep an answer to this notification, and do what follows from it; it takes the place of an
    earlier one.

    *Solved*, *working on it* and *not ours* stand on the cases that it told, and the verdict looks
    at them. *Wrong contact* lets the next planning take another route. Of who never signed up, the
    owner of what is *not ours* is sought again, and a *wrong contact* is not used again. *Do not
    contact me again* leaves the address alone for ever: of who never signed up only a salted hash
    is kept. No later answer undoes that. What an operator was asked to pass on, it *passed on* as a
    whole, or it is *not ours*. Raises `AnswerRefusedError`, also for a kind that there is not.
    """
    is_request = Notification.objects.filter(pk=notification_id, is_pass_on=True).exists()
    if kind not in (TO_REQUESTS if is_request else TO_WARNINGS):
        raise AnswerRefusedError(f"{kind[:40]!r} is no answer.", remedy="Choose one of the list.")
    words = many_lines(text).strip()
    if len(words) > LONGEST_TEXT:
        raise AnswerRefusedError(
            f"The text has {len(words)} characters; {LONGEST_TEXT} fit.", remedy="Shorten it."
        )
    if kind == _Kind.DO_NOT_CONTACT:
        _stop_writing_to(notification_id)
    with transaction.atomic():
        notification = Notification.objects.select_for_update().get(pk=notification_id)
        given = Answer.objects.filter(notification=notification).count()
        if given >= MOST_ANSWERS:
            raise AnswerRefusedError(
                f"There are {given} answers to {notification.code} already.",
                remedy="Write or call us instead.",
            )
        answer = Answer.objects.create(
            notification=notification, number=given + 1, kind=kind, text=words,
            how=Answer.How.PAGE, answered_at=now,
        )  # fmt: skip
        let_stand(
            cases_told_by(notification),
            notification.organisation_id,
            _standing(_Kind(kind), now=now),
        )
        if is_request and (said := _OF_OPERATORS.get(_Kind(kind))):
            record_answer_of_operator(notification.pk, said, now=now)
        if kind == _Kind.WRONG_CONTACT:
            record_return(notification.pk, about=About.ADDRESS, reply=_WRONG, now=now)
            if notification.route_id is not None:
                end_discovered_route(notification.route_id)
    _log.info("answer.recorded", notification=str(notification_id), kind=kind)
    return answer


def erase_answer_texts(organisation_ids: Collection[int]) -> None:
    """Take what these organisations wrote out of their answers; what they answered stays.

    Call it in the transaction that forgets the organisations.
    """
    mine = Answer.objects.filter(notification__organisation__in=organisation_ids)
    mine.exclude(text="").update(text="")


def _standing(kind: Answer.Kind, *, now: datetime) -> StandingAnswer | None:
    if kind not in _STANDS_ON_CASES:
        return None
    until = now + WAITS_FOR if kind is _Kind.WORKING_ON_IT else None
    return StandingAnswer(_STANDS_ON_CASES[kind], now, until)


def _stop_writing_to(notification_id: UUID) -> None:
    """Before the answer is kept: stopped in between, the wish is obeyed and can be told again."""
    mine = Notification.objects.select_related("addressee", "organisation").get(pk=notification_id)
    address = mine.addressee.address
    if not address:  # erased meanwhile
        return
    if is_registered(mine.organisation.standing):
        suppress_address(address, reason=_ASKED)
    else:
        leave_alone(address)
