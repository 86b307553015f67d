"""Reads what is stored of systems whose operators are asked to pass on; it becomes no case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from baken.cases.operator_work import FindForOperators, add_up
from baken.cases.stored_work import Source
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.errors import StoredFileDamagedError
from baken.core.observation import AffectedRole
from baken.core.passing_on import SentFrom, SystemToPassOn
from baken.core.text import one_line
from baken.intake.selectors import still_to_be_read
from baken.matching import Engine

_SUMMED_AT: Final = 1 << 18
"""So many rows of pieces are gathered before they are added up."""


@dataclass(frozen=True, slots=True)
class SeenForOperators:
    """What the store holds of them now."""

    systems: Sequence[SystemToPassOn]
    problems: Sequence[StoredFileDamagedError] = ()
    """The files that could not be read to the end."""


def read_for_operators(
    sources: Sequence[Source], work: FindForOperators, *, engine: Engine
) -> SeenForOperators:
    """Add up what `sources` hold of the systems that `work` wants.

    A system that somebody registered owns by now is not among them. Raises `StoreUnavailableError`.
    """
    problems: dict[str, StoredFileDamagedError] = {}
    waiting: list[pl.DataFrame] = []
    rows, sum_at = 0, _SUMMED_AT
    with closing(engine.run(sources, work)) as pieces:
        for piece in pieces:
            for one in piece.to_pylist():
                if one["problem"]:
                    problems[one["path"]] = StoredFileDamagedError(
                        one["problem"], remedy=one["remedy"]
                    )
                if one["systems"]:
                    waiting.append(pl.read_ipc_stream(one["systems"]))
                    rows += waiting[-1].height
                if rows > sum_at:
                    waiting = [add_up(pl.concat(waiting))]
                    rows = waiting[0].height
                    sum_at = rows + _SUMMED_AT
    listed = still_to_be_read(problems)
    told = [problem for path, problem in problems.items() if path in listed]
    found = add_up(pl.concat(waiting)).iter_rows(named=True) if waiting else ()
    return SeenForOperators([_system(row) for row in found], told)


def _system(row: Mapping[str, Any]) -> SystemToPassOn:
    return SystemToPassOn(
        finding_kind=row["finding_kind"],
        system=row["system"],
        address=row["address"] or "",
        host_name=row["host_name"] or "",
        port=row["port"],
        transport=row["transport"] or "",
        affected_role=AffectedRole(row["affected_role"]),
        address_role=AddressRole(row["address_role"]),
        severity=Severity(row["severity"]),
        tlp=Tlp(row["tlp"]),
        feed=row["feed"],
        report_type=row["report_type"],
        rsit_type=row["rsit_type"],
        product=one_line(row["product"] or ""),
        family=one_line(row["family"] or ""),
        cves=tuple(row["cves"]),
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        sightings=row["sightings"],
        sent_from=tuple(SentFrom(one["at"], one["port"]) for one in row["sent_from"]),
    )
