"""The part of the statements of cases that gathers what a case ever showed: its details, its news.

See `baken.core.detail` for what these are, and `baken.cases.statement_text` for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from baken.cases.indented import indented
from baken.core.detail import MOMENTS, MOST_KEPT, MOST_MOMENTS, MOST_NEWS, NEWS_NAMES

SIGHTINGS: Final = "sum(coalesce(sightings, 1))"
"""How often a detail was seen, by all that is added up."""

# Details that say the same are one, with when first, when last and how often. A moment is one
# second at one port, and never one with another.
_ADDED: Final = """\
SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
    {sightings} AS sightings, name IN ({moments}) AS is_moment, name IN ({news}) AS is_news
FROM (
{rows}
) AS shown
GROUP BY name, value, "of", CASE WHEN name IN ({moments}) THEN last END"""

# Of many values the newest are kept, those that may be news before all others; of the moments the
# newest of each family.
_PLACED: Final = """\
SELECT *, row_number() OVER (
    PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
) AS place
FROM (
    SELECT *, CASE WHEN is_moment THEN row_number() OVER (
        PARTITION BY name, "of" ORDER BY last DESC, value
    ) END AS of_one
    FROM (
{added}
    ) AS added
) AS counted"""

_ROWS: Final = """\
SELECT {is_known} AS is_known, one.*
FROM jsonb_to_recordset({details}) AS one (
    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
)"""

# What goes without saying is left out: that a detail was seen once, and so first when it was last.
_AS_ARRAY: Final = """\
jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'name', name, 'value', value, 'of', "of", 'first', nullif(first, last), 'last', last,
    'sightings', nullif(sightings, 1)
)))"""
_IS_KEPT: Final = f"place <= {MOST_KEPT} AND (NOT is_moment OR of_one <= {MOST_MOMENTS})"
_IS_LEFT_OUT: Final = f"NOT is_moment AND place > {MOST_KEPT}"


def is_to_sum() -> str:
    """Whether the details of a new case must be summed, or are at hand as they were staged."""
    return f"has_other_details OR jsonb_array_length(details) > {MOST_KEPT}"


def kept_of_stage() -> str:
    """The details that a new case keeps, of all rows that were staged (w)."""
    return _kept(_added(_OF_STAGE, sightings=SIGHTINGS))


def left_out_of_stage() -> str:
    """How many values a new case does not keep."""
    return _left_out(_added(_OF_STAGE, sightings=SIGHTINGS))


def gathered_later(sum_of_details: str) -> str:
    """Sets what a case (c) gathers besides of what was staged (w).

    Where a sighting has no details, what was gathered stays. Few details, as most cases have, are
    added up without placing them.
    """
    added = _added(_OF_BOTH, sightings=sum_of_details)
    few = f"SELECT {_AS_ARRAY}\nFROM (\n{indented(added)}\n) AS added"
    are_few = f"jsonb_array_length(c.details) + jsonb_array_length(w.details) <= {MOST_MOMENTS}"
    return (
        "news = CASE WHEN w.news IS NULL OR w.news <@ c.news "
        f"OR cardinality(c.news) >= {MOST_NEWS} THEN c.news "
        "ELSE ARRAY(SELECT DISTINCT unnest(c.news || w.news) ORDER BY 1) END,\n"
        "details = CASE WHEN w.details IS NULL THEN c.details\n"
        f"    WHEN {are_few} THEN (\n{indented(few, by=8)}\n"
        f"    ) ELSE (\n{indented(_kept(added), by=8)}\n    ) END,\n"
        f"details_more = CASE WHEN w.details IS NULL OR {are_few} THEN c.details_more\n"
        f"    ELSE greatest(c.details_more, (\n{indented(_left_out(added), by=8)}\n    )) END"
    )


def _kept(added: str) -> str:
    placed = indented(_PLACED.format(added=indented(added, by=8)))
    return f"SELECT {_AS_ARRAY} FILTER (WHERE {_IS_KEPT})\nFROM (\n{placed}\n) AS placed"


def _left_out(added: str) -> str:
    placed = indented(_PLACED.format(added=indented(added, by=8)))
    return f"SELECT count(*) FILTER (WHERE {_IS_LEFT_OUT})\nFROM (\n{placed}\n) AS placed"


def _added(rows: str, *, sightings: str) -> str:
    return _ADDED.format(
        sightings=sightings,
        rows=indented(rows),
        moments=_quoted(MOMENTS),
        news=_quoted(NEWS_NAMES),
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_OF_STAGE: Final = _ROWS.format(details="w.details", is_known="false")
_OF_BOTH: Final = "\nUNION ALL\n".join(
    (_ROWS.format(details="c.details", is_known="true"), _OF_STAGE)
)
