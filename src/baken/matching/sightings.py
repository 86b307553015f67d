"""Matches become sightings: one row an organisation, finding kind and system, in columns.

This is the last step in columns. What it gives is staged by COPY and becomes cases.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Final

import polars as pl
import pyarrow as pa

from baken.core.observation import AffectedRole

SIGHTING_COLUMNS: Final = (
    "organisation_id", "finding_kind", "system", "relation", "rule", "asset_id", "is_shared",
    "severity", "first_seen_at", "last_seen_at", "sightings", "feed", "report_type",
    "rsit_taxonomy", "rsit_type", "affected_role", "address", "port", "transport", "host_name",
    "url", "email_domain", "cves", "product", "tlp", "evidence",
)  # fmt: skip
"""The columns of a sighting, in the order in which `sightings_csv` writes them."""

_KEY: Final = ["organisation_id", "finding_kind", "system"]
_BY_NAME: Final = [AffectedRole.SITE.value, AffectedRole.ORGANISATION.value]


def find_sightings(observations: pa.RecordBatch, matches: pa.Table) -> pl.DataFrame:
    """One row for each organisation, finding kind and system among `matches` (MATCH_SCHEMA).

    `severity` and what else was seen are those of the last observation; `sightings` counts them.
    """
    rows = _with_evidence_as_pairs(observations.take(matches["row"].combine_chunks()))
    frame = pl.concat([pl.DataFrame(rows), pl.DataFrame(matches.drop(["row"]))], how="horizontal")
    frame = frame.rename({"source": "feed"}).with_columns(address=_addresses(frame))
    frame = frame.with_columns(system=_system()).sort("observed_at", maintain_order=True)
    last = [name for name in SIGHTING_COLUMNS if name in frame.columns and name not in _KEY]
    return (
        frame.group_by(_KEY, maintain_order=True)
        .agg(
            *(pl.col(name).last() for name in last),
            first_seen_at=pl.col("observed_at").min(),
            last_seen_at=pl.col("observed_at").max(),
            sightings=pl.len(),
        )
        .select(SIGHTING_COLUMNS)
    )


def _with_evidence_as_pairs(observations: pa.RecordBatch) -> pa.Table:
    # Polars has list expressions, but few for maps.
    column = observations["evidence"]
    pairs = pa.StructArray.from_arrays([column.keys, column.items], ["key", "value"])
    lists = pa.ListArray.from_arrays(column.offsets, pairs)
    index = observations.schema.get_field_index("evidence")
    return pa.Table.from_batches([observations]).set_column(index, "evidence", lists)


def sightings_csv(sightings: pl.DataFrame) -> bytes:
    """`sightings` as CSV for PostgreSQL's COPY: no header, null is nothing, lists as arrays."""
    evidence = [
        json.dumps({item["key"]: item["value"] for item in items})
        for items in sightings["evidence"].to_list()
    ]
    cves = pl.concat_str(pl.lit("{"), pl.col("cves").list.join(","), pl.lit("}"))
    ready = sightings.with_columns(cves=cves, evidence=pl.Series(evidence, dtype=pl.String))
    text = ready.write_csv(include_header=False, datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
    return text.encode()


def _addresses(frame: pl.DataFrame) -> pl.Series:
    octets = [(pl.col("ipv4") // 256**power) % 256 for power in (3, 2, 1, 0)]
    ipv4 = pl.concat_str(octets, separator=".")
    halves = frame.select("ipv6_high", "ipv6_low").rows()
    ipv6 = [
        None if high is None else str(ipaddress.IPv6Address((high << 64) | low))
        for high, low in halves
    ]
    return frame.select(pl.coalesce(ipv4, pl.Series(ipv6, dtype=pl.String))).to_series()


def _system() -> pl.Expr:
    # An address with its port is one service; the port from which something was sent is not.
    role, address = pl.col("affected_role"), pl.col("address")
    shown = pl.when(address.str.contains(":", literal=True)).then(pl.format("[{}]", address))
    service = pl.format(
        "{}:{}/{}", shown.otherwise(address), pl.col("port"), pl.col("transport").fill_null("tcp")
    )
    account = (
        pl.col("evidence")
        .list.eval(
            pl.element()
            .filter(pl.element().struct.field("key") == "email")
            .struct.field("value")
            .str.to_lowercase()
        )
        .list.first()
    )
    anything = pl.coalesce(address, "host_name", "email_domain", pl.lit("?"))
    return (
        pl.when(role == AffectedRole.ACCOUNT.value)
        .then(pl.coalesce(account, "email_domain", anything))
        .when(role.is_in(_BY_NAME))
        .then(pl.coalesce("host_name", anything))
        .when((role == AffectedRole.SERVICE.value) & pl.col("port").is_not_null())
        .then(pl.coalesce(service, anything))
        .otherwise(anything)
        .str.slice(0, 300)
    )
