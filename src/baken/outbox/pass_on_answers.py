"""What operators say of what they were asked to pass on, and how far it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from baken.core.errors import NotFoundError
from baken.discovery.selectors import is_system_or_on
from baken.outbox.codes import read_code
from baken.outbox.ledger_secret import answer_key
from baken.outbox.models import Delivery, Notification, PassOnSystem
from baken.outbox.notifications import find_by_code
from baken.outbox.pass_on_codes import digest_of, pass_on_code
from baken.outbox.verdicts import UNTOLD

_log = structlog.get_logger()
_LEFT_US = (Delivery.State.ACCEPTED, Delivery.State.UNCERTAIN, Delivery.State.SENDING)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What came of recording that something was passed on."""

    recorded: int
    """Systems of which it was not known yet."""
    known: int


def record_passed_on(codes: Iterable[str], *, now: datetime) -> PassedOn:
    """Record what our people were told: the systems with these codes were passed on.

    Codes may be typed as heard. Key: the code; the first time that it is said counts. One
    transaction: with a code that nobody has nothing is recorded. Raises `NotFoundError`.
    """
    digests = []
    for text in codes:
        digest = digest_of(read_code(text))
        if not _handed_over().filter(code_digest=digest).exists():
            raise NotFoundError(
                f"No operator was sent the code {text[:40]!r}.",
                remedy="See the codes with baken pass-on list.",
            )
        digests.append(digest)
    rows = _handed_over().filter(code_digest__in=digests)
    return _record(rows, PassOnSystem.Answer.PASSED_ON, how=PassOnSystem.How.STAFF, now=now)


def record_all_passed_on(notification_id: UUID, *, now: datetime) -> PassedOn:
    """Record what our people were told: all systems of this request were passed on.

    Key: the notification. It may run twice.
    """
    rows = _asked_with(notification_id)
    return _record(rows, PassOnSystem.Answer.PASSED_ON, how=PassOnSystem.How.STAFF, now=now)


def record_answer_of_operator(
    notification_id: UUID, answer: PassOnSystem.Answer, *, now: datetime
) -> PassedOn:
    """Record what an operator answered on the public page, for all systems of one request.

    Key: the notification and the answer. It may run twice. Another answer takes its place.
    """
    return _record(_asked_with(notification_id), answer, how=PassOnSystem.How.PAGE, now=now)


def _asked_with(notification_id: UUID) -> QuerySet[PassOnSystem]:
    """The systems of this request, in all requests that asked about them."""
    mine = PassOnSystem.objects.filter(notification=notification_id).exclude(code_digest="")
    return PassOnSystem.objects.filter(code_digest__in=mine.values("code_digest"))


def _record(
    rows: QuerySet[PassOnSystem],
    answer: PassOnSystem.Answer,
    *,
    how: PassOnSystem.How,
    now: datetime,
) -> PassedOn:
    with transaction.atomic():
        found = list(
            rows.order_by("pk").select_for_update(of=("self",)).values_list(
                "pk", "code_digest", "answer"
            )
        )  # fmt: skip
        known = {digest for _, digest, said in found if said == answer}
        new = [pk for pk, digest, _ in found if digest not in known]
        PassOnSystem.objects.filter(pk__in=new).update(
            answer=answer, answered_at=now, answered_how=how
        )
    recorded = {digest for _, digest, _ in found} - known
    _log.info("pass_on.answered", answer=answer, systems=len(recorded), known=len(known))
    return PassedOn(len(recorded), len(known))


def _handed_over() -> QuerySet[PassOnSystem]:
    """The rows of messages that left us."""
    left = Delivery.objects.filter(state__in=_LEFT_US).values("notification")
    return PassOnSystem.objects.filter(notification__in=left).exclude(code_digest="")


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """One request to an operator, and how far it came."""

    notification: Notification
    occasion_keys: tuple[str, ...]
    systems: int
    passed_on: int
    not_theirs: int


