"""What a person needs who carries a notification: whether it may still go, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from baken.cases.selectors import cases_in_order
from baken.channels import Message
from baken.core.classification import Severity
from baken.core.policy import Policy
from baken.core.routes import Carries, Form
from baken.outbox.last_check import why_not
from baken.outbox.models import Notification, NotifiedCase
from baken.outbox.warning_facts import warning_of
from baken.outbox.withdrawal_reasons import GONE
from baken.outbox.wording import Sender, compose

_GONE = "gone"


@dataclass(frozen=True, slots=True)
class SightingNow:
    """A case of a call as it stands now, which may be later than the script says."""

    finding_kind: str
    system: str
    last_seen_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class ReadyCall:
    """A call that may be made now."""

    code: str
    number: str
    organisation: str
    severity: Severity
    sightings: tuple[SightingNow, ...]
    """The newest first."""
    script: str


def why_not_carry(notification_id: UUID, *, policy: Policy, now: datetime) -> str:
    """Why a call or a letter is no longer to go, by what is known now; empty when it is.

    It is decided about as before a mail goes (`baken.core.policy.decide_again`). Besides, nobody
    is called or written to about what is no longer seen: that takes a person's time.
    """
    cases = _cases_in(notification_id)
    if cases and all(one.state == _GONE for one in cases):
        return GONE
    return why_not([notification_id], policy=policy, now=now).get(notification_id, "")


def ready_call(notification_id: UUID, *, sender: Sender, carries: Carries) -> ReadyCall:
    """What is said in the call, with what was seen of its systems last.

    Raises `ChannelError` when it cannot be put into words.
    """
    assert carries.form is Form.SCRIPT
    notification = _notification(notification_id)
    message = compose(warning_of(notification), sender, carries=carries)
    return ReadyCall(
        code=notification.code,
        number=notification.addressee.address,
        organisation=str(notification.organisation),
        severity=Severity(notification.severity),
        sightings=tuple(sorted(_cases_in(notification_id), key=_newest_first)),
        script=message.text,
    )


@dataclass(frozen=True, slots=True)
class ReadyLetter:
    """A letter that may be printed now."""

    notification_id: UUID
    code: str
    message: Message


def ready_letter(notification_id: UUID, *, sender: Sender, carries: Carries) -> ReadyLetter:
    """The letter in words. Raises `ChannelError` when it cannot be put into words."""
    assert carries.form is Form.LETTER
    notification = _notification(notification_id)
    message = compose(warning_of(notification), sender, carries=carries)
    return ReadyLetter(notification_id, notification.code, message)


def _notification(notification_id: UUID) -> Notification:
    found = Notification.objects.select_related("organisation", "addressee", "route")
    return found.get(pk=notification_id)


def _cases_in(notification_id: UUID) -> list[SightingNow]:
    told = NotifiedCase.objects.filter(notification=notification_id).order_by()
    cases = cases_in_order(list(told.values_list("case_id", flat=True)))
    return [SightingNow(one.finding_kind, one.system, one.last_seen_at, one.state) for one in cases]


def _newest_first(one: SightingNow) -> tuple[float, str, str]:
    return (-one.last_seen_at.timestamp(), one.finding_kind, one.system)
