"""Matches become sightings: one row an organisation, finding kind and system, in columns.

This is the last step in columns. What it gives is staged by COPY and becomes cases.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from baken.cases.columns import SIGHTING_COLUMNS
from baken.cases.details import add_up, find_details
from baken.cases.json_text import json_objects
from baken.cases.systems import addresses, named_addresses, system_of
from baken.core.observation import AffectedRole
from baken.matching import RULES

# In this order, which is also that of the index: neighbours in the database arrive together.
_KEY: Final = ["organisation_id", "finding_kind", "system"]
_RANKS: Final = {rule.value: rank for rank, rule in enumerate(RULES)}
# What COPY takes for the end of a value or of a row, or for an escape; the backslash comes first.
_ESCAPES: Final = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
_ENDS_A_VALUE: Final = r"[\\\t\n\r]"


def find_sightings(observations: pa.RecordBatch, matches: pa.Table) -> pl.DataFrame:
    """One row for each organisation, finding kind and system among `matches` (MATCH_SCHEMA).

    The gravest severity, the strongest rule and all CVEs of its rows; `sightings` counts them.
    Everything else comes from the last observation. Lists and evidence are as PostgreSQL reads
    them: an array and a JSON object in text. `strength` is higher for a stronger rule.
    """
    rows, places = np.unique(matches["row"].to_numpy(), return_inverse=True)
    matched = observations.take(pa.array(rows))
    seen = _told(matched)
    held = pl.DataFrame(matches.drop(["row"])).with_columns(
        place=pl.Series(places),
        strength=len(RULES)
        - pl.col("rule").cast(pl.String).replace_strict(_RANKS, return_dtype=pl.Int64),
    )
    keyed = _keyed(seen, held)
    groups = _grouped(keyed)
    of_match = held.select("relation", "rule", "asset_id", "is_shared", "strength")
    of_last = seen.drop("finding_kind", "system", "observed_at", "severity", "cves")
    whole = pl.concat(
        [
            groups,
            of_match.select(pl.all().gather(groups["strongest"])),
            of_last.select(pl.all().gather(groups["last"])),
        ],
        how="horizontal",
    )
    details = add_up(find_details(matched), of_matches=keyed, sightings=groups.select(_KEY))
    with_details = whole.with_row_index("sighting").join(
        details, on="sighting", how="left", maintain_order="left"
    )
    with_details = with_details.with_columns(has_details=pl.col("details").is_not_null())
    return with_details.select(SIGHTING_COLUMNS)


def _keyed(seen: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """One row a match: what tells rows apart, and what sums them up."""
    narrow = seen.select("finding_kind", "system", "observed_at", "severity", "cves")
    return narrow.select(pl.all().gather(held["place"])).with_columns(
        held["organisation_id"], held["strength"], held["place"]
    )


def _grouped(keyed: pl.DataFrame) -> pl.DataFrame:
    """One row a sighting, sorted by its key, with what sums its rows up.

    `strongest` is the number of a match, `last` that of an observation. Only what tells rows apart
    is sorted and grouped; the wide columns are taken for those positions afterwards.
    """
    has_cves = keyed["cves"].list.len().sum() > 0
    cves = pl.col("cves").list.explode().drop_nulls().unique().sort() if has_cves else pl.lit("")
    return (
        keyed.with_row_index("match")
        .sort("observed_at", maintain_order=True)
        .group_by(_KEY)
        .agg(
            first_seen_at=pl.col("observed_at").first(),
            last_seen_at=pl.col("observed_at").last(),
            sightings=pl.len(),
            severity=pl.col("severity").max(),
            cves=cves.str.join(","),
            # Of equals the later row, as for all that is taken from one row.
            strongest=pl.col("match").sort_by("strength", maintain_order=True).last(),
            last=pl.col("place").last(),
        )
        .sort(_KEY)
        .with_columns(cves=pl.concat_str(pl.lit("{"), pl.col("cves").fill_null(""), pl.lit("}")))
    )


def copy_text(sightings: pl.DataFrame) -> bytes:
    r"""`sightings` in the text format of PostgreSQL's COPY: tabs between, ``\N`` is nothing."""
    words = [column for column in sightings if column.dtype == pl.String]
    odd = [column.name for column in words if column.str.contains(_ENDS_A_VALUE).any()]
    text = io.BytesIO()
    sightings.with_columns(_escaped(pl.col(name)) for name in odd).write_csv(
        text,
        include_header=False,
        separator="\t",
        quote_style="never",
        null_value=r"\N",
        datetime_format="%Y-%m-%d %H:%M:%S%.6f+00",
    )
    return text.getvalue()


def _escaped(text: pl.Expr) -> pl.Expr:
    for sign, written in _ESCAPES.items():
        text = text.str.replace_all(sign, written, literal=True)
    return text


def _told(observations: pa.RecordBatch) -> pl.DataFrame:
    """The observations with what is told of them in words: address, system, evidence."""
    plain = observations.drop_columns(["evidence", "line"])
    frame = pl.DataFrame(plain).rename({"source": "feed"})
    frame = frame.with_columns(
        address=addresses(frame),
        account=_accounts(observations),
        evidence=json_objects(observations["evidence"]),
    )
    return frame.with_columns(system=system_of(named_addresses(frame)))


def _accounts(observations: pa.RecordBatch) -> pl.Series:
    """The account that a row is about, from its evidence; null where it is about a system."""
    is_account = pl.Series(observations["affected_role"]) == AffectedRole.ACCOUNT.value
    accounts = pl.repeat(None, observations.num_rows, dtype=pl.String, eager=True)
    if is_account.any():
        places = is_account.arg_true()
        evidence = observations["evidence"].take(places.to_arrow()).to_pylist()
        found = [dict(pairs).get("email", "").lower() or None for pairs in evidence]
        accounts = accounts.scatter(places, found)
    return accounts
