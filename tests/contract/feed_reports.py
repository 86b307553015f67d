"""Reading reports of any feed to their end, and what is true of all that comes out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, settings

from baken.core.classification import RSIT_TYPES, AddressRole, Severity, Tlp
from baken.core.name_hint import HintOrigin
from baken.core.observation import (
    OBSERVATION_SCHEMA,
    AffectedRole,
    ParsedBatch,
    QuarantinedRow,
)
from baken.feeds import Feed, ReadLimits

TINY: Final = ReadLimits(chunk_bytes=48)
SMALL: Final = ReadLimits(chunk_bytes=300)
HUGE: Final = ReadLimits(chunk_bytes=256 * 1024 * 1024)
PATIENT = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BRIEF = settings(PATIENT, max_examples=40)


def batches_of(feed: Feed, path: Path, limits: ReadLimits = HUGE) -> list[ParsedBatch]:
    """All batches of the report at `path`."""
    return list(feed.open_report(path, limits=limits).batches())


def everything(batches: list[ParsedBatch]) -> tuple[list[dict[str, Any]], list[QuarantinedRow]]:
    """The observations and the quarantined rows of `batches`."""
    rows = [row for batch in batches for row in batch.observations.to_pylist()]
    quarantined = [row for batch in batches for row in batch.quarantined]
    return rows, quarantined


def threads_besides(known: list[threading.Thread]) -> list[threading.Thread]:
    """The threads that run and are not among `known`."""
    return [thread for thread in threading.enumerate() if thread not in known]


def assert_is_network_or_address(row: dict[str, Any]) -> None:
    """A row with a length has the first address of a network, which is no single address."""
    length = row["network_bits"]
    if length is None:
        return
    if row["ipv4"] is not None:
        assert 8 <= length < 32
        assert row["ipv4"] % 2 ** (32 - length) == 0
    else:
        assert 16 <= length < 128
        assert ((row["ipv6_high"] << 64) | row["ipv6_low"]) % 2 ** (128 - length) == 0


def assert_is_sound(batches: list[ParsedBatch]) -> None:
    """Whatever was read fits the schema, and adds up."""
    for batch in batches:
        assert batch.observations.schema.equals(OBSERVATION_SCHEMA)
        batch.observations.validate(full=True)
        assert batch.rows_read == batch.observations.num_rows + len(batch.quarantined)
        for row in batch.observations.to_pylist():
            assert RSIT_TYPES[row["rsit_type"]] == row["rsit_taxonomy"]
            Severity(row["severity"])
            Tlp(row["tlp"])
            AffectedRole(row["affected_role"])
            AddressRole(row["address_role"])
            assert (row["hinted_name"] is None) == (row["hint_origin"] is None)
            assert row["hint_origin"] is None or HintOrigin(row["hint_origin"])
            assert row["transport"] in {None, "tcp", "udp"}
            assert_is_network_or_address(row)
            assert (row["ipv6_high"] is None) == (row["ipv6_low"] is None)
            assert row["ipv4"] is None or row["ipv6_high"] is None
            assert all(value for _, value in row["evidence"])
        for fault in batch.quarantined:
            assert fault.line >= 1
            assert fault.reason
            assert fault.explanation
            assert len(fault.value) <= 200
    warnings = [warning for batch in batches for warning in batch.warnings]
    assert len(warnings) == len(set(warnings))
