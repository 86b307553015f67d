"""Writes the organisations that were found for a threat, and opens their cases, before planning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
import structlog

from baken.cases.services import (
    DISCOVERED_OWNER_SCHEMA,
    CaseCounts,
    FindDiscovered,
    match_stored,
)
from baken.constituency.selectors import asset_version
from baken.core.errors import PublicPagesError, StoredFileDamagedError
from baken.discovery.selectors import (
    count_unread_for_operators,
    systems_to_open,
    systems_waiting,
)
from baken.discovery.services import (
    Written,
    forget_without_case,
    note_opened,
    write_discovered,
)
from baken.jobs import EngineName
from baken.jobs.engines import open_engine
from baken.jobs.passing_on import write_what_operators_pass_on
from baken.jobs.public_pages import check_public_pages
from baken.jobs.stored_sources import files_under, source_of, store_of
from baken.occasions.models import Occasion
from baken.occasions.selectors import active_occasions, occasion_facts
from baken.settings.environment import Settings

_log = structlog.get_logger()


def open_all_discovered_cases(settings: Settings) -> None:
    """Open the cases of who was found for the threats under which warnings go out now.

    Not while our public pages do not answer: nobody could check a warning that they did not ask
    for. Who signed up is warned all the same.
    """
    waiting = [one for one in active_occasions() if _may_warn_unasked(one) and _waiting(one)]
    if not waiting:
        return
    try:
        check_public_pages(settings)
    except PublicPagesError as error:
        _log.warning("discovered.kept_back", occasions=[one.key for one in waiting],
                     error=error.message)  # fmt: skip
        return
    for occasion in waiting:
        open_discovered_cases(occasion, settings=settings)


def discovered_kept_back() -> int:
    """How many systems of organisations that did not sign up wait for our public pages."""
    return sum(_waiting(one) for one in active_occasions() if _may_warn_unasked(one))


def _waiting(occasion: Occasion) -> int:
    return systems_waiting(occasion) + count_unread_for_operators(occasion.pk)


def _may_warn_unasked(occasion: Occasion) -> bool:
    return occasion.is_threat and occasion_facts(occasion).is_unasked_allowed


@dataclass(frozen=True, slots=True)
class OpenedDiscovered:
    """The organisations and cases that were written, since they are about to be warned, and what
    operators are about to be asked."""

    written: Written = field(default_factory=Written)
    cases: CaseCounts = field(default_factory=CaseCounts)
    problems: Sequence[StoredFileDamagedError] = ()
    to_pass_on: int = 0
    """Systems of which an operator is asked."""


def open_discovered_cases(
    occasion: Occasion,
    *,
    settings: Settings,
    if_released: bool = False,
) -> OpenedDiscovered:
    """Write the organisations that were chosen under `occasion`, open their cases, and read what
    operators are asked to pass on.

    Only for a threat that may warn unasked now, or with `if_released` once two people release it;
    for any other nothing is done. May be broken off and run again: that the case of a system was
    opened is remembered only after it was committed.
    """
    now = datetime.now(UTC)
    if not occasion_facts(occasion, if_released=if_released).is_unasked_allowed:
        return OpenedDiscovered()
    written = write_discovered(occasion, now=now)
    systems = systems_to_open(occasion)
    cases = CaseCounts()
    problems: list[StoredFileDamagedError] = []
    if systems:
        owners = pa.table(
            {
                "finding_kind": [one.finding_kind for one in systems],
                "system": [one.system for one in systems],
                "organisation_id": [one.organisation_id for one in systems],
            },
            schema=DISCOVERED_OWNER_SCHEMA,
        )
        work = FindDiscovered(store_of(settings), occasion.selection, owners)
        sources = [source_of(file) for file in files_under(occasion.selection)]
        assets = asset_version()
        with open_engine(EngineName.LOCAL, settings=settings) as engine:
            for done in match_stored(sources, work, engine=engine, now=now, assets=assets):
                cases += done.cases
                problems += done.problems
        note_opened(occasion, systems, now=now)
        forget_without_case(occasion)
    to_pass_on = write_what_operators_pass_on(
        occasion.pk, occasion.selection, settings=settings, now=now
    )
    return OpenedDiscovered(written, cases, problems, to_pass_on)
