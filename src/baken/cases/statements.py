"""The SQL of cases, by name: set-based statements that the ORM has no words for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Who writes many cases waits for who does already: two reports about the same systems would
# otherwise lock them in different orders, or open a case twice. Held to the transaction's end.
LOCK_CASES: Final = "SELECT pg_advisory_xact_lock(hashtextextended('occasions_case', 0))"

# Sightings arrive here by COPY. `copied` keeps the order of arrival, so that of two sightings at
# the same moment the later row wins, whatever the size of the pieces. Byte order sorts quicker than
# any language's.
CREATE_STAGE: Final = """
    CREATE TEMPORARY TABLE staged_sighting (
        organisation_id bigint, finding_kind text COLLATE "C", system text COLLATE "C",
        relation text, rule text, asset_id bigint, is_shared boolean, severity smallint,
        first_seen_at timestamptz, last_seen_at timestamptz, sightings bigint, feed text,
        report_type text, rsit_taxonomy text, rsit_type text, affected_role text, address inet,
        port integer, transport text, host_name text, url text, email_domain text, cves text[],
        product text, tlp text, evidence jsonb, strength smallint,
        copied bigint GENERATED ALWAYS AS IDENTITY (CACHE 10000)
    ) ON COMMIT DROP
"""

COPY_INTO_STAGE: Final = """
    COPY staged_sighting (
        organisation_id, finding_kind, system, relation, rule, asset_id, is_shared, severity,
        first_seen_at, last_seen_at, sightings, feed, report_type, rsit_taxonomy, rsit_type,
        affected_role, address, port, transport, host_name, url, email_domain, cves, product, tlp,
        evidence, strength
    ) FROM STDIN
"""

# A report may come in pieces. Its rows about one system add up: the gravest severity, the strongest
# rule and all CVEs of them; the last speaks for the rest. Which rows those are, and which case is
# known already, is found on few columns and put down with figures about it, so that the wide rows
# are read once, in their order. A row with a stronger rule than the last is named only when there
# is one, as is that the rows name different CVEs. Who holds the cases is the only one who opens
# any, or says when one was last seen.
SUM_STAGE: Final = """
    SET LOCAL work_mem = '256MB';
    SET LOCAL jit = off;
    CREATE TEMPORARY TABLE summed_sighting ON COMMIT DROP AS
    SELECT
        summed.organisation_id, summed.finding_kind, summed.system, summed.copied,
        nullif(summed.strongest, summed.copied) AS stronger,
        summed.first_of_all, summed.sum_of_all, summed.gravest, summed.has_other_cves,
        c.id AS case_id, summed.last_seen_at >= c.last_seen_at AS is_later
    FROM (
        SELECT DISTINCT ON (organisation_id, finding_kind, system)
            organisation_id, finding_kind, system, copied, last_seen_at,
            min(first_seen_at) OVER key AS first_of_all,
            sum(sightings) OVER key AS sum_of_all,
            max(severity) OVER key AS gravest,
            max((strength::bigint << 40) | copied) OVER key & ((1::bigint << 40) - 1) AS strongest,
            min(cves) OVER key <> max(cves) OVER key AS has_other_cves
        FROM staged_sighting
        WINDOW key AS (PARTITION BY organisation_id, finding_kind, system)
        ORDER BY organisation_id, finding_kind, system, last_seen_at DESC, copied DESC
    ) AS summed
    LEFT JOIN occasions_case AS c USING (organisation_id, finding_kind, system);
    ANALYZE staged_sighting, summed_sighting
"""


# What the rows of one system say between them; few rows have more to say than the last. Made once
# and kept, lest it be made again for each row where the planner takes those rows for fewer still.
_BETWEEN_THEM: Final = """
    stronger AS MATERIALIZED (
        SELECT s.copied, other.relation, other.rule, other.asset_id, other.is_shared
        FROM summed_sighting AS s
        JOIN staged_sighting AS other ON other.copied = s.stronger
    ), named AS MATERIALIZED (
        SELECT s.copied, array_agg(DISTINCT cve ORDER BY cve) AS cves
        FROM summed_sighting AS s
        JOIN staged_sighting AS other USING (organisation_id, finding_kind, system),
        unnest(other.cves) AS cve
        WHERE s.has_other_cves
        GROUP BY s.copied
    )