def listed_requests(*, at_most: int) -> list[ListedRequest]:
    """The newest requests, with their organisations and addressees."""
    asked = Notification.objects.filter(is_pass_on=True).select_related("organisation", "addressee")
    asked = asked.annotate(
        systems=Count("pass_on_systems"),
        passed_on=_count(PassOnSystem.Answer.PASSED_ON),
        not_theirs=_count(PassOnSystem.Answer.NOT_THEIRS),
    )
    rows = list(asked.order_by("-planned_at", "id")[:at_most])
    keys: dict[UUID, dict[str, None]] = {}
    under = PassOnSystem.objects.filter(notification__in=[one.pk for one in rows]).order_by("pk")
    for pk, key in under.values_list("notification_id", "occasion__key"):
        keys.setdefault(pk, {})[key] = None
    return [
        ListedRequest(one, tuple(keys.get(one.pk, ())), one.systems, one.passed_on, one.not_theirs)
        for one in rows
    ]


def _count(answer: PassOnSystem.Answer) -> Count:
    return Count("pass_on_systems", filter=Q(pass_on_systems__answer=answer))


@dataclass(frozen=True, slots=True)
class AskedSystem:
    """One system that an operator was asked to pass on, with its code."""

    row: PassOnSystem
    code: str
    """Empty once the system is forgotten."""


def systems_asked_in(notification_id: UUID) -> list[AskedSystem]:
    """The systems of one request, in the order of the message."""
    return _asked(PassOnSystem.objects.filter(notification=notification_id).order_by(
        "-severity", "system", "id"
    ))  # fmt: skip


def requests_about(system: str) -> list[AskedSystem]:
    """When which operator was asked to pass `system` on, the newest first; of an address: whatever
    listens there."""
    rows = PassOnSystem.objects.filter(is_system_or_on(system))
    return _asked(rows.order_by("-notification__planned_at", "system", "id"))


def request_with(code: str) -> Notification:
    """The request that bears `code`, typed as heard. Raises `NotFoundError`."""
    found = find_by_code(read_code(code))
    if found is None or not found.is_pass_on:
        raise NotFoundError(
            f"No request to an operator has the code {code[:40]!r}.",
            remedy="See the requests with baken pass-on list.",
        )
    return found


def find_handed_down(code: str) -> Notification | None:
    """The newest request that has `code` for one of its systems, as `find_by_code` gives one."""
    rows = PassOnSystem.objects.filter(code_digest=digest_of(code))
    newest = rows.order_by("-notification__planned_at").values_list("notification__code", flat=True)
    found = newest.first()
    return None if found is None else find_by_code(found)


def _asked(rows: QuerySet[PassOnSystem]) -> list[AskedSystem]:
    found = rows.select_related(
        "notification__addressee", "notification__brake", "operator", "occasion"
    ).prefetch_related("notification__deliveries__forgotten")
    key = answer_key()
    return [
        AskedSystem(
            row,
            pass_on_code(row.operator_id, row.occasion_id, row.finding_kind, row.system, key=key)
            if row.system
            else "",
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class PassOnTotals:
    """What operators were asked under one occasion, each system counted once."""

    operators: int = 0
    """Organisations that were sent a request."""
    systems: int = 0
    passed_on: int = 0
    not_theirs: int = 0


def pass_on_totals(occasion_id: int) -> PassOnTotals:
    """What operators were asked under this occasion and what they answered, as of now.

    A message that waits counts; one that nobody got does not.
    """
    asked = PassOnSystem.objects.filter(occasion=occasion_id).exclude(
        notification__state__in=UNTOLD
    )
    asked = asked.order_by()
    # Of what was forgotten no system is left to tell one row from its reminder: each row counts.
    forgotten = asked.filter(code_digest="")
    known = asked.exclude(code_digest="")

    def count(answer: str | None) -> int:
        rows = {} if answer is None else {"answer": answer}
        distinct = known.filter(**rows).values("code_digest").distinct().count()
        return distinct + forgotten.filter(**rows).count()

    return PassOnTotals(
        operators=asked.values("operator").distinct().count(),
        systems=count(None),
        passed_on=count(PassOnSystem.Answer.PASSED_ON),
        not_theirs=count(PassOnSystem.Answer.NOT_THEIRS),
    )
