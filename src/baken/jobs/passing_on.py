"""Reads from the store what operators are asked to pass on, and writes whom it asks."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from baken.cases.services import TO_PASS_ON_SCHEMA, FindForOperators, read_for_operators
from baken.constituency.selectors import asset_version
from baken.core.selection import Selection
from baken.discovery.selectors import (
    count_unread_for_operators,
    is_read_with_others,
    systems_for_operators,
)
from baken.discovery.services import write_operators
from baken.jobs import EngineName
from baken.jobs.engines import open_engine
from baken.jobs.stored_sources import files_under, source_of, store_of
from baken.occasions.selectors import active_occasions
from baken.settings.environment import Settings


def write_what_operators_pass_on(
    occasion_id: int, selection: Selection, *, settings: Settings, now: datetime
) -> int:
    """Read what was seen of the systems under this occasion, which
    covers `selection`, that only an operator can pass on; how
    many there are.

    Nothing is read when nothing was decided since the last time and nobody signed up. May run any
    number of times.
    """
    assets = asset_version()
    unread = count_unread_for_operators(occasion_id)
    if not unread and not is_read_with_others(occasion_id, assets=assets):
        return 0
    wanted = systems_for_operators(occasion_id)
    systems = pa.table(
        {"finding_kind": [kind for kind, _ in wanted], "system": [name for _, name in wanted]},
        schema=TO_PASS_ON_SCHEMA,
    )
    work = FindForOperators(store_of(settings), selection, systems)
    sources = [source_of(file) for file in files_under(selection)]
    with open_engine(EngineName.LOCAL, settings=settings) as engine:
        seen = read_for_operators(sources, work, engine=engine)
    return write_operators(occasion_id, seen.systems, assets=assets, now=now)


def read_again_with_new_constituency(settings: Settings, *, now: datetime) -> None:
    """Take back what operators would pass on and somebody who signed up owns by now."""
    assets = asset_version()
    for occasion in active_occasions():
        if occasion.is_threat and is_read_with_others(occasion.pk, assets=assets):
            write_what_operators_pass_on(
                occasion.pk, occasion.selection, settings=settings, now=now
            )