"""


def _whole(condition: str) -> str:
    """Whole rows of what was summed, where `condition` holds for it (`s`)."""
    return f"""
        SELECT
            s.case_id, l.organisation_id, l.finding_kind, l.system,
            coalesce(r.relation, l.relation) AS relation, coalesce(r.rule, l.rule) AS rule,
            a.id AS asset_id, coalesce(a.value, '') AS asset_value,
            coalesce(r.is_shared, l.is_shared) AS is_shared, s.gravest AS severity,
            s.first_of_all, l.last_seen_at, s.sum_of_all, %(batch)s AS batch_id, l.feed,
            l.report_type, l.rsit_taxonomy, l.rsit_type, l.affected_role, l.address, l.port,
            coalesce(l.transport, '') AS transport, coalesce(l.host_name, '') AS host_name,
            coalesce(l.url, '') AS url, coalesce(l.email_domain, '') AS email_domain,
            coalesce(n.cves, l.cves)::varchar[] AS cves, coalesce(l.product, '') AS product,
            l.tlp, l.evidence
        FROM summed_sighting AS s
        JOIN staged_sighting AS l USING (copied)
        LEFT JOIN stronger AS r USING (copied)
        LEFT JOIN named AS n USING (copied)
        LEFT JOIN constituency_asset AS a ON a.id = coalesce(r.asset_id, l.asset_id)
        WHERE {condition}
    """  # noqa: S608 - made of constants of this module


# What a case takes over from a sighting.
_SEEN: Final = (
    "severity", "relation", "rule", "asset_id", "asset_value", "is_shared", "batch_id", "feed",
    "report_type", "rsit_taxonomy", "rsit_type", "affected_role", "address", "port",
    "transport", "host_name", "url", "email_domain", "cves", "product", "tlp", "evidence",
)  # fmt: skip

OPEN_CASES: Final = f"""
    WITH {_BETWEEN_THEM}
    INSERT INTO occasions_case (
        organisation_id, finding_kind, system, state, first_seen_at, last_seen_at, sightings,
        {", ".join(_SEEN)}
    )
    SELECT
        organisation_id, finding_kind, system, 'open', first_of_all, last_seen_at, sum_of_all,
        {", ".join(_SEEN)}
    FROM ({_whole("s.case_id IS NULL")}) AS w
    WHERE EXISTS (SELECT FROM constituency_organisation AS o WHERE o.id = w.organisation_id)
"""  # noqa: S608 - made of constants of this module

# What is known of a case is what was seen last. Few columns of the case are asked for: with all of
# them a million would not fit into memory.
_REFRESH: Final = """
    WITH {between_them}, later AS (
        UPDATE occasions_case AS c SET
            first_seen_at = least(c.first_seen_at, w.first_of_all),
            last_seen_at = w.last_seen_at,
            sightings = c.sightings + {added_sightings},
            state = CASE WHEN {is_back} THEN 'open' ELSE c.state END,
            reopened_at = CASE WHEN {is_back} THEN %(now)s ELSE c.reopened_at END,
            gone_at = CASE WHEN {is_back} THEN NULL ELSE c.gone_at END,
            {by_later}
        FROM ({later}) AS w
        WHERE c.id = w.case_id
        RETURNING (reopened_at = %(now)s) AS is_back
    ), earlier AS (
        UPDATE occasions_case AS c SET
            first_seen_at = least(c.first_seen_at, w.first_of_all),
            sightings = c.sightings + {added_sightings}{by_earlier}
        FROM ({earlier}) AS w
        WHERE c.id = w.case_id
        RETURNING false AS is_back
    )
    SELECT count(*) FILTER (WHERE is_back IS NOT TRUE), count(*) FILTER (WHERE is_back)
    FROM (SELECT is_back FROM later UNION ALL SELECT is_back FROM earlier) AS written
