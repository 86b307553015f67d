"""Matches open cases again when the assets changed: whose system it is counts now, not then.

A report is matched when it comes in, and what it says may be told hours later. What an asset that
came in meanwhile takes over is taken from the cases, in columns; the report is not read again.
"""

from __future__ import annotations

import io
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import structlog
from django.db import connection, transaction

from baken.cases import statements
from baken.cases.models import MatchedAssets
from baken.cases.writing import hold_cases, write_cases
from baken.core.observation import OBSERVATION_SCHEMA
from baken.matching import MATCHED_COLUMNS, RULES, Matcher

_log = structlog.get_logger()

LONGEST_AGO: Final = timedelta(days=90)
"""Cases that were last seen longer ago are not matched again: nobody is told of them."""

_NO_BATCH: Final = 0
_READ: Final = {
    "case_id": pa.int64(), "finding_kind": pa.string(), "observed_at": pa.int64(),
    "ipv4": pa.uint32(), "ipv6": pa.string(), "network_bits": pa.uint8(), "host_name": pa.string(),
    "email_domain": pa.string(), "asn": pa.uint32(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MatchedAgain:
    """What came of matching open cases again."""

    systems: int = 0
    """How many were looked up; 0 when the assets are those of the last time."""
    moved: int = 0
    """Cases whose organisation is owner or operator by another asset, or in another way."""
    released: int = 0
    """Cases whose organisation has nothing to do with the system any more."""
    opened: int = 0
    """Cases of organisations that had none about the system."""


def match_cases_again(matcher: Matcher, *, assets: UUID, now: datetime) -> MatchedAgain:
    """Match the systems of open cases by `matcher`, which knows the assets of version `assets`.

    One transaction. Does nothing when all cases were matched against that version; key: that
    version, so that it may run any number of times. A case is only taken from an organisation when
    another one owns the system: what a case does not hold of its report takes nothing away.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        hold_cases()
        if matched_assets() == assets:
            return MatchedAgain()
        systems = _systems(cursor, since=now - LONGEST_AGO)
        done = _rematch(cursor, systems, matcher, now=now) if systems.num_rows else MatchedAgain()
        MatchedAssets.objects.update_or_create(defaults={"version": assets}, id=1)
    _log.info(
        "cases.matched_again",
        systems=done.systems,
        moved=done.moved,
        released=done.released,
        opened=done.opened,
    )
    return done


def matched_assets() -> UUID | None:
    """The version of the assets that all open cases were matched against; None when not all were
    against the same."""
    return MatchedAssets.objects.values_list("version", flat=True).first()


def note_matched(assets: UUID | None) -> None:
    """Remember that cases were written which were matched against the version `assets`.

    Call it in the transaction that wrote them, after `hold_cases`. When others were matched against
    another version, or it is not known, the next `match_cases_again` matches all of them.
    """
    MatchedAssets.objects.exclude(version=assets).update(version=None)


def _systems(cursor: Any, *, since: datetime) -> pa.Table:
    text = io.BytesIO()
    with cursor.copy(statements.LIST_SYSTEMS, {"since": since}) as copy:
        for block in copy:
            text.write(block)
    text.seek(0)
    options = pa_csv.ConvertOptions(column_types=_READ, null_values=[""], strings_can_be_null=True)
    # A name may be longer than what the reader would take for a block by itself.
    return pa_csv.read_csv(text, convert_options=options)


def _rematch(cursor: Any, systems: pa.Table, matcher: Matcher, *, now: datetime) -> MatchedAgain:
    matches = matcher.match(_observations(systems))
    cursor.execute(statements.CREATE_REMATCHED)
    with cursor.copy(statements.COPY_REMATCHED) as copy:
        copy.write(_as_csv(matches, systems["case_id"]))
    cursor.execute("ANALYZE rematched")
    cursor.execute(statements.MOVE_CASES)
    moved = cursor.rowcount
    cursor.execute(statements.RELEASE_CASES)
    released = cursor.rowcount
    cursor.execute(statements.CREATE_STAGE)
    cursor.execute(statements.STAGE_REMATCHED)
    written = write_cases(cursor, _NO_BATCH, now=now, refresh=statements.WIDEN_CASES)
    cursor.execute(statements.NAME_BATCHES)
    cursor.execute("DROP TABLE rematched")
    opened = written.opened + written.reopened
    return MatchedAgain(systems.num_rows, moved=moved, released=released, opened=opened)


def _observations(systems: pa.Table) -> pa.RecordBatch:
    """The columns that a matcher looks at; what a case does not know is null."""
    high, low = _halves(systems["ipv6"].combine_chunks())
    columns = {
        **{name: systems[name].combine_chunks() for name in systems.column_names},
        "ipv6_high": high,
        "ipv6_low": low,
    }
    fields = [OBSERVATION_SCHEMA.field(name) for name in MATCHED_COLUMNS]
    arrays = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.nulls(systems.num_rows, field.type)
        for field in fields
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _halves(texts: pa.StringArray) -> tuple[pa.Array, pa.Array]:
    """IPv6 addresses as two halves in network order."""
    distinct = pc.unique(texts.drop_null())
    numbers = [int(ipaddress.IPv6Address(text)) for text in distinct.to_pylist()]
    places = pc.index_in(texts, value_set=distinct)
    high = pa.array([number >> 64 for number in numbers], pa.uint64())
    low = pa.array([number & ((1 << 64) - 1) for number in numbers], pa.uint64())
    return high.take(places), low.take(places)


def _as_csv(matches: pa.Table, case_ids: pa.ChunkedArray) -> bytes:
    """The matches (MATCH_SCHEMA) as `rematched` takes them; a stronger rule has a higher number."""
    rules = matches["rule"].cast(pa.string())
    ranks = pc.index_in(rules, value_set=pa.array([rule.value for rule in RULES]))
    table = pa.table(
        {
            "case_id": case_ids.take(matches["row"]),
            "organisation_id": matches["organisation_id"],
            "relation": matches["relation"].cast(pa.string()),
            "rule": rules,
            "asset_id": matches["asset_id"],
            "is_shared": matches["is_shared"],
            "strength": pc.subtract(len(RULES), ranks),
        }
    )
    text = io.BytesIO()
    pa_csv.write_csv(table, text, pa_csv.WriteOptions(include_header=False))
    return text.getvalue()
