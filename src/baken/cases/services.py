"""What may be done to cases: take reports in, match and look back over the store, remember what was
told. The door of the app: nobody reaches past it."""

from __future__ import annotations

from baken.cases.accepting import (
    AcceptedReport,
    MatchedBatch,
    Progress,
    accept_report,
    accept_report_again,
    match_stored,
)
from baken.cases.discovered_work import DISCOVERED_OWNER_SCHEMA, FindDiscovered
from baken.cases.for_operators import SeenForOperators, read_for_operators
from baken.cases.forgetting import blank_cases_of
from baken.cases.looking_back import LookedBack, look_back
from baken.cases.matching_again import MatchedAgain, match_cases_again
from baken.cases.operator_work import TO_PASS_ON_SCHEMA, FindForOperators
from baken.cases.sightings import copy_text, find_sightings
from baken.cases.statements import REFRESH_CASES, WIDEN_CASES
from baken.cases.stored_work import CountWhoIsSeen, FindSightings, Source, Store
from baken.cases.unknown_columns import addresses_of, group_systems, with_delegated_countries
from baken.cases.unknown_systems import FoundUnknown, UnknownRows, find_unknown
from baken.cases.unknown_work import FindUnknown
from baken.cases.writing import (
    CaseCounts,
    ClosedCases,
    ToldBefore,
    cases_of_sightings,
    hold_cases,
    lock_cases,
    mark_gone,
    record_answer,
    record_told,
    restore_told,
)

__all__ = [
    "DISCOVERED_OWNER_SCHEMA",
    "REFRESH_CASES",
    "TO_PASS_ON_SCHEMA",
    "WIDEN_CASES",
    "AcceptedReport",
    "CaseCounts",
    "ClosedCases",
    "CountWhoIsSeen",
    "FindDiscovered",
    "FindForOperators",
    "FindSightings",
    "FindUnknown",
    "FoundUnknown",
    "LookedBack",
    "MatchedAgain",
    "MatchedBatch",
    "Progress",
    "SeenForOperators",
    "Source",
    "Store",
    "ToldBefore",
    "UnknownRows",
    "accept_report",
    "accept_report_again",
    "addresses_of",
    "blank_cases_of",
    "cases_of_sightings",
    "copy_text",
    "find_sightings",
    "find_unknown",
    "group_systems",
    "hold_cases",
    "lock_cases",
    "look_back",
    "mark_gone",
    "match_cases_again",
    "match_stored",
    "read_for_operators",
    "record_answer",
    "record_told",
    "restore_told",
    "with_delegated_countries",
]
