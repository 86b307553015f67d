"""Requests for who registered a domain: the draft of one, and what its answer becomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from baken.advice import RequestFacts, frame, registrant_request_text
from baken.core.errors import TextRefusedError
from baken.core.language import Language
from baken.core.lookup import FoundChannel, LookupAnswer
from baken.discovery.selectors import open_registrant_request
from baken.discovery.services import (
    REGISTRANT_DATA_HELD_FOR,
    GivenRegistrant,
    record_given_registrant,
)
from baken.jobs.found_routes import read_address
from baken.jobs.sending import check_sender
from baken.settings.environment import Settings


def draft_request(request_id: int, *, language: Language, settings: Settings) -> str:
    """The text by which a person sends the open request; nothing is sent.

    Raises `NotFoundError`, and `SettingsError` where nobody signs what we send.
    """
    check_sender(settings)
    request = open_registrant_request(request_id)
    facts = RequestFacts(
        domain=request.domain,
        number=str(request.pk),
        right=request.right.rstrip("."),
        due=_day(request.due_at, language),
        days=str(REGISTRANT_DATA_HELD_FOR.days),
        sender_name=settings.sender_name,
        reply_to=settings.mail_reply_to,
        contact_line=settings.mail_contact_line,
    )
    return registrant_request_text(facts, language=language)


def record_answer(
    request_id: int,
    *,
    organisation: str,
    addresses: Mapping[FoundChannel, str],
    is_person: bool,
    by: str,
    now: datetime,
) -> LookupAnswer:
    """Record whom a registry or registrar named: an organisation with `addresses`, or a person.

    Raises `TextRefusedError` for an address of another form than its channel's, and as
    `record_given_registrant` does.
    """
    if is_person and (organisation or addresses):
        raise TextRefusedError(
            "Of a private person neither name nor address is kept.",
            remedy="Give --person alone; only the operator is asked to pass a warning on.",
        )
    if not is_person and not organisation:
        raise TextRefusedError(
            "Nobody is named who registered the domain.",
            remedy="Give --organisation NAME, or --person, or --refused REASON.",
        )
    routes = [(channel, read_address(channel, text)) for channel, text in addresses.items()]
    return record_given_registrant(
        request_id, GivenRegistrant(organisation, routes), by=by, now=now
    )


def _day(at: datetime, language: Language) -> str:
    return f"{at.day} {frame(language).month(at.month)} {at.year}"
