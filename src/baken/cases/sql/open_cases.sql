-- Written by python -m baken.cases.statement_text; do not edit.
-- Opens the cases of what was summed that are not known yet. What the rows of one system say
-- between them (others) is made once and kept, lest it be made again for each row where the planner
-- takes those rows for few. An organisation that was removed meanwhile gets no case.
WITH stronger AS (
    SELECT s.copied, other.relation, other.rule, other.asset_id, other.is_shared
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
    SELECT copied, relation, rule, asset_id, is_shared, cves, details, news
    FROM stronger
    FULL JOIN named USING (copied)
    FULL JOIN detailed USING (copied)
    FULL JOIN newest USING (copied)
)
INSERT INTO occasions_case (
    organisation_id, finding_kind, system, state, first_seen_at, last_seen_at, sightings,
    relation, rule, asset_id, is_shared, severity, feed, report_type, rsit_taxonomy, rsit_type,
    affected_role, address_role, address, port, transport, host_name, url, email_domain, asn,
    cves, product, tlp, evidence, asset_value, batch_id, news, details, details_more
)
SELECT
    organisation_id, finding_kind, system, 'open', first_of_all, last_seen_at, sum_of_all,
    relation, rule, asset_id, is_shared, severity, feed, report_type, rsit_taxonomy, rsit_type,
    affected_role, address_role, address, port, transport, host_name, url, email_domain, asn,
    cves, product, tlp, evidence, asset_value, batch_id, coalesce(news, ARRAY[]::text[]),
    CASE WHEN has_other_details OR jsonb_array_length(details) > 100 THEN (
        SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'name', name, 'value', value, 'of', "of", 'first', nullif(first, last), 'last', last,
            'sightings', nullif(sightings, 1)
        ))) FILTER (WHERE place <= 100 AND (NOT is_moment OR of_one <= 10))
        FROM (
            SELECT *, row_number() OVER (
                PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
            ) AS place
            FROM (
                SELECT *, CASE WHEN is_moment THEN row_number() OVER (
                    PARTITION BY name, "of" ORDER BY last DESC, value
                ) END AS of_one
                FROM (
                    SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                        sum(coalesce(sightings, 1)) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                    FROM (
                        SELECT false AS is_known, one.*
                        FROM jsonb_to_recordset(w.details) AS one (
                            name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                        )
                    ) AS shown
                    GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                ) AS added
            ) AS counted
        ) AS placed
    ) ELSE coalesce(details, '[]') END,
    CASE WHEN has_other_details OR jsonb_array_length(details) > 100 THEN (
        SELECT count(*) FILTER (WHERE NOT is_moment AND place > 100)
        FROM (
            SELECT *, row_number() OVER (
                PARTITION BY is_moment ORDER BY of_one, is_news DESC, last DESC, name, value, "of"
            ) AS place
            FROM (
                SELECT *, CASE WHEN is_moment THEN row_number() OVER (
                    PARTITION BY name, "of" ORDER BY last DESC, value
                ) END AS of_one
                FROM (
                    SELECT name, value, "of", min(coalesce(first, last)) AS first, max(last) AS last,
                        sum(coalesce(sightings, 1)) AS sightings, name IN ('src_port', 'dst_port') AS is_moment, name IN ('cve', 'family', 'malware', 'infection', 'tag', 'badsecret_type', 'beacon_type', 'ransomware') AS is_news
                    FROM (
                        SELECT false AS is_known, one.*
                        FROM jsonb_to_recordset(w.details) AS one (
                            name text, value text, "of" text, first timestamptz, last timestamptz, sightings bigint
                        )
                    ) AS shown
                    GROUP BY name, value, "of", CASE WHEN name IN ('src_port', 'dst_port') THEN last END
                ) AS added
            ) AS counted
        ) AS placed
    ) ELSE 0 END
FROM (
    SELECT
        s.case_id, l.organisation_id, l.finding_kind, l.system,
        coalesce(o.relation, l.relation) AS relation, coalesce(o.rule, l.rule) AS rule,
        a.id AS asset_id, coalesce(a.value, '') AS asset_value,
        coalesce(o.is_shared, l.is_shared) AS is_shared, s.gravest AS severity, s.first_of_all,
        l.last_seen_at, s.sum_of_all, l.feed, l.report_type, l.rsit_taxonomy, l.rsit_type,
        l.affected_role, l.address_role, l.address, l.port, coalesce(l.transport, '') AS transport,
        coalesce(l.host_name, '') AS host_name, coalesce(l.url, '') AS url,
        coalesce(l.email_domain, '') AS email_domain, l.asn,
        coalesce(o.cves, l.cves)::varchar[] AS cves, coalesce(l.product, '') AS product, l.tlp,
        l.evidence, coalesce(o.details, l.details) AS details, s.has_other_details,
        coalesce(o.news, l.news) AS news, :batch AS batch_id
    FROM summed_sighting AS s
    JOIN staged_sighting AS l USING (copied)
    LEFT JOIN others AS o USING (copied)
    LEFT JOIN constituency_asset AS a ON a.id = coalesce(o.asset_id, l.asset_id)
    WHERE s.case_id IS NULL
) AS w
WHERE EXISTS (SELECT FROM constituency_organisation AS held WHERE held.id = w.organisation_id)
