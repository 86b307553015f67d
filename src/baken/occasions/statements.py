"""The SQL of cases, by name: set-based statements that the ORM has no words for."""

from __future__ import annotations

from typing import Final

# Sightings arrive here by COPY. `copied` keeps the order of arrival, so that of two sightings at
# the same moment the later row wins, whatever the size of the pieces.
CREATE_STAGE: Final = """
    CREATE TEMPORARY TABLE staged_sighting (
        organisation_id bigint, finding_kind text, system text, relation text, rule text,
        asset_id bigint, is_shared boolean, severity smallint, first_seen_at timestamptz,
        last_seen_at timestamptz, sightings bigint, feed text, report_type text,
        rsit_taxonomy text, rsit_type text, affected_role text, address inet, port integer,
        transport text, host_name text, url text, email_domain text, cves text[], product text,
        tlp text, evidence jsonb, copied bigint GENERATED ALWAYS AS IDENTITY
    ) ON COMMIT DROP
"""

COPY_INTO_STAGE: Final = """
    COPY staged_sighting (
        organisation_id, finding_kind, system, relation, rule, asset_id, is_shared, severity,
        first_seen_at, last_seen_at, sightings, feed, report_type, rsit_taxonomy, rsit_type,
        affected_role, address, port, transport, host_name, url, email_domain, cves, product, tlp,
        evidence
    ) FROM STDIN (FORMAT csv)
"""

# A report may come in pieces: the last sighting of a system speaks for it, the rest add up.
# Ordered by key, so that two reports at once lock the cases in the same order.
_UPSERT: Final = """
    WITH whole AS (
        SELECT DISTINCT ON (organisation_id, finding_kind, system)
            s.*,
            min(first_seen_at) OVER key AS first_of_all,
            sum(sightings) OVER key AS sum_of_all
        FROM staged_sighting AS s
        WINDOW key AS (PARTITION BY organisation_id, finding_kind, system)
        ORDER BY organisation_id, finding_kind, system, last_seen_at DESC, copied DESC
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
        ORDER BY w.organisation_id, w.finding_kind, w.system
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

_LATEST: Final = ",\n".join(
    f"{name} = CASE WHEN excluded.last_seen_at >= c.last_seen_at "
    f"THEN excluded.{name} ELSE c.{name} END"
    for name in (
        "relation", "severity", "rule", "asset_id", "asset_value", "is_shared", "batch_id", "feed",
        "report_type", "rsit_taxonomy", "rsit_type", "affected_role", "address", "port",
        "transport", "host_name", "url", "email_domain", "cves", "product", "tlp", "evidence",
    )
)  # fmt: skip

# Every name put into these is a constant of this module.
UPSERT_CASES: Final = _UPSERT.format(
    added_sightings="excluded.sightings", is_back=_IS_BACK, latest=_LATEST
)
WIDEN_CASES: Final = _UPSERT.format(added_sightings="0", is_back=_IS_BACK, latest=_LATEST)

# An empty report counts as delivered on the day in its name.
MARK_GONE: Final = """
    WITH delivered AS (
        SELECT feed, report_type, max(
            coalesce(observed_until, (report_date + 1)::timestamp AT TIME ZONE 'UTC')
        ) AS until
        FROM intake_batch
        GROUP BY feed, report_type
    )
    UPDATE occasions_case AS c
    SET state = 'gone', gone_at = %(now)s
    FROM delivered AS d
    WHERE d.feed = c.feed AND d.report_type = c.report_type AND c.state = 'open'
        AND c.last_seen_at < d.until - %(silence)s
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
