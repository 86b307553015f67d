"""What may be done in discovery: climb the ladder, decide whom to tell, write who is about to be
warned. The door of the app: nobody reaches past it."""

from __future__ import annotations

from baken.discovery.analyst_routes import add_found_route
from baken.discovery.answers import forget_old_answers, keep_answers
from baken.discovery.climbing import Climbed, OpenLookup, climb
from baken.discovery.disowning import disown, own_again
from baken.discovery.given_files import add_given_file, withdraw_given_file
from baken.discovery.operators import write_operators
from baken.discovery.organisations import (
    Written,
    forget_identities,
    forget_old_searches,
    forget_without_case,
    note_opened,
    write_discovered,
)
from baken.discovery.registrant_requests import (
    REGISTRANT_DATA_HELD_FOR,
    GivenRegistrant,
    add_registrant_request,
    forget_old_registrant_requests,
    record_given_registrant,
    record_refused_request,
    withdraw_registrant_request,
)
from baken.discovery.requests import KeptRequests, forget_old_requests
from baken.discovery.sought_systems import decide_about

__all__ = [
    "REGISTRANT_DATA_HELD_FOR",
    "Climbed",
    "GivenRegistrant",
    "KeptRequests",
    "OpenLookup",
    "Written",
    "add_found_route",
    "add_given_file",
    "add_registrant_request",
    "climb",
    "decide_about",
    "disown",
    "forget_identities",
    "forget_old_answers",
    "forget_old_registrant_requests",
    "forget_old_requests",
    "forget_old_searches",
    "forget_without_case",
    "keep_answers",
    "note_opened",
    "own_again",
    "record_given_registrant",
    "record_refused_request",
    "withdraw_given_file",
    "withdraw_registrant_request",
    "write_discovered",
    "write_operators",
]
