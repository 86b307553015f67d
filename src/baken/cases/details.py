"""The details of sightings, in columns: the distinct values in the rows about one system.

Only rows that have any are looked at: most reports of open services bring few.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from baken.cases.json_text import json_strings
from baken.core.detail import (
    CVE,
    DETAIL_NAMES,
    FAMILIES,
    IN_EVIDENCE,
    MOMENTS,
    MOST_MOMENTS,
    NEWS_NAMES,
    PORT,
    PRODUCT,
    SOURCE_PORT,
    TAG,
    TARGET_PORT,
    URL,
)
from baken.core.finding_kinds import finding_kinds
from baken.core.observation import AffectedRole

MOST_STAGED: Final = 1000
"""So many values of one sighting leave a piece of a report: more than a case keeps, so that the
rest is counted, and no more than the database takes. Whoever asks a web server for a million
paths would otherwise make a report that cannot be taken in."""

_NEWS_LENGTH: Final = 100
"""So many characters of a value tell whether it was told."""

# In this order a value that several of them hold is kept under the first.
_SAME_THING: Final = (CVE, *FAMILIES, TAG)
_BETWEEN_TAGS: Final = r"[;,]"
_A_SCAN_OF: Final = r"^(scan6?|population6?)_"
_NAMES: Final = pl.Enum(DETAIL_NAMES)
_FAMILY: Final = FAMILIES[0]


def find_details(observations: pa.RecordBatch) -> pl.DataFrame:
    """What each row says that tells one thing from another: place, name, of, value.

    `place` is the row's position, `of` the family that a moment belongs to (else empty).
    """
    words = _in_evidence(observations["evidence"])
    plain = pl.DataFrame(
        observations.select(["report_type", "affected_role", "port", PRODUCT, URL, "cves"])
    ).with_row_index("place")
    values = [
        _without_repeats([*_in_words(words, plain), _cves(plain)]),
        *(_in_column(plain, name) for name in (PRODUCT, URL)),
    ]
    of_what = [*FAMILIES, TAG]
    families = (
        values[0]
        .filter(pl.col("name").is_in(of_what))
        .unique("place", keep="first", maintain_order=True)
        .select("place", of="value")
    )
    return pl.concat([*values, _ports(plain, families)]).sort("place", maintain_order=True)


def _in_evidence(column: pa.MapArray) -> pl.DataFrame:
    """The pieces of evidence that are details: place, name, value."""
    offsets = column.offsets.to_numpy()
    start, end = int(offsets[0]), int(offsets[-1])
    keys = column.keys.slice(start, end - start)
    held = pc.indices_nonzero(pc.is_in(keys, value_set=_EVIDENCE_KEYS))
    counts = np.diff(offsets)
    places = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
    return pl.DataFrame(
        {
            "place": places[held.to_numpy()],
            "name": pl.Series(keys.take(held), dtype=pl.String).cast(_NAMES),
            "value": pl.Series(
                column.items.slice(start, end - start).take(held), dtype=pl.String
            ).str.strip_chars(),
        }
    )


_EVIDENCE_KEYS: Final = pa.array(IN_EVIDENCE, type=pa.string())


def _in_words(words: pl.DataFrame, plain: pl.DataFrame) -> Iterator[pl.DataFrame]:
    is_tag = pl.col("name") == TAG
    yield words.filter(~is_tag).select("place", "name", "value")
    tags = words.filter(is_tag)
    if tags.is_empty():
        return
    # A tag that repeats what the report is about says nothing: `rdp` in scan_rdp.
    about = plain["report_type"].cast(pl.String).str.replace(_A_SCAN_OF, "")
    distinct = tags.select("value").unique()
    parts = distinct.with_columns(
        part=pl.col("value")
        .str.replace_all(_BETWEEN_TAGS, ";")
        .str.split(";")
        .list.eval(pl.element().str.strip_chars())
    ).explode("part")
    apart = (
        tags.with_columns(about=about.gather(tags["place"]).str.replace_all("_", "-"))
        .join(parts, on="value", maintain_order="left")
        .filter(pl.col("part") != "", pl.col("part").str.to_lowercase() != pl.col("about"))
    )
    yield apart.select("place", "name", value="part")


def _cves(plain: pl.DataFrame) -> pl.DataFrame:
    found = plain.select("place", value="cves").filter(pl.col("value").list.len() > 0)
    return found.explode("value").select("place", pl.lit(CVE, _NAMES).alias("name"), "value")


def _without_repeats(values: list[pl.DataFrame]) -> pl.DataFrame:
    """Of a value that a row has under several names of `_SAME_THING`, the first."""
    every = pl.concat(values)
    ranks = {name: rank for rank, name in enumerate(_SAME_THING)}
    order = (
        pl.col("name")
        .cast(pl.String)
        .replace_strict(ranks, default=len(ranks), return_dtype=pl.UInt8)
    )
    ranked = every.filter(pl.col("value") != "").with_columns(order=order)
    is_same_thing = pl.col("order") < len(_SAME_THING)
    once = (
        ranked.filter(is_same_thing)
        .sort("place", "order", maintain_order=True)
        .with_columns(lower=pl.col("value").str.to_lowercase())
        .unique(["place", "lower"], keep="first", maintain_order=True)
        .drop("lower")
    )
    both = pl.concat([once, ranked.filter(~is_same_thing)])
    return both.select("place", "name", pl.lit("").alias("of"), "value")


def _in_column(plain: pl.DataFrame, name: str) -> pl.DataFrame:
    return plain.filter(pl.col(name).is_not_null(), pl.col(name) != "").select(
        "place", pl.lit(name, _NAMES).alias("name"), pl.lit("").alias("of"), value=name
    )


_PORTS: Final = {
    AffectedRole.SOURCE.value: SOURCE_PORT,
    AffectedRole.TARGET.value: TARGET_PORT,
    AffectedRole.SITE.value: PORT,
}


def _ports(plain: pl.DataFrame, families: pl.DataFrame) -> pl.DataFrame:
    """The port of each row that says what a system did, what was done to it, or where a site is."""
    is_of_interest = pl.col("affected_role").is_in(list(_PORTS)) & pl.col("port").is_not_null()
    seen = plain.filter(is_of_interest)
    return (
        seen.select("place", "affected_role", "port")
        .join(families, on="place", how="left", maintain_order="left")
        .select(
            "place",
            pl.col("affected_role")
            .replace_strict(_PORTS, default=None, return_dtype=pl.String)
            .cast(_NAMES)
            .alias("name"),
            pl.when(pl.col("affected_role") == AffectedRole.SITE.value)
            .then(pl.lit(""))
            .otherwise(pl.col("of").fill_null(""))
            .alias("of"),
            value=pl.col("port").cast(pl.String),
        )
    )


def add_up(
    details: pl.DataFrame, *, of_matches: pl.DataFrame, sightings: pl.DataFrame
) -> pl.DataFrame:
    """One row a sighting that has any: `sighting` (its number), `details` and `news` as PostgreSQL
    reads them, a JSON array and an array in text.

    `of_matches` has one row a match: the key of its sighting, the `place` of its observation, and
    `observed_at`. `sightings` are the keys, in order.
    """
    each = _newest(_each_once(details, of_matches=of_matches, sightings=sightings))
    return (
        each.select("sighting", _as_object(each), _as_news(each))
        .group_by("sighting", maintain_order=True)
        .agg(
            details=pl.col("object").str.join(","),
            news=pl.col("news").drop_nulls().unique().sort().str.join(","),
        )
        .select(
            "sighting",
            details=pl.concat_str(pl.lit("["), "details", pl.lit("]")),
            news=pl.concat_str(pl.lit("{"), pl.col("news").fill_null(""), pl.lit("}")),
        )
    )


def _each_once(
    details: pl.DataFrame, *, of_matches: pl.DataFrame, sightings: pl.DataFrame
) -> pl.DataFrame:
    """Each value of each sighting, with when and how often; of moments the last ones."""
    key = sightings.columns
    numbered = (
        of_matches.select("place", "observed_at", *key)
        .join(details.select("place").unique(), on="place", how="semi")
        .join(sightings.with_row_index("sighting"), on=key)
        .select("place", "observed_at", "finding_kind", "sighting")
    )
    is_moment = pl.col("name").is_in(list(MOMENTS))
    each = (
        details.join(numbered, on="place")
        .with_columns(moment=pl.when(is_moment).then("observed_at"))
        .group_by("sighting", "finding_kind", "name", "of", "value", "moment")
        .agg(
            first=pl.col("observed_at").min(),
            last=pl.col("observed_at").max(),
            sightings=pl.len(),
        )
        .sort("sighting", "name", "of", "last", "value", descending=[False] * 3 + [True, False])
    )
    if not each["name"].is_in(list(MOMENTS)).any():
        return each
    # The last of each piece are enough: the last of all are among them.
    nth = pl.int_range(pl.len()).over("sighting", "name", "of")
    return each.filter(~is_moment | (nth < MOST_MOMENTS))


def _newest(each: pl.DataFrame) -> pl.DataFrame:
    """Of each sighting `MOST_STAGED` values at most: those that a case would keep first."""
    if each["sighting"].value_counts().filter(pl.col("count") > MOST_STAGED).is_empty():
        return each
    ranked = (
        each.with_row_index("at")
        .with_columns(is_news=pl.col("name").is_in(NEWS_NAMES))
        .sort(
            "sighting", "is_news", "last", "name", "value", "of",
            descending=[False, True, True, False, False, False],
        )
    )  # fmt: skip
    nth = pl.int_range(pl.len()).over("sighting")
    return ranked.filter(nth < MOST_STAGED).sort("at").drop("at", "is_news")


def _as_object(details: pl.DataFrame) -> pl.Series:
    """Each detail as a JSON object in text: what `baken.core.detail.read_details` reads."""
    is_of = pl.col("of") != ""
    written = details.with_columns(value=json_strings(details["value"]))
    of = json_strings(details["of"])
    return written.select(
        object=pl.concat_str(
            pl.lit('{"name":"'), pl.col("name").cast(pl.String), pl.lit('","value":'), "value",
            pl.when(is_of).then(pl.concat_str(pl.lit(',"of":'), of)).otherwise(pl.lit("")),
            pl.when(pl.col("first") < pl.col("last"))
            .then(pl.format(',"first":"{}"', pl.col("first").dt.to_string(_MOMENT)))
            .otherwise(pl.lit("")),
            pl.lit(',"last":"'), pl.col("last").dt.to_string(_MOMENT), pl.lit('"'),
            pl.when(pl.col("sightings") > 1)
            .then(pl.format(',"sightings":{}', "sightings"))
            .otherwise(pl.lit("")),
            pl.lit("}"),
        )
    ).to_series()  # fmt: skip


_MOMENT: Final = "%Y-%m-%dT%H:%M:%S%.f+00:00"
_NEWS: Final = pl.DataFrame(
    [
        (kind.key, name, _FAMILY if name in FAMILIES else name)
        for kind in finding_kinds().values()
        for name in kind.news
    ],
    schema={"finding_kind": pl.String, "name": _NAMES, "as": pl.String},
    orient="row",
)
"""What counts as news of each kind. A family is one, whatever column names it."""


def _as_news(details: pl.DataFrame) -> pl.Series:
    """``name=value`` as an item of an array in text, where a value counts as news; else null."""
    value = pl.col("value").str.to_lowercase().str.slice(0, _NEWS_LENGTH)
    for sign, written in (("\x00", ""), ("\\", r"\\"), ('"', r"\"")):
        value = value.str.replace_all(sign, written, literal=True)
    counting = details.select("finding_kind", "name", "value").join(
        _NEWS, on=["finding_kind", "name"], how="left", maintain_order="left"
    )
    item = pl.concat_str(pl.lit('"'), "as", pl.lit("="), value, pl.lit('"'))
    return counting.select(news=item).to_series()
