"""The SQL of cases, by name: set-based statements that the ORM has no words for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Who writes cases in bulk waits for who does already: two reports about the same systems would
# otherwise lock them in different orders. Held to the transaction's end.
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

# A million rows are sorted and joined in memory, and planned with figures about them.
READY_STAGE: Final = """
    SET LOCAL work_mem = '256MB';
    SET LOCAL jit = off;
    ANALYZE staged_sighting
"""

COPY_INTO_STAGE: Final = """
    COPY staged_sighting (
        organisation_id, finding_kind, system, relation, rule, asset_id, is_shared, severity,
        first_seen_at, last_seen_at, sightings, feed, report_type, rsit_taxonomy, rsit_type,
        affected_role, address, port, transport, host_name, url, email_domain, cves, product, tlp,
        evidence, strength
    ) FROM STDIN (FORMAT csv)
"""

# A report may come in pieces. Its rows about one system add up: the gravest severity, the strongest
# rule and all CVEs of them; the last speaks for the rest. Which rows those are is found on few
# columns.
_UPSERT: Final = """
    WITH summed AS (
        SELECT DISTINCT ON (organisation_id, finding_kind, system)
            copied,
            min(first_seen_at) OVER key AS first_of_all,
            sum(sightings) OVER key AS sum_of_all,
            max(severity) OVER key AS gravest,
            max((strength::bigint << 40) | copied) OVER key & ((1::bigint << 40) - 1) AS strongest
        FROM staged_sighting
        WINDOW key AS (PARTITION BY organisation_id, finding_kind, system)
        ORDER BY organisation_id, finding_kind, system, last_seen_at DESC, copied DESC
    ), named AS (
        SELECT organisation_id, finding_kind, system, array_agg(DISTINCT cve ORDER BY cve) AS cves
        FROM staged_sighting, unnest(cves) AS cve
        GROUP BY organisation_id, finding_kind, system
    ), whole AS (
        SELECT
            l.organisation_id, l.finding_kind, l.system, r.relation, r.rule, r.asset_id,
            r.is_shared, s.gravest AS severity, s.first_of_all, l.last_seen_at, s.sum_of_all,
            l.feed, l.report_type, l.rsit_taxonomy, l.rsit_type, l.affected_role, l.address, l.port,
            l.transport, l.host_name, l.url, l.email_domain, coalesce(n.cves, '{{}}') AS cves,
            l.product, l.tlp, l.evidence
        FROM summed AS s
        JOIN staged_sighting AS l USING (copied)
        JOIN staged_sighting AS r ON r.copied = s.strongest
        LEFT JOIN named AS n ON (n.organisation_id, n.finding_kind, n.system)
            = (l.organisation_id, l.finding_kind, l.system)
    ), written AS (
        INSERT INTO occasions_case AS c (
            organisation_id, finding_kind, system, relation, state, severity, first_seen_at,
            last_seen_at, sightings, rule, asset_id, asset_value, is_shared, batch_id, feed,
            report_type, rsit_taxonomy, rsit_type, affected_role, address, port, transport,
            host_name, url, email_domain, cves, product, tlp, evidence
        )
        SELECT
            w.organisation_id, w.finding_kind, w.system, w.relation, 'open', w.severity,
            w.first_of_all, w.last_seen_at, w.sum_of_all, w.rule, a.id, coalesce(a.value, ''),
            w.is_shared, %(batch)s, w.feed, w.report_type, w.rsit_taxonomy, w.rsit_type,
            w.affected_role, w.address, w.port, coalesce(w.transport, ''),
            coalesce(w.host_name, ''), coalesce(w.url, ''), coalesce(w.email_domain, ''), w.cves,
            coalesce(w.product, ''), w.tlp, w.evidence
        FROM whole AS w
        LEFT JOIN constituency_asset AS a ON a.id = w.asset_id
        WHERE EXISTS (SELECT FROM constituency_organisation AS o WHERE o.id = w.organisation_id)
        ON CONFLICT (organisation_id, finding_kind, system) DO UPDATE SET
            first_seen_at = least(c.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at),
            sightings = c.sightings + {added_sightings},
            -- A sighting from before the silence does not bring a case back.
            state = CASE WHEN {is_back} THEN 'open' ELSE c.state END,
            reopened_at = CASE WHEN {is_back} THEN %(now)s ELSE c.reopened_at END,
            gone_at = CASE WHEN {is_back} THEN NULL ELSE c.gone_at END,
            {latest}
        RETURNING (xmax = 0) AS is_new, (reopened_at = %(now)s) AS is_back
    )
    SELECT
        count(*) FILTER (WHERE is_new),
        count(*) FILTER (WHERE NOT is_new AND is_back IS NOT TRUE),
        count(*) FILTER (WHERE NOT is_new AND is_back)
    FROM written
"""

_IS_BACK: Final = "c.state = 'gone' AND excluded.last_seen_at > c.last_seen_at"

# What is known of a case is what was seen last…
_IS_LATER: Final = "excluded.last_seen_at >= c.last_seen_at"
_BY_LAST: Final = {
    name: f"CASE WHEN {_IS_LATER} THEN excluded.{name} ELSE c.{name} END"
    for name in (
        "severity", "relation", "rule", "asset_id", "asset_value", "is_shared", "batch_id", "feed",
        "report_type", "rsit_taxonomy", "rsit_type", "affected_role", "address", "port",
        "transport", "host_name", "url", "email_domain", "cves", "product", "tlp", "evidence",
    )
}  # fmt: skip

# …but reports of one day are of one look: what one of them says is not undone by another.
_IS_SAME_DAY: Final = (
    "(excluded.last_seen_at AT TIME ZONE 'UTC')::date = (c.last_seen_at AT TIME ZONE 'UTC')::date"
)
_IS_OWNER_TODAY: Final = f"{_IS_SAME_DAY} AND c.relation = 'owner' AND excluded.relation <> 'owner'"
_BY_DAY: Final = {
    **_BY_LAST,
    "severity": f"CASE WHEN {_IS_SAME_DAY} THEN greatest(c.severity, excluded.severity) "
    f"ELSE {_BY_LAST['severity']} END",
    "cves": f"CASE WHEN {_IS_SAME_DAY} AND c.cves <> excluded.cves "
    "THEN ARRAY(SELECT DISTINCT unnest(c.cves || excluded.cves) ORDER BY 1) "
    f"ELSE {_BY_LAST['cves']} END",
    **{
        name: f"CASE WHEN {_IS_OWNER_TODAY} THEN c.{name} ELSE {_BY_LAST[name]} END"
        for name in ("relation", "rule", "asset_id", "asset_value", "is_shared")
    },
}


def _upsert(*, added_sightings: str, values: Mapping[str, str]) -> str:
    """The statement; every name and expression put into it is a constant of this module."""
    assigned = ",\n".join(f"{name} = {value}" for name, value in values.items())
    return _UPSERT.format(added_sightings=added_sightings, is_back=_IS_BACK, latest=assigned)


UPSERT_CASES: Final = _upsert(added_sightings="excluded.sightings", values=_BY_DAY)

# The same sightings, matched against other assets: what counts now is what they say.
WIDEN_CASES: Final = _upsert(added_sightings="0", values=_BY_LAST)

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
    SET told_at = %(now)s, told_severity = told.severity
    FROM unnest(%(ids)s::bigint[], %(severities)s::smallint[]) AS told (id, severity)
    WHERE c.id = told.id
"""
