"""Reads what discovery keeps: the door for reading; nobody reaches past it."""

from __future__ import annotations

from baken.discovery.analyst_routes import found_by_people
from baken.discovery.answers import answers_about, answers_by_lookup, kept_answers
from baken.discovery.central_desks import central_desks
from baken.discovery.given_files import given_files, listed_given_files
from baken.discovery.handing_over import CsirtShare, HandedOverSystem, shares_of
from baken.discovery.models import RegistrantRequest
from baken.discovery.operators import (
    ToPassOn,
    count_unread_for_operators,
    is_read_with_others,
    operators_asked_since,
    still_to_pass_on,
    systems_for_operators,
    systems_to_pass_on,
)
from baken.discovery.organisations import OwnedSystem, systems_to_open, systems_waiting
from baken.discovery.registrant_requests import (
    open_registrant_request,
    overdue_registrant_requests,
    registrant_requests,
)
from baken.discovery.sought_systems import (
    Decided,
    decided_systems,
    decisions_about,
    is_system_or_on,
    sought_of,
    states_under,
)

__all__ = [
    "CsirtShare",
    "Decided",
    "HandedOverSystem",
    "OwnedSystem",
    "RegistrantRequest",
    "ToPassOn",
    "answers_about",
    "answers_by_lookup",
    "central_desks",
    "count_unread_for_operators",
    "decided_systems",
    "decisions_about",
    "found_by_people",
    "given_files",
    "is_read_with_others",
    "is_system_or_on",
    "kept_answers",
    "listed_given_files",
    "open_registrant_request",
    "operators_asked_since",
    "overdue_registrant_requests",
    "registrant_requests",
    "shares_of",
    "sought_of",
    "states_under",
    "still_to_pass_on",
    "systems_for_operators",
    "systems_to_open",
    "systems_to_pass_on",
    "systems_waiting",
]
