"""Requests to a registry or registrar for who registered a domain: sent by a person, tracked here.

Baken sends nothing to them. It remembers who was asked, when, under which right and until when an
answer was wanted, and what came of it. An answer becomes routes, as what an analyst found does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from baken.core.asset import is_public_suffix, normalise_domain, registrable_domain
from baken.core.errors import NotFoundError, TextRefusedError
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.routes import Scope
from baken.core.text import check_line
from baken.discovery.answers import keep_answers
from baken.discovery.models import RegistrantRequest

REGISTRANT_REQUEST: Final = "registrant-request"
"""The key under which what they gave is kept, beside those of the lookups."""
ANSWER_WITHIN: Final = timedelta(days=30)
"""When an answer is due, where nobody says otherwise: so long ICANN gives registrars for one."""
REGISTRANT_DATA_HELD_FOR: Final = timedelta(days=90)
"""So long what they gave is used: as what an analyst found."""
KEPT_AFTER_END: Final = timedelta(days=90)
"""So long a request stays after it was answered, withdrawn, or due."""

_SURE: Final = 90
_LONGEST_NAME: Final = 200
_LONGEST_RIGHT: Final = 500


@dataclass(frozen=True, slots=True)
class GivenRegistrant:
    """Who registered the domain, as the registry or registrar answered."""

    name: str
    """Of the organisation; empty for a private person, of whom nothing is kept."""
    routes: Sequence[tuple[FoundChannel, str]] = ()
    """Each address is in the form of its channel."""

    @property
    def is_person(self) -> bool:
        """Whether a private person registered it."""
        return not self.name


def add_registrant_request(
    domain: str, *, asked_of: str, right: str, by: str, due_at: datetime | None, now: datetime
) -> RegistrantRequest:
    """Remember that `asked_of` was asked who registered `domain`, under `right`.

    One request for a domain to one party is open at a time. Raises `TextRefusedError`.
    """
    check_line(asked_of, name="name of who is asked", longest=_LONGEST_NAME)
    check_line(right, name="right under which it is asked", longest=_LONGEST_RIGHT)
    check_line(by, name="name of who asks", longest=_LONGEST_NAME)
    due = due_at or now + ANSWER_WITHIN
    if due <= now:
        raise TextRefusedError(
            f"The answer would be due already: {due:%Y-%m-%d} is over.",
            remedy="Give a day to come with --due, or leave it out for thirty days.",
        )
    registered = _registered(domain)
    try:
        with transaction.atomic():
            return RegistrantRequest.objects.create(
                domain=registered, asked_of=asked_of, right=right, asked_by=by, asked_at=now,
                due_at=due,
            )  # fmt: skip
    except IntegrityError as error:
        raise TextRefusedError(
            f"{asked_of} was asked about {registered} before, and that is still open.",
            remedy="See baken registrant-request list; withdraw the earlier one to ask anew.",
        ) from error


def record_given_registrant(
    request_id: int, registrant: GivenRegistrant, *, by: str, now: datetime
) -> LookupAnswer:
    """Record that the request was answered with who registered the domain; its routes count with
    the next baken occasion discover.

    Of a private person it is kept that it is one, and nothing else. Raises `NotFoundError` for a
    request that is not open, and `TextRefusedError`.
    """
    if registrant.name:
        check_line(registrant.name, name="name of the organisation", longest=_LONGEST_NAME)
    with transaction.atomic():
        request = _close(request_id, RegistrantRequest.Outcome.GIVEN, by=by, now=now)
        answer = LookupAnswer(
            lookup=REGISTRANT_REQUEST,
            subject=Subject(SubjectKind.DOMAIN, request.domain),
            outcome=Outcome.FOUND,
            source=f"{request.asked_of}, asked on {request.asked_at:%Y-%m-%d} (request "
            f"{request.pk}, recorded by {by})",
            fetched_at=now,
            valid_until=now + REGISTRANT_DATA_HELD_FOR,
            routes=tuple(
                FoundRoute(
                    channel, address, Scope.NAME, Basis.REGISTRANT, _SURE, name=registrant.name
                )
                for channel, address in registrant.routes
                if not registrant.is_person
            ),
            holders=(Holder("", registrant.name, is_person=registrant.is_person),),
        )
        keep_answers([answer])
    return answer


def record_refused_request(
    request_id: int, *, why: str, by: str, now: datetime
) -> RegistrantRequest:
    """Record that the request was answered without saying who registered the domain.

    Raises as `record_given_registrant`.
    """
    check_line(why, name="reason that they gave", longest=_LONGEST_RIGHT)
    with transaction.atomic():
        request = _close(request_id, RegistrantRequest.Outcome.REFUSED, by=by, now=now)
        request.reason = why
        request.save(update_fields=["reason"])
    return request


def withdraw_registrant_request(request_id: int, *, by: str, now: datetime) -> RegistrantRequest:
    """Record that no answer is wanted any more. Raises `NotFoundError`."""
    with transaction.atomic():
        return _close(request_id, RegistrantRequest.Outcome.WITHDRAWN, by=by, now=now)


def open_registrant_request(request_id: int) -> RegistrantRequest:
    """The open request with this number; raises `NotFoundError`."""
    found = RegistrantRequest.objects.filter(pk=request_id, closed_at=None).first()
    if found is None:
        raise _not_open(request_id)
    return found


def registrant_requests(*, is_open: bool | None = None) -> list[RegistrantRequest]:
    """Those that are kept, the first due first; only open or closed ones, or all."""
    rows = RegistrantRequest.objects.all()
    if is_open is not None:
        rows = rows.filter(closed_at__isnull=is_open)
    return list(rows)


def overdue_registrant_requests(*, now: datetime) -> list[RegistrantRequest]:
    """The open ones whose answer was due before `now`, the longest overdue first."""
    return list(RegistrantRequest.objects.filter(closed_at=None, due_at__lt=now))


def forget_old_registrant_requests(*, now: datetime) -> int:
    """Remove those that are over, or due, for longer than `KEPT_AFTER_END`; how many."""
    before = now - KEPT_AFTER_END
    closed, _ = RegistrantRequest.objects.filter(closed_at__lt=before).delete()
    silent, _ = RegistrantRequest.objects.filter(closed_at=None, due_at__lt=before).delete()
    return closed + silent


def _close(request_id: int, outcome: str, *, by: str, now: datetime) -> RegistrantRequest:
    """Close the open request; in the transaction of the caller."""
    check_line(by, name="name of who records it", longest=_LONGEST_NAME)
    request = RegistrantRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None or request.closed_at is not None:
        raise _not_open(request_id)
    request.outcome = outcome
    request.closed_at = now
    request.closed_by = by
    request.save(update_fields=["outcome", "closed_at", "closed_by"])
    return request


def _not_open(request_id: int) -> NotFoundError:
    return NotFoundError(
        f"No open request has the number {request_id}.",
        remedy="See baken registrant-request list.",
    )


def _registered(text: str) -> str:
    """The registered domain of `text`; raises `TextRefusedError`."""
    try:
        domain = registrable_domain(normalise_domain(text.strip()))
    except ValueError:
        domain = ""
    if not domain or is_public_suffix(domain):
        raise TextRefusedError(
            f"{text[:80]!r} is no domain that anybody registers.",
            remedy="Give a domain such as example.nl.",
        )
    return domain
