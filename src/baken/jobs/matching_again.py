"""Matches again what waits, when the constituency changed since it was matched."""

from __future__ import annotations

from datetime import UTC, datetime

from baken.cases.selectors import are_cases_matched
from baken.cases.services import MatchedAgain, match_cases_again
from baken.jobs.matchers import versioned_matcher
from baken.jobs.passing_on import read_again_with_new_constituency
from baken.settings.environment import Settings


def match_what_waits(settings: Settings) -> MatchedAgain:
    """Match open cases, and what operators pass on, against the constituency of now, unless they
    are.

    Whoever plans, sends or shows what would be sent calls this first. May run any number of times.
    """
    now = datetime.now(UTC)
    matched = MatchedAgain()
    if not are_cases_matched():
        assets, matcher = versioned_matcher(settings)
        matched = match_cases_again(matcher, assets=assets, now=now)
    read_again_with_new_constituency(settings, now=now)
    return matched
