"""Writes the statements of cases from the table of columns, as the files in ``sql/``.

``python -m baken.cases.statement_text`` writes them anew; a test holds the files to it. What runs
is the files, so that what is measured, read in a review and pasted into psql is one text. In them
``:name`` is a variable of psql, which becomes a bound parameter (see `baken.cases.statements`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from baken.cases.columns import COLUMNS, SIGHTING_COLUMNS, Column, Taken
from baken.cases.gathered_text import (
    SIGHTINGS,
    gathered_later,
    is_to_sum,
    kept_of_stage,
    left_out_of_stage,
)
from baken.cases.indented import indented

_WIDTH: Final = 96
_MADE: Final = "-- Written by python -m baken.cases.statement_text; do not edit.\n"

_CREATE_STAGE: Final = """\
-- Sightings arrive here by COPY. "copied" keeps the order of arrival, so that of two sightings at
-- the same moment the later row wins, whatever the size of the pieces.
CREATE TEMPORARY TABLE staged_sighting (
{columns},
    copied bigint GENERATED ALWAYS AS IDENTITY (CACHE 10000)
) ON COMMIT DROP
"""

_COPY: Final = """\
-- What is copied: baken.cases.sightings.copy_text.
COPY staged_sighting (
{columns}
) FROM STDIN
"""

_STAGE_REMATCHED: Final = """\
-- Sightings of systems that match an organisation now which has no open case about them: as the
-- case says that stands for the system, since the report itself is not read again.
INSERT INTO staged_sighting (
{columns}
)
SELECT
{values}
FROM rematched AS m
JOIN occasions_case AS source ON source.id = m.case_id
LEFT JOIN occasions_case AS own ON own.organisation_id = m.organisation_id
    AND own.finding_kind = source.finding_kind AND own.system = source.system
WHERE own.id IS NULL OR (own.state <> 'open' AND own.last_seen_at < source.last_seen_at)
"""

_SUMMED: Final = """\
stronger AS (
    SELECT s.copied, {matched_of_other}
    FROM summed_sighting AS s
    JOIN staged_sighting AS other ON other.copied = s.stronger
), named AS (
    SELECT s.copied, array_agg(DISTINCT cve ORDER BY cve) AS cves
    FROM summed_sighting AS s
    JOIN staged_sighting AS other USING (organisation_id, finding_kind, system),
    unnest(other.cves) AS cve
    WHERE s.has_other_cves
    GROUP BY s.copied
), detailed AS (
    SELECT s.copied, jsonb_path_query_array(jsonb_agg(other.details), '$[*][*]') AS details
    FROM summed_sighting AS s
    JOIN staged_sighting AS other USING (organisation_id, finding_kind, system)
    WHERE s.has_other_details AND other.has_details
    GROUP BY s.copied
), newest AS (
    SELECT s.copied, array_agg(DISTINCT item ORDER BY item) AS news
    FROM summed_sighting AS s
    JOIN staged_sighting AS other USING (organisation_id, finding_kind, system),
    unnest(other.news) AS item
    WHERE s.has_other_details AND other.has_details
    GROUP BY s.copied
), others AS MATERIALIZED (
    SELECT copied, {matched}, cves, details, news
    FROM stronger
    FULL JOIN named USING (copied)
    FULL JOIN detailed USING (copied)
    FULL JOIN newest USING (copied)
)"""

_WHOLE: Final = """\
SELECT
{columns}
FROM summed_sighting AS s
JOIN staged_sighting AS l USING (copied)
LEFT JOIN others AS o USING (copied)
LEFT JOIN constituency_asset AS a ON a.id = coalesce(o.asset_id, l.asset_id)
WHERE {condition}"""

_OPEN: Final = """\
-- Opens the cases of what was summed that are not known yet. What the rows of one system say
-- between them (others) is made once and kept, lest it be made again for each row where the planner
-- takes those rows for few. An organisation that was removed meanwhile gets no case.
WITH {summed}
INSERT INTO occasions_case (
{inserted}
)
SELECT
{selected},
    CASE WHEN {is_to_sum} THEN (
{kept}
    ) ELSE coalesce(details, '[]') END,
    CASE WHEN {is_to_sum} THEN (
{left_out}
    ) ELSE 0 END
