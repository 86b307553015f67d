"""The part of the statements of cases that gathers what a case ever showed: its details, its news.

See `baken.core.detail` for what these are, and `baken.cases.statement_text` for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from baken.cases.indented import indented
from baken.core.detail import MOMENTS, MOST_KEPT, MOST_MOMENTS, MOST_NEWS, NEWS_NAMES

# Details that say the same are one, with when first, when last and how often. Of the values the
# newest are kept, those that may be news before all others; of the moments the newest of each
# family. A moment is one second at one port, and never one with another.
_ADDED_UP: Final = """\
SELECT {result}
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
    ) AS place
    FROM (
        SELECT *, CASE WHEN is_moment THEN row_number() OVER (
            PARTITION BY name, "of" ORDER BY last DESC, value
        ) END AS of_one
        FROM (
            SELECT name, value, "of", min(first) AS first, max(last) AS last,
                {sightings} AS sightings, name IN ({moments}) AS is_moment,
                name IN ({news}) AS is_news
            FROM (
{rows}
            ) AS shown
            GROUP BY name, value, "of", CASE WHEN name IN ({moments}) THEN first END
        ) AS added
    ) AS counted
) AS placed"""

_ROWS: Final = """\
SELECT {is_known} AS is_known, one.*
FROM jsonb_to_recordset({details}) AS one (
    name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
)"""

_IS_KEPT: Final = f"place <= {MOST_KEPT} AND (NOT is_moment OR of_one <= {MOST_MOMENTS})"
_KEPT: Final = f"""\
jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'name', name, 'value', value, 'of', "of", 'first', first, 'last', last, 'sightings', sightings
))) FILTER (WHERE {_IS_KEPT})"""
_LEFT_OUT: Final = f"count(*) FILTER (WHERE NOT is_moment AND place > {MOST_KEPT})"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _rows(details: str, *, is_known: str) -> str:
    return indented(_ROWS.format(details=details, is_known=is_known), by=16)


_NAMES: Final = {"moments": _quoted(MOMENTS), "news": _quoted(NEWS_NAMES)}


def is_to_sum() -> str:
    """Whether the details of a new case must be summed, or are at hand as they were staged."""
    return f"has_other_details OR jsonb_array_length(details) > {MOST_KEPT}"


def kept_of_stage() -> str:
    """The details that a new case keeps, of all rows that were staged (w)."""
    return _of_stage(_KEPT)


def left_out_of_stage() -> str:
    """How many values a new case does not keep."""
    return _of_stage(_LEFT_OUT)


def _of_stage(result: str) -> str:
    rows = _rows("w.details", is_known="false")
    return _ADDED_UP.format(result=result, sightings="sum(sightings)", rows=rows, **_NAMES)


def gathered_later(sum_of_details: str) -> str:
    """Sets what a case gathers. Where a sighting has no details, what was gathered stays."""
    known = _rows("CASE WHEN w.details IS NOT NULL THEN c.details END", is_known="true")
    rows = f"{known}\n{' ' * 16}UNION ALL\n{_rows('w.details', is_known='false')}"
    result = f"coalesce({_KEPT}, c.details), greatest(c.details_more, {_LEFT_OUT})"
    added_up = _ADDED_UP.format(result=result, sightings=sum_of_details, rows=rows, **_NAMES)
    return (
        "news = CASE WHEN w.news IS NULL OR w.news <@ c.news "
        f"OR cardinality(c.news) >= {MOST_NEWS} THEN c.news "
        "ELSE ARRAY(SELECT DISTINCT unnest(c.news || w.news) ORDER BY 1) END,\n"
        f"(details, details_more) = (\n{indented(added_up)}\n)"
    )
