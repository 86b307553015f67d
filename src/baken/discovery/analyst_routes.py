"""What an analyst found: a route to whom a system belongs, with its source, by whom and when."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from baken.core.asset import normalise_domain
from baken.core.errors import TextRefusedError
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.lookup_text import from_json
from baken.core.routes import Scope
from baken.core.text import check_line
from baken.discovery.answers import keep_answers
from baken.discovery.models import KeptAnswer
from baken.discovery.registrant_requests import REGISTRANT_REQUEST

ANALYST: Final = "analyst"
"""The key under which it is kept, beside those of the lookups."""
HOLDS_FOR: Final = timedelta(days=90)
_SURE: Final = 95
_LONGEST_NAME: Final = 200
_LONGEST_SOURCE: Final = 200


def add_found_route(
    system: str,
    *,
    channel: FoundChannel,
    address: str,
    organisation: str,
    source: str,
    by: str,
    now: datetime,
) -> LookupAnswer:
    """Keep that `organisation` owns `system` and is reached at `address`, as an analyst found.

    `system` is an address or a host name; `address` is in the form of its channel. What was found
    before of the same organisation for it stays beside; of another it is replaced. It holds for
    `HOLDS_FOR`, and counts with the next baken occasion discover. Raises `TextRefusedError`.
    """
    check_line(organisation, name="name of the organisation", longest=_LONGEST_NAME)
    check_line(source, name="source", longest=_LONGEST_SOURCE)
    check_line(by, name="name of who found it", longest=_LONGEST_NAME)
    subject = _subject_of(system)
    handle = f"ANALYST:{organisation.casefold()}"
    route = FoundRoute(channel, address, Scope.OWNER, Basis.ANALYST, _SURE, holder=handle)
    network = subject.value if subject.kind is SubjectKind.ADDRESS else ""
    answer = LookupAnswer(
        lookup=ANALYST,
        subject=subject,
        outcome=Outcome.FOUND,
        source=f"{source} (found by {by})",
        fetched_at=now,
        valid_until=now + HOLDS_FOR,
        routes=(*_earlier_routes(subject, handle, besides=route), route),
        holders=(Holder(handle, organisation, network, NetworkStanding.ASSIGNMENT),),
    )
    keep_answers([answer])
    return answer


def _subject_of(system: str) -> Subject:
    text = system.strip()
    try:
        return Subject(SubjectKind.ADDRESS, str(ipaddress.ip_address(text)))
    except ValueError:
        pass
    try:
        return Subject(SubjectKind.NAME, normalise_domain(text))
    except ValueError as error:
        raise TextRefusedError(
            f"{text[:80]!r} is neither an address nor a host name.",
            remedy="Give the system as baken occasion unknown lists it, without its port.",
        ) from error


def _earlier_routes(
    subject: Subject, handle: str, *, besides: FoundRoute
) -> tuple[FoundRoute, ...]:
    """The routes of the same organisation that were found before."""
    return tuple(
        route
        for earlier in found_by_people([subject])
        if earlier.lookup == ANALYST
        for route in earlier.routes
        if route.holder == handle
        and (route.channel, route.address) != (besides.channel, besides.address)
    )


def found_by_people(subjects: Iterable[Subject]) -> list[LookupAnswer]:
    """What analysts found about `subjects`, and what was given on request, also what is out of
    date; the analysts' first."""
    wanted = set(subjects)
    rows = KeptAnswer.objects.filter(
        lookup__in=[ANALYST, REGISTRANT_REQUEST], subject__in={one.value for one in wanted}
    ).order_by("lookup", "subject_kind", "subject")
    answers = [from_json(text) for text in rows.values_list("answer", flat=True)]
    return [answer for answer in answers if answer.subject in wanted]