"""

# A sighting from before the silence does not bring a case back.
_IS_BACK: Final = "c.state = 'gone' AND w.last_seen_at > c.last_seen_at"

_BY_LAST: Final = {name: f"w.{name}" for name in _SEEN}

# Reports of one day are of one look: what one of them says is not undone by another.
_IS_SAME_DAY: Final = (
    "(w.last_seen_at AT TIME ZONE 'UTC')::date = (c.last_seen_at AT TIME ZONE 'UTC')::date"
)
_IS_OWNER_TODAY: Final = f"{_IS_SAME_DAY} AND c.relation = 'owner' AND w.relation <> 'owner'"
_GRAVEST_TODAY: Final = (
    f"CASE WHEN {_IS_SAME_DAY} THEN greatest(c.severity, w.severity) ELSE {{otherwise}} END"
)
_CVES_TODAY: Final = (
    f"CASE WHEN {_IS_SAME_DAY} AND c.cves <> w.cves "
    "THEN ARRAY(SELECT DISTINCT unnest(c.cves || w.cves) ORDER BY 1) ELSE {otherwise} END"
)
_BY_DAY: Final = {
    **_BY_LAST,
    "severity": _GRAVEST_TODAY.format(otherwise="w.severity"),
    "cves": _CVES_TODAY.format(otherwise="w.cves"),
    **{
        name: f"CASE WHEN {_IS_OWNER_TODAY} THEN c.{name} ELSE w.{name} END"
        for name in ("relation", "rule", "asset_id", "asset_value", "is_shared")
    },
}
_BY_DAY_EARLIER: Final = {
    "severity": _GRAVEST_TODAY.format(otherwise="c.severity"),
    "cves": _CVES_TODAY.format(otherwise="c.cves"),
}


def _refresh(
    *, added_sightings: str, by_later: Mapping[str, str], by_earlier: Mapping[str, str]
) -> str:
    """The statement; every name and expression put into it is a constant of this module."""
    return _REFRESH.format(
        between_them=_BETWEEN_THEM,
        later=_whole("s.is_later"),
        earlier=_whole("NOT s.is_later"),
        added_sightings=added_sightings,
        is_back=_IS_BACK,
        by_later=",\n".join(f"{name} = {value}" for name, value in by_later.items()),
        by_earlier="".join(f",\n{name} = {value}" for name, value in by_earlier.items()),
    )


REFRESH_CASES: Final = _refresh(
    added_sightings="w.sum_of_all", by_later=_BY_DAY, by_earlier=_BY_DAY_EARLIER
)

# The same sightings, matched against other assets: what counts now is what they say.
WIDEN_CASES: Final = _refresh(added_sightings="0", by_later=_BY_LAST, by_earlier={})

# An empty report counts as delivered on the day in its name. No report speaks of a time after it
# came in, and one of which no row could be read says nothing.
MARK_GONE: Final = """
    WITH delivered AS (
        SELECT feed, report_type, max(least(received_at,
            coalesce(observed_until, (report_date + 1)::timestamp AT TIME ZONE 'UTC')
        )) AS until
        FROM intake_batch
        WHERE observed_until IS NOT NULL OR rows_read = 0
        GROUP BY feed, report_type
    )
    UPDATE occasions_case AS c
    SET state = 'gone', gone_at = %(now)s
    FROM delivered AS d
    WHERE d.feed = c.feed AND d.report_type = c.report_type AND c.state = 'open'
        AND c.last_seen_at < least(d.until, %(now)s) - %(silence)s
"""

# Only what still stands as this notification wrote it: a later one, or none, is left alone.
RESTORE_TOLD: Final = """
    UPDATE occasions_case AS c
    SET told_at = before.at, told_severity = before.severity
    FROM unnest(
        %(ids)s::bigint[], %(told_at)s::timestamptz[],
        %(before_at)s::timestamptz[], %(before_severity)s::smallint[]
    ) AS before (id, told_at, at, severity)
    WHERE c.id = before.id AND c.told_at = before.told_at
"""

RECORD_TOLD: Final = """
    UPDATE occasions_case AS c
    SET told_at = %(now)s, told_severity = c.severity
    FROM unnest(%(ids)s::bigint[]) AS told (id)
    WHERE c.id = told.id
"""
