"""Matches open cases again when the constituency changed since they were matched."""

from __future__ import annotations

from datetime import UTC, datetime

from baken.cases.selectors import are_cases_matched
from baken.cases.services import MatchedAgain, match_cases_again
from baken.jobs.matchers import versioned_matcher
from baken.settings.environment import Settings


def match_what_waits(settings: Settings) -> MatchedAgain:
    """Match open cases against the constituency of now, unless they are.

    Whoever plans, sends or shows what would be sent calls this first. May run any number of times.
    """
    if are_cases_matched():
        return MatchedAgain()
    assets, matcher = versioned_matcher(settings)
    return match_cases_again(matcher, assets=assets, now=datetime.now(UTC))