FROM (
{whole}
) AS w
WHERE EXISTS (SELECT FROM constituency_organisation AS held WHERE held.id = w.organisation_id)
"""

_REFRESH: Final = """\
{comment}
-- Gives how many cases were seen again, and how many came back after they were gone. Few columns of
-- the case are asked for: with all of them a million would not fit into memory. A sighting from
-- before the silence does not bring a case back. One that nobody looked at was never gone, and does
-- not come back when it is seen again.
WITH {summed}, later AS (
    UPDATE occasions_case AS c SET
        first_seen_at = least(c.first_seen_at, w.first_of_all),
        last_seen_at = w.last_seen_at,
        sightings = c.sightings + {added_sightings},
        state = CASE WHEN {is_back} THEN 'open' ELSE c.state END,
        reopened_at = CASE WHEN c.state = 'gone' AND {is_back} THEN :'now' ELSE c.reopened_at END,
        gone_at = CASE WHEN {is_back} THEN NULL ELSE c.gone_at END,
        gone_reason = CASE WHEN {is_back} THEN '' ELSE c.gone_reason END,
{by_later},
{gathered}
    FROM (
{later}
    ) AS w
    WHERE c.id = w.case_id
    RETURNING (reopened_at = :'now') AS is_back
), earlier AS (
    UPDATE occasions_case AS c SET
        first_seen_at = least(c.first_seen_at, w.first_of_all),
        sightings = c.sightings + {added_sightings}{by_earlier},
{gathered}
    FROM (
{earlier}
    ) AS w
    WHERE c.id = w.case_id
    RETURNING false AS is_back
)
SELECT count(*) FILTER (WHERE is_back IS NOT TRUE), count(*) FILTER (WHERE is_back)
FROM (SELECT is_back FROM later UNION ALL SELECT is_back FROM earlier) AS written
"""

_IS_BACK: Final = "w.last_seen_at > c.last_seen_at"
# The reports of one day describe one look: none undoes what another says.
_IS_SAME_DAY: Final = (
    "(w.last_seen_at AT TIME ZONE 'UTC')::date = (c.last_seen_at AT TIME ZONE 'UTC')::date"
)
# The day is asked last: to work it out costs more than all the rest, and it seldom matters.
_IS_OWNER_TODAY: Final = f"c.relation = 'owner' AND w.relation <> 'owner' AND {_IS_SAME_DAY}"


def _gravest_today(of: str, *, other: str) -> str:
    return (
        f"CASE WHEN {other}.severity > {of}.severity AND {_IS_SAME_DAY} "
        f"THEN {other}.severity ELSE {of}.severity END"
    )


def _cves_today(otherwise: str) -> str:
    return (
        f"CASE WHEN c.cves <> w.cves AND {_IS_SAME_DAY} "
        f"THEN ARRAY(SELECT DISTINCT unnest(c.cves || w.cves) ORDER BY 1) ELSE {otherwise} END"
    )


# How each column of the case is read from what was summed (s), the last row (l), and what the
# others say (o): the row with the strongest rule where that is another, the CVEs where the rows
# name different ones, the details and news where other rows than the last have some too.
_READ_BY_NAME: Final[Mapping[str, str]] = {
    "asset_id": "a.id AS asset_id, coalesce(a.value, '') AS asset_value",
    "severity": "s.gravest AS severity",
    "first_seen_at": "s.first_of_all",
    "last_seen_at": "l.last_seen_at",
    "sightings": "s.sum_of_all",
    "cves": "coalesce(o.cves, l.cves)::varchar[] AS cves",
    "details": "coalesce(o.details, l.details) AS details, s.has_other_details",
    "news": "coalesce(o.news, l.news) AS news",
}


def _read(column: Column) -> str:
    name = column.name
    if name in _READ_BY_NAME:
        return _READ_BY_NAME[name]
    if column.taken is Taken.STRONGEST:
        return f"coalesce(o.{name}, l.{name}) AS {name}"
    is_filled = column.absent_as not in (None, "NULL")
    return f"coalesce(l.{name}, {column.absent_as}) AS {name}" if is_filled else f"l.{name}"


_OF_CASE: Final = tuple(column for column in COLUMNS if column.taken is not Taken.STAGE)
_MATCHED: Final = tuple(column.name for column in COLUMNS if column.taken is Taken.STRONGEST)
_SEEN: Final = ("first_seen_at", "last_seen_at", "sightings")
_GATHERED: Final = ("details", "news")
"""What a case gathers from all it ever showed, in a way of its own."""
_TAKEN_OVER: Final = (
    *(c.name for c in _OF_CASE if c.taken is not Taken.KEY and c.name not in (*_SEEN, *_GATHERED)),
    "asset_value",
    "batch_id",
)
"""What a case takes over from a sighting, by the name that it has in both."""


def _whole(condition: str) -> str:
    """Whole rows of what was summed, where `condition` holds for it (s)."""
    columns = ["s.case_id", *map(_read, _OF_CASE), ":batch AS batch_id"]
    return _WHOLE.format(columns=_listed(columns), condition=condition)


def _open_cases() -> str:
    key = ["organisation_id", "finding_kind", "system"]
    of_sums = ["first_of_all", "last_seen_at", "sum_of_all"]
    return _OPEN.format(
        summed=_summed(),
        inserted=_listed([*key, "state", *_SEEN, *_TAKEN_OVER, "news", "details", "details_more"]),
        selected=_listed(
            [*key, "'open'", *of_sums, *_TAKEN_OVER, "coalesce(news, ARRAY[]::text[])"]
        ),
        is_to_sum=is_to_sum(),
        kept=indented(kept_of_stage(), by=8),
        left_out=indented(left_out_of_stage(), by=8),
        whole=indented(_whole("s.case_id IS NULL")),
    )


def _refresh(
    comment: str,
    *,
    added_sightings: str,
    sum_of_details: str,
    by_later: Mapping[str, str],
    by_earlier: Mapping[str, str],
) -> str:
    later = (f"        {name} = {value}" for name, value in by_later.items())
    earlier = (f",\n        {name} = {value}" for name, value in by_earlier.items())
    return _REFRESH.format(
        comment=comment,
        summed=_summed(),
        later=indented(_whole("s.is_later"), by=8),
        earlier=indented(_whole("NOT s.is_later"), by=8),
        added_sightings=added_sightings,
        gathered=indented(gathered_later(sum_of_details), by=8),
        is_back=_IS_BACK,
        by_later=",\n".join(later),
        by_earlier="".join(earlier),
    )


def _refresh_cases() -> str:
    by_last = {name: f"w.{name}" for name in _TAKEN_OVER}
    by_day = {
        **by_last,
        "severity": _gravest_today("w", other="c"),
        "cves": _cves_today("w.cves"),
        **{
            name: f"CASE WHEN {_IS_OWNER_TODAY} THEN c.{name} ELSE w.{name} END"
            for name in (*_MATCHED, "asset_value")
        },
    }
    return _refresh(
        "-- Cases that a report shows again: what is known of a case is what was seen last.\n"
        "-- Reports of one day are of one look, and what one says is not undone by another.",
        added_sightings="w.sum_of_all",
        sum_of_details=SIGHTINGS,
        by_later=by_day,
        by_earlier={"severity": _gravest_today("c", other="w"), "cves": _cves_today("c.cves")},
    )


def _widen_cases() -> str:
    return _refresh(
        "-- The same sightings, matched against other assets: what counts now is what they say.",
        added_sightings="0",
        # What the case knows already was counted then.
        sum_of_details=f"coalesce({SIGHTINGS} FILTER (WHERE is_known), {SIGHTINGS})",
        by_later={name: f"w.{name}" for name in _TAKEN_OVER},
        by_earlier={},
    )


def _create_stage() -> str:
    return _CREATE_STAGE.format(columns=_listed(f"{one.name} {one.type}" for one in COLUMNS))


def _stage_rematched() -> str:
    matched = {"organisation_id", "strength", *_MATCHED}
    values = [f"{'m' if one.name in matched else 'source'}.{one.name}" for one in COLUMNS]
    values[SIGHTING_COLUMNS.index("has_details")] = "source.details <> '[]'"
    names = _listed(column.name for column in COLUMNS)
    return _STAGE_REMATCHED.format(columns=names, values=_listed(values))


def _copy_into_stage() -> str:
    return _COPY.format(columns=_listed(column.name for column in COLUMNS))


def _summed() -> str:
    return _SUMMED.format(
        matched=", ".join(_MATCHED),
        matched_of_other=", ".join(f"other.{name}" for name in _MATCHED),
    )


def _listed(items: Iterable[str]) -> str:
    """`items` with commas, a few to a line."""
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 2 > _WIDTH:
            lines.append("")
        lines[-1] += f"{', ' if lines[-1] else '    '}{item}"
    return ",\n".join(lines)


WRITTEN: Final[Mapping[str, Callable[[], str]]] = {
    "create_stage": _create_stage,
    "copy_into_stage": _copy_into_stage,
    "stage_rematched": _stage_rematched,
    "open_cases": _open_cases,
    "refresh_cases": _refresh_cases,
    "widen_cases": _widen_cases,
}
"""The statements that are made of the columns; the other files in ``sql/`` are written by hand."""


def statement_text(name: str) -> str:
    """The finished statement called `name`, as its file holds it."""
    return _MADE + WRITTEN[name]()


if __name__ == "__main__":
    for written in WRITTEN:
        path = Path(__file__).parent / "sql" / f"{written}.sql"
        path.write_text(statement_text(written), encoding="utf-8")
